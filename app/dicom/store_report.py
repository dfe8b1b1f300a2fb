"""The Store Instances Response Module: what became of each instance (PS3.18 Annex I)."""

import textwrap
from dataclasses import dataclass
from enum import IntEnum

import orjson

from storage.records import BASE_URL_MARK
from storage.resource import ResourceKey


class FailureReason(IntEnum):
    """Why an instance was not stored (PS3.18 Table I.2-2, PS3.7 C.5)."""

    PROCESSING_FAILURE = 0x0110
    DUPLICATE = 0x0111
    INVALID_UID = 0x0117
    SOP_CLASS_NOT_SUPPORTED = 0x0122
    OUT_OF_RESOURCES = 0xA700
    DATA_SET_DOES_NOT_MATCH = 0xA900
    CANNOT_UNDERSTAND = 0xC000
    TRANSFER_SYNTAX_NOT_SUPPORTED = 0xC122


class WarningReason(IntEnum):
    """What is to be said of an instance that was stored (PS3.18 Table I.2-1, and PS3.7 C for what is not there)."""

    DUPLICATE = 0x0111
    """Another instance with the same SOPInstanceUID was there, and stays."""
    DATA_SET_DOES_NOT_MATCH_SOP_CLASS = 0xB007
    """The file ends in the middle of its last value."""


@dataclass(frozen=True, slots=True)
class StoredInstanceReference:
    """An instance that is stored, perhaps with a remark."""

    sop_class_uid: str
    key: ResourceKey
    warning_reason: int | None = None


@dataclass(frozen=True, slots=True)
class FailedInstance:
    """An instance that is not stored: its UIDs as far as they could be read, and why, also in sentences for people."""

    sop_class_uid: str | None
    sop_instance_uid: str | None
    failure_reason: int
    details: tuple[str, ...]


InstanceOutcome = StoredInstanceReference | FailedInstance


@dataclass(frozen=True, slots=True)
class StoreReport:
    """The outcome of a store request, instance by instance; ``study_instance_uid`` is the study that the URL named."""

    study_instance_uid: str | None
    outcomes: tuple[InstanceOutcome, ...]

    @property
    def stored(self) -> list[StoredInstanceReference]:
        """The instances that are stored."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, StoredInstanceReference)]

    @property
    def failed(self) -> list[FailedInstance]:
        """The instances that are not."""
        return [outcome for outcome in self.outcomes if isinstance(outcome, FailedInstance)]


def write_json(report: StoreReport) -> bytes:
    """The module as one DICOM JSON object, with BASE_URL_MARK in its URLs (PS3.18 Table I.1-1).

    An object, not an array of one: that is what clients read.
    """
    module: dict[str, object] = {"00081190": {"vr": "UR", **_value(_study_url(report))}}
    if report.failed:
        module["00081198"] = {"vr": "SQ", "Value": [_failed_item(outcome) for outcome in report.failed]}
    if report.stored:
        module["00081199"] = {"vr": "SQ", "Value": [_stored_item(outcome) for outcome in report.stored]}
    return orjson.dumps(module)


def _study_url(report: StoreReport) -> orjson.Fragment | None:
    """Where the study is; None (an empty value) when the request stored several studies, or nothing."""
    studies = {outcome.key.study_instance_uid for outcome in report.stored}
    return _url(ResourceKey(studies.pop())) if len(studies) == 1 else None


def _stored_item(outcome: StoredInstanceReference) -> dict[str, object]:
    item: dict[str, object] = {
        "00081150": {"vr": "UI", "Value": [outcome.sop_class_uid]},
        "00081155": {"vr": "UI", "Value": [outcome.key.sop_instance_uid]},
        "00081190": {"vr": "UR", "Value": [_url(outcome.key)]},
    }
    if outcome.warning_reason is not None:
        item["00081196"] = {"vr": "US", "Value": [outcome.warning_reason]}
    return item


def _failed_item(outcome: FailedInstance) -> dict[str, object]:
    return {
        "00081150": {"vr": "UI", **_value(outcome.sop_class_uid)},
        "00081155": {"vr": "UI", **_value(outcome.sop_instance_uid)},
        "00081197": {"vr": "US", "Value": [outcome.failure_reason]},
        # FailedAttributesSequence with ErrorComment: the standard has no place for words, and people need them.
        "00741048": {"vr": "SQ", "Value": [{"00000902": _comment(text)} for text in outcome.details]},
    }


def _comment(text: str) -> dict[str, object]:
    """A text as a Long String, which has 64 characters (PS3.5 6.2)."""
    return {"vr": "LO", "Value": [textwrap.shorten(text, 64, placeholder="...")]}


def _url(key: ResourceKey) -> orjson.Fragment:
    return orjson.Fragment(BASE_URL_MARK + f'{key.path[1:]}"'.encode())


def _value(value: object | None) -> dict[str, object]:
    return {} if value is None else {"Value": [value]}
