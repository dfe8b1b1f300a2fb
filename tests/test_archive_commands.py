"""``fovea check``, ``fovea reindex`` and ``fovea migrate`` on real stores, damaged by hand."""

import os
import signal
import sqlite3
import subprocess
import threading
import time
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
import requests
from typer.testing import Result

from app.services.ingest_transcoding import OriginalPolicy
from app.settings import Settings
from app.settings.services import StoreSettings
from storage.records import InstanceRecord
from tests.archive_stores import Stores
from tests.examples import COLOR_MULTI_FRAME, JPEG_LS, NATIVE, new_instance, part10
from tests.live_server import FOVEA, live_server, plain_environment, start_server
from tests.postgresql_server import PostgresqlServer
from tests.swift_server import SwiftServer

pytestmark = pytest.mark.archive_in_folder("archives are where each test says")

PLAN = "rtplan.dcm"
"""A small file without pixels."""

PATIENT = "Nobody^Knows"


def instance(name: str = PLAN, **attributes: object) -> bytes:
    """A file with UIDs of its own, unless they are given."""
    return part10(new_instance(name, PatientName=PATIENT, **attributes))


@pytest.fixture(scope="module")
def files() -> list[bytes]:
    """Small and larger ones."""
    return [instance(name) for name in (NATIVE, PLAN, JPEG_LS, COLOR_MULTI_FRAME, NATIVE, PLAN)]


def in_folder(data: Path) -> Stores:
    return Stores(data)


def on_servers(data: Path, postgresql: PostgresqlServer, swift: SwiftServer) -> Stores:
    bucket = swift.new_bucket()
    environment = {"FOVEA_STORAGE__URL": f"s3://{bucket}/archive", "FOVEA_INDEX__URL": postgresql.new_database()}
    return Stores(data, environment | swift.environment, swift.bucket(bucket))


