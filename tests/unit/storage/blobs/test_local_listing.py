"""Which files of a folder are blobs."""

import os
import time
from pathlib import Path

import pytest

from storage.blobs.local_listing import placed_blob, placed_blobs
from storage.blobs.protocol import YOUNG_SECONDS


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in ("1/2/3.a.dcm", "1/2/4.b.dcm", "1/5/6.c.dcm", "1/2/.DS_Store", "notes.txt", "1/2/Thorax ä.dcm"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"data")
    return tmp_path


def test_files_that_are_named_like_ours_are_listed_by_their_paths(root: Path) -> None:
    blobs = list(placed_blobs(root))
    assert sorted(blob.key for blob in blobs) == ["1/2/3.a.dcm", "1/2/4.b.dcm", "1/5/6.c.dcm"]
    assert {blob.size for blob in blobs} == {4}


def test_what_goes_while_the_folders_are_walked_is_left_out(root: Path) -> None:
    listing = placed_blobs(root)
    first = next(listing).key
    for path in root.rglob("*.dcm"):
        path.unlink()
    for folder in ("1/2", "1/5"):
        for path in (root / folder).iterdir():
            path.unlink()
        (root / folder).rmdir()
    assert [blob.key for blob in listing] == []
    assert placed_blob(root, first) is None
    assert placed_blob(root, f"{first}/below") is None


def test_a_file_is_young_for_an_hour_after_it_was_written(root: Path) -> None:
    now = time.time()
    for age, is_young in ((YOUNG_SECONDS - 60, True), (YOUNG_SECONDS + 60, False)):
        os.utime(root / "1/2/3.a.dcm", (now, now - age))
        blob = placed_blob(root, "1/2/3.a.dcm")
        assert blob is not None
        assert (blob.is_young, round(now - blob.written)) == (is_young, age)
