"""One frame from any transfer syntax to any other."""

from dataclasses import replace

import numpy as np

from app.codecs.decoders import DECODERS
from app.codecs.encoders import ENCODERS
from app.codecs.errors import CannotTranscode, TranscodingNotPossible, UndecodableFrame
from app.codecs.pixels import Frame, PixelDescription
from app.codecs.samples import Samples, native_frame, precision_of, samples_of

NATIVE_SYNTAXES = frozenset(
    {"1.2.840.10008.1.2", "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2"}
)
"""The transfer syntaxes whose frames are native pixels (PS3.5 A.1 to A.3, A.5)."""

KEEPING_WORDS = NATIVE_SYNTAXES | {"1.2.840.10008.1.2.5"}
"""The transfer syntaxes whose frames hold all bits that are allocated, whatever they mean (PS3.5 8.1, G)."""


def can_transcode(stored_uid: str, target_uid: str, pixels: PixelDescription) -> bool:
    """Whether ``transcode`` knows a way for such pixels: what can be offered to a client."""
    try:
        _check(stored_uid, target_uid, pixels)
    except CannotTranscode:
        return False
    return True


def is_lossless(target_uid: str) -> bool:
    """Whether pixels come back exactly from a transfer syntax that frames can be transcoded to."""
    return target_uid in NATIVE_SYNTAXES or ENCODERS[target_uid].lossless


def transcode(data: bytes, stored_uid: str, target_uid: str, pixels: PixelDescription) -> Frame:
    """A stored frame in another transfer syntax.

    Native frames are little endian and begin at the first bit of a byte, whatever the transfer syntax around them is;
    ``data`` is such a frame, or a codestream. Raises TranscodingNotPossible, UndecodableFrame.
    """
    _check(stored_uid, target_uid, pixels)
    if stored_uid in NATIVE_SYNTAXES and target_uid in NATIVE_SYNTAXES:
        return Frame(data, pixels.photometric_interpretation, pixels.planar_configuration)
    samples, photometric = decode(data, stored_uid, pixels)
    return _encode(samples, photometric, target_uid, pixels)


def transcode_for_good(data: bytes, stored_uid: str, target_uid: str, pixels: PixelDescription) -> Frame:
    """The same, for a frame that takes the place of the stored one: it is decoded again, and must hold its samples.

    ``target_uid`` is that of a lossless transfer syntax. Bits beside those of BitsStored, such as old overlays, have no
    place in a codestream that others take at its word. Raises TranscodingNotPossible, UndecodableFrame.
    """
    _check(stored_uid, target_uid, pixels)
    samples, photometric = decode(data, stored_uid, pixels)
    if target_uid not in KEEPING_WORDS and precision_of(samples, pixels) != pixels.bits_stored:
        raise TranscodingNotPossible("Bits beside those of BitsStored are in use.")
    frame = _encode(samples, photometric, target_uid, pixels)
    described = replace(
        pixels,
        photometric_interpretation=frame.photometric_interpretation,
        planar_configuration=frame.planar_configuration,
    )
    again, _ = decode(frame.data, target_uid, described)
    if not np.array_equal(again, samples):
        raise UndecodableFrame(f"A frame does not come back from the transfer syntax {target_uid} as it was.")
    return frame


def decode(data: bytes, stored_uid: str, pixels: PixelDescription) -> tuple[Samples, str]:
    """The samples of a stored frame and the photometric interpretation they are in; see ``samples_of``.

    ``data`` is as in ``transcode``. Raises TranscodingNotPossible, UndecodableFrame.
    """
    _check_stored(stored_uid, pixels)
    if stored_uid in NATIVE_SYNTAXES:
        return samples_of(Frame(data, pixels.photometric_interpretation, pixels.planar_configuration), pixels)
    return DECODERS[stored_uid](data, pixels)


def _encode(samples: Samples, photometric: str, target_uid: str, pixels: PixelDescription) -> Frame:
    if target_uid in NATIVE_SYNTAXES:
        return native_frame(samples, photometric, pixels)
    encoder = ENCODERS[target_uid]
    return Frame(encoder.encode(samples, photometric, pixels), encoder.photometric.get(photometric, photometric))


def _check(stored_uid: str, target_uid: str, pixels: PixelDescription) -> None:
    if stored_uid in NATIVE_SYNTAXES and target_uid in NATIVE_SYNTAXES:
        return
    _check_stored(stored_uid, pixels)
    if target_uid not in NATIVE_SYNTAXES:
        _check_target(target_uid, pixels)


def _check_stored(stored_uid: str, pixels: PixelDescription) -> None:
    if stored_uid not in DECODERS and stored_uid not in NATIVE_SYNTAXES:
        raise TranscodingNotPossible(f"Frames stored in the transfer syntax {stored_uid} are not decoded here.")
    pixels.check()


def _check_target(target_uid: str, pixels: PixelDescription) -> None:
    encoder = ENCODERS.get(target_uid)
    if encoder is None:
        raise TranscodingNotPossible(f"Frames are not encoded in the transfer syntax {target_uid} here.")
    if pixels.bits_allocated not in encoder.bits:
        raise TranscodingNotPossible(
            f"Pixels of {pixels.bits_allocated} bits allocated have no form in the transfer syntax {target_uid}."
        )
    if not encoder.lossless and (pixels.is_signed or pixels.photometric_interpretation == "PALETTE COLOR"):
        raise TranscodingNotPossible("Signed pixels and those that point into a palette have no lossy form.")
