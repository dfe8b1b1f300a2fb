"""One encoder for each transfer syntax that frames are compressed into on request (PS3.5 A.4, tables of 8.2)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import imagecodecs

from app.codecs.pixels import PixelDescription
from app.codecs.rle import encode_rle
from app.codecs.samples import Samples, precision_of

JPEG_QUALITY = 90
"""Of lossy JPEG, in the scale of libjpeg: no difference is visible at it in usual windows."""

_SMALLEST_RESOLUTION = 64
"""Width and height, at most, of the lowest resolution of HTJ2K (PS3.5 10.18)."""
_SSIZ = 42
"""Where the precision of a component is in a JPEG 2000 codestream (T.800 A.5.1); the next is 3 bytes on."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """Writes a codestream of samples in a photometric interpretation.

    ``bits`` are the values of BitsAllocated that the transfer syntax and the library take. ``photometric`` says what
    the frame's photometric interpretation becomes; others stay as they are. ``lossless`` is whether the samples come
    back exactly.
    """

    encode: Callable[[Samples, str, PixelDescription], bytes]
    bits: frozenset[int]
    photometric: Mapping[str, str]
    lossless: bool = True


def _jpeg_2000(samples: Samples, photometric_interpretation: str, pixels: PixelDescription) -> bytes:
    is_rgb = photometric_interpretation == "RGB"
    return bytes(
        imagecodecs.jpeg2k_encode(
            samples,
            level=0,
            codecformat="J2K",
            colorspace="SRGB" if is_rgb else "UNSPECIFIED",
            planar=False,
            bitspersample=precision_of(samples, pixels),
            reversible=True,
            mct=is_rgb,
            numthreads=1,
        )
    )


def _htj2k(samples: Samples, photometric_interpretation: str, pixels: PixelDescription) -> bytes:
    """HTJ2K as both lossless syntaxes take it: resolution by resolution (RPCL), with tile-part lengths (PS3.5 10.18).

    The library codes samples of 8, 16 or 32 bits only. Samples of fewer bits are moved to where their own precision
    has its zero (T.800 G.1), coded as signed, and the codestream is then told the precision and sign that they have.
    """
    precision = precision_of(samples, pixels)
    is_exact = precision == 8 * samples.itemsize
    coded = samples
    if not is_exact and not pixels.is_signed:
        coded = (samples - samples.dtype.type(1 << precision - 1)).view(f"<i{samples.itemsize}")
    codestream = bytearray(
        imagecodecs.htj2k_encode(
            coded,
            planar=False,
            rgb=photometric_interpretation == "RGB",
            resolutions=max((max(samples.shape[:2]) - 1) // _SMALLEST_RESOLUTION, 1).bit_length(),
            reversible=True,
            tlm=True,
            tilepart=1,
        )
    )
    if not is_exact:
        for component in range(pixels.samples_per_pixel):
            codestream[_SSIZ + 3 * component] = pixels.is_signed << 7 | precision - 1
    return bytes(codestream)


def _jpeg_ls(samples: Samples, photometric_interpretation: str, pixels: PixelDescription) -> bytes:
    """Samples of 8 or 16 bits, whose sign is in the data set only; without the SPIFF header that the library adds."""
    codestream = bytes(imagecodecs.jpegls_encode(samples.view(f"<u{samples.itemsize}")))
    start = codestream.index(b"\xff\xf7")
    return codestream[:2] + codestream[start:]


def _rle(samples: Samples, photometric_interpretation: str, pixels: PixelDescription) -> bytes:
    return encode_rle(samples)


def _jpeg_baseline(samples: Samples, photometric_interpretation: str, pixels: PixelDescription) -> bytes:
    """Of 8 bits; colors as YBR_FULL_422 with chrominance shared by two pixels (PS3.3 C.7.6.3.1.2)."""
    if pixels.samples_per_pixel == 1:
        return bytes(imagecodecs.jpeg8_encode(samples, JPEG_QUALITY))
    space = "RGB" if photometric_interpretation == "RGB" else "YCBCR"
    return bytes(
        imagecodecs.jpeg8_encode(samples, JPEG_QUALITY, colorspace=space, outcolorspace="YCBCR", subsampling="422")
    )


_REVERSIBLE_COLORS = {"RGB": "YBR_RCT"}
_HTJ2K = Encoder(_htj2k, frozenset({1, 8, 16}), _REVERSIBLE_COLORS)

ENCODERS: dict[str, Encoder] = {
    "1.2.840.10008.1.2.5": Encoder(_rle, frozenset({8, 16, 32}), {}),
    "1.2.840.10008.1.2.4.50": Encoder(
        _jpeg_baseline, frozenset({8}), {"RGB": "YBR_FULL_422", "YBR_FULL": "YBR_FULL_422"}, lossless=False
    ),
    "1.2.840.10008.1.2.4.80": Encoder(_jpeg_ls, frozenset({8, 16}), {}),
    "1.2.840.10008.1.2.4.90": Encoder(_jpeg_2000, frozenset({1, 8, 16}), _REVERSIBLE_COLORS),
    "1.2.840.10008.1.2.4.201": _HTJ2K,
    "1.2.840.10008.1.2.4.202": _HTJ2K,
}
"""By UID of the transfer syntax."""
