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
    """What is stored, or would be, under a SOPInstanceUID."""

    key: ResourceKey
    sha256: bytes
    blob_key: str


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
        offered = Content(record.key, record.sha256, record.blob_key)
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
    if (found.key, found.sha256) == (offered.key, offered.sha256):
        return Outcome.IDENTICAL
    return _OUTCOMES[duplicates]


def _addition(outcome: Outcome, record: InstanceRecord, stored: Content) -> Addition:
    return Addition(outcome, stored.key, None if record.blob_key == stored.blob_key else record.blob_key)
