"""What can be wrong with a request as HTTP syntax; the messages are for the client to act on."""

from collections.abc import Sequence


class ProtocolError(Exception):
    """Base of the errors of this package."""


class MalformedRequest(ProtocolError):
    """The request cannot be read; the message says where."""


class UnsupportedMediaType(ProtocolError):
    """The request's payload is of a media type that the resource does not take."""


class UnsupportedContentCoding(UnsupportedMediaType):
    """The request's body is in a content coding other than those in ``supported``."""

    def __init__(self, coding: str, supported: Sequence[str]) -> None:
        self.supported = tuple(supported)
        super().__init__(f"Content-Encoding {coding!r} is not supported; {' and '.join(self.supported)} are")


class PayloadTooLarge(ProtocolError):
    """The request's payload, or a counted part of it, goes beyond a limit; the message names the limit."""


class NotAcceptable(ProtocolError):
    """Nothing on offer is acceptable to the client; ``offered`` says what there is, as media types."""

    def __init__(self, offered: Sequence[str], reason: str = "No acceptable media type is available.") -> None:
        self.offered = tuple(dict.fromkeys(offered))
        super().__init__(f"{reason} On offer: {', '.join(self.offered) or 'nothing'}")


class PreconditionFailed(ProtocolError):
    """What is there now is not what the client's If-Match names."""

    def __init__(self) -> None:
        super().__init__("If-Match names none of the ETags that the representation has now")


class RangeNotSatisfiable(ProtocolError):
    """No requested byte range lies within the representation, which is ``size`` bytes long."""

    def __init__(self, size: int) -> None:
        self.size = size
        super().__init__(f"No requested range lies within the {size} bytes of the representation")
