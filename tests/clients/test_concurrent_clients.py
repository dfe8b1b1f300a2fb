"""Clients that store, delete and read the same at the same time, on a server of two processes."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from pydicom.dataset import Dataset

from tests.archives import archives_are_served
from tests.clients.raw_http import RawAnswer, get, send
from tests.examples import new_instance, part10
from tests.live_server import LiveServer, live_server
from tests.multipart_requests import CONTENT_TYPE, store_body

CLIENTS = 16
ROUNDS = 4
UIDS = "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"


@pytest.fixture(scope="module", params=["reject", "replace", "keep"])
def policy(request: pytest.FixtureRequest) -> str:
    """FOVEA_STORE__DUPLICATES."""
    return str(request.param)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, policy: str) -> Iterator[LiveServer]:
    """An archive that two processes work on."""
    folder = tmp_path_factory.mktemp(policy) / "data"
    with live_server(folder, workers=2, FOVEA_STORE__DUPLICATES=policy) as started:
        yield started
        started.assert_without_fault()


def store(server: LiveServer, file: bytes) -> RawAnswer:
    return send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, store_body([file]))


def store_at_once(server: LiveServer, files: list[bytes]) -> list[RawAnswer]:
    with ThreadPoolExecutor(CLIENTS) as clients:
        return list(clients.map(lambda file: store(server, file), files))


def path_of(instance: Dataset) -> str:
    return "/studies/{}/series/{}/instances/{}".format(*(instance[keyword].value for keyword in UIDS))


def stored_file(server: LiveServer, instance: Dataset) -> bytes:
    [part] = get(server, path_of(instance)).parts()
    return part.body


def test_the_same_instance_from_16_clients_is_stored_once(server: LiveServer) -> None:
    instances = [new_instance() for _ in range(ROUNDS)]
    for instance in instances:
        answers = store_at_once(server, [part10(instance)] * CLIENTS)
        assert {answer.status for answer in answers} == {200}
        assert stored_file(server, instance) == part10(instance)
        assert len(get(server, f"/studies/{instance.StudyInstanceUID}/instances").json()) == 1
        files = [path for path in server.instance_files() if instance.SOPInstanceUID in path.name]
        assert len(files) == 1 or archives_are_served()


def test_of_16_versions_one_is_stored_and_each_client_is_told_the_truth(server: LiveServer, policy: str) -> None:
    expected = {
        "reject": [200] + [409] * (CLIENTS - 1),
        "replace": [200] * CLIENTS,
        "keep": [200] + [202] * (CLIENTS - 1),
    }
    for _ in range(ROUNDS):
        first = new_instance()
        uids = {keyword: first[keyword].value for keyword in UIDS}
        files = [part10(new_instance(**uids, PatientID=f"P{number}")) for number in range(CLIENTS)]
        answers = store_at_once(server, files)
        assert sorted(answer.status for answer in answers) == expected[policy]
        stored = stored_file(server, first)
        assert stored in files
        if policy != "replace":
            [winner] = [file for file, answer in zip(files, answers, strict=True) if answer.status == 200]
            assert stored == winner
        [row] = get(server, f"/studies?StudyInstanceUID={first.StudyInstanceUID}").json()
        assert (row["00201206"]["Value"], row["00201208"]["Value"]) == ([1], [1])


def test_what_is_found_while_others_store_and_delete_can_be_read_or_is_gone(server: LiveServer) -> None:
    first = new_instance()
    study = first.StudyInstanceUID
    instances = [first, *(new_instance(StudyInstanceUID=study) for _ in range(CLIENTS - 1))]
    files = {path_of(instance): part10(instance) for instance in instances}

    def one_client(number: int) -> None:
        path, file = list(files.items())[number]
        for step in range(2 * ROUNDS):
            if number % 4 == 3:
                assert send(server, "DELETE", f"/studies/{study}").status in {204, 404}
            else:
                assert store(server, file).status == 200
            answer = get(server, path)
            assert answer.status in {200, 404}
            if answer.status == 200:
                assert [part.body for part in answer.parts()] == [file]
            assert get(server, f"/studies/{study}/metadata").status in {200, 404}, step

    with ThreadPoolExecutor(CLIENTS) as clients:
        list(clients.map(one_client, range(CLIENTS)))
    rows = get(server, f"/instances?StudyInstanceUID={study}").json()
    assert {path for path in files if get(server, path).status == 200} == {
        f"/studies/{study}/series/{row['0020000E']['Value'][0]}/instances/{row['00080018']['Value'][0]}" for row in rows
    }
    for study_row in get(server, f"/studies?StudyInstanceUID={study}").json():
        assert study_row["00201208"]["Value"] == [len(rows)]
