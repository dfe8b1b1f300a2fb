"""Where the frames are: byte ranges of each frame's pixel data in the stored file, made once at ingest."""

import sys
from abc import ABC, abstractmethod
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from struct import Struct
from typing import Literal

from storage.resource import ByteRange

_Code = Literal["I", "Q"]
_NATIVE, _ENCAPSULATED = 1, 2
_HEADER = Struct("<Bq")
"""Kind, and ``deflated_from`` or -1."""
_NATIVE_BODY = Struct("<QQQ")
_ENCAPSULATED_BODY = Struct("<QQ")


class FrameIndex(ABC):
    """The frames of an instance, counted from 0. Native pixels are in the file's byte order.

    ``deflated_from`` is the offset in the file at which the deflate stream of the data set begins; all ranges then
    count bytes of the inflated data set (see ``app.dicom.deflated``). It is None for all other files.
    """

    deflated_from: int | None

    @property
    @abstractmethod
    def number_of_frames(self) -> int:
        """How many frames there are in the file, which is not always what NumberOfFrames says."""

    @property
    @abstractmethod
    def is_encapsulated(self) -> bool:
        """Whether a frame's bytes are a codestream; otherwise they are native pixels."""

    @abstractmethod
    def ranges(self, frame: int) -> tuple[ByteRange, ...]:
        """The bytes of a frame: one range if native, one for each fragment if encapsulated. Raises IndexError."""

    @abstractmethod
    def bits(self, frame: int) -> tuple[int, int]:
        """Of the bytes that ``ranges`` gives, the first bit of the frame and the number of its bits. Raises IndexError.

        Bits are counted from the least significant of the first byte (PS3.5 8.1.1). The first is 0 but for native
        frames of less than 8 bits allocated, which follow one another without padding.
        """

    @abstractmethod
    def to_bytes(self) -> bytes:
        """The index as it is stored."""

    @staticmethod
    def from_bytes(data: bytes) -> "FrameIndex":
        """What ``to_bytes`` gave. Raises ValueError for other bytes, such as none."""
        if len(data) < _HEADER.size:
            raise ValueError("There is no frame index in these bytes.")
        kind, deflated_from = _HEADER.unpack_from(data)
        body = memoryview(data)[_HEADER.size :]
        if kind == _NATIVE:
            start, frame_bits, count = _NATIVE_BODY.unpack(body)
            return NativeFrames(start, frame_bits, count, None if deflated_from < 0 else deflated_from)
        return EncapsulatedFrames.from_body(body)


def _check(frame: int, number_of_frames: int) -> None:
    if not 0 <= frame < number_of_frames:
        raise IndexError(f"There is no frame {frame} among {number_of_frames}.")


@dataclass(frozen=True)
class NativeFrames(FrameIndex):
    """Frames of equal length, one behind the other from ``start`` on (PS3.5 8.1.1, 8.2)."""

    start: int
    frame_bits: int
    count: int
    deflated_from: int | None = None

    @property
    def number_of_frames(self) -> int:
        """See ``FrameIndex``."""
        return self.count

    @property
    def is_encapsulated(self) -> bool:
        """See ``FrameIndex``."""
        return False

    def ranges(self, frame: int) -> tuple[ByteRange, ...]:
        """See ``FrameIndex``."""
        _check(frame, self.count)
        first = frame * self.frame_bits
        return (ByteRange(self.start + first // 8, self.start + (first + self.frame_bits + 7) // 8),)

    def bits(self, frame: int) -> tuple[int, int]:
        """See ``FrameIndex``."""
        _check(frame, self.count)
        return frame * self.frame_bits % 8, self.frame_bits

    def to_bytes(self) -> bytes:
        """33 bytes."""
        deflated_from = -1 if self.deflated_from is None else self.deflated_from
        return _HEADER.pack(_NATIVE, deflated_from) + _NATIVE_BODY.pack(self.start, self.frame_bits, self.count)


@dataclass(frozen=True)
class EncapsulatedFrames(FrameIndex):
    """Frames made of fragments (PS3.5 A.4).

    ``starts`` and ``lengths`` are those of the fragments' contents; ``firsts`` is the number of the first fragment of
    each frame, None when each frame is one fragment.
    """

    starts: Sequence[int]
    lengths: Sequence[int]
    firsts: Sequence[int] | None = None
    deflated_from: int | None = None

    @property
    def number_of_frames(self) -> int:
        """See ``FrameIndex``."""
        return len(self.starts if self.firsts is None else self.firsts)

    @property
    def is_encapsulated(self) -> bool:
        """See ``FrameIndex``."""
        return True

    def ranges(self, frame: int) -> tuple[ByteRange, ...]:
        """See ``FrameIndex``."""
        fragments = zip(*self.fragments(frame), strict=True)
        return tuple(ByteRange(start, start + length) for start, length in fragments)

    def fragments(self, frame: int) -> tuple[Sequence[int], Sequence[int]]:
        """The starts and lengths of a frame's fragments: the same as ``ranges``, of which there may be very many."""
        _check(frame, self.number_of_frames)
        if self.firsts is None:
            first, behind = frame, frame + 1
        else:
            first = self.firsts[frame]
            behind = self.firsts[frame + 1] if frame + 1 < len(self.firsts) else len(self.starts)
        return self.starts[first:behind], self.lengths[first:behind]

    def bits(self, frame: int) -> tuple[int, int]:
        """See ``FrameIndex``."""
        return 0, 8 * sum(self.fragments(frame)[1])

    def to_bytes(self) -> bytes:
        """12 bytes for each fragment, and 4 for each frame where frames have several."""
        firsts = self.firsts if self.firsts is not None else ()
        return b"".join(
            (
                _HEADER.pack(_ENCAPSULATED, -1),
                _ENCAPSULATED_BODY.pack(len(self.starts), len(firsts)),
                _pack("Q", self.starts),
                _pack("I", self.lengths),
                _pack("I", firsts),
            )
        )

    @classmethod
    def from_body(cls, body: memoryview) -> "EncapsulatedFrames":
        """What ``to_bytes`` gave, without its header; the numbers stay where they are in memory."""
        fragments, frames = _ENCAPSULATED_BODY.unpack_from(body)
        starts = _ENCAPSULATED_BODY.size
        lengths = starts + 8 * fragments
        firsts = lengths + 4 * fragments
        return cls(
            _unpack("Q", body[starts:lengths]),
            _unpack("I", body[lengths:firsts]),
            _unpack("I", body[firsts : firsts + 4 * frames]) if frames else None,
        )


def _pack(code: _Code, numbers: Sequence[int]) -> bytes:
    packed = numbers if isinstance(numbers, array) and numbers.typecode == code else array(code, numbers)
    return packed.tobytes() if sys.byteorder == "little" else _swapped(packed).tobytes()


def _unpack(code: _Code, data: memoryview) -> Sequence[int]:
    if sys.byteorder == "little":
        return data.cast(code)
    return _swapped(array(code, data.tobytes()))


def _swapped(numbers: "array[int]") -> "array[int]":
    swapped = numbers[:]
    swapped.byteswap()
    return swapped
