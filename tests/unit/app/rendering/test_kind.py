"""What instances are shown as, and the icons of those that are not."""

from pathlib import Path

import numpy as np
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset

from app.rendering.icon import icon, icon_label
from app.rendering.kind import Kind, kind_of
from app.rendering.options import Viewport
from tests.unit.app.rendering.instances import Instance, attributes_of

NATIVE, JPEG_XL, H264 = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.4.110", "1.2.840.10008.1.2.4.102"


@pytest.mark.parametrize(
    ("keyword", "vr", "transfer_syntax_uid", "kind"),
    [
        ("PixelData", "OW", NATIVE, Kind.IMAGE),
        ("FloatPixelData", "OF", NATIVE, Kind.IMAGE),
        ("PixelData", "OB", JPEG_XL, Kind.IMAGE),
        ("PixelData", "OB", H264, Kind.VIDEO),
        ("EncapsulatedDocument", "OB", NATIVE, Kind.DOCUMENT),
        ("PatientName", "PN", NATIVE, Kind.NOTHING),
    ],
)
def test_kind_by_what_there_is(keyword: str, vr: str, transfer_syntax_uid: str, kind: Kind) -> None:
    data_set = Dataset()
    data_set.add_new(keyword, vr, "Doe" if vr == "PN" else b"1234")

    assert kind_of(attributes_of(data_set), transfer_syntax_uid) is kind


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("waveform_ecg.dcm", Kind.WAVEFORM),
        ("CT_small.dcm", Kind.IMAGE),
        ("rtdose.dcm", Kind.IMAGE),
        ("rtplan.dcm", Kind.NOTHING),
    ],
)
def test_kind_of_real_instances(name: str, kind: Kind) -> None:
    instance = Instance(Path(str(get_testdata_file(name, download=False))))

    assert kind_of(instance.attributes(), instance.parsed.transfer_syntax_uid) is kind


@pytest.mark.parametrize(("width", "height", "side"), [(128, 128, 128), (300, 64, 64), (1, 1, 1), (8192, 8192, 512)])
def test_icon_is_a_square_within_the_viewport(width: int, height: int, side: int) -> None:
    assert icon("SR", Viewport(width, height)).pixels.shape == (side, side, 3)


def test_icons_of_different_kinds_differ() -> None:
    kinds = [icon(kind, Viewport(64, 64)).pixels for kind in ("SR", "PDF", "RTPLAN", "", "far too long a name")]

    assert all(not np.array_equal(one, other) for number, one in enumerate(kinds) for other in kinds[:number])


@pytest.mark.parametrize(
    ("keyword", "value", "label"),
    [("Modality", "SR", "SR"), ("MIMETypeOfEncapsulatedDocument", "application/pdf", "PDF"), ("PatientID", "1", "")],
)
def test_icon_names_the_document_or_the_modality(keyword: str, value: str, label: str) -> None:
    data_set = Dataset()
    setattr(data_set, keyword, value)

    assert icon_label(attributes_of(data_set)) == label


@pytest.mark.parametrize(
    ("number", "kind"),
    [(1, Kind.PRESENTATION_STATE), (2, Kind.PRESENTATION_STATE), (3, Kind.PRESENTATION_STATE), (4, Kind.NOTHING)],
)
def test_grayscale_color_and_pseudo_color_states_are_shown(number: int, kind: Kind) -> None:
    data_set = Dataset()
    data_set.SOPClassUID = f"1.2.840.10008.5.1.4.1.1.11.{number}"

    assert kind_of(attributes_of(data_set), NATIVE) is kind
