"""What a server has acknowledged is there after a power cut, and nothing is there by half."""

import threading
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
from pydicom.dataset import Dataset

from tests.archives import archives_are_served
from tests.examples import new_instance, part10
from tests.live_server import LiveServer, live_server
from tests.multipart_answers import read_parts
from tests.multipart_requests import CONTENT_TYPE, store_body

CLIENTS = 4
REQUESTS = 60
INSTANCES_IN_A_REQUEST = 4
ACKNOWLEDGED_BEFORE_THE_KILL = 10
CONFLICTS = 30

STORED_BYTES = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}


@dataclass(frozen=True, slots=True)
class Upload:
    """The instances of one store request: a series, its files by SOPInstanceUID."""

    study: str
    series: str
    files: dict[str, bytes]


@pytest.fixture(scope="module")
def uploads() -> list[Upload]:
    """Requests that no server has seen; two in a row share a study."""
    made: list[Upload] = []
    for number in range(REQUESTS):
        first = new_instance()
        if number % 2:
            first.StudyInstanceUID = made[-1].study
        uids = {"StudyInstanceUID": first.StudyInstanceUID, "SeriesInstanceUID": first.SeriesInstanceUID}
        instances = [first, *(new_instance(**uids) for _ in range(INSTANCES_IN_A_REQUEST - 1))]
        files = {str(instance.SOPInstanceUID): part10(instance) for instance in instances}
        made.append(Upload(first.StudyInstanceUID, first.SeriesInstanceUID, files))
    return made


def test_after_a_kill_what_was_acknowledged_is_there_nothing_by_half_and_all_of_it_is_accepted_again(
    data_folder: Path, uploads: Sequence[Upload]
) -> None:
    with live_server(data_folder) as server:
        acknowledged = _store_until_killed(server, uploads)
    assert ACKNOWLEDGED_BEFORE_THE_KILL <= len(acknowledged) < REQUESTS
    with live_server(data_folder) as server, requests.Session() as session:
        found = _found(server, session)
        assert found >= {uid for upload in acknowledged for uid in upload.files}
        _assert_requests_are_all_or_nothing(found, uploads)
        _assert_whole(server, session, [upload for upload in uploads if found & upload.files.keys()])
        _assert_folder_holds_only(server, found)
        assert {_store(server, session, upload).status_code for upload in uploads} == {200}
        assert _found(server, session) == {uid for upload in uploads for uid in upload.files}
        _assert_whole(server, session, uploads)
        _assert_folder_holds_only(server, {uid for upload in uploads for uid in upload.files})


def test_two_worker_processes_on_one_folder_keep_exact_counts(data_folder: Path, uploads: Sequence[Upload]) -> None:
    with live_server(data_folder, workers=2) as server, requests.Session() as session:
        # Every request twice, so that the same instance arrives in both processes at a time.
        with ThreadPoolExecutor(CLIENTS) as clients:
            answers = list(clients.map(lambda upload: _store(server, None, upload), [*uploads, *uploads]))
        assert {answer.status_code for answer in answers} == {200}
        assert _found(server, session) == {uid for upload in uploads for uid in upload.files}
        _assert_whole(server, session, uploads)
        _assert_folder_holds_only(server, {uid for upload in uploads for uid in upload.files})


def test_of_two_instances_with_one_uid_that_arrive_at_a_time_one_is_kept_and_the_other_refused(
    data_folder: Path,
) -> None:
    pairs = []
    for _ in range(CONFLICTS):
        first = new_instance()
        uids = {
            keyword: first[keyword].value for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")
        }
        pairs.append([_upload(first), _upload(new_instance(**uids, PatientID="another"))])
    with live_server(data_folder, workers=2) as server, ThreadPoolExecutor(CLIENTS) as clients:
        answers = list(
            clients.map(lambda upload: _store(server, None, upload), [each for pair in pairs for each in pair])
        )
        for pair, statuses in zip(pairs, zip(answers[::2], answers[1::2], strict=True), strict=True):
            assert sorted(answer.status_code for answer in statuses) == [200, 409]
            [kept] = [upload for upload, answer in zip(pair, statuses, strict=True) if answer.ok]
            [part] = read_parts(requests.get(f"{server.root}/studies/{kept.study}", headers=STORED_BYTES, timeout=20))
            assert [part.body] == list(kept.files.values())
        _assert_folder_holds_only(server, {uid for pair in pairs for uid in pair[0].files})


