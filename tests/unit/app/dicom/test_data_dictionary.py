"""What PS3.6 allows of an attribute, against entries read in the standard."""

import pytest
from pydicom._dicom_dict import DicomDictionary, RepeatersDictionary

from app.dicom.data_dictionary import ValueMultiplicity, entry_of

COUNTS = {
    "1": ({1}, {0, 2}),
    "2": ({2}, {0, 1, 3, 4}),
    "16": ({16}, {1, 6, 15, 17, 32}),
    "1-2": ({1, 2}, {0, 3}),
    "4-5": ({4, 5}, {3, 6}),
    "1-32": ({1, 32}, {0, 33}),
    "1-n": ({1, 2, 1000}, {0}),
    "3-n": ({3, 4, 1000}, {2}),
    "2-2n": ({2, 4, 1000}, {0, 1, 3, 5}),
    "3-3n": ({3, 6, 9}, {0, 1, 2, 4, 5, 7}),
}
"""By VM: numbers of values that are allowed, and others that are not (PS3.5 6.4)."""


@pytest.mark.parametrize("vm", sorted(COUNTS))
def test_a_value_multiplicity_allows_its_numbers_of_values(vm: str) -> None:
    allowed, forbidden = COUNTS[vm]
    multiplicity = ValueMultiplicity.parse(vm)
    assert {count for count in allowed | forbidden if multiplicity.allows(count)} == allowed


@pytest.mark.parametrize("text", ["", "n", "1-", "-1", "1-x", "1-2-3"])
def test_what_is_no_value_multiplicity_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a value multiplicity"):
        ValueMultiplicity.parse(text)


@pytest.mark.parametrize(
    ("key", "vrs", "vm"),
    [
        ("00100010", {"PN"}, "1"),
        ("00080008", {"CS"}, "2-n"),
        ("00280030", {"DS"}, "2"),
        ("30060050", {"DS"}, "3-3n"),
        ("00280106", {"US", "SS"}, "1"),
        ("00283006", {"US", "OW"}, "1-n"),
        ("7FE00010", {"OB", "OW"}, "1"),
        ("60000050", {"SS"}, "2"),
        ("60FE0050", {"SS"}, "2"),
    ],
)
def test_entries_are_those_of_ps3_6(key: str, vrs: set[str], vm: str) -> None:
    entry = entry_of(key)
    assert entry is not None
    assert (set(entry.vrs), entry.vm) == (vrs, vm)


@pytest.mark.parametrize(
    "key", ["00091001", "00090010", "60010050", "00080003", "PatientName", "0010", "0008_0016", ""]
)
def test_what_is_private_or_unknown_has_no_entry(key: str) -> None:
    assert entry_of(key) is None


def test_every_entry_of_the_dictionary_can_be_read() -> None:
    repeating = [mask.replace("x", "0") for mask in RepeatersDictionary]
    for key in [f"{tag:08X}" for tag in DicomDictionary] + repeating:
        entry = entry_of(key.upper())
        assert entry is not None
        assert entry.multiplicity.allows(entry.multiplicity.least)
