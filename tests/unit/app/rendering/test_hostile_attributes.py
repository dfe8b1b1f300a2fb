"""Whatever an instance says of its pixels: a picture comes out, or a clear error."""

import base64
from functools import cache
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.data import get_testdata_file

from app.codecs.errors import CannotTranscode
from app.rendering.attributes import FrameAttributes
from app.rendering.decoded_frame import DecodedFrame
from app.rendering.errors import NotRenderable
from app.rendering.options import Annotation, RenderOptions, Viewport
from app.rendering.pipeline import render
from app.rendering.presented import render_presented
from tests.unit.app.rendering.instances import Instance, no_bulk_data

NUMBERS = [0, -1, 0.5, 1, 2, 8, 12, 16, 255, 65535, 65536, -(2**31), 2**53, 1e300, -1e-300]
TEXTS = ["", "NaN", "INVERSE", "COLOR", "SIGMOID", "BINARY", "LABELMAP", "PALETTE COLOR", "MONOCHROME1"]
TEXTS += ["CIRCULAR", "RECTANGULAR", "POLYGONAL", "BITMAP", "MAGNIFY", "DISPLAY", "Y", "CENTER", "POLYLINE"]
TAGS = [
    *("00280120", "00280121", "00281050", "00281051", "00281052", "00281053", "00281056", "00280030", "00280034"),
    *("00283000", "00283010", "00283110", "00281101", "00281102", "00281103", "00281201", "00281202", "00281203"),
    *("00281221", "00281222", "00281223", "60000010", "60000011", "60000015", "60000050", "60000051", "60003000"),
    *("00620001", "00620002", "0062000E", "3004000E", "20500020", "20500010", "00089205", "52009229", "52009230"),
    *("0070005A", "00700001", "00700042", "00181600", "00181602", "00181610", "00181612", "00181620", "00283002"),
    *("00181604", "00181606", "00181608", "00181622", "00181623", "00181624", "00189472", "60001001", "60020100"),
    *("00700008", "00700009", "00700010", "00700011", "00700014", "00700022", "00700052", "00700053", "00700060"),
    *("00700100", "00700101", "00700102", "00700103", "00700231", "00700232", "00700233", "00700241", "00700401"),
]

plain = st.lists(st.sampled_from([*NUMBERS, *TEXTS, None]), max_size=4).map(lambda values: {"Value": values})
binary = st.binary(max_size=64).map(lambda data: {"InlineBinary": base64.b64encode(data).decode()})
item = st.dictionaries(st.sampled_from(TAGS), plain | binary, max_size=4)
sequence = st.lists(item, max_size=2).map(lambda items: {"Value": items})
document = st.dictionaries(st.sampled_from(TAGS), plain | binary | sequence, max_size=8)


@cache
def instance(name: str) -> tuple[Instance, DecodedFrame]:
    found = Instance(Path(str(get_testdata_file(name, download=False))))
    return found, found.decoded()


@pytest.mark.parametrize("name", ["CT_small.dcm", "examples_palette.dcm", "rtdose.dcm", "SC_rgb_small_odd.dcm"])
@settings(max_examples=60, deadline=None)
@given(hostile=document)
def test_picture_or_clear_error(name: str, hostile: dict[str, dict[str, object]]) -> None:
    found, decoded = instance(name)
    frame = FrameAttributes(found.metadata | hostile, no_bulk_data, 0)
    options = RenderOptions(viewport=Viewport(20, 20), overlays=True, annotations=frozenset(Annotation))
    try:
        pictures = [render(decoded, frame, options), render_presented(decoded, frame, frame, options)]
    except (NotRenderable, CannotTranscode):
        return

    assert all(picture.pixels.shape[0] <= 20 and picture.pixels.dtype == "uint8" for picture in pictures)
