"""Which records of a call become rows, and what becomes of the others: decided before anything is written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from storage.records import Addition, DuplicatePolicy, InstanceRecord, Outcome
from storage.resource import ResourceKey

_OUTCOMES = {
    DuplicatePolicy.REJECT: Outcome.CONFLICT,
    DuplicatePolicy.REPLACE: Outcome.REPLACED,
    DuplicatePolicy.KEEP: Outcome.KEPT,
}
"""Of a record whose SOPInstanceUID is there with other bytes."""


class Content(NamedTuple):
    """What is stored, or would be, under a SOPInstanceUID; ``digests`` are those of the file, stored and received."""

    key: ResourceKey
    digests: frozenset[bytes]
    blob_key: str


def digests(sha256: bytes, received_sha256: bytes | None) -> frozenset[bytes]:
    """Those of a stored file, and of the file that it was made of."""
    return frozenset({sha256} if received_sha256 is None else {sha256, received_sha256})


@dataclass(frozen=True, slots=True)
class Decision:
    """What is to be done for a call: remove the instances that are replaced, then insert the new ones in their order.

    ``additions`` has an element for each record of the call; ``replaced`` are SOPInstanceUIDs that are stored.
    """

    additions: list[Addition]
    new: list[InstanceRecord]
    replaced: list[str | None]


def decide(
    records: Sequence[InstanceRecord], stored: Mapping[str | None, Content], duplicates: DuplicatePolicy
) -> Decision:
    """Go through the records as if each came by itself, given what is ``stored`` under their SOPInstanceUIDs."""
    present = dict(stored)
    new: dict[str | None, InstanceRecord] = {}
    outcomes: list[Outcome] = []
    for record in records:
        uid = record.key.sop_instance_uid
        offered = Content(record.key, digests(record.sha256, record.received_sha256), record.blob_key)
        outcome = _outcome(offered, present.get(uid), duplicates)
        if outcome in {Outcome.ADDED, Outcome.REPLACED}:
            new.pop(uid, None)  # what replaces another one comes last
            new[uid], present[uid] = record, offered
        outcomes.append(outcome)
    additions = [
        _addition(outcome, record, present[record.key.sop_instance_uid])
        for outcome, record in zip(outcomes, records, strict=True)
    ]
    return Decision(additions, list(new.values()), [uid for uid in new if uid in stored])


def _outcome(offered: Content, found: Content | None, duplicates: DuplicatePolicy) -> Outcome:
    if found is None:
        return Outcome.ADDED
    if found.key == offered.key and found.digests & offered.digests:
        return Outcome.IDENTICAL
    return _OUTCOMES[duplicates]


def _addition(outcome: Outcome, record: InstanceRecord, stored: Content) -> Addition:
    return Addition(outcome, stored.key, None if record.blob_key == stored.blob_key else record.blob_key)