@pytest.fixture(params=["folder+sqlite", "s3+postgresql"])
def stores(request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
    """An empty archive, of both kinds."""
    if request.param == "folder+sqlite":
        return in_folder(tmp_path / "data")
    servers = [request.getfixturevalue(name) for name in ("postgresql", "swift")]
    return on_servers(tmp_path / "data", *servers)


@pytest.fixture
def archive(stores: Stores, files: list[bytes], tmp_path: Path) -> Stores:
    """An archive of both kinds with the files in it."""
    stores.store(tmp_path / "files", files)
    return stores


@pytest.fixture
def folder(files: list[bytes], tmp_path: Path) -> Stores:
    """An archive in a folder with the files in it."""
    stores = in_folder(tmp_path / "data")
    stores.store(tmp_path / "files", files)
    return stores


def findings(result: Result) -> dict[str, str]:
    """What a command has found, by blob key; nothing else is on standard output, and no patient anywhere."""
    assert PATIENT not in result.output
    lines = [line.split("\t") for line in result.stdout.splitlines()]
    return {key: problem for problem, key, *_ in lines}


def content(record: InstanceRecord) -> InstanceRecord:
    """A record without the places of the bytes."""
    return replace(record, blob_key="", form=record.form and replace(record.form, blob_key=""))


class TestCheck:
    def test_of_a_sound_archive_nothing_is_told(self, archive: Stores) -> None:
        for options in ((), ("--quick",), ("--repair",)):
            result = archive.run("check", *options)
            assert (result.exit_code, result.stdout) == (0, "")
            assert "instances: 6; nothing wrong" in result.stderr

    def test_each_kind_of_damage_is_told_by_its_name(self, archive: Stores, files: list[bytes]) -> None:
        missing, shorter, longer, changed, image, sound = (archive.key_of(file) for file in files)
        copy, unknown, garbage, young = (archive.stray_key(number) for number in range(4))
        archive.remove(missing)
        archive.put(shorter, files[1][:-1])
        archive.put(longer, files[2] + b"\0")
        archive.put(changed, files[3][:-1] + b"?")
        archive.put(copy, files[5])
        archive.put(unknown, instance())
        archive.put(garbage, b"no DICOM")
        young = archive.stray_key(4, written=time.time())
        archive.put(young, instance(), written=time.time())
        expected = {
            missing: "missing",
            shorter: "wrong-length",
            longer: "wrong-length",
            changed: "wrong-checksum",
            copy: "orphaned",
            unknown: "unindexed",
            garbage: "unindexed",
        }
        result = archive.run("check")
        assert (result.exit_code, findings(result)) == (1, expected)
        assert "too new to tell: 1" in result.stderr
        result = archive.run("check", "--quick")
        del expected[changed]
        assert (result.exit_code, findings(result)) == (1, expected)
        assert {image, sound, young} <= set(archive.blobs())

    def test_repair_deletes_what_is_stored_elsewhere_and_the_only_copies_when_told_so(
        self, archive: Stores, files: list[bytes]
    ) -> None:
        copy, unknown, garbage = (archive.stray_key(number) for number in range(3))
        for key, data in ((copy, files[0]), (unknown, instance()), (garbage, b"")):
            archive.put(key, data)
        archive.put(young := archive.stray_key(3, time.time()), files[0], time.time())
        before = archive.blobs()
        assert archive.run("check", "--repair").exit_code == 1
        assert set(before) - set(archive.blobs()) == {copy}
        assert archive.run("check", "--repair", "--delete-unindexed").exit_code == 1
        assert set(before) - set(archive.blobs()) == {copy, unknown, garbage}
        assert archive.run("check").exit_code == 0
        archive.remove(young)
        archive.assert_holds(files)

    def test_the_only_sound_file_of_an_instance_is_kept_and_takes_the_place_of_the_damaged_one(
        self, archive: Stores, files: list[bytes], tmp_path: Path
    ) -> None:
        archive.put(archive.key_of(files[0]), files[0][:-1] + b"?")
        archive.put(sound := archive.stray_key(0), files[0])
        for options in (("--quick", "--repair"), ("--repair",)):
            assert findings(archive.run("check", *options))[sound] == "unindexed"
        assert sound in archive.blobs()
        archive.run("check", "--move-damaged", str(tmp_path / "damaged"))
        assert archive.run("reindex").exit_code == 0
        archive.assert_holds(files)

    def test_what_is_damaged_is_moved_out_and_can_be_stored_again(
        self, archive: Stores, files: list[bytes], tmp_path: Path
    ) -> None:
        archive.remove(archive.key_of(files[0]))
        archive.put(archive.key_of(files[1]), files[1][:700])
        damaged = tmp_path / "damaged"
        assert archive.run("check", "--move-damaged", str(damaged)).exit_code == 1
        assert [path.read_bytes() for path in damaged.glob("*.dcm")] == [files[1][:700]]
        documents = [path.read_text(encoding="utf-8") for path in damaged.glob("*.json")]
        assert len(documents) == 2
        assert all(PATIENT in document for document in documents)
        assert len(archive.records()) == 4
        assert archive.run("check").exit_code == 0
        archive.store(tmp_path / "again", files)
        archive.assert_holds(files)

    def test_bytes_of_deleted_instances_that_wait_for_the_sweeper_are_no_finding(self, archive: Stores) -> None:
        gone = next(iter(archive.records().values()))
        archive.delete(gone.key)
        assert gone.blob_key in archive.blobs()
        archive.put(gone.blob_key, archive.blobs()[gone.blob_key])  # so that it is not young
        assert archive.run("check", "--repair", "--delete-unindexed").exit_code == 0
        assert gone.blob_key in archive.blobs()

    def test_where_no_archive_is_none_is_made(self, tmp_path: Path) -> None:
        result = in_folder(tmp_path / "none").run("check")
        assert (result.exit_code, result.stdout) == (2, "")
        assert "no index" in result.stderr
        assert not (tmp_path / "none").exists()

    def test_a_store_that_is_away_and_an_index_that_is_damaged_are_told(self, folder: Stores) -> None:
        folder.environment["FOVEA_INDEX__URL"] = "postgresql://nobody:secret@127.0.0.1:1/nothing"
        away = folder.run("check")
        folder.environment.clear()
        (folder.data / "index.sqlite").write_bytes(b"damaged" * 1000)
        for result in (away, folder.run("check")):
            assert result.exit_code == 2
            assert result.stderr.strip()
            assert isinstance(result.exception, SystemExit)
            assert "secret" not in result.output
        assert "fovea reindex" in result.stderr

    def test_while_a_server_stores_and_deletes_nothing_is_found(self, archive: Stores) -> None:
        with live_server(archive.data, **archive.environment) as server, storing_and_deleting(server.root):
            results = [archive.run("check", "--repair", "--delete-unindexed") for _ in range(4)]
        assert [(each.exit_code, each.stdout) for each in results] == [(0, "")] * 4


class storing_and_deleting:  # noqa: N801 - it reads as what it does
    """For a block: somebody stores and deletes all the time."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.failures: list[int] = []

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        assert self.failures == []

    def _run(self) -> None:
        while not self._end.is_set():
            made = new_instance(NATIVE)
            headers = {"Content-Type": "application/dicom"}
            stored = requests.post(f"{self._root}/studies", part10(made), headers=headers, timeout=30)
            deleted = requests.delete(f"{self._root}/studies/{made.StudyInstanceUID}", timeout=30)
            self.failures += [each.status_code for each in (stored, deleted) if not each.ok]


class TestReindex:
    def test_a_lost_index_is_made_anew_as_it_was(
        self, archive: Stores, files: list[bytes], request: pytest.FixtureRequest
    ) -> None:
        before = archive.records()
        lose_index(archive, request)
        result = archive.run("reindex")
        assert (result.exit_code, result.stdout) == (0, "")
        assert "added: 6" in result.stderr
        assert archive.records() == before
        archive.assert_holds(files)
        assert archive.run("check").exit_code == 0
        assert "added" not in archive.run("reindex").stderr

    def test_what_the_index_has_is_left_as_it_is_and_what_it_lacks_is_added(
        self, archive: Stores, files: list[bytes]
    ) -> None:
        before = archive.records()
        stray = instance()
        archive.put(archive.stray_key(1), stray)
        assert archive.run("reindex").exit_code == 0
        after = archive.records()
        assert {uid: after[uid] for uid in before} == before
        archive.assert_holds([*files, stray])

    def test_bad_blobs_are_told_and_do_not_hinder_the_others(
        self, archive: Stores, files: list[bytes], request: pytest.FixtureRequest
    ) -> None:
        bad = [archive.stray_key(number) for number in range(3)]
        for key, data in zip(bad, (b"", b"no DICOM", files[0][:1000]), strict=True):
            archive.put(key, data)
        lose_index(archive, request)
        result = archive.run("reindex")
        assert (result.exit_code, findings(result)) == (1, dict.fromkeys(bad, "unusable"))
        archive.assert_holds(files)

    @pytest.mark.parametrize("names", [("a", "b"), ("b", "a")], ids=["newest listed last", "newest listed first"])
    @pytest.mark.parametrize("between", [0, 100], ids=["one batch", "several batches"])
    def test_of_two_blobs_of_an_instance_the_newest_wins_and_check_finds_the_other(
        self, tmp_path: Path, names: tuple[str, str], between: int
    ) -> None:
        stores = in_folder(tmp_path / "data")
        first = new_instance(PLAN)
        old, new = part10(first), part10(first)[:-2] + b"??"
        keys = [f"1.2/1.3/{name}.dcm" for name in names]
        stores.put(keys[0], old, time.time() - 20_000)
        stores.put(keys[1], new, time.time() - 10_000)
        others = [instance() for _ in range(between)]
        for number, other in enumerate(others):
            stores.put(f"1.2/1.3/{number}.dcm", other, time.time() - 15_000)
        result = stores.run("reindex")
        assert (result.exit_code, findings(result)) == (1, {keys[0]: "duplicate"})
        assert stores.records()[str(first.SOPInstanceUID)].blob_key == keys[1]
        result = stores.run("check")
        assert (result.exit_code, findings(result)) == (1, {keys[0]: "orphaned"})

    def test_small_files_that_a_power_cut_took_come_back_from_the_journal(self, tmp_path: Path) -> None:
        stores, files = in_folder(tmp_path / "data"), [instance() for _ in range(5)]
        server = start_server(stores.data)
        for file in files:
            headers = {"Content-Type": "application/dicom"}
            assert requests.post(f"{server.root}/studies", file, headers=headers, timeout=30).status_code == 200
        server.kill()
        for file in files[:3]:
            stores.remove(stores.key_of(file))
        stores.put(stores.key_of(files[3]), b"")
        for path in stores.data.glob("index.sqlite*"):
            path.unlink()
        result = stores.run("reindex")
        assert (result.exit_code, findings(result)) == (0, {})
        stores.assert_holds(files)
        with live_server(stores.data):  # what it finds in the notes of the dead one has rows
            stores.assert_holds(files)

    def test_where_no_folder_is_none_is_made(self, tmp_path: Path) -> None:
        result = in_folder(tmp_path / "none").run("reindex")
        assert result.exit_code == 2
        assert not (tmp_path / "none").exists()


def lose_index(stores: Stores, request: pytest.FixtureRequest) -> None:
    if stores.bucket is None:
        for path in stores.data.glob("index.sqlite*"):
            path.unlink()
    else:
        stores.environment["FOVEA_INDEX__URL"] = request.getfixturevalue("postgresql").new_database("template0")


class TestMigrate:
    @pytest.fixture(params=["folder+sqlite", "s3+postgresql"])
    def target(self, request: pytest.FixtureRequest, tmp_path: Path) -> Stores:
        """Where to."""
        if request.param == "folder+sqlite":
            return in_folder(tmp_path / "target")
        servers = [request.getfixturevalue(name) for name in ("postgresql", "swift")]
        return on_servers(tmp_path / "target", *servers)

    def test_from_any_store_to_any_other(self, archive: Stores, target: Stores, files: list[bytes]) -> None:
        before = archive.blobs(), archive.records()
        result = migrate(archive, target)
        assert (result.exit_code, result.stdout) == (0, "")
        assert "instances: 6; added: 6" in result.stderr
        assert (archive.blobs(), archive.records()) == before
        target.assert_holds(files)
        copied = target.records()
        assert list(copied) == list(before[1])
        assert {uid: content(record) for uid, record in copied.items()} == {
            uid: content(record) for uid, record in before[1].items()
        }
        assert target.run("check").exit_code == 0
        again = migrate(archive, target)
        assert again.exit_code == 0
        assert "added" not in again.stderr
        assert len(target.blobs()) == len(files)

    def test_one_that_is_killed_goes_on_where_it_was(self, tmp_path: Path) -> None:
        stores, target = in_folder(tmp_path / "data"), in_folder(tmp_path / "target")
        files = [instance() for _ in range(400)]
        stores.store(tmp_path / "files", files)
        command = [FOVEA, "migrate", "--data", str(stores.data), "--to-storage", str(target.data)]
        process = subprocess.Popen(command, env=plain_environment(), stderr=subprocess.DEVNULL, start_new_session=True)
        wait_for_row(target.data / "index.sqlite")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(20)
        copied = len(target.records())
        assert 0 < copied < len(files)
        result = migrate(stores, target)
        assert result.exit_code == 0
        assert f"added: {len(files) - copied}" in result.stderr
        with live_server(target.data):  # which deletes what the killed one had placed without rows
            target.assert_holds(files)
        assert len(target.blobs()) == len(files)

    def test_what_is_damaged_is_told_and_not_copied(self, folder: Stores, files: list[bytes], tmp_path: Path) -> None:
        missing, short, changed, *_ = (folder.key_of(file) for file in files)
        folder.remove(missing)
        folder.put(short, files[1][:-1])
        folder.put(changed, files[2][:-1] + b"?")
        target = in_folder(tmp_path / "target")
        result = migrate(folder, target)
        expected = {missing: "missing", short: "wrong-length", changed: "wrong-checksum"}
        assert (result.exit_code, findings(result)) == (1, expected)
        target.assert_holds(files[3:])
        assert len(target.blobs()) == 3

    def test_what_comes_while_a_server_runs_is_brought_by_a_second_pass(
        self, folder: Stores, files: list[bytes], tmp_path: Path
    ) -> None:
        target, more = in_folder(tmp_path / "target"), instance(NATIVE)
        with live_server(folder.data) as server:
            assert migrate(folder, target).exit_code == 0
            headers = {"Content-Type": "application/dicom"}
            requests.post(f"{server.root}/studies", more, headers=headers, timeout=30).raise_for_status()
            assert migrate(folder, target).exit_code == 0
        target.assert_holds([*files, more])

    def test_what_the_target_has_with_other_bytes_stays_unless_it_is_to_be_replaced(
        self, tmp_path: Path, folder: Stores, files: list[bytes]
    ) -> None:
        target, changed = in_folder(tmp_path / "target"), files[1][:-2] + b"??"
        target.store(tmp_path / "changed", [changed])
        result = migrate(folder, target)
        assert (result.exit_code, findings(result)) == (1, {folder.key_of(files[1]): "different"})
        target.assert_holds([files[0], changed, *files[2:]])
        assert migrate(folder, target, "--replace").exit_code == 0
        target.assert_holds(files)

    @pytest.mark.parametrize(
        "options",
        [
            ("--to-storage", "{data}"),
            ("--to-storage", "{data}/../data/", "--to-index", "sqlite:///{data}/other.sqlite"),
            ("--to-storage", "{data}-copy", "--to-index", "sqlite:///{data}/index.sqlite"),
            ("--to-storage", "s3://bucket/prefix"),
            ("--to-storage", "{data}-copy", "--to-index", "mysql://host/index"),
            ("--to-storage", "{data}-copy", "--to-index", "postgresql://nobody:secret@127.0.0.1:1/nothing"),
        ],
    )
    def test_a_target_that_is_none_is_told(self, folder: Stores, options: tuple[str, ...]) -> None:
        result = folder.run("migrate", *(option.format(data=folder.data) for option in options))
        assert (result.exit_code, result.stdout) == (2, "")
        assert result.stderr.strip()
        assert "secret" not in result.output


class TestOtherForms:
    """Instances that are kept as they came, and in another transfer syntax beside."""

    @pytest.fixture
    def originals(self) -> list[bytes]:
        return [instance(NATIVE) for _ in range(3)]

    @pytest.fixture
    def kept(self, stores: Stores, originals: list[bytes], tmp_path: Path) -> Stores:
        policy = StoreSettings(transfer_syntax="jpeg-ls", original=OriginalPolicy.KEEP)
        stores.store(tmp_path / "files", originals, policy)
        assert len(stores.blobs()) == 2 * len(originals)
        return stores

    def test_both_files_are_looked_at_and_an_instance_that_lacks_its_other_form_stays(
        self, kept: Stores, originals: list[bytes], tmp_path: Path
    ) -> None:
        assert kept.run("check", "--repair", "--delete-unindexed").exit_code == 0
        forms = sorted(set(kept.blobs()) - {kept.key_of(file) for file in originals})
        kept.remove(forms[0])
        kept.put(forms[1], b"short")
        result = kept.run("check", "--move-damaged", str(tmp_path / "damaged"))
        assert (result.exit_code, findings(result)) == (1, {forms[0]: "missing", forms[1]: "wrong-length"})
        kept.assert_holds(originals)

    def test_both_files_are_copied(self, kept: Stores, originals: list[bytes], tmp_path: Path) -> None:
        target = in_folder(tmp_path / "target")
        assert migrate(kept, target).exit_code == 0
        target.assert_holds(originals)
        assert sorted(target.blobs().values()) == sorted(kept.blobs().values())
        assert [content(each) for each in target.records().values()] == [
            content(each) for each in kept.records().values()
        ]

    def test_of_both_files_the_one_that_came_gets_the_row(
        self, kept: Stores, originals: list[bytes], request: pytest.FixtureRequest
    ) -> None:
        forms = set(kept.blobs()) - {kept.key_of(file) for file in originals}
        lose_index(kept, request)
        result = kept.run("reindex")
        assert (result.exit_code, findings(result)) == (1, dict.fromkeys(forms, "duplicate"))
        kept.assert_holds(originals)


def migrate(source: Stores, target: Stores, *options: str) -> Result:
    settings: Settings = target.settings
    to = ["--to-storage", settings.blob_location, "--to-index", settings.index_url]
    if target.bucket is not None:
        given = {name: value for name, value in target.environment.items() if name.startswith("AWS_")}
        to += [part for name, value in given.items() for part in ("--to-option", f"{name.lower()}={value}")]
    return source.run("migrate", *to, *options)


def wait_for_row(index: Path) -> None:
    """Wait until an instance is in the index."""
    deadline = time.monotonic() + 60
    while not has_row(index):
        assert time.monotonic() < deadline
        time.sleep(0.005)


def has_row(index: Path) -> bool:
    if not index.exists():
        return False
    with closing(sqlite3.connect(index)) as connection:
        try:
            return bool(connection.execute("SELECT count(*) FROM instance").fetchone()[0])
        except sqlite3.OperationalError:  # there are no tables yet, or they are being made
            return False
