"""Who may use the server, and who is told of it."""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, AnyUrl, BaseModel, Field, SecretStr, UrlConstraints, model_validator

from app.access.scopes import DICOM_SCOPES, AccessScope
from app.access.users import parse_user
from app.settings.section import DOCUMENTED


def _user_line(line: SecretStr) -> SecretStr:
    parse_user(line.get_secret_value())
    return line


class SignedTokenSettings(BaseModel):
    """Signed tokens (JWT) that an OpenID Connect provider issues."""

    model_config = DOCUMENTED

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

    model_config = DOCUMENTED

    mode: Literal["loopback", "none"] = "loopback"
    """``loopback``: without users, tokens or any other way to log in, open, and therefore only on a loopback address.
    ``none``: nobody is asked to log in, on any address, said aloud."""

    users: list[Annotated[SecretStr, AfterValidator(_user_line)]] = []
    """Users beside those of the file, as lines of it: ``name:hash``, with an argon2id or bcrypt hash."""

    user_file: Path | None = None
    """The file of users, as ``fovea user`` and ``htpasswd -B`` write it. Default: ``users.htpasswd`` in the data
    folder."""

    token_file: Path | None = None
    """The file of tokens, as ``fovea token`` writes it. Default: ``tokens.json`` in the data folder. Servers that share
    an archive share both files."""

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


class AuditSettings(BaseModel):
    """The audit log."""

    model_config = DOCUMENTED

    log: str | None = None
    """A file, or ``stdout`` or ``stderr``, for a JSON line for each access. Default: no audit log."""

    syslog: Annotated[AnyUrl, UrlConstraints(allowed_schemes=["udp", "tcp", "tls"], host_required=True)] | None = None
    """A syslog receiver for the audit messages of PS3.15 A.5, such as ``tls://audit.example.org:6514``; ``tcp://`` and
    ``udp://`` are for a trusted network."""

    syslog_ca: Path | None = None
    """Certificates of authorities, as PEM, that the receiver's is by. Default: those of the system."""
