"""Whatever the bytes are: an instance comes out, or an UnusableInstance, and nothing else."""

from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from app.dicom.bulk_index import BulkIndex
from app.dicom.errors import UnusableInstance
from app.dicom.frame_index import FrameIndex
from app.dicom.part10 import BytesSource, ParsedInstance, parse
from tests.sample_data import bundled_files, collection_files

SMALL = [path for path in bundled_files() + collection_files() if 0 < path.stat().st_size < 40_000]

MARKS = [
    bytes.fromhex(mark)
    for mark in ("FEFF00E0", "FEFF00E0FFFFFFFF", "FEFF0DE000000000", "FEFFDDE000000000", "FFFFFFFF", "FEFFFFFF", "0000")
] + [b"SQ\0\0\xff\xff\xff\xff", b"UN\0\0\xff\xff\xff\xff", b"OB", b"\x1b$B", b"\\"]

changes = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.one_of(st.sampled_from(MARKS), st.binary(max_size=12)),
        st.sampled_from(["overwrite", "insert", "delete"]),
    ),
    max_size=6,
)


def mutated(data: bytes, kept: float, edits: list[tuple[float, bytes, str]]) -> bytes:
    changed = bytearray(data[: int(kept * len(data)) + 1])
    for place, content, kind in edits:
        at = int(place * len(changed))
        stop = at if kind == "insert" else at + len(content)
        changed[at:stop] = b"" if kind == "delete" else content
    return bytes(changed)


def check(data: bytes, instance: ParsedInstance) -> None:
    """Every range lies in the file (or in the inflated data set, whose size is not known here)."""
    ranges = [value.byte_range for value in BulkIndex.from_bytes(instance.bulk_index).values.values()]
    deflated = BulkIndex.from_bytes(instance.bulk_index).deflated_from is not None
    if instance.frame_index:
        index = FrameIndex.from_bytes(instance.frame_index)
        deflated = deflated or index.deflated_from is not None
        for frame in {0, index.number_of_frames // 2, index.number_of_frames - 1}:
            ranges.extend(index.ranges(frame))
    for byte_range in ranges:
        assert 0 <= byte_range.start <= byte_range.stop
        assert deflated or byte_range.stop <= len(data)


@settings(max_examples=600, deadline=None)
@given(st.sampled_from(SMALL), st.one_of(st.just(1.0), st.floats(0, 1)), changes)
def test_damaged_files_are_parsed_or_refused(path: Path, kept: float, edits: list[tuple[float, bytes, str]]) -> None:
    data = mutated(path.read_bytes(), kept, edits)
    with suppress(UnusableInstance):
        check(data, parse(BytesSource(data)))


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=300), st.sampled_from([b"", bytes(128) + b"DICM", b"\x08\0", b"\x02\0\x10\0UI"]))
def test_any_bytes_are_parsed_or_refused(data: bytes, head: bytes) -> None:
    with suppress(UnusableInstance):
        check(head + data, parse(BytesSource(head + data)))