def test_instances_are_still_there_after_an_orderly_end(data_folder: Path, uploads: Sequence[Upload]) -> None:
    with live_server(data_folder) as server, requests.Session() as session:
        assert _store(server, session, uploads[0]).ok
    with live_server(data_folder) as server, requests.Session() as session:
        assert _found(server, session) == uploads[0].files.keys()
        _assert_whole(server, session, uploads[:1])


def _upload(instance: Dataset) -> Upload:
    files = {str(instance.SOPInstanceUID): part10(instance)}
    return Upload(instance.StudyInstanceUID, instance.SeriesInstanceUID, files)


def _store(server: LiveServer, session: requests.Session | None, upload: Upload) -> requests.Response:
    post = session.post if session else requests.post
    return post(
        f"{server.root}/studies",
        data=store_body(upload.files.values()),
        headers={"Content-Type": CONTENT_TYPE},
        timeout=20,
    )


def _store_until_killed(server: LiveServer, uploads: Sequence[Upload]) -> list[Upload]:
    """Store from several threads, kill the server in the midst of it, and give back what was acknowledged."""
    acknowledged: list[Upload] = []
    enough = threading.Event()

    def store(upload: Upload) -> None:
        try:
            answer = _store(server, None, upload)
        except (requests.ConnectionError, requests.exceptions.ChunkedEncodingError):
            return
        assert answer.status_code == 200
        acknowledged.append(upload)
        if len(acknowledged) >= ACKNOWLEDGED_BEFORE_THE_KILL:
            enough.set()

    with ThreadPoolExecutor(CLIENTS) as clients:
        requested: list[Future[None]] = [clients.submit(store, upload) for upload in uploads]
        assert enough.wait(20)
        server.kill()
        for done in as_completed(requested):
            done.result()
    return acknowledged


def _found(server: LiveServer, session: requests.Session) -> set[str]:
    """The instances that a search finds; each once."""
    rows = session.get(f"{server.root}/instances", timeout=20).json()
    uids = [row["00080018"]["Value"][0] for row in rows]
    assert len(uids) == len(set(uids))
    return set(uids)


def _assert_requests_are_all_or_nothing(found: set[str], uploads: Sequence[Upload]) -> None:
    """The rows of a request are committed together."""
    assert {len(found & upload.files.keys()) for upload in uploads} <= {0, INSTANCES_IN_A_REQUEST}


def _assert_whole(server: LiveServer, session: requests.Session, uploads: Sequence[Upload]) -> None:
    """Every instance is found with exact counts, and its bytes, metadata and frames come back."""
    studies = {upload.study for upload in uploads}
    rows = {row["0020000D"]["Value"][0]: row for row in session.get(f"{server.root}/studies", timeout=20).json()}
    assert rows.keys() == studies
    for study, row in rows.items():
        mine = [upload for upload in uploads if upload.study == study]
        assert row["00201206"]["Value"] == [len(mine)]
        assert row["00201208"]["Value"] == [len(mine) * INSTANCES_IN_A_REQUEST]
    for upload in uploads:
        _assert_series_is_whole(server, session, upload)


def _assert_series_is_whole(server: LiveServer, session: requests.Session, upload: Upload) -> None:
    series = f"{server.root}/studies/{upload.study}/series/{upload.series}"
    parts = read_parts(session.get(series, headers=STORED_BYTES, timeout=20))
    assert sorted(part.body for part in parts) == sorted(upload.files.values())
    metadata = session.get(f"{series}/metadata", timeout=20).json()
    assert {document["00080018"]["Value"][0] for document in metadata} == upload.files.keys()
    for uid, file in upload.files.items():
        [frame] = read_parts(session.get(f"{series}/instances/{uid}/frames/1", timeout=20))
        assert len(frame.body) == 32768
        assert frame.body in file


def _assert_folder_holds_only(server: LiveServer, instances: set[str]) -> None:
    """One file for each instance that is found, and no bytes of a request in the staging folder."""
    if archives_are_served():
        return  # objects that a killed server has left stay until its lease ends
    names = sorted(path.name.rpartition(".")[0].rpartition(".")[0] for path in server.instance_files())
    assert names == sorted(instances)
    staged = [
        path
        for path in (server.data / "staging").rglob("*")
        if path.is_file() and path.suffix != ".lock" and path.name not in {"notes", "journal-0", "journal-1"}
    ]
    assert staged == []
    locks = list((server.data / "staging").glob("*.lock"))
    folders = [path for path in (server.data / "staging").iterdir() if path.is_dir()]
    assert sorted(path.stem for path in locks) == sorted(path.name for path in folders)
    assert 1 <= len(folders) <= server.workers
