"""Which bytes of Pixel Data make a frame: the frame index from what the data set says and the bytes show.

The answers are those of ``pydicom.encaps.generate_fragmented_frames`` wherever it has one. Where the data set
contradicts its bytes the bytes win, and a frame whose bytes cannot be told is left out of the index rather than
guessed.
"""

import sys
from array import array
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from app.dicom.ambiguous_vr import first_unsigned
from app.dicom.byte_source import Window
from app.dicom.elements import PIXEL_DATA, DataSet, Element
from app.dicom.fragments import Fragments, read_fragments
from app.dicom.frame_index import EncapsulatedFrames, FrameIndex, NativeFrames
from app.dicom.limits import ParseLimits
from app.dicom.transfer_syntax import TransferSyntax

_FLOAT_PIXEL_DATA = 0x7FE00008
_DOUBLE_FLOAT_PIXEL_DATA = 0x7FE00009
_EXTENDED_OFFSETS = 0x7FE00001
_EXTENDED_LENGTHS = 0x7FE00002
_NUMBER_OF_FRAMES = 0x00280008
_SAMPLES_PER_PIXEL = 0x00280002
_PHOTOMETRIC_INTERPRETATION = 0x00280004
_ROWS = 0x00280010
_COLUMNS = 0x00280011
_BITS_ALLOCATED = 0x00280100

_FLOAT_BITS = {_FLOAT_PIXEL_DATA: 32, _DOUBLE_FLOAT_PIXEL_DATA: 64}
_SUBSAMPLED = (b"YBR_FULL_422", b"YBR_PARTIAL_422")
"""Two of three samples are stored of each pixel on average (PS3.3 C.7.6.3.1.2)."""

_END_OF_IMAGE = b"\xff\xd9"
"""The marker that ends JPEG, JPEG-LS and JPEG 2000 codestreams."""
_END_LENGTH = 10
"""Bytes at the end of a fragment in which the marker may stand, with padding behind it."""


@dataclass(frozen=True, slots=True)
class PixelSource:
    """A data set with its pixel data: what ``index_frames`` looks at."""

    data_set: DataSet
    window: Window
    fragments: Fragments | None
    syntax: TransferSyntax
    deflated_from: int | None
    limits: ParseLimits


def index_frames(source: PixelSource) -> FrameIndex | None:
    """The frame index; None when there is no pixel data or no frame in it can be told.

    That is also so when the transfer syntax and the form of Pixel Data contradict each other: served under the transfer
    syntax's media type, such frames would be something else than they claim. Raises LimitExceeded.
    """
    elements = source.data_set.elements
    tag = next((tag for tag in (PIXEL_DATA, *_FLOAT_BITS) if tag in elements), None)
    if tag is None:
        return None
    if not source.syntax.encapsulated:
        return None if source.fragments else _native(source, tag, elements[tag])
    fragments = source.fragments or _fragments_of_defined_length(source, elements[tag])
    return _encapsulated(source, fragments) if fragments.is_whole or fragments.is_open else None


def _fragments_of_defined_length(source: PixelSource, pixel_data: Element) -> Fragments:
    """Fragments in a value whose length is given, against PS3.5 A.4; some writers do that."""
    return read_fragments(
        source.window,
        pixel_data.start,
        pixel_data.stop,
        little_endian=source.data_set.little_endian,
        max_fragments=source.limits.max_fragments,
    )


def _native(source: PixelSource, tag: int, pixel_data: Element) -> FrameIndex | None:
    """Whole frames only: a value shorter than promised has fewer (PS3.5 8.1.1, PS3.3 C.7.6.3.1.4)."""
    frame_bits = _frame_bits(source.data_set, tag)
    if not frame_bits:
        return None
    available = (pixel_data.stop - pixel_data.start) * 8 // frame_bits
    count = min(_number_of_frames(source.data_set), available)
    return NativeFrames(pixel_data.start, frame_bits, count, source.deflated_from) if count else None


def _frame_bits(data_set: DataSet, tag: int) -> int:
    """The bits of one native frame; 0 when the data set does not tell."""
    rows, columns = first_unsigned(data_set, _ROWS) or 0, first_unsigned(data_set, _COLUMNS) or 0
    if tag in _FLOAT_BITS:
        return rows * columns * _FLOAT_BITS[tag]
    samples = first_unsigned(data_set, _SAMPLES_PER_PIXEL) or 1
    photometric = data_set.elements.get(_PHOTOMETRIC_INTERPRETATION)
    if samples == 3 and photometric is not None and (photometric.value or b"").strip(b" \0") in _SUBSAMPLED:
        samples = 2
    return rows * columns * samples * (first_unsigned(data_set, _BITS_ALLOCATED) or 0)


