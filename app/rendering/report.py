"""Structured reports and key object selections: their content tree as people read it (PS3.3 C.17.3)."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pydicom.config import IGNORE
from pydicom.uid import UID

from app.rendering.attributes import Attributes


@dataclass(frozen=True, slots=True)
class ContentItem:
    """A node of the tree: what it is about, what it says, and what is below it. Name or value may be empty."""

    name: str
    value: str
    children: tuple["ContentItem", ...]


@dataclass(frozen=True, slots=True)
class Report:
    """``header`` are names and values of who and what the report is about."""

    title: str
    header: tuple[tuple[str, str], ...]
    items: tuple[ContentItem, ...]


def _plain(text: str) -> str:
    return text


def _person(text: str) -> str:
    """A name without the carets between its components."""
    return " ".join(text.replace("^", " ").split())


def _date(text: str) -> str:
    """A date of eight digits with dashes; anything else as it is."""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 and text.isdigit() else text


_HEADER = (
    ("PatientName", "Patient", _person),
    ("PatientID", "Patient ID", _plain),
    ("PatientBirthDate", "Born", _date),
    ("PatientSex", "Sex", _plain),
    ("StudyDate", "Study date", _date),
    ("StudyDescription", "Study", _plain),
    ("AccessionNumber", "Accession number", _plain),
    ("ContentDate", "Report date", _date),
    ("CompletionFlag", "Completion", _plain),
    ("VerificationFlag", "Verification", _plain),
)
"""Keyword, what it is called, and how its text is made readable."""


def read_report(attributes: Attributes) -> Report:
    """The report of an SR or KO document."""
    values = ((label, readable(attributes.text(keyword))) for keyword, label, readable in _HEADER)
    header = tuple((label, value) for label, value in values if value)
    return Report(_name(attributes) or "Report", header, _children(attributes))


def _children(item: Attributes) -> tuple[ContentItem, ...]:
    # The depth is bounded where the data set is read at ingest.
    items = item.items("ContentSequence")
    return tuple(ContentItem(_name(child), _value(child), _children(child)) for child in items)


def _name(item: Attributes) -> str:
    return item.item("ConceptNameCodeSequence").text("CodeMeaning")


def _value(item: Attributes) -> str:
    value_type = item.text("ValueType")
    read = _VALUES.get(value_type)
    if read is not None:
        return read(item)
    # An item by reference to another one has no type (PS3.3 C.17.3.2.5).
    return value_type.lower() or f"see {'.'.join(item.texts('ReferencedContentItemIdentifier'))}"


def _text(keyword: str, readable: Callable[[str], str] = _plain) -> Callable[[Attributes], str]:
    return lambda item: readable(item.text(keyword))


def _code(item: Attributes) -> str:
    return _meaning(item.item("ConceptCodeSequence"))


def _meaning(code: Attributes) -> str:
    return code.text("CodeMeaning") or code.text("CodeValue")


def _measurement(item: Attributes) -> str:
    measured = item.item("MeasuredValueSequence")
    value, unit = measured.text("NumericValue"), measured.item("MeasurementUnitsCodeSequence")
    if not value:
        return _meaning(item.item("NumericValueQualifierCodeSequence")) or "no value"
    # The unit 1 of UCUM is none.
    code = unit.text("CodeValue")
    return (
        value.removesuffix(".0") if code == "1" else f"{value.removesuffix('.0')} {code.strip('{}') or _meaning(unit)}"
    )


def _reference(item: Attributes) -> str:
    reference = item.item("ReferencedSOPSequence")
    kind = UID(reference.text("ReferencedSOPClassUID"), IGNORE).name.removesuffix(" Storage")
    frames = ", ".join(reference.texts("ReferencedFrameNumber"))
    return f"{kind} {reference.text('ReferencedSOPInstanceUID')}" + (f", frame {frames}" if frames else "")


def _coordinates(item: Attributes) -> str:
    kind, data = item.text("GraphicType").lower(), item.numbers("GraphicData")
    shown = ", ".join(f"{number:g}" for number in data[:_SHOWN_COORDINATES])
    return f"{kind} ({shown}{', …' if len(data) > _SHOWN_COORDINATES else ''})"


_SHOWN_COORDINATES = 12

_VALUES: dict[str, Callable[[Attributes], str]] = {
    "TEXT": _text("TextValue"),
    "CODE": _code,
    "NUM": _measurement,
    "DATETIME": _text("DateTime"),
    "DATE": _text("Date", _date),
    "TIME": _text("Time"),
    "PNAME": _text("PersonName", _person),
    "UIDREF": _text("UID"),
    "IMAGE": _reference,
    "COMPOSITE": _reference,
    "WAVEFORM": _reference,
    "SCOORD": _coordinates,
    "SCOORD3D": _coordinates,
    "TCOORD": _text("TemporalRangeType"),
    "CONTAINER": lambda item: "",
}
"""By ValueType (PS3.3 C.17.3.2.1)."""


def all_items(items: tuple[ContentItem, ...], depth: int = 0) -> Iterator[tuple[int, ContentItem]]:
    """The items of the tree from top to bottom, each with its depth, from 0."""
    for item in items:
        yield depth, item
        yield from all_items(item.children, depth + 1)
