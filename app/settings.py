"""The settings: the one file that reads the environment.

Every field can be set as ``FOVEA_<NAME>``, and those of a group as ``FOVEA_<GROUP>__<NAME>``, for example
``FOVEA_LIMITS__SEARCH_RESULTS=500``. A list is given as JSON.
"""

import ipaddress
import re
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    AnyHttpUrl,
    AnyUrl,
    BaseModel,
    ConfigDict,
    Field,
    SecretStr,
    UrlConstraints,
    field_serializer,
    model_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from app.access.scopes import DICOM_SCOPES, AccessScope
from app.access.users import parse_user
from app.services.store import Validation
from storage.blobs.object_options import ObjectStoreOptions
from storage.records import DuplicatePolicy

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_DOCUMENTED = ConfigDict(use_attribute_docstrings=True, extra="forbid", hide_input_in_errors=True)


def _root_path(path: str) -> str:
    """A path below which resources are mounted: begins with a slash, does not end with one."""
    trimmed = "/" + path.strip("/")
    if trimmed == "/":
        raise ValueError("the DICOMweb root must not be the server's root, which is for people")
    return trimmed


def _prefix(path: str) -> str:
    """A path before all others: begins with a slash, does not end with one; or empty."""
    return "/" + path.strip("/") if path.strip("/") else ""


def _user_line(line: SecretStr) -> SecretStr:
    parse_user(line.get_secret_value())
    return line


class StorageSettings(BaseModel):
    """Where the bytes of instances are kept."""

    model_config = _DOCUMENTED

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

    model_config = _DOCUMENTED

    url: str | None = None
    """A database: ``sqlite:///path/to/file``, or ``postgresql://user@host:port/database``, whose password is better
    given by ``PGPASSWORD`` or in a file named by ``PGPASSFILE``. Default: ``index.sqlite`` in the data folder."""

    connections: Annotated[int, Field(ge=3)] = 10
    """Connections to PostgreSQL that each server process has at once, at the most."""

    @field_serializer("url")
    def _without_password(self, url: str | None) -> str | None:
        return url and re.sub(r"(?<=://)([^:/@]*):[^/@]*@", r"\1:***@", url)


class StoreSettings(BaseModel):
    """What is accepted to be stored."""

    model_config = _DOCUMENTED

    duplicates: DuplicatePolicy = DuplicatePolicy.REJECT
    """What to do with an instance whose SOPInstanceUID is stored with other bytes: ``reject`` it, ``replace`` what is
    stored, or ``keep`` what is stored and answer with a warning."""

    validation: Validation = Validation.LENIENT
    """``lenient``: the identity of an instance must be right. ``strict``: also VR, VM and values of its attributes, and
    the required attributes of patient, study, series and image."""


class RetrieveSettings(BaseModel):
    """What answers to clients that retrieve look like."""

    model_config = _DOCUMENTED

    bulk_data_uris: Literal["absolute", "relative"] = "absolute"
    """How metadata names bulk data: by URLs that begin with the scheme and host, which every client takes, or
    ``relative``, with the path alone, which stays right whatever a proxy makes of the host."""

    cache_seconds: Annotated[int, Field(ge=0)] = 0
    """Seconds for which a client may use instances, frames, bulk data and metadata again without asking whether they
    are still the same. 0: it always asks, which costs a short request. More suits an archive in which nothing is
    replaced or deleted."""

    cache_bytes: Annotated[int, Field(ge=0)] = 128 << 20
    """Bytes of frames in other transfer syntaxes than the stored ones that each server process remembers."""


class RenderingSettings(BaseModel):
    """Rendered instances and thumbnails."""

    model_config = _DOCUMENTED

    cache_bytes: Annotated[int, Field(ge=0)] = 128 << 20
    """Bytes of pictures and documents that each server process remembers, for who asks for the same again."""

    animation_frames: Annotated[int, Field(gt=0)] = 1000
    """Frames of one animation (image/gif)."""

    animation_pixels: Annotated[int, Field(gt=0)] = 1 << 26
    """Pixels of one animation, all frames together: it is made in memory, where each takes up to three bytes."""

    overlays: bool = False
    """Draw overlays also for who does not ask for annotations."""


class SignedTokenSettings(BaseModel):
    """Signed tokens (JWT) that an OpenID Connect provider issues."""

    model_config = _DOCUMENTED

    keys: str | None = None
    """The provider's JWK set: a URL or a file. Without it no signed token counts."""

    issuer: str = ""
    """What the claim ``iss`` must be."""

    audience: str = ""
    """What the claim ``aud`` must name."""

    name_claim: str = "sub"
    """The claim that names the user, for the audit log."""

    scopes_claim: str = "scope"
    """The claim that holds scopes or roles, with dots for claims inside claims: ``realm_access.roles``."""

    scopes_of_role: dict[str, list[AccessScope]] = {}
    """The scopes that a role gives, such as ``{"radiologist": ["dicom:read"]}``. A scope's own name always gives it."""

    studies_claim: str | None = None
    """The claim that names the studies a token is limited to. A token without the claim is for all."""

    leeway_seconds: Annotated[int, Field(ge=0)] = 60
    """How much the provider's clock may differ."""

    @model_validator(mode="after")
    def _say_whose_tokens(self) -> Self:
        if self.keys and not (self.issuer and self.audience):
            raise ValueError("FOVEA_AUTH__JWT__KEYS needs FOVEA_AUTH__JWT__ISSUER and FOVEA_AUTH__JWT__AUDIENCE")
        return self


