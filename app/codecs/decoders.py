"""One decoder for each transfer syntax of compressed frames: a codestream becomes samples."""

import zlib
from collections.abc import Callable
from functools import partial

import imagecodecs

from app.codecs.errors import UndecodableFrame
from app.codecs.jpeg_2000_header import read_jpeg_2000_header
from app.codecs.jpeg_header import JpegHeader, read_jpeg_header
from app.codecs.pixels import Frame, PixelDescription
from app.codecs.rle import decode_rle, unpack_segments
from app.codecs.samples import Samples, fit, samples_of
from app.dicom.byte_source import BytesSource
from app.dicom.codestream import codestream_range

Decoder = Callable[[bytes, PixelDescription], tuple[Samples, str]]
"""Gives the samples of a frame, and the photometric interpretation they are in. Raises UndecodableFrame."""

_LOSSY = frozenset({0xC0, 0xC1, 0xC2})
"""Baseline, extended, and progressive, which some senders of colors encapsulate as if it were baseline."""
_LOSSLESS = frozenset({0xC3})
_JPEG_LS = frozenset({0xF7})


def _jpeg(processes: frozenset[int], data: bytes, pixels: PixelDescription) -> tuple[Samples, str]:
    """JPEG without conversion of colors: the components as they were coded."""
    header = _checked(read_jpeg_header(data), processes, pixels)
    photometric = _jpeg_photometric(header, pixels.photometric_interpretation)
    space = "GRAYSCALE" if header.components == 1 else "RGB" if photometric == "RGB" else "YCBCR"
    samples = _call(partial(imagecodecs.jpeg8_decode, data, colorspace=space, outcolorspace=space))
    return fit(samples, header.precision, pixels), photometric


def _jpeg_ls(data: bytes, pixels: PixelDescription) -> tuple[Samples, str]:
    header = _checked(read_jpeg_header(data), _JPEG_LS, pixels)
    samples = _call(partial(imagecodecs.jpegls_decode, data))
    return fit(samples, header.precision, pixels), pixels.photometric_interpretation


def _checked(header: JpegHeader, processes: frozenset[int], pixels: PixelDescription) -> JpegHeader:
    header.check(pixels)
    if header.process not in processes:
        raise UndecodableFrame(f"The codestream is of JPEG process {header.process:#x}, not of its transfer syntax.")
    return header


def _jpeg_photometric(header: JpegHeader, stated: str) -> str:
    """The color space of the components: what the codestream says (T.871, Adobe's marker) goes before the data set.

    Chrominance comes out in full, so what is stated as YBR_FULL_422 is YBR_FULL.
    """
    if header.components == 1:
        return stated
    if header.adobe_transform == 0 or header.component_ids.upper() == b"RGB":
        return "RGB"
    if header.adobe_transform == 1 or header.is_jfif:
        return "YBR_FULL"
    return "RGB" if stated == "RGB" else "YBR_FULL"


def _jpeg_2000(data: bytes, pixels: PixelDescription) -> tuple[Samples, str]:
    """The codestream only: of a JP2 file around it neither palette nor profile is applied, for DICOM has its own."""
    stop = codestream_range(BytesSource(data))
    codestream = data[stop.start : stop.stop]
    header = read_jpeg_2000_header(codestream)
    header.check(pixels)
    decoded = _call(partial(imagecodecs.jpeg2k_decode, codestream, planar=False, numthreads=1))
    samples = fit(decoded, header.precision, pixels, signed=header.is_signed)
    is_transformed = pixels.photometric_interpretation in {"YBR_RCT", "YBR_ICT"}
    return samples, "RGB" if is_transformed else pixels.photometric_interpretation


def _rle(data: bytes, pixels: PixelDescription) -> tuple[Samples, str]:
    if pixels.bits_allocated == 1:
        return _native(unpack_segments(data, 1, pixels.native_length())[0], pixels)
    return decode_rle(data, pixels), pixels.photometric_interpretation


def _deflated(data: bytes, pixels: PixelDescription) -> tuple[Samples, str]:
    """A deflated native frame (PS3.5 A.4.13)."""
    length = pixels.native_length(pixels.photometric_interpretation)
    try:
        native = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data, length)
    except zlib.error as error:
        raise UndecodableFrame("The deflated frame is damaged.") from error
    return _native(native, pixels)


def _native(data: bytes, pixels: PixelDescription) -> tuple[Samples, str]:
    return samples_of(Frame(data, pixels.photometric_interpretation, pixels.planar_configuration), pixels)


def _call(library: Callable[[], Samples]) -> Samples:
    """What the libraries raise of damaged codestreams, in our own words."""
    try:
        return library()
    except (RuntimeError, ValueError, NotImplementedError, MemoryError, IndexError) as error:
        raise UndecodableFrame(f"The codestream is damaged: {error}.") from error


DECODERS: dict[str, Decoder] = {
    "1.2.840.10008.1.2.1.98": _native,
    "1.2.840.10008.1.2.5": _rle,
    "1.2.840.10008.1.2.8.1": _deflated,
    "1.2.840.10008.1.2.4.50": partial(_jpeg, _LOSSY),
    "1.2.840.10008.1.2.4.51": partial(_jpeg, _LOSSY),
    "1.2.840.10008.1.2.4.57": partial(_jpeg, _LOSSLESS),
    "1.2.840.10008.1.2.4.70": partial(_jpeg, _LOSSLESS),
    "1.2.840.10008.1.2.4.80": _jpeg_ls,
    "1.2.840.10008.1.2.4.81": _jpeg_ls,
    "1.2.840.10008.1.2.4.90": _jpeg_2000,
    "1.2.840.10008.1.2.4.91": _jpeg_2000,
    "1.2.840.10008.1.2.4.201": _jpeg_2000,
    "1.2.840.10008.1.2.4.202": _jpeg_2000,
    "1.2.840.10008.1.2.4.203": _jpeg_2000,
}
"""By UID of the transfer syntax (PS3.5 A.4)."""
