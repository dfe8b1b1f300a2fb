"""What is encoded, other libraries decode to the same pixels."""

from dataclasses import replace

import numpy as np
import pytest
from pydicom.pixels.utils import get_j2k_parameters

from app.codecs.encoders import ENCODERS
from app.codecs.errors import TranscodingNotPossible, UndecodableFrame
from app.codecs.frame import can_transcode, transcode, transcode_for_good
from app.codecs.pixels import PixelDescription
from app.codecs.samples import Samples
from tests.unit.app.codecs.judge import judged
from tests.unit.app.codecs.synthetic import pixels_of, samples_for

NATIVE = "1.2.840.10008.1.2.1"
RLE = "1.2.840.10008.1.2.5"
PREFIX = "1.2.840.10008.1.2.4."
BASELINE, JPEG_LS, JPEG_2000, HTJ2K, HTJ2K_RPCL = (PREFIX + suffix for suffix in ("50", "80", "90", "201", "202"))
LOSSLESS = [uid for uid, encoder in ENCODERS.items() if encoder.lossless]
KINDS = [
    pixels_of(8, 8),
    pixels_of(8, 6),
    pixels_of(16, 12),
    pixels_of(16, 16),
    pixels_of(16, 12, signed=True),
    pixels_of(16, 16, signed=True),
    pixels_of(8, 8, signed=True),
    pixels_of(8, 8, samples=3),
    pixels_of(16, 16, samples=3),
    pixels_of(8, 8, samples=3, photometric="YBR_FULL"),
    pixels_of(8, 8, photometric="PALETTE COLOR"),
    pixels_of(32, 32),
    pixels_of(32, 32, signed=True),
]


@pytest.mark.parametrize("target", LOSSLESS)
@pytest.mark.parametrize("pixels", KINDS, ids=str)
def test_lossless_codestreams_hold_the_same_pixels_for_other_decoders(pixels: PixelDescription, target: str) -> None:
    if not can_transcode(NATIVE, target, pixels):
        assert pixels.bits_allocated == 32
        return
    samples = samples_for(pixels)
    frame = transcode(samples.tobytes(), NATIVE, target, pixels)
    assert np.array_equal(judged(frame, target, pixels), samples)
    assert transcode(frame.data, target, NATIVE, pixels).data == samples.tobytes()


@pytest.mark.parametrize("target", LOSSLESS)
def test_planes_of_color_become_pixels_of_color(target: str) -> None:
    samples = samples_for(pixels_of(8, 8, samples=3))
    planar = PixelDescription(*samples.shape[:2], 3, 8, 8, 7, photometric_interpretation="RGB", planar_configuration=1)
    frame = transcode(np.moveaxis(samples, -1, 0).tobytes(), NATIVE, target, planar)
    assert frame.planar_configuration == 0
    assert np.array_equal(judged(frame, target, planar), samples)


@pytest.mark.parametrize("target", LOSSLESS)
def test_bits_above_those_stored_are_kept(target: str) -> None:
    pixels = pixels_of(16, 12)
    samples = samples_for(pixels) | 0x8000
    assert transcode(transcode(samples.tobytes(), NATIVE, target, pixels).data, target, NATIVE, pixels).data == (
        samples.tobytes()
    )


@pytest.mark.parametrize("target", [JPEG_2000, HTJ2K])
@pytest.mark.parametrize("pixels", [pixels_of(16, 12), pixels_of(16, 12, signed=True), pixels_of(8, 6)], ids=str)
def test_jpeg_2000_says_the_bits_stored_and_the_sign(pixels: PixelDescription, target: str) -> None:
    said = get_j2k_parameters(transcode(samples_for(pixels).tobytes(), NATIVE, target, pixels).data)
    assert (said["precision"], said["is_signed"]) == (pixels.bits_stored, pixels.is_signed)


def test_htj2k_is_in_order_of_resolution_from_64_pixels_on_with_tile_part_lengths() -> None:
    """PS3.5 10.18, by the markers of ITU-T T.800 A.6.1 and A.7.1."""
    pixels = PixelDescription(600, 300)
    codestream = transcode(bytes(2 * pixels.pixels), NATIVE, HTJ2K_RPCL, pixels).data
    coding = codestream.index(b"\xff\x52") + 4
    progression, levels = codestream[coding + 1], codestream[coding + 5]
    assert (progression, 600 >> levels <= 64, codestream[coding + 8] & 0x40) == (2, True, 0x40)
    assert b"\xff\x55" in codestream[: codestream.index(b"\xff\x90")]
    assert codestream.count(b"\xff\x90\0\x0a") == levels + 1


