"""Who asks."""

from dataclasses import dataclass

from app.access.scopes import EVERYTHING, AccessScope


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody, by name, what they may do, and to which studies where not to all.

    ``expires`` is the moment, in seconds since 1970, from which the credentials that were shown hold no more.
    """

    name: str
    scopes: frozenset[AccessScope]
    studies: frozenset[str] | None = None
    expires: float | None = None

    def may(self, scope: AccessScope) -> bool:
        """Whether the scope is theirs."""
        return scope in self.scopes or AccessScope.ADMIN in self.scopes

    def sees(self, study_instance_uid: str) -> bool:
        """Whether a study exists for them."""
        return self.studies is None or study_instance_uid in self.studies


EVERYBODY = Principal("everybody", EVERYTHING)
"""Who asks a server that is open."""

ANONYMOUS = "anonymous"
"""The name of who shows no credentials to a server that asks for some."""
