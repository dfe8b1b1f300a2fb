"""The keys of those who sign tokens: a JWK set (RFC 7517) from a URL or a file, read anew when keys rotate."""

import asyncio
import logging
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import orjson
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, KeySet, KeySetSerialization, OKPKey, RSAKey

from app.access.errors import KeysUnavailable

logger = logging.getLogger(__name__)

KEEP_SECONDS = 600
"""How long keys are used without looking whether they are still published."""

UNKNOWN_KEY_SECONDS = 30
"""How long after a look no other is made for a key that was not there: nobody makes us ask all the time."""

_TIMEOUT_SECONDS = 5


class PublishedKeys:
    """The public keys that a URL or a file holds at the moment."""

    def __init__(self, location: str, now: Callable[[], float] = time.monotonic) -> None:
        self._location = location
        self._now = now
        self._keys: dict[str | None, Key] = {}
        self._looked: float | None = None
        self._looking = asyncio.Lock()

    async def key(self, key_id: str | None) -> Key | None:
        """The key of an id, as it is called in the header of a token; None when it is not published.

        A token that names none can mean one key only. Raises KeysUnavailable.
        """
        async with self._looking:
            if self._is_due(key_id):
                await self._look()
        if key_id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(key_id)

    def _is_due(self, key_id: str | None) -> bool:
        if self._looked is None:
            return True
        known = key_id is None or key_id in self._keys
        return self._now() - self._looked > (KEEP_SECONDS if known else UNKNOWN_KEY_SECONDS)

    async def _look(self) -> None:
        """Read the set; while that cannot be done, the keys known so far stay in use."""
        try:
            keys = KeySet.import_key_set(await self._read()).keys
        except (httpx.HTTPError, OSError, ValueError, KeyError, TypeError, JoseError) as error:
            logger.error("the keys at %s cannot be read: %s", self._location, error)
            if not self._keys:
                raise KeysUnavailable("The keys of those who sign tokens cannot be read at the moment") from error
        else:
            # Secret keys have no place among published ones: with them, who can read the set could sign.
            self._keys = {key.kid: key for key in keys if isinstance(key, (RSAKey, ECKey, OKPKey))}
        self._looked = self._now()

    async def _read(self) -> KeySetSerialization:
        if not self._location.startswith(("http://", "https://")):
            return _document(await asyncio.to_thread(Path(self._location).read_bytes))
        async with httpx.AsyncClient(timeout=_TIMEOUT_SECONDS) as client:
            answer = (await client.get(self._location)).raise_for_status()
        return _document(answer.content)


def _document(content: bytes) -> KeySetSerialization:
    document: KeySetSerialization = orjson.loads(content)
    return document
