"""What the bytes of a frame mean: the attributes of the Image Pixel Description Macro (PS3.3 C.7.6.3.1)."""

from collections.abc import Mapping
from dataclasses import dataclass

from app.codecs.errors import TranscodingNotPossible, UndecodableFrame

MAX_FRAME_BYTES = 128 << 20
"""Native bytes of one frame at most that are decoded or encoded; the codecs need up to five times as much. The largest
mammograms have 50 MB, tiles of slides 1 MB."""

FLOAT_TAGS = {"7FE00008": 32, "7FE00009": 64}
"""FloatPixelData and DoubleFloatPixelData, and their bits."""

SUBSAMPLED = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})
"""In native form two pixels share a pair of chrominance samples: Y Y Cb Cr (PS3.3 C.7.6.3.1.2)."""


@dataclass(frozen=True, slots=True)
class PixelDescription:
    """The form of the native pixels of an instance; every frame has the same.

    ``photometric_interpretation`` and ``planar_configuration`` are those of the stored file, where frames may be
    compressed; those of other forms of a frame are in its ``Frame``.
    """

    rows: int
    columns: int
    samples_per_pixel: int = 1
    bits_allocated: int = 16
    bits_stored: int = 16
    high_bit: int = 15
    is_signed: bool = False
    photometric_interpretation: str = "MONOCHROME2"
    planar_configuration: int = 0
    is_float: bool = False

    @property
    def pixels(self) -> int:
        """Pixels in a frame."""
        return self.rows * self.columns

    @property
    def sample_bytes(self) -> int:
        """Bytes of a sample in an array; samples of one bit take a byte there."""
        return max(self.bits_allocated // 8, 1)

    def native_length(self, photometric_interpretation: str = "") -> int:
        """Bytes of a native frame in a photometric interpretation; unused bits of the last byte count."""
        samples = 2 if photometric_interpretation in SUBSAMPLED else self.samples_per_pixel
        return (self.pixels * samples * self.bits_allocated + 7) // 8

    def check(self) -> None:
        """Raises TranscodingNotPossible for pixels that no codec here knows, UndecodableFrame for contradictions."""
        if self.is_float:
            raise TranscodingNotPossible("Floating point pixel data has only its native form here.")
        if self.bits_allocated not in {1, 8, 16, 32} or self.samples_per_pixel not in {1, 3}:
            raise TranscodingNotPossible(
                f"Pixels of {self.samples_per_pixel} samples and {self.bits_allocated} bits allocated stay as stored."
            )
        if not self.pixels or not 0 < self.bits_stored <= self.bits_allocated:
            raise UndecodableFrame("Rows, Columns or BitsStored are absent or wrong.")
        if self.pixels * self.samples_per_pixel * self.sample_bytes > MAX_FRAME_BYTES:
            raise TranscodingNotPossible(f"A frame of more than {MAX_FRAME_BYTES >> 20} MB is not transcoded.")

    @classmethod
    def from_metadata(cls, metadata: Mapping[str, Mapping[str, object]]) -> "PixelDescription":
        """From a DICOM JSON object. Raises UndecodableFrame when what is needed is absent or no number."""
        bits = next((bits for tag, bits in FLOAT_TAGS.items() if tag in metadata), None)
        allocated = bits or _number(metadata, "00280100", 0)
        stored = bits or _number(metadata, "00280101", allocated)
        samples = _number(metadata, "00280002", 1)
        return cls(
            rows=_number(metadata, "00280010", 0),
            columns=_number(metadata, "00280011", 0),
            samples_per_pixel=samples,
            bits_allocated=allocated,
            bits_stored=stored,
            high_bit=_number(metadata, "00280102", stored - 1),
            is_signed=_number(metadata, "00280103", 0) == 1,
            photometric_interpretation=_text(metadata, "00280004", "RGB" if samples == 3 else "MONOCHROME2"),
            planar_configuration=_number(metadata, "00280006", 0),
            is_float=bits is not None,
        )


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame in some transfer syntax: native pixels in little endian order, or a codestream.

    The two attributes are what a data set around it has to say of it.
    """

    data: bytes
    photometric_interpretation: str
    planar_configuration: int = 0


def _first(metadata: Mapping[str, Mapping[str, object]], tag: str) -> object:
    values = metadata.get(tag, {}).get("Value")
    return values[0] if isinstance(values, list) and values else None


def _number(metadata: Mapping[str, Mapping[str, object]], tag: str, default: int) -> int:
    value = _first(metadata, tag)
    if value is not None and not isinstance(value, int):
        raise UndecodableFrame(f"The attribute {tag} is not a number.")
    return default if value is None else value


def _text(metadata: Mapping[str, Mapping[str, object]], tag: str, default: str) -> str:
    value = _first(metadata, tag)
    return value.strip() if isinstance(value, str) and value.strip() else default
