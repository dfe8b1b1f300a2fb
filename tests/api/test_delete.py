"""Deletion of studies, series and instances, and what is left behind."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from app.services.sweeper import Sweeper
from app.settings import Settings, StorageSettings
from storage.blobs.factory import open_blob_store
from storage.index.factory import open_index
from tests.api.answers import assert_problem, store, stored_uids
from tests.api.in_process import InProcessClient, PlannedRequest, in_process
from tests.archives import placed, stored_blobs
from tests.examples import new_instance, part10
from tests.multipart_requests import CONTENT_TYPE, store_body

STUDY, OTHER_STUDY = generate_uid(), generate_uid()
SERIES = [generate_uid() for _ in range(3)]
STORED_BYTES = 'multipart/related; type="application/dicom"; transfer-syntax=*'


@pytest.fixture
def instances() -> list[Dataset]:
    """A study of two series, with two instances and one, and a study of one instance."""
    return [
        new_instance(StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES[0], Modality="CT"),
        new_instance(StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES[0], Modality="CT"),
        new_instance(StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES[1], Modality="MR"),
        new_instance(StudyInstanceUID=OTHER_STUDY, SeriesInstanceUID=SERIES[2], Modality="CT"),
    ]


@pytest.fixture
def filled_client(client: InProcessClient, instances: list[Dataset]) -> InProcessClient:
    """A server that holds these instances."""
    assert store(client, *instances).status_code == 200
    return client


def path_of(instance: Dataset) -> str:
    uids = instance.StudyInstanceUID, instance.SeriesInstanceUID, instance.SOPInstanceUID
    return "/studies/{}/series/{}/instances/{}".format(*uids)


def delete(client: InProcessClient, path: str) -> httpx.Response:
    return client.request("DELETE", path)


def found(client: InProcessClient, path: str = "/instances") -> list[str]:
    """The SOPInstanceUIDs that a search finds, in stored order."""
    return [row["00080018"]["Value"][0] for row in client.get(path).json()]


def counts(client: InProcessClient, study: str) -> tuple[list[str], int, int]:
    """ModalitiesInStudy, and the numbers of series and instances."""
    [row] = client.get(f"/studies?StudyInstanceUID={study}").json()
    return row["00080061"]["Value"], row["00201206"]["Value"][0], row["00201208"]["Value"][0]


def uids(instances: list[Dataset]) -> list[str]:
    return [instance.SOPInstanceUID for instance in instances]


async def sweep_at_once(data: Path) -> None:
    """Delete the bytes of what was deleted, as a server does after a while."""
    settings = placed(Settings(data=data))
    blobs, index = open_blob_store(settings.blob_location, settings.object_store), await open_index(settings.index_url)
    await Sweeper(blobs, index, grace_seconds=0).delete_unneeded()
    await index.close()
    await blobs.close()


def test_an_instance_goes_and_the_counts_are_right(filled_client: InProcessClient, instances: list[Dataset]) -> None:
    answer = delete(filled_client, path_of(instances[0]))
    assert (answer.status_code, answer.content) == (204, b"")
    assert found(filled_client) == uids(instances[1:])
    assert counts(filled_client, STUDY) == (["CT", "MR"], 2, 2)
    assert [row["00201209"]["Value"] for row in filled_client.get(f"/studies/{STUDY}/series").json()] == [[1], [1]]


def test_the_last_instance_takes_its_series_along(filled_client: InProcessClient, instances: list[Dataset]) -> None:
    assert delete(filled_client, path_of(instances[2])).status_code == 204
    assert counts(filled_client, STUDY) == (["CT"], 1, 2)
    assert filled_client.get(f"/studies?ModalitiesInStudy=MR&StudyInstanceUID={STUDY}").json() == []


def test_the_last_instance_of_a_study_takes_the_study_along(
    filled_client: InProcessClient, instances: list[Dataset]
) -> None:
    assert delete(filled_client, path_of(instances[3])).status_code == 204
    assert [row["0020000D"]["Value"][0] for row in filled_client.get("/studies").json()] == [STUDY]


def test_a_series_goes(filled_client: InProcessClient, instances: list[Dataset]) -> None:
    assert delete(filled_client, f"/studies/{STUDY}/series/{SERIES[0]}").status_code == 204
    assert found(filled_client) == uids(instances[2:])
    assert counts(filled_client, STUDY) == (["MR"], 1, 1)


def test_a_study_goes(filled_client: InProcessClient, instances: list[Dataset]) -> None:
    assert delete(filled_client, f"/studies/{STUDY}").status_code == 204
    assert found(filled_client) == uids(instances[3:])
    assert filled_client.get(f"/studies?StudyInstanceUID={STUDY}").json() == []


@pytest.mark.parametrize("resource", ["", "/metadata", "/frames/1", "/bulkdata/7FE00010"])
def test_what_is_gone_is_404(filled_client: InProcessClient, instances: list[Dataset], resource: str) -> None:
    path = path_of(instances[0]) + resource
    # Also when what was looked up and opened for it is remembered.
    assert filled_client.get(path).status_code == 200
    delete(filled_client, f"/studies/{STUDY}")
    assert_problem(filled_client.get(path), 404)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_what_is_not_there_is_404_and_nothing_else_goes(
    filled_client: InProcessClient, instances: list[Dataset], depth: int
) -> None:
    levels = ["studies", "series", "instances"][:depth]
    known = [STUDY, SERIES[0]][: depth - 1]
    path = "".join(f"/{level}/{uid}" for level, uid in zip(levels, [*known, "1.2.3"], strict=True))
    assert_problem(delete(filled_client, path), 404)
    elsewhere = f"/studies/{OTHER_STUDY}/series/{SERIES[0]}"
    assert_problem(delete(filled_client, elsewhere), 404)
    assert found(filled_client) == uids(instances)


def test_a_second_deletion_is_404(filled_client: InProcessClient) -> None:
    assert delete(filled_client, f"/studies/{STUDY}").status_code == 204
    assert_problem(delete(filled_client, f"/studies/{STUDY}"), 404)


@pytest.mark.parametrize("path", ["/studies", "/studies/", "/instances", "/studies/1.2/series"])
def test_more_than_a_study_cannot_be_deleted(
    filled_client: InProcessClient, instances: list[Dataset], path: str
) -> None:
    answer = delete(filled_client, path)
    assert_problem(answer, 405)
    assert "DELETE" not in answer.headers["allow"]
    assert found(filled_client) == uids(instances)


def test_a_uid_that_is_none_is_400(filled_client: InProcessClient, instances: list[Dataset]) -> None:
    assert_problem(delete(filled_client, "/studies/1.2.x"), 400, "study")
    assert_problem(delete(filled_client, "/studies/%2A"), 400, "study")
    assert found(filled_client) == uids(instances)


def test_bytes_go_after_a_while(data_folder: Path, instances: list[Dataset]) -> None:
    with in_process(Settings(data=data_folder)) as client:
        store(client, *instances)
        delete(client, path_of(instances[0]))
        delete(client, f"/studies/{OTHER_STUDY}")
        # Who looked one up just before may still read it.
        assert len(stored_blobs(data_folder)) == len(instances)
    asyncio.run(sweep_at_once(data_folder))
    assert len(stored_blobs(data_folder)) == 2
    with in_process(Settings(data=data_folder)) as client:
        assert found(client) == uids(instances[1:3])
        for instance in instances[1:3]:
            assert client.get(path_of(instance), Accept="application/dicom").content == part10(instance)
        delete(client, f"/studies/{STUDY}")
    asyncio.run(sweep_at_once(data_folder))
    assert stored_blobs(data_folder) == []


@pytest.mark.archive_in_folder("it looks at folders")
def test_empty_folders_go_with_the_files(data_folder: Path, instances: list[Dataset]) -> None:
    with in_process(Settings(data=data_folder)) as client:
        store(client, *instances)
        for folders in ([STUDY], []):
            delete(client, f"/studies/{OTHER_STUDY if folders else STUDY}")
            asyncio.run(sweep_at_once(data_folder))
            assert [path.name for path in (data_folder / "instances").iterdir()] == folders


def test_what_was_deleted_stays_deleted_after_a_restart(data_folder: Path, instances: list[Dataset]) -> None:
    with in_process(Settings(data=data_folder)) as client:
        store(client, *instances)
        delete(client, f"/studies/{STUDY}")
    with in_process(Settings(data=data_folder)) as client:
        assert found(client) == uids(instances[3:])
        assert_problem(client.get(path_of(instances[0])), 404)


def test_what_was_deleted_can_be_stored_again_also_with_other_bytes(
    data_folder: Path, instances: list[Dataset]
) -> None:
    with in_process(Settings(data=data_folder)) as client:
        store(client, *instances)
        delete(client, f"/studies/{STUDY}")
        instances[0].PatientName = "New^Name"
        assert store(client, *instances[:2]).status_code == 200
        assert counts(client, STUDY) == (["CT"], 1, 2)
        assert client.get(path_of(instances[0]), Accept="application/dicom").content == part10(instances[0])
    # The bytes of the first time are deleted; those of the second are others and stay.
    asyncio.run(sweep_at_once(data_folder))
    with in_process(Settings(data=data_folder)) as client:
        assert client.get(path_of(instances[0]), Accept="application/dicom").content == part10(instances[0])
    assert len(stored_blobs(data_folder)) == 3


def test_an_archive_in_memory_forgets_as_well(tmp_path: Path, instances: list[Dataset]) -> None:
    with in_process(Settings(data=tmp_path / "data", storage=StorageSettings(location="memory"))) as client:
        store(client, *instances)
        assert delete(client, f"/studies/{STUDY}").status_code == 204
        assert found(client) == uids(instances[3:])


def rounds_of_storing_and_deleting(instances: list[Dataset]) -> Iterator[PlannedRequest]:
    """Stores of a study instance by instance, and deletions of all of it, in between and at once."""
    for number, instance in enumerate(instances):
        yield PlannedRequest("POST", "/studies", {"Content-Type": CONTENT_TYPE}, store_body([part10(instance)]))
        if number % 5 == 4:
            yield PlannedRequest("DELETE", f"/studies/{STUDY}")
        if number % 3 == 2:
            yield PlannedRequest("GET", f"/studies/{STUDY}", {"Accept": STORED_BYTES})


def test_stores_and_deletions_of_one_study_at_a_time_leave_nothing_by_half(client: InProcessClient) -> None:
    instances = [new_instance(StudyInstanceUID=STUDY, SeriesInstanceUID=SERIES[n % 2]) for n in range(30)]
    by_uid = {instance.SOPInstanceUID: instance for instance in instances}
    for _ in range(3):
        answers = client.together(list(rounds_of_storing_and_deleting(instances)))
        assert {answer.status_code for answer in answers} <= {200, 204, 404}
        assert all(stored_uids(answer) for answer in answers if answer.request.method == "POST")
        left = found(client)
        for uid in left:
            answer = client.get(path_of(by_uid[uid]), Accept="application/dicom")
            assert answer.content == part10(by_uid[uid])
        assert sum(row["00201208"]["Value"][0] for row in client.get("/studies").json()) == len(left)
        assert sum(row["00201209"]["Value"][0] for row in client.get("/series").json()) == len(left)
