"""Which objects are in doubt: placed, though perhaps without the rows that name them.

A process that places blobs does so in sessions. A session begins with a small object, its note, and hands out keys that
begin with its name; so the note, written once, speaks for every object below that name, and storing an instance takes
no request beside that of its bytes. A session hands out keys for some minutes only. When the rows of all of them are
committed, the note is deleted. A process that dies leaves its notes behind.

    writing/<session>                the note, empty
    instances/<session>/<n>.dcm      what was placed in the session, for good

A note tells by its name when the session began. When that is a lease ago, whoever looks takes the session for one that
a dead process left, and lists what it placed. A living process cannot be harmed: its keys are given up unless they are
placed within half a lease, and the other half is left for the commit, which takes milliseconds. A lease is a day unless
a setting says otherwise. The clocks that are compared differ by minutes: an object store refuses others' signatures.
"""

import asyncio
import secrets
import time
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import dataclass, field

from storage.blobs.object_client import ObjectClient
from storage.errors import StorageError, StorageUnavailable

KEYS_PER_SESSION = 1000
"""Keys that one session hands out: as many as an object store lists at once."""

SESSION_SECONDS = 600.0
"""For how long a session hands out keys, unless the lease is so short that it is a tenth of it."""

PLACED = "instances/"
_NOTES = "writing/"


@dataclass(slots=True)
class _Session:
    name: str
    handed_out: int = 0
    in_doubt: set[str] = field(default_factory=set)

    def new_key(self) -> str:
        key = f"{self.name}/{self.handed_out}.dcm"
        self.handed_out += 1
        self.in_doubt.add(key)
        return key


class Sessions:
    """The sessions of this process, and those of dead ones that it has taken over."""

    def __init__(self, objects: ObjectClient, lease_seconds: float, clock: Callable[[], float] = time.time) -> None:
        """``clock`` gives seconds since 1970."""
        self._objects = objects
        self._lease = lease_seconds
        self._clock = clock
        self._current: _Session | None = None
        self._all: dict[str, _Session] = {}
        self._beginning = asyncio.Lock()

    async def new_key(self) -> str:
        """A key for an object that is about to be written. Raises StorageUnavailable, StorageFull."""
        async with self._beginning:
            session = self._current
            if session is None or not self._hands_out(session):
                session = await self._begin()
            return session.new_key()

    def check(self, keys: Collection[str]) -> None:
        """These keys are placed in time for the commit. Raises StorageUnavailable when they are not."""
        if any(self._age(_session_of(key)) > self._lease / 2 for key in keys):
            raise StorageUnavailable("the instance took too long to arrive")

    async def settle(self, keys: Collection[str]) -> None:
        """These keys are in doubt no more."""
        for key in keys:
            if session := self._all.get(_session_of(key)):
                session.in_doubt.discard(key)
        await self._end_those_settled()

    def is_over(self, key: str) -> bool:
        """Whether the session of a key, if it is of any, is so long ago that its process has committed or died."""
        try:
            return self._age(_session_of(key)) > self._lease
        except ValueError:  # an object that somebody else has put there
            return True

    async def abandoned(self) -> list[str]:
        """Keys of the objects that dead processes have placed and perhaps not settled. Raises StorageUnavailable."""
        for path in await self._objects.list(_NOTES):
            session = _Session(path.removeprefix(_NOTES))
            if self._is_over(session):
                placed = await self._objects.list(f"{PLACED}{session.name}/")
                session.in_doubt.update(path.removeprefix(PLACED) for path in placed)
                self._all[session.name] = session
        await self._end_those_settled()
        return [key for session in self._all.values() if self._is_over(session) for key in session.in_doubt]

    async def close(self) -> None:
        """Leave; what is in doubt stays for others."""
        self._current = None
        await self._end_those_settled()

    def _hands_out(self, session: _Session) -> bool:
        seconds = min(SESSION_SECONDS, self._lease / 10)
        return session.handed_out < KEYS_PER_SESSION and self._age(session.name) < seconds

    def _is_over(self, session: _Session) -> bool:
        return self._age(session.name) > self._lease

    def _age(self, name: str) -> float:
        """Seconds since a session began, which its name tells."""
        return self._clock() - float(name.rpartition("-")[2])

    async def _begin(self) -> _Session:
        """Begin a session; the one before ends when its last key is settled."""
        session = _Session(f"{secrets.token_hex(6)}-{self._clock():.0f}")
        await self._objects.put(_NOTES + session.name, b"")
        self._all[session.name] = self._current = session
        await self._end_those_settled()
        return session

    async def _end_those_settled(self) -> None:
        ended = [each for each in self._all.values() if each is not self._current and not each.in_doubt]
        for session in ended:
            del self._all[session.name]
        with suppress(StorageError):  # a note that stays says that the session is to be looked at, no more
            await self._objects.delete([_NOTES + session.name for session in ended])


def _session_of(key: str) -> str:
    return key.partition("/")[0]
