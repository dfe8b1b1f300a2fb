"""Zip archives written by hand, read by Python's zipfile: also where the numbers need 8 bytes."""

import io
import zipfile
import zlib
from pathlib import Path

import pytest

from app.services.zip_format import MAX_16, MAX_32, data_descriptor, directory_end, directory_entry, local_header


def member(name: bytes, data: bytes) -> bytes:
    return local_header(name, len(data)) + data + data_descriptor(len(data), zlib.crc32(data))


def test_files_are_read_as_they_were_written() -> None:
    files = {b"1.2/3.dcm": b"one", b"1.2/4.dcm": bytes(range(256)), b"empty": b""}
    members = [member(name, data) for name, data in files.items()]
    starts = [len(b"".join(members[:number])) for number in range(len(members))]
    directory = b"".join(
        directory_entry(name, len(data), start, zlib.crc32(data))
        for (name, data), start in zip(files.items(), starts, strict=True)
    )
    body = b"".join(members)
    end = directory_end(len(files), len(body), len(directory))
    with zipfile.ZipFile(io.BytesIO(body + directory + end)) as archive:
        assert archive.testzip() is None
        assert {entry.filename.encode(): archive.read(entry) for entry in archive.infolist()} == files
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


def test_a_file_of_more_than_4_gb_and_one_behind_it(tmp_path: Path) -> None:
    """A file of zeros that takes no room on the disk: its checksum is not looked at, that of the next one is."""
    size, data = MAX_32 + 5, b"behind it"
    head, tail = local_header(b"long", size), data_descriptor(size, 0)
    second = len(head) + size + len(tail)
    third = member(b"short", data)
    directory = directory_entry(b"long", size, 0, 0) + directory_entry(b"short", len(data), second, zlib.crc32(data))
    start = second + len(third)
    with (tmp_path / "long.zip").open("wb") as file:
        file.write(head)
        file.seek(len(head) + size)
        file.write(tail + third + directory + directory_end(2, start, len(directory)))
    with zipfile.ZipFile(tmp_path / "long.zip") as archive:
        assert [entry.file_size for entry in archive.infolist()] == [size, len(data)]
        assert archive.read("short") == data
        with archive.open("long") as long:
            assert long.read(100) == bytes(100)


@pytest.mark.parametrize("count", [MAX_16 - 1, MAX_16, MAX_16 + 1])
def test_as_many_files_as_there_are(count: int) -> None:
    names = [b"%d" % number for number in range(count)]
    members = [member(name, b"") for name in names]
    directory, position = [], 0
    for name, each in zip(names, members, strict=True):
        directory.append(directory_entry(name, 0, position, 0))
        position += len(each)
    entries = b"".join(directory)
    written = b"".join(members) + entries + directory_end(count, position, len(entries))
    with zipfile.ZipFile(io.BytesIO(written)) as archive:
        assert len(archive.infolist()) == count
        assert archive.read(str(count - 1)) == b""