class AuthSettings(BaseModel):
    """Who may use the server."""

    model_config = _DOCUMENTED

    mode: Literal["loopback", "none"] = "loopback"
    """``loopback``: without users, tokens or any other way to log in, open, and therefore only on a loopback address.
    ``none``: nobody is asked to log in, on any address, said aloud."""

    users: list[Annotated[SecretStr, AfterValidator(_user_line)]] = []
    """Users beside those of the file, as lines of it: ``name:hash``, with an argon2id or bcrypt hash."""

    user_file: Path | None = None
    """The file of users, as ``fovea user`` and ``htpasswd -B`` write it. Default: ``users.htpasswd`` in the data
    folder."""

    user_scopes: list[AccessScope] = sorted(DICOM_SCOPES)
    """The scopes of users whose line names none."""

    anonymous: list[AccessScope] = []
    """The scopes of who does not log in, such as ``["dicom:read"]`` for an archive that everybody may read."""

    remember_seconds: Annotated[int, Field(ge=0)] = 300
    """How long credentials that were right are not checked again. Changes of users and tokens count at once."""

    failures_per_user: Annotated[int, Field(gt=0)] = 10
    """Wrong passwords of one user from one address within ``failure_seconds``; then no more are looked at. Each server
    process counts for itself."""

    failures_per_address: Annotated[int, Field(gt=0)] = 100
    """Wrong credentials of any kind from one address within ``failure_seconds``, also in each process."""

    failure_seconds: Annotated[int, Field(gt=0)] = 60
    """For how long failures count."""

    jwt: SignedTokenSettings = SignedTokenSettings()


class CorsSettings(BaseModel):
    """Which web pages may use the server from a browser."""

    model_config = _DOCUMENTED

    origins: list[str] = []
    """Origins such as ``https://viewer.example.org``, or ``*``. Pages served from this machine's loopback may always;
    where everybody must log in, pages from anywhere may as long as nothing is set."""

    methods: list[str] = ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS"]
    """Methods that pages may use."""

    request_headers: list[str] = [
        "Accept",
        "Accept-Language",
        "Authorization",
        "Cache-Control",
        "Content-Encoding",
        "Content-Language",
        "Content-Location",
        "Content-Type",
        "If-Match",
        "If-Modified-Since",
        "If-None-Match",
        "If-Range",
        "If-Unmodified-Since",
        "Prefer",
        "Range",
        "X-Requested-With",
    ]
    """Headers that pages may send."""

    exposed_headers: list[str] = [
        "Accept-Ranges",
        "Allow",
        "Content-Encoding",
        "Content-Length",
        "Content-Location",
        "Content-Range",
        "Content-Type",
        "ETag",
        "Last-Modified",
        "Link",
        "Location",
        "Preference-Applied",
        "Retry-After",
        "Server-Timing",
        "WWW-Authenticate",
        "Warning",
        "X-Total-Count",
    ]
    """Headers of answers that pages may read."""

    preflight_seconds: Annotated[int, Field(ge=0)] = 7200
    """How long a browser may remember what a page may: without it every frame costs two requests."""


class TlsSettings(BaseModel):
    """HTTPS by the server itself."""

    model_config = _DOCUMENTED

    certificate: Path | None = None
    """The certificate with its chain, as PEM."""

    key: Path | None = None
    """The private key, as PEM; not needed when it is in the file of the certificate."""

    client_ca: Path | None = None
    """Certificates of authorities, as PEM: only clients with a certificate by one of them may connect."""

    @model_validator(mode="after")
    def _need_a_certificate(self) -> Self:
        if (self.key or self.client_ca) and not self.certificate:
            raise ValueError("HTTPS needs a certificate: --ssl-certfile, or FOVEA_TLS__CERTIFICATE")
        return self


class ProxySettings(BaseModel):
    """Proxies between clients and the server."""

    model_config = _DOCUMENTED

    trusted: list[Network] = []
    """Addresses or networks of proxies whose ``Forwarded`` and ``X-Forwarded-*`` headers are believed."""

    root_path: Annotated[str, AfterValidator(_prefix)] = ""
    """The path below which a proxy shows the server, and which it takes away, such as ``/pacs``."""


class AuditSettings(BaseModel):
    """The audit log."""

    model_config = _DOCUMENTED

    log: str | None = None
    """A file, or ``stdout`` or ``stderr``, for a JSON line for each access. Default: no audit log."""

    syslog: Annotated[AnyUrl, UrlConstraints(allowed_schemes=["udp", "tcp", "tls"], host_required=True)] | None = None
    """A syslog receiver for the audit messages of PS3.15 A.5, such as ``tls://audit.example.org:6514``; ``tcp://`` and
    ``udp://`` are for a trusted network."""

    syslog_ca: Path | None = None
    """Certificates of authorities, as PEM, that the receiver's is by. Default: those of the system."""


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

    url_bytes: Annotated[int, Field(gt=0)] = 1 << 16
    """Bytes in the path and query of a request."""

    header_bytes: Annotated[int, Field(gt=0)] = 1 << 16
    """Bytes in the headers of a request."""

    body_seconds: Annotated[float, Field(gt=0)] = 60
    """Seconds without a piece of a request's body after which no more is waited for."""

    heavy_requests: Annotated[int, Field(gt=0)] = 64
    """Requests for pictures worked on by a server process at the same time; more wait."""

    heavy_wait_seconds: Annotated[float, Field(ge=0)] = 10
    """How long they wait before they are answered 503."""


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
        return self.data / "tokens.json"

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


@lru_cache(maxsize=64)
def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
