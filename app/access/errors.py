"""Why a request is refused before anything of the archive is looked at; the message is for the client."""

from collections.abc import Sequence


class Unauthenticated(Exception):
    """Credentials are missing or wrong; ``challenges`` say how to show right ones (RFC 9110 11.6.1)."""

    def __init__(self, message: str, challenges: Sequence[str]) -> None:
        super().__init__(message)
        self.challenges = challenges


class Forbidden(Exception):
    """The credentials are right, and what they allow is not enough."""


class OutOfSight(Exception):
    """A study that the principal may not see: it does not exist for them."""


class TooManyFailures(Exception):
    """Wrong credentials came so often that no more are looked at for ``seconds``."""

    def __init__(self, seconds: float) -> None:
        super().__init__("Wrong credentials came too often; try again later")
        self.seconds = seconds


class Expired(Exception):
    """The credentials were right once. Told apart so that they do not count as an attempt to guess some."""


class KeysUnavailable(Exception):
    """The keys of those who sign tokens cannot be had at the moment."""
