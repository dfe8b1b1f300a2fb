"""Reading DICOM JSON without failing, whatever it holds."""

import base64

import pytest

from app.rendering.attributes import Attributes, FrameAttributes
from tests.unit.app.rendering.instances import no_bulk_data


def attributes(**values: object) -> Attributes:
    """By tag, with a T in front."""
    return Attributes({tag[1:]: value for tag, value in values.items()}, no_bulk_data)


def test_values_by_keyword() -> None:
    read = attributes(
        T00280010={"vr": "US", "Value": [512]},
        T00281050={"vr": "DS", "Value": [40, -600.5]},
        T00100010={"vr": "PN", "Value": [{"Ideographic": "山田", "Alphabetic": "Yamada^Tarou"}]},
        T00080060={"vr": "CS", "Value": ["CT"]},
    )

    assert read.integer("Rows") == 512
    assert read.numbers("WindowCenter") == [40, -600.5]
    assert read.text("PatientName") == "Yamada^Tarou"
    assert read.text("Modality") == "CT"
    assert "Rows" in read
    assert "Columns" not in read


@pytest.mark.parametrize(
    "attribute",
    [
        None,
        "512",
        {},
        {"vr": "US"},
        {"vr": "US", "Value": None},
        {"vr": "US", "Value": "512"},
        {"vr": "US", "Value": []},
        {"vr": "US", "Value": [None]},
        {"vr": "US", "Value": [[1]]},
        {"vr": "IS", "Value": ["many"]},
        {"vr": "FD", "Value": ["NaN", "Infinity"]},
        {"vr": "IS", "Value": [10**400]},
        {"vr": "OB", "InlineBinary": "A"},
    ],
)
def test_what_cannot_be_read_is_absent(attribute: object) -> None:
    read = attributes(T00280010=attribute, T00081115=attribute)

    assert read.integer("Rows") is None
    assert read.numbers("Rows") == []
    assert read.items("ReferencedSeriesSequence") == []
    assert read.item("ReferencedSeriesSequence").text("Modality") == ""
    assert read.binary("Rows") == b""


def test_numbers_may_come_as_text() -> None:
    # PS3.18 F.2.3: DS and IS may be strings.
    assert attributes(T00281050={"vr": "DS", "Value": ["40", " -1e2 "]}).numbers("WindowCenter") == [40, -100]


def test_binary_values_are_inline_or_behind_their_uri() -> None:
    document = {
        "00282000": {"vr": "OB", "InlineBinary": base64.b64encode(b"here").decode()},
        "00283006": {"vr": "OW", "BulkDataURI": "/bulkdata/00283006"},
    }
    read = Attributes(document, {"/bulkdata/00283006": b"there"}.__getitem__)

    assert read.binary("ICCProfile") == b"here"
    assert read.binary("LUTData") == b"there"


def test_words_may_come_as_numbers() -> None:
    assert attributes(T00283006={"vr": "US", "Value": [1, 0xFFFF]}).words("LUTData") == b"\1\0\xff\xff"
    assert attributes(T00283006={"vr": "SS", "Value": [-1]}).words("LUTData") == b"\xff\xff"


@pytest.mark.parametrize("groups", [None, [], [None], [{"00289145": {"vr": "SQ", "Value": [None]}}]])
def test_functional_groups_that_are_not_there(groups: list[object] | None) -> None:
    sequence = {"vr": "SQ", "Value": groups}
    document = {"52009229": sequence, "52009230": sequence, "00281053": {"vr": "DS", "Value": [2]}}
    frame = FrameAttributes(document, no_bulk_data, 5)

    assert frame.group("PixelValueTransformationSequence").number("RescaleSlope") == 2