def _number_of_frames(data_set: DataSet) -> int:
    """NumberOfFrames; 1 where it is absent or says nothing."""
    element = data_set.elements.get(_NUMBER_OF_FRAMES)
    text = (element.value or b"").split(b"\\")[0].strip(b" \0") if element is not None else b""
    try:
        return max(int(text), 1)
    except ValueError:
        return 1


def _encapsulated(source: PixelSource, fragments: Fragments) -> FrameIndex | None:
    """The frames of fragments, the first of which is the basic offset table."""
    starts, lengths = fragments.starts[1:], fragments.lengths[1:]
    if not starts:
        return None
    extended = _extended_offset_table(source, starts, lengths)
    if extended is not None:
        return extended
    return EncapsulatedFrames(starts, lengths, _first_fragments(source, fragments, starts, lengths))


def _extended_offset_table(
    source: PixelSource, starts: "array[int]", lengths: "array[int]"
) -> EncapsulatedFrames | None:
    """The frames by the Extended Offset Table (PS3.3 C.7.6.3.1.8); None when there is none or it is wrong.

    It names one fragment for each frame, and the frame's length without padding.
    """
    offsets = _long_numbers(source, _EXTENDED_OFFSETS, len(starts))
    frame_lengths = _long_numbers(source, _EXTENDED_LENGTHS, len(starts))
    if not offsets or len(offsets) != len(frame_lengths):
        return None
    origin = starts[0]
    for offset, length in zip(offsets, frame_lengths, strict=True):
        fragment = bisect_left(starts, origin + offset)
        if fragment == len(starts) or starts[fragment] != origin + offset or lengths[fragment] < length:
            return None
    return EncapsulatedFrames(array("Q", (origin + offset for offset in offsets)), array("I", frame_lengths))


def _long_numbers(source: PixelSource, tag: int, most: int) -> "array[int]":
    """A value of VR OV; empty when it is absent or longer than ``most`` numbers."""
    element = source.data_set.elements.get(tag)
    numbers = array("Q")
    if element is None or not 8 <= element.stop - element.start <= 8 * most:
        return numbers
    value = source.window.read(element.start, element.stop)
    return _little_endian("Q", value[: len(value) // 8 * 8])


def _little_endian(code: str, value: bytes) -> "array[int]":
    """The numbers in bytes of a data set that is encapsulated, so always little endian (PS3.5 A.4)."""
    numbers = array(code)
    numbers.frombytes(value)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers


def _first_fragments(
    source: PixelSource, fragments: Fragments, starts: "array[int]", lengths: "array[int]"
) -> Sequence[int] | None:
    """The number of each frame's first fragment; None when each fragment is a frame."""
    count = len(starts)
    if source.syntax.is_video or count == 1:
        return (0,)
    by_table = _by_basic_offset_table(source, fragments, starts)
    if by_table is not None:
        return None if len(by_table) == count else by_table
    number_of_frames = _number_of_frames(source.data_set)
    if source.syntax.one_fragment_per_frame or number_of_frames == count:
        return None
    if number_of_frames == 1:
        return (0,)
    return _by_end_of_image(source.window.read, starts, lengths)


def _by_basic_offset_table(source: PixelSource, fragments: Fragments, starts: "array[int]") -> "array[int] | None":
    """By the Basic Offset Table (PS3.5 A.4), believed more than NumberOfFrames; None when it is empty or wrong."""
    start, length = fragments.starts[0], fragments.lengths[0]
    if not 4 <= length <= 4 * len(starts) or length % 4:
        return None
    offsets = _little_endian("I", source.window.read(start, start + length))
    origin = starts[0]
    firsts = array("I")
    fragment = 0
    for offset in offsets:
        while fragment < len(starts) and starts[fragment] - origin < offset:
            fragment += 1
        if fragment == len(starts) or starts[fragment] - origin != offset or (firsts and firsts[-1] == fragment):
            return None
        firsts.append(fragment)
    return firsts if firsts[0] == 0 else None


def _by_end_of_image(read: Callable[[int, int], bytes], starts: "array[int]", lengths: "array[int]") -> "array[int]":
    """A frame ends with the fragment whose last bytes hold the codestream's end marker."""
    firsts = array("I", (0,))
    for fragment, (start, length) in enumerate(zip(starts, lengths, strict=True)):
        if _END_OF_IMAGE in read(start + max(length - _END_LENGTH, 0), start + length):
            firsts.append(fragment + 1)
    if firsts[-1] == len(starts):
        firsts.pop()
    return firsts