def test_jpeg_ls_has_no_header_of_a_file_format() -> None:
    pixels = pixels_of(16, 16)
    assert transcode(samples_for(pixels).tobytes(), NATIVE, JPEG_LS, pixels).data[:4] == b"\xff\xd8\xff\xf7"


def test_colors_change_their_photometric_interpretation_with_the_transform() -> None:
    pixels = pixels_of(8, 8, samples=3)
    data = samples_for(pixels).tobytes()
    interpretations = {uid: transcode(data, NATIVE, uid, pixels).photometric_interpretation for uid in ENCODERS}
    assert interpretations.pop(JPEG_LS) == interpretations.pop("1.2.840.10008.1.2.5") == "RGB"
    assert interpretations.pop(BASELINE) == "YBR_FULL_422"
    assert set(interpretations.values()) == {"YBR_RCT"}


def test_jpeg_baseline_stays_near_and_says_what_it_is() -> None:
    pixels = pixels_of(8, 8)
    samples = samples_for(pixels)
    frame = transcode(samples.tobytes(), NATIVE, BASELINE, pixels)
    assert np.abs(judged(frame, BASELINE, pixels).astype(int) - samples)[2:].max() <= 12
    assert frame.photometric_interpretation == "MONOCHROME2"


@pytest.mark.parametrize(
    ("pixels", "target"),
    [
        (pixels_of(16, 12), BASELINE),
        (pixels_of(8, 8, signed=True), BASELINE),
        (pixels_of(8, 8, photometric="PALETTE COLOR"), BASELINE),
        (pixels_of(1, 1), JPEG_LS),
        (pixels_of(16, 16), PREFIX + "102"),
        (PixelDescription(65535, 65535), HTJ2K),
        (PixelDescription(4, 4, bits_allocated=32, bits_stored=32, is_float=True), HTJ2K),
        (PixelDescription(4, 4, bits_allocated=12, bits_stored=12), HTJ2K),
    ],
    ids=str,
)
def test_what_a_transfer_syntax_cannot_hold_is_refused(pixels: PixelDescription, target: str) -> None:
    assert not can_transcode(NATIVE, target, pixels)
    with pytest.raises(TranscodingNotPossible):
        transcode(b"", NATIVE, target, pixels)


def test_native_frames_stay_as_they_are_whatever_they_hold() -> None:
    pixels = PixelDescription(1, 2, bits_allocated=32, bits_stored=32, is_float=True)
    assert transcode(b"12345678", "1.2.840.10008.1.2.2", NATIVE, pixels).data == b"12345678"


@pytest.mark.parametrize("target", LOSSLESS)
@pytest.mark.parametrize("pixels", KINDS, ids=str)
def test_what_is_made_for_good_is_what_is_made_on_request(pixels: PixelDescription, target: str) -> None:
    if can_transcode(NATIVE, target, pixels):
        data = samples_for(pixels).tobytes()
        assert transcode_for_good(data, NATIVE, target, pixels) == transcode(data, NATIVE, target, pixels)


@pytest.mark.parametrize("target", LOSSLESS)
def test_a_frame_that_does_not_come_back_as_it_was_is_not_made_for_good(
    target: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    pixels = pixels_of(16, 12)
    samples, encoder = samples_for(pixels), ENCODERS[target]

    def encode_others(samples: Samples, photometric: str, pixels: PixelDescription) -> bytes:
        return encoder.encode(samples ^ 1, photometric, pixels)

    monkeypatch.setitem(ENCODERS, target, replace(encoder, encode=encode_others))
    with pytest.raises(UndecodableFrame):
        transcode_for_good(samples.tobytes(), NATIVE, target, pixels)


@pytest.mark.parametrize("target", LOSSLESS)
def test_bits_above_those_stored_are_for_good_in_words_alone(target: str) -> None:
    pixels = pixels_of(16, 12)
    data = (samples_for(pixels) | 0x8000).tobytes()
    if target == RLE:
        assert transcode_for_good(data, NATIVE, target, pixels).data
    else:
        with pytest.raises(TranscodingNotPossible):
            transcode_for_good(data, NATIVE, target, pixels)
