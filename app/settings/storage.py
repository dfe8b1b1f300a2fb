"""Where instances and their index are kept."""

import re
from typing import Annotated, Self

from pydantic import BaseModel, Field, SecretStr, field_serializer, model_validator

from app.settings.section import DOCUMENTED


class StorageSettings(BaseModel):
    """Where the bytes of instances are kept."""

    model_config = DOCUMENTED

    location: str | None = None
    """A folder, or ``memory`` (kept until the process ends, for trials). Default: the data folder."""

    url: Annotated[str, Field(pattern="^(s3|gs|az)://.")] | None = None
    """An object store instead of a folder: ``s3://bucket/prefix``, ``gs://bucket/prefix`` or ``az://container/prefix``.
    The usual variables say where it is and how to log in (``AWS_ENDPOINT_URL``, ``AWS_ACCESS_KEY_ID``,
    ``GOOGLE_APPLICATION_CREDENTIALS``, ``AZURE_STORAGE_ACCOUNT_NAME`` and so on), or the machine's role, or
    ``options``."""

    options: dict[str, SecretStr] = {}
    """Options of the object store's client, such as ``{"endpoint": "https://s3.example.org",
    "server_side_encryption": "aws:kms", "sse_kms_key_id": "..."}``."""

    cache_bytes: Annotated[int, Field(ge=64 << 20)] = 4 << 30
    """Bytes of an object store that are kept in the folder ``cache`` of the data folder, for all processes together."""

    lease_seconds: Annotated[float, Field(ge=3600)] = 86_400
    """Seconds after which objects that a server wrote and never committed are removed from an object store. No
    instance may take more than half of it to arrive."""

    @model_validator(mode="after")
    def _keep_bytes_in_one_place(self) -> Self:
        if self.url and self.location:
            raise ValueError("give FOVEA_STORAGE__URL or FOVEA_STORAGE__LOCATION, not both")
        return self


class IndexSettings(BaseModel):
    """Where the rows of studies, series and instances are kept."""

    model_config = DOCUMENTED

    url: Annotated[str, Field(pattern="^(sqlite:///|postgres(ql)?://).")] | None = None
    """A database: ``sqlite:///path/to/file``, or ``postgresql://user@host:port/database``, whose password is better
    given by ``PGPASSWORD`` or in a file named by ``PGPASSFILE``. Default: ``index.sqlite`` in the data folder."""

    connections: Annotated[int, Field(ge=3)] = 10
    """Connections to PostgreSQL that each server process has at once, at the most."""

    @field_serializer("url")
    def _without_password(self, url: str | None) -> str | None:
        return url and without_password(url)


def without_password(url: str) -> str:
    """A URL as people may read it: the password before its host, or among its parameters, is hidden."""
    return re.sub(r"(?<=://)([^:/@]*):[^/]*@|(?<=[?&])(password)=[^&]*", _hide, url)


def _hide(found: re.Match[str]) -> str:
    return "password=***" if found[2] else f"{found[1]}:***@"
