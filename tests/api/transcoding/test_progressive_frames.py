"""HTJ2K frames in pieces, as Cornerstone3D's progressive loader draws them: a small image first, then the whole.

The frame is stored native and made on the first request. What a viewer must see of the first bytes follows from the
source pixels by the reversible wavelet transform (T.800 F.3); it decodes with OpenJPH, by which viewers do.
"""

from collections.abc import Iterator

import httpx
import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset

from app.settings import Settings
from tests.api.answers import store
from tests.api.in_process import InProcessClient, in_process
from tests.examples import NATIVE, new_instance
from tests.multipart_answers import boundary_of, split_parts

HTJ2K_RPCL = "1.2.840.10008.1.2.4.202"
SINGLE_PART = f"image/jphc; transfer-syntax={HTJ2K_RPCL}"
MULTIPART = f'multipart/related; type="image/jphc"; transfer-syntax={HTJ2K_RPCL}'

ROWS = COLUMNS = 512
PIECE = 1 << 16
"""Bytes of the first requests of the loader; its last one asks for the rest."""


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[InProcessClient, Dataset]]:
    """A server with an image that is smooth in some places and noisy everywhere, and the image."""
    y, x = np.mgrid[:ROWS, :COLUMNS]
    noise = np.random.default_rng(1).normal(0, 30, (ROWS, COLUMNS))
    pixels = (1000 * np.sin(x / 40) * np.cos(y / 31) + noise).astype("<i2")
    instance = new_instance(NATIVE, Rows=ROWS, Columns=COLUMNS, PixelData=pixels.tobytes())
    with in_process(Settings(data=tmp_path_factory.mktemp("shown"))) as client:
        assert store(client, instance).status_code == 200
        yield client, instance


def in_pieces(client: InProcessClient, path: str, accept: str) -> tuple[list[httpx.Response], int]:
    """The answers to one request after the other, the last for the rest, and the length that they tell of."""
    answers = [client.get(path, accept=accept, range=f"bytes=0-{PIECE - 1}")]
    length = int(answers[0].headers["content-range"].rpartition("/")[2])
    for start in range(PIECE, length, PIECE):
        end = start + PIECE - 1 if start + PIECE < length else ""
        answers.append(client.get(path, accept=accept, range=f"bytes={start}-{end}"))
    return answers, length


def frame_path(instance: Dataset) -> str:
    return (
        f"/studies/{instance.StudyInstanceUID}/series/{instance.SeriesInstanceUID}"
        f"/instances/{instance.SOPInstanceUID}/frames/1"
    )


def pixels_of(instance: Dataset) -> np.ndarray:
    return np.frombuffer(instance.PixelData, "<i2").reshape(ROWS, COLUMNS).astype(int)


def halved(image: np.ndarray) -> np.ndarray:
    """The image at half the resolution, by the reversible 5/3 transform (T.800 F.3.8)."""
    return np.apply_along_axis(_low_pass, 1, np.apply_along_axis(_low_pass, 0, image))


def _low_pass(line: np.ndarray) -> np.ndarray:
    even, odd = line[::2], line[1::2]
    high = odd - ((even + np.append(even[1:], even[-1])) >> 1)
    low: np.ndarray = even + ((np.insert(high[:-1], 0, high[0]) + high + 2) >> 2)
    return low


def codestream_begun(piece: bytes, accept: str) -> bytes:
    """What a viewer has of the codestream when the first bytes of the body are there."""
    return piece.partition(b"\r\n\r\n")[2] if accept == MULTIPART else piece


@pytest.mark.parametrize("accept", [SINGLE_PART, MULTIPART])
def test_the_first_bytes_are_a_smaller_image(shown: tuple[InProcessClient, Dataset], accept: str) -> None:
    client, instance = shown
    first = client.get(frame_path(instance), accept=accept, range=f"bytes=0-{PIECE - 1}")
    assert (first.status_code, len(first.content)) == (206, PIECE)
    begun = codestream_begun(first.content, accept)
    expected = pixels_of(instance)
    for halvings in (1, 2, 3):
        expected = halved(expected)
        drawn = imagecodecs.htj2k_decode(begun, skipres=halvings, resilient=True)
        np.testing.assert_array_equal(drawn, expected)


def test_a_few_kilobytes_are_a_small_image(shown: tuple[InProcessClient, Dataset]) -> None:
    """The lowest resolution, of 64 x 64 pixels, stands first."""
    client, instance = shown
    first = client.get(frame_path(instance), accept=SINGLE_PART, range="bytes=0-8191")
    drawn = imagecodecs.htj2k_decode(first.content, skipres=3, resilient=True)
    assert drawn.shape == (64, 64)
    np.testing.assert_array_equal(drawn, halved(halved(halved(pixels_of(instance)))))


@pytest.mark.parametrize("accept", [SINGLE_PART, MULTIPART])
def test_the_pieces_join_to_the_whole(shown: tuple[InProcessClient, Dataset], accept: str) -> None:
    client, instance = shown
    answers, length = in_pieces(client, frame_path(instance), accept)
    joined = b"".join(answer.content for answer in answers)
    assert len(answers) > 2
    assert {answer.status_code for answer in answers} == {206}
    assert len({answer.headers["etag"] for answer in answers}) == 1
    assert len(joined) == length
    whole = client.get(frame_path(instance), accept=accept)
    assert (whole.status_code, whole.content) == (200, joined)
    codestream = joined
    if accept == MULTIPART:
        [part] = split_parts(joined, boundary_of(answers[-1].headers["content-type"]))
        assert part.headers["content-type"] == SINGLE_PART
        codestream = part.body
    np.testing.assert_array_equal(imagecodecs.htj2k_decode(codestream), pixels_of(instance))


def test_the_frame_is_the_same_bytes_after_a_restart(
    shown: tuple[InProcessClient, Dataset], tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Pieces may come from different servers, each of which makes the frame for itself."""
    client, instance = shown
    begun = client.get(frame_path(instance), accept=MULTIPART, range="bytes=0-99")
    with in_process(Settings(data=tmp_path_factory.mktemp("other"))) as other:
        assert store(other, instance).status_code == 200
        rest = other.get(frame_path(instance), accept=MULTIPART, range="bytes=100-", if_range=begun.headers["etag"])
    assert rest.status_code == 206
    assert begun.content + rest.content == client.get(frame_path(instance), accept=MULTIPART).content
