"""An OpenID Connect provider, as far as a resource server sees one: an endpoint with its keys, and signed tokens."""

import json
import threading
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from joserfc import jwt
from joserfc.errors import SecurityWarning
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey

from app.settings import AuthSettings, SignedTokenSettings

ISSUER = "https://login.example/realms/hospital"
AUDIENCE = "fovea"


@dataclass
class Provider:
    """Its keys by algorithm, and how often they were asked for."""

    url: str = ""
    published: list[Key] = field(default_factory=list)
    fetched: int = 0
    status: int = 200

    def token(self, key: Key, algorithm: str, header: Mapping[str, object] | None = None, **claims: object) -> str:
        """A token that is right but for what the test changes; a claim of None is left out."""
        now = int(time.time())
        right = {"iss": ISSUER, "aud": AUDIENCE, "sub": "alice", "exp": now + 60, "nbf": now, "scope": "dicom:read"}
        content = {name: value for name, value in (right | claims).items() if value is not None}
        whole: dict[str, Any] = {"alg": algorithm, "kid": key.kid, **(header or {})}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SecurityWarning)  # of EdDSA, which providers still say
            return jwt.encode(whole, content, key, algorithms=[algorithm])

    def settings(self, **changes: Any) -> AuthSettings:
        """Settings of a server that trusts it."""
        right: dict[str, Any] = {"keys": self.url, "issuer": ISSUER, "audience": AUDIENCE, "leeway_seconds": 5}
        return AuthSettings(jwt=SignedTokenSettings(**right | changes))

    def document(self) -> bytes:
        """The JWK set."""
        return json.dumps({"keys": [key.as_dict(private=False) for key in self.published]}).encode()


@contextmanager
def provider(*keys: Key) -> Iterator[Provider]:
    """A provider that answers on a loopback port."""
    state = Provider(published=list(keys))

    class Endpoint(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.fetched += 1
            self.send_response(state.status)
            self.end_headers()
            self.wfile.write(state.document())

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Endpoint) as endpoint:
        state.url = f"http://127.0.0.1:{endpoint.server_port}/certs"
        thread = threading.Thread(target=endpoint.serve_forever)
        thread.start()
        try:
            yield state
        finally:
            endpoint.shutdown()
            thread.join()


def new_key(algorithm: str, key_id: str) -> Key:
    """A private key for an algorithm."""
    parameters = {"kid": key_id}
    match algorithm[:2]:
        case "RS" | "PS":
            return RSAKey.generate_key(2048, parameters)
        case "ES":
            return ECKey.generate_key({"256": "P-256", "384": "P-384", "512": "P-521"}[algorithm[2:]], parameters)
    return OKPKey.generate_key("Ed25519", parameters)
