"""Pixels that a sender leaves to the server to describe or to convert (PS3.18 10.5.2, Table 10.5.2-1)."""

from collections.abc import Iterator, Sequence
from io import BytesIO

import httpx
import imagecodecs
import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from app.settings import Settings
from tests.api.answers import failures, stored_uids
from tests.api.in_process import InProcessClient, in_process
from tests.examples import COLOR_MULTI_FRAME, JPEG_2000, JPEG_LS, new_instance
from tests.multipart_requests import BodyStyle, RequestPart, parts_body
from tests.separate_parts import TakenApart, taken_apart
from tests.source_frames import source_frames

JSON = 'multipart/related; type="application/dicom+json"; boundary="myboundary"'

DESCRIPTION = (
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
)
"""The Image Pixel Description Macro (PS3.3 Table C.7-11c)."""

GRAY = np.arange(48, dtype=np.uint8).reshape(6, 8)
DEEP = GRAY.astype(np.uint16) * 1000
COLOR = np.stack([GRAY, GRAY + 50, GRAY + 100], axis=-1)


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessClient]:
    with in_process(Settings(data=tmp_path_factory.mktemp("pixels") / "data")) as client:
        yield client


def undescribed(name: str) -> Dataset:
    """An instance that says nothing of its pixels."""
    data_set = new_instance(name)
    data_set.remove_private_tags()
    for keyword in (*DESCRIPTION, "PlanarConfiguration"):
        data_set.pop(keyword, None)
    return data_set


def send(client: InProcessClient, apart: TakenApart, pixels: Sequence[bytes], media_type: str) -> httpx.Response:
    """Store the metadata with these files as the pixel data."""
    uri = apart.metadata["7FE00010"]["BulkDataURI"]
    head = f"Content-Type: {media_type}\r\nContent-Location: {uri}\r\n".encode()
    parts = [part for part in apart.bulk if uri.encode() not in part.headers]
    body = parts_body([apart.as_json(), *parts, *(RequestPart(head, file) for file in pixels)], BodyStyle("myboundary"))
    return client.post("/studies", content=body, headers={"Content-Type": JSON})


def stored(client: InProcessClient, data_set: Dataset) -> Dataset:
    uids = data_set.StudyInstanceUID, data_set.SeriesInstanceUID, data_set.SOPInstanceUID
    path = "/studies/{}/series/{}/instances/{}".format(*uids)
    return pydicom.dcmread(BytesIO(client.get(path, Accept="application/dicom; transfer-syntax=*").content))


def png(pixels: np.ndarray) -> bytes:
    return bytes(imagecodecs.png_encode(pixels))


def described(data_set: Dataset) -> dict[str, object]:
    return {keyword: data_set.get(keyword) for keyword in (*DESCRIPTION, "PlanarConfiguration")}


@pytest.mark.parametrize(
    ("name", "media_type"),
    [(COLOR_MULTI_FRAME, "image/jpeg"), (JPEG_2000, "image/jp2"), (JPEG_LS, "image/jls")],
)
def test_a_codestream_tells_the_description(client: InProcessClient, name: str, media_type: str) -> None:
    source = undescribed(name)
    answer = send(client, taken_apart(source), source_frames(source), media_type)
    assert answer.status_code == 200, answer.text
    made, expected = stored(client, source), described(new_instance(name))
    # Where all 16 bits are coded, the codestream cannot know that fewer are used or that they have a sign.
    unknowable = {"BitsStored", "HighBit", "PixelRepresentation"} if name == JPEG_LS else set()
    assert {key: value for key, value in described(made).items() if key not in unknowable} == {
        key: value for key, value in expected.items() if key not in unknowable
    }
    assert [frame.rstrip(b"\0") for frame in source_frames(made)] == [
        frame.rstrip(b"\0") for frame in source_frames(source)
    ]


def test_what_the_sender_states_of_a_codestream_stands(client: InProcessClient) -> None:
    source = undescribed(JPEG_LS)
    source.PixelRepresentation = 1
    assert send(client, taken_apart(source), source_frames(source), "image/jls").status_code == 200
    made = stored(client, source)
    assert (made.PixelRepresentation, made.Rows) == (1, 64)


@pytest.mark.parametrize("pixels", [GRAY, DEEP, COLOR, COLOR.astype(np.uint16) * 257], ids=["8", "16", "24", "48"])
def test_a_png_becomes_native_pixels(client: InProcessClient, pixels: np.ndarray) -> None:
    source = undescribed(JPEG_LS)
    answer = send(client, taken_apart(source), [png(pixels)], "image/png")
    assert stored_uids(answer) == [source.SOPInstanceUID]
    made = stored(client, source)
    assert made.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert made.PhotometricInterpretation == ("MONOCHROME2" if pixels.ndim == 2 else "RGB")
    assert np.array_equal(made.pixel_array, pixels)


@pytest.mark.parametrize("mode", ["1", "P", "LA", "RGBA"])
def test_a_png_of_another_kind_keeps_its_colors(client: InProcessClient, mode: str) -> None:
    image, file, source = Image.fromarray(COLOR).convert(mode), BytesIO(), undescribed(JPEG_LS)
    image.save(file, "PNG")
    send(client, taken_apart(source), [file.getvalue()], "image/png")
    expected = image.convert("L" if mode in {"1", "LA"} else "RGB")
    assert np.array_equal(stored(client, source).pixel_array, np.asarray(expected))


def test_a_frame_in_each_png(client: InProcessClient) -> None:
    source = undescribed(JPEG_LS)
    send(client, taken_apart(source), [png(each) for each in (GRAY, GRAY + 1)], "image/png")
    made = stored(client, source)
    assert made.NumberOfFrames == 2
    assert np.array_equal(made.pixel_array, [GRAY, GRAY + 1])


def test_an_animation_becomes_frames(client: InProcessClient) -> None:
    file, source = BytesIO(), undescribed(JPEG_LS)
    first, second = (Image.new("RGB", (8, 6), color) for color in ("red", "blue"))
    first.save(file, "GIF", save_all=True, append_images=[second])
    send(client, taken_apart(source), [file.getvalue()], "image/gif")
    made = stored(client, source)
    assert (made.NumberOfFrames, made.PhotometricInterpretation) == (2, "RGB")
    assert np.array_equal(made.pixel_array, [np.asarray(first), np.asarray(second)])


@pytest.mark.parametrize(
    ("files", "media_type"),
    [
        ([b"\x89PNG\r\n\x1a\n" + bytes(50)], "image/png"),
        ([b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\x7f" * 8 + b"\x08\2\0\0\0"], "image/png"),
        ([png(GRAY), png(DEEP)], "image/png"),
        ([b"GIF89a" + b"\xff" * 40], "image/gif"),
        ([b"GIF89a"], "image/gif"),
    ],
    ids=["damaged", "too large", "of two kinds", "damaged GIF", "cut GIF"],
)
def test_images_that_cannot_be_converted_fail(client: InProcessClient, files: list[bytes], media_type: str) -> None:
    source = undescribed(JPEG_LS)
    answer = send(client, taken_apart(source), files, media_type)
    assert failures(answer) == [(source.SOPInstanceUID, 0xC122)] or len(files) == 2
    assert answer.status_code == 409
