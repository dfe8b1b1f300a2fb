"""Locks by which transactions of any number of servers take turns with a study, and with it alone.

While one is held, nobody else adds to the study or removes from it, so that what is read of it stays true until the
transaction ends, and so that row numbers of its instances grow in the order of the commits. PostgreSQL keeps them, and
lets go of them when the transaction ends, or its server dies.
"""

from collections.abc import Collection, Sequence
from zlib import crc32

from sqlalchemy import ARRAY, Connection, Integer, bindparam, func, select

from storage.index.adding import add_instances, stored_contents
from storage.index.removing import delete_instances
from storage.records import Addition, DuplicatePolicy, InstanceRecord
from storage.resource import ResourceKey

SLOTS = 1024
"""Locks for all studies: one transaction may hold every one of them, and a database has room for some thousands.

Studies of one slot take turns as well, which is no harm but a wait of milliseconds.
"""

_LOCK_SPACE = 0xD1C0
"""Tells these from other advisory locks in the database (the first of the two numbers that name a lock)."""

_slots = func.unnest(bindparam("slots", type_=ARRAY(Integer))).column_valued("slot")
_LOCK = select(func.pg_advisory_xact_lock(_LOCK_SPACE, _slots))


def add_in_turn(
    connection: Connection, records: Sequence[InstanceRecord], duplicates: DuplicatePolicy
) -> list[Addition]:
    """Add records as ``add_instances`` does, holding the studies that they are in and those that they are taken from.

    The latter are known only when the former are held, and so are not locked in order: of two transactions that then
    wait for each other, PostgreSQL ends one, which begins again.
    """
    held: set[str | None] = set()
    wanted = {record.key.study_instance_uid for record in records}
    while wanted - held:
        _hold(connection, wanted - held)
        held |= wanted
        if duplicates is DuplicatePolicy.REPLACE:
            wanted |= {content.key.study_instance_uid for content in stored_contents(connection, records).values()}
    return add_instances(connection, records, duplicates)


def delete_in_turn(connection: Connection, key: ResourceKey) -> int:
    """Remove what is stored under a key as ``delete_instances`` does, holding the study."""
    _hold(connection, {key.study_instance_uid})
    return delete_instances(connection, key)


def _hold(connection: Connection, studies: Collection[str | None]) -> None:
    """Wait for the studies, always in the same order, so that no two transactions wait for each other."""
    slots = sorted({crc32((study or "").encode()) % SLOTS for study in studies})
    connection.execute(_LOCK, {"slots": slots})
