"""How an object store is used: what the URL does not tell."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ObjectStoreOptions:
    """Options with defaults that suit a server."""

    folder: Path = Path("data/cache")
    """A local folder for bytes on their way in, and for the cache."""

    cache_bytes: int = 4 << 30
    """Bytes of the cache."""

    client: Mapping[str, str] = field(default_factory=dict)
    """What the client needs beyond the environment: endpoint, credentials, encryption."""

    lease_seconds: float = 86_400
    """From the beginning of a session until it is taken for that of a dead process (``object_sessions``)."""
