"""Frames as application/octet-stream without a transfer syntax: native pixels (PS3.18 8.7.3.3, Table 8.7.3-5)."""

from pathlib import Path

import pydicom
import pytest

from tests.api.in_process import InProcessClient
from tests.api.transcoding.truth import (
    assert_same_bytes,
    bundled_images,
    held,
    images_of_every_form,
    native_frame,
    parts_of,
)
from tests.source_frames import source_frames

pytestmark = pytest.mark.archive_in_folder("what is made of a frame depends on its bytes, wherever they come from")

FILES = list(dict.fromkeys((*bundled_images(), *images_of_every_form())))
DAMAGED = "JPEG2000-embedded-sequence-delimiter.dcm"
TYPE = "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.1"


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("path", [path for path in FILES if path.name != DAMAGED], ids=lambda path: path.name)
def test_frames_are_the_pixels_that_other_decoders_find(server: InProcessClient, path: Path) -> None:
    source, data_set = held(server, path), pydicom.dcmread(path, force=True)
    last = len(source_frames(data_set))
    answer = server.get(
        f"{source.url_path}/frames/{last},1,{last}", accept='multipart/related; type="application/octet-stream"'
    )
    parts = parts_of(answer)
    assert [part.headers["content-type"] for part in parts] == [TYPE] * 3
    urls = [part.headers["content-location"].rpartition("/")[2] for part in parts]
    assert urls == [str(last), "1", str(last)]
    single = server.get(f"{source.url_path}/frames/1", accept="application/octet-stream")
    assert (single.headers["content-type"], single.content) == (TYPE, parts[1].body)
    assert parts[0].body == parts[2].body
    assert_same_bytes(parts[0].body, native_frame(data_set, last - 1), data_set)
    assert_same_bytes(parts[1].body, native_frame(data_set, 0), data_set)
