"""All settings: the one place that reads the environment."""

import os
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AnyHttpUrl, DirectoryPath, Field, model_validator
from pydantic_settings import (
    BaseSettings,
    NestedSecretsSettingsSource,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from app.settings.access import AuditSettings, AuthSettings
from app.settings.limits import LimitsSettings
from app.settings.network import CorsSettings, ProxySettings, TlsSettings, is_loopback
from app.settings.services import RenderingSettings, RetrieveSettings, StoreSettings
from app.settings.storage import IndexSettings, StorageSettings, without_password
from storage.blobs.object_options import ObjectStoreOptions


def _root_path(path: str) -> str:
    """A path below which resources are mounted: begins with a slash, does not end with one."""
    trimmed = "/" + path.strip("/")
    if trimmed == "/":
        raise ValueError("the DICOMweb root must not be the server's root, which is for people")
    return trimmed


class Settings(BaseSettings):
    """All settings of a server."""

    model_config = SettingsConfigDict(
        env_prefix="FOVEA_",
        env_nested_delimiter="__",
        use_attribute_docstrings=True,
        extra="forbid",
        hide_input_in_errors=True,  # it may be a secret
    )

    host: str = "127.0.0.1"
    """The address to listen on."""

    port: Annotated[int, Field(ge=0, le=65535)] = 8080
    """The port to listen on; 0 takes a free one."""

    workers: Annotated[int, Field(ge=0)] = 0
    """Server processes; 0 is one for each core, and four at the most."""

    hosts: list[str] = []
    """Names by which clients may call the server. Default: any; of a server that is open on loopback, names that nobody
    else can give an address to: ``localhost``, addresses, names without a dot, and that of ``public_url``."""

    data: Path = Path("data")
    """The folder of the embedded archive: instances as files, and the index."""

    dicomweb_root: Annotated[str, AfterValidator(_root_path)] = "/dicom-web"
    """The path below which the DICOMweb resources are."""

    public_url: AnyHttpUrl | None = None
    """The DICOMweb root as clients see it, such as ``https://pacs.example.org/dicom-web``, when a proxy stands between.
    Default: the address that the request names."""

    secrets: DirectoryPath | None = None
    """A folder such as ``/run/secrets``, with files that are named like these variables, in capitals or not, and hold
    what the environment is not the place for: ``fovea_index__url``, ``fovea_storage__options``. Variables go before."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """How much is logged. No level logs patients' names or search keys."""

    log_format: Literal["console", "json"] = "console"
    """``console``: lines for people. ``json``: an object a line, for programs."""

    storage: StorageSettings = StorageSettings()
    index: IndexSettings = IndexSettings()
    store: StoreSettings = StoreSettings()
    retrieve: RetrieveSettings = RetrieveSettings()
    rendering: RenderingSettings = RenderingSettings()
    auth: AuthSettings = AuthSettings()
    cors: CorsSettings = CorsSettings()
    tls: TlsSettings = TlsSettings()
    proxy: ProxySettings = ProxySettings()
    audit: AuditSettings = AuditSettings()
    limits: LimitsSettings = LimitsSettings()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Arguments, then variables, then the files of the folder of secrets."""
        folder = os.environ.get("FOVEA_SECRETS")
        if not folder:
            return init_settings, env_settings
        files = NestedSecretsSettingsSource(file_secret_settings, folder, secrets_dir_missing="ok")
        return init_settings, env_settings, files

    @model_validator(mode="after")
    def _refuse_to_be_open_by_accident(self) -> Self:
        if self.auth.mode == "loopback" and not is_loopback(self.host) and not self.says_who_may:
            raise ValueError(
                f"anybody who reaches {self.host} could read and write the archive: no authentication is configured; "
                f"add a user with `fovea user add NAME --data {self.data}`, or listen on 127.0.0.1, "
                "or set FOVEA_AUTH__MODE=none to say that this is meant"
            )
        return self

    @property
    def says_who_may(self) -> bool:
        """Whether anything is configured by which clients are told apart, or what those unknown may do."""
        auth = self.auth
        files = self.user_file.exists() or self.token_file.exists()
        return files or bool(auth.users or auth.jwt.keys or auth.anonymous)

    @property
    def user_file(self) -> Path:
        """The file of users."""
        return self.auth.user_file or self.data / "users.htpasswd"

    @property
    def token_file(self) -> Path:
        """The file of tokens."""
        return self.auth.token_file or self.data / "tokens.json"

    @property
    def blob_location(self) -> str:
        """The blob store to open."""
        return self.storage.url or self.storage.location or str(self.data)

    @property
    def object_store(self) -> ObjectStoreOptions:
        """How to use it, when it is an object store."""
        storage = self.storage
        client = {name: value.get_secret_value() for name, value in storage.options.items()}
        return ObjectStoreOptions(self.data / "cache", storage.cache_bytes, client, storage.lease_seconds)

    @property
    def index_url(self) -> str:
        """The database to open."""
        return self.index.url or f"sqlite:///{self.data / 'index.sqlite'}"

    @property
    def archive_place(self) -> str:
        """Where the archive is, as people may read it: the data folder, unless a part of it is elsewhere."""
        if not (self.storage.url or self.storage.location or self.index.url):
            return str(self.data.resolve())
        return f"{without_password(self.blob_location)} (index: {without_password(self.index_url)})"
