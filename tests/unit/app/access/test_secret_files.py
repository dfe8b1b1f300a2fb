"""Small files of secrets, read while they change."""

import logging
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.access.secret_files import WatchedFile, rewrite


def _number(text: str) -> int:
    return int(text or "0")


def test_the_content_is_what_is_in_the_file_at_the_moment(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "number"
    file = WatchedFile(path, _number)
    assert (file.signature(), file.content()) == (None, 0)
    rewrite(path, lambda _: "1")
    first = file.signature()
    assert file.content() == 1
    rewrite(path, lambda _: "2")  # of the same length, and perhaps at the same moment
    assert file.signature() != first
    assert file.content() == 2
    path.unlink()
    assert file.content() == 0


def test_an_unchanged_file_is_not_read_again(tmp_path: Path) -> None:
    read = []
    path = tmp_path / "file"
    file = WatchedFile(path, read.append)
    rewrite(path, lambda _: "x")
    for _ in range(3):
        file.content()
    assert read == ["", "x"]


def test_a_file_that_cannot_be_read_leaves_the_content_and_is_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "number"
    file = WatchedFile(path, _number)
    path.write_text("7")
    assert file.content() == 7
    path.write_text("seven")
    with caplog.at_level(logging.ERROR):
        assert file.content() == 7
        assert file.content() == 7
    assert len(caplog.records) == 1


def test_changes_at_the_same_time_follow_one_another(tmp_path: Path) -> None:
    path = tmp_path / "number"
    with ThreadPoolExecutor(8) as threads:
        for change in [threads.submit(rewrite, path, lambda text: str(_number(text) + 1)) for _ in range(40)]:
            change.result()
    assert path.read_text() == "40"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["number"]


def test_a_change_that_fails_leaves_the_file_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "number"
    rewrite(path, lambda _: "1")
    with pytest.raises(ZeroDivisionError):
        rewrite(path, lambda _: str(1 / 0))
    assert path.read_text() == "1"
    assert [each.name for each in tmp_path.iterdir()] == ["number"]
