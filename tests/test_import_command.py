"""``fovea import``: files and folders, straight into a data folder or through a server."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import requests
from pydicom.uid import RLELossless
from typer.testing import Result

from app.settings import Settings
from tests.api.in_process import in_process
from tests.command_line import fovea
from tests.examples import new_instance, part10
from tests.live_server import LiveServer, live_server


@dataclass
class Folder:
    """A folder as people have them, and the SOPInstanceUIDs of the good files in it."""

    root: Path
    uids: list[str] = field(default_factory=list)

    def add(self, name: str) -> Path:
        """Add a good file."""
        instance = new_instance()
        self.uids.append(str(instance.SOPInstanceUID))
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(part10(instance))
        return path


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """Good files at several depths, and what is no DICOM at all."""
    made = Folder(tmp_path / "files")
    for name in ("0.dcm", "deep/1.dcm", "deep/er/2.dcm", "without-suffix", "Großes Bild.DCM"):
        made.add(name)
    (made.root / "notes.txt").write_text("no DICOM")
    (made.root / "empty").touch()
    (made.root / ".hidden").write_bytes(part10(new_instance()))
    return made


@dataclass(frozen=True)
class Target:
    """Where to: a data folder nobody serves, or a running server."""

    option: str
    data: Path
    server: LiveServer

    def run(self, *paths: Path) -> Result:
        """Import."""
        return fovea(
            "import", self.option, str(self.data) if self.option == "--data" else self.server.root, *map(str, paths)
        )

    def count(self, uids: Iterable[str]) -> int:
        """How many of these instances are found there."""
        if self.option == "--url":
            return _count(self.server, uids)
        with in_process(Settings(data=self.data)) as client:
            return len(client.get(f"/instances?SOPInstanceUID={','.join(uids)}").json())


@pytest.fixture(params=["--data", "--url"])
def target(request: pytest.FixtureRequest, data_folder: Path, server: LiveServer) -> Target:
    """Both ways."""
    return Target(request.param, data_folder, server)


def test_a_folder_is_imported_and_counted_also_a_second_time(target: Target, folder: Folder) -> None:
    for _ in range(2):
        done = target.run(folder.root)
        assert done.exit_code == 0, done.stderr
        assert "5 stored, 0 failed, 2 not DICOM" in done.stderr
    assert target.count(folder.uids) == 5


def test_a_bad_file_is_named_does_not_hinder_the_others_and_makes_the_status_1(target: Target, folder: Folder) -> None:
    (folder.root / "broken.dcm").write_bytes(part10(new_instance())[:1000])
    done = target.run(folder.root)
    assert done.exit_code == 1
    assert "5 stored, 1 failed, 2 not DICOM" in done.stderr
    assert "broken.dcm: " in done.stderr
    assert target.count(folder.uids) == 5


def test_files_can_be_named_one_by_one(target: Target, folder: Folder) -> None:
    done = target.run(folder.root / "0.dcm", folder.root / "deep" / "1.dcm")
    assert "2 stored, 0 failed, 0 not DICOM" in done.stderr
    assert target.count(folder.uids) == 2


def test_an_archive_can_be_served_while_files_are_imported_into_it(folder: Folder, data_folder: Path) -> None:
    with live_server(data_folder) as server:
        done = fovea("import", "--data", str(data_folder), str(folder.root))
        assert done.exit_code == 0, done.stderr
        assert _count(server, folder.uids) == 5


def test_what_is_imported_is_stored_as_the_settings_say(
    folder: Folder, data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with live_server(data_folder) as server:
        monkeypatch.setenv("FOVEA_STORE__TRANSFER_SYNTAX", "rle")
        assert fovea("import", "--data", str(data_folder), str(folder.root)).exit_code == 0
        for _ in range(2):
            rows = requests.get(f"{server.root}/instances?includefield=00083002", timeout=10).json()
            assert [row["00083002"]["Value"] for row in rows] == [[RLELossless]] * 5
            assert fovea("import", "--data", str(data_folder), str(folder.root)).exit_code == 0


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/dicom-web", "127.0.0.1:8080/dicom-web"])
def test_a_server_that_is_not_there_is_told_without_a_traceback(folder: Folder, url: str) -> None:
    done = fovea("import", "--url", url, str(folder.root))
    assert done.exit_code in {1, 2}
    assert url in done.stderr


def test_a_url_that_is_no_dicomweb_root_makes_every_file_fail(folder: Folder, server: LiveServer) -> None:
    done = fovea("import", "--url", f"{server.origin}/elsewhere", str(folder.root))
    assert done.exit_code == 1
    assert "0 stored, 5 failed" in done.stderr
    assert "404" in done.stderr


def test_two_targets_at_once_are_a_wrong_command_line(folder: Folder) -> None:
    done = fovea("import", "--data", "a", "--url", "http://127.0.0.1:1", str(folder.root))
    assert done.exit_code == 2
    assert "not both" in done.stderr


def test_a_path_that_does_not_exist_is_a_wrong_command_line(folder: Folder) -> None:
    done = fovea("import", str(folder.root / "nowhere"))
    assert done.exit_code == 2
    assert "nowhere" in done.stderr


def _count(server: LiveServer, uids: Iterable[str]) -> int:
    found = requests.get(f"{server.root}/instances", params={"SOPInstanceUID": ",".join(uids)}, timeout=5)
    return len(found.json())
