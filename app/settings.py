"""The settings: the one file that reads the environment.

Every field can be set as ``FOVEA_<NAME>``, and those of a group as ``FOVEA_<GROUP>__<NAME>``, for example
``FOVEA_LIMITS__SEARCH_RESULTS=500``. A list is given as JSON.
"""

import ipaddress
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AnyHttpUrl, BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.services.store import Validation
from storage.records import DuplicatePolicy

_DOCUMENTED = ConfigDict(use_attribute_docstrings=True, extra="forbid")


def _root_path(path: str) -> str:
    """A path below which resources are mounted: begins with a slash, does not end with one."""
    trimmed = "/" + path.strip("/")
    if trimmed == "/":
        raise ValueError("the DICOMweb root must not be the server's root, which is for people")
    return trimmed


class StorageSettings(BaseModel):
    """Where the bytes of instances are kept."""

    model_config = _DOCUMENTED

    location: str | None = None
    """A folder, or ``memory`` (kept until the process ends, for trials). Default: the data folder."""


class IndexSettings(BaseModel):
    """Where the rows of studies, series and instances are kept."""

    model_config = _DOCUMENTED

    url: str | None = None
    """A database, as ``sqlite:///path/to/file``. Default: ``index.sqlite`` in the data folder."""


class StoreSettings(BaseModel):
    """What is accepted to be stored."""

    model_config = _DOCUMENTED

    duplicates: DuplicatePolicy = DuplicatePolicy.REJECT
    """What to do with an instance whose SOPInstanceUID is stored with other bytes: ``reject`` it, ``replace`` what is
    stored, or ``keep`` what is stored and answer with a warning."""

    validation: Validation = Validation.LENIENT
    """``lenient``: the identity of an instance must be right. ``strict``: also VR, VM and values of its attributes, and
    the required attributes of patient, study, series and image."""


class AuthSettings(BaseModel):
    """Who may use the server."""

    model_config = _DOCUMENTED

    mode: Literal["loopback", "none"] = "loopback"
    """``loopback``: open, and therefore only on a loopback address. ``none``: open on any address, said aloud."""


class CorsSettings(BaseModel):
    """Which web pages may use the server from a browser."""

    model_config = _DOCUMENTED

    origins: list[str] = []
    """Origins such as ``https://viewer.example.org``. Pages served from this machine's loopback may always."""


class LimitsSettings(BaseModel):
    """Bounds on what one request may ask for."""

    model_config = _DOCUMENTED

    body_bytes: Annotated[int, Field(gt=0)] = 64 << 30
    """Bytes in the body of one store request."""

    parts: Annotated[int, Field(gt=0)] = 50_000
    """Parts in the body of one store request."""

    part_header_bytes: Annotated[int, Field(gt=0)] = 8192
    """Bytes in the headers of one part of a body."""

    nesting: Annotated[int, Field(gt=0, le=200)] = 64
    """Sequences inside sequences in an instance that is stored."""

    elements: Annotated[int, Field(gt=0)] = 4_000_000
    """Data elements and items in an instance that is stored, all levels together."""

    inflated_bytes: Annotated[int, Field(gt=0)] = 1 << 30
    """Bytes of a deflated data set after inflating."""

    metadata_bytes: Annotated[int, Field(gt=0)] = 64 << 20
    """Bytes of metadata in one store request whose metadata and bulk data come apart; they are held in memory."""

    search_results: Annotated[int, Field(gt=0)] = 10_000
    """Results of one search, whatever ``limit`` asks for; more are reached by ``offset``."""

    frames: Annotated[int, Field(gt=0)] = 10_000
    """Frames named in one RetrieveFrames request."""


class Settings(BaseSettings):
    """All settings of a server."""

    model_config = SettingsConfigDict(
        env_prefix="FOVEA_", env_nested_delimiter="__", use_attribute_docstrings=True, extra="forbid"
    )

    host: str = "127.0.0.1"
    """The address to listen on."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """The port to listen on; 0 takes a free one."""

    workers: Annotated[int, Field(ge=1)] = 1
    """Server processes."""

    data: Path = Path("data")
    """The folder of the embedded archive: instances as files, and the index."""

    dicomweb_root: Annotated[str, AfterValidator(_root_path)] = "/dicom-web"
    """The path below which the DICOMweb resources are."""

    public_url: AnyHttpUrl | None = None
    """The DICOMweb root as clients see it, such as ``https://pacs.example.org/dicom-web``, when a proxy stands between.
    Default: the address that the request names."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is logged. No level logs patients' names or search keys."""

    storage: StorageSettings = StorageSettings()
    index: IndexSettings = IndexSettings()
    store: StoreSettings = StoreSettings()
    auth: AuthSettings = AuthSettings()
    cors: CorsSettings = CorsSettings()
    limits: LimitsSettings = LimitsSettings()

    @model_validator(mode="after")
    def _refuse_to_be_open_by_accident(self) -> Self:
        if self.auth.mode == "loopback" and not is_loopback(self.host):
            raise ValueError(
                f"anybody who reaches {self.host} could read and write the archive: no authentication is configured; "
                "listen on 127.0.0.1, or set FOVEA_AUTH__MODE=none to say that this is meant"
            )
        return self

    @property
    def blob_location(self) -> str:
        """The blob store to open."""
        return self.storage.location or str(self.data)

    @property
    def index_url(self) -> str:
        """The database to open."""
        return self.index.url or f"sqlite:///{self.data / 'index.sqlite'}"


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
