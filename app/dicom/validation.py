"""Whether an instance keeps the rules of the standard that can be checked without knowing its IOD.

These are the VR and VM of each attribute (PS3.6), the form of each value (PS3.5 6.2), and the attributes that all
composite IODs require (PS3.3 C.7, C.12.1). Bulk data is not looked into, nor is what is private: the standard says
nothing about a private attribute, and in implicit VR not even its VR is sure. The items of a private sequence are
private too.
"""

from collections.abc import Iterator, Mapping
from itertools import chain

from app.dicom.attribute_path import MAXIMUM_DEPTH, AttributePath
from app.dicom.data_dictionary import DictionaryEntry, entry_of
from app.dicom.module_attributes import module_violations
from app.dicom.value_rules import VALUE_RULES
from app.dicom.violation import Violation

__all__ = ["MAX_VIOLATIONS", "Violation", "validate"]

MAX_VIOLATIONS = 50
"""Violations that are reported. Checking ends there: a client that makes so many needs no more to begin with."""

Attribute = Mapping[str, object]


def validate(document: Mapping[str, object]) -> list[Violation]:
    """The rules that an instance breaks, by tag; none for one that keeps all that are checked.

    ``document`` is its DICOM JSON object, parsed. What is wrong alike in several items of a sequence is said once. Of
    more than MAX_VIOLATIONS the first to be found are reported: required attributes, then the order of the document.
    """
    found: set[Violation] = set()
    for violation in chain(module_violations(document), _violations(document, ())):
        found.add(violation)
        if len(found) == MAX_VIOLATIONS:
            break
    return sorted(found)


def _violations(document: Mapping[str, object], path: AttributePath) -> Iterator[Violation]:
    """What is wrong in a data set or in an item, which lies in the sequences of ``path``."""
    for key, attribute in document.items():
        entry = entry_of(key)
        if entry is None or not isinstance(attribute, dict):
            continue
        reason = _reason(entry, attribute)
        if reason is not None:
            yield Violation((*path, key), reason)
        elif attribute["vr"] == "SQ" and len(path) < MAXIMUM_DEPTH:
            for item in _values(attribute):
                if isinstance(item, dict):
                    yield from _violations(item, (*path, key))


def _reason(entry: DictionaryEntry, attribute: Attribute) -> str | None:
    """Why an attribute of PS3.6 is not as it must be, the gravest reason if there are several; None if it is."""
    vr = attribute.get("vr")
    # In UN is only what does not fit its own VR, as it should be; other attributes in UN were read in their own.
    if not isinstance(vr, str) or (vr not in entry.vrs and vr != "UN"):
        return f"is not of VR {' or '.join(sorted(entry.vrs))} (PS3.6)"
    values = _values(attribute)
    # The items of a sequence are one value (PS3.5 7.5), and an empty attribute has no number of values.
    if not values or vr == "SQ":
        return None
    if not entry.multiplicity.allows(len(values)):
        return f"has a VM of {len(values)} instead of {entry.vm} (PS3.6)"
    rule = VALUE_RULES.get(vr)
    if rule is None or rule.accepts(values):
        return None
    return f"has a value that is not {rule.demand} (VR {vr}, PS3.5 6.2)"


def _values(attribute: Attribute) -> list[object]:
    """The members of the ``Value`` array; none where the attribute is empty, binary or bulk data."""
    values = attribute.get("Value")
    return values if isinstance(values, list) else []
