"""Counts and derived attributes are exact at every moment, while others store and delete (PS3.4 C.3.4)."""

from typing import Any

from tests.api.answers import store
from tests.api.in_process import InProcessClient, PlannedRequest
from tests.api.search.small_instances import small_instance
from tests.examples import part10
from tests.multipart_requests import CONTENT_TYPE, store_body

MODALITIES = ["CT", "MR", "PT", "US", "NM", "XA", "RF", "DX"]
STUDY = "1.2.9"


def test_every_answer_is_of_one_moment_while_instances_come_and_go(client: InProcessClient) -> None:
    """Each series has a modality of its own and one instance, so that all counts of a study must agree."""
    instances = [
        small_instance(
            StudyInstanceUID=STUDY,
            SeriesInstanceUID=f"{STUDY}.{number}",
            SOPInstanceUID=f"{STUDY}.{number}.1",
            Modality=modality,
        )
        for number, modality in enumerate(MODALITIES)
    ]
    requests: list[PlannedRequest] = []
    for number, instance in enumerate(instances):
        body = store_body([part10(instance)])
        requests.append(PlannedRequest("POST", "/studies", {"Content-Type": CONTENT_TYPE}, body))
        requests += [PlannedRequest("GET", "/studies"), PlannedRequest("GET", "/series")]
        if number % 2:
            requests.append(PlannedRequest("DELETE", f"/studies/{STUDY}/series/{STUDY}.{number - 1}"))
        requests += [PlannedRequest("GET", "/series"), PlannedRequest("GET", "/instances")]
    for planned, answer in zip(requests, client.together(requests), strict=True):
        if planned.method == "GET":
            assert_of_one_moment(planned.path, answer.json())
    for number in range(0, len(MODALITIES), 2):
        client.request("DELETE", f"/studies/{STUDY}/series/{STUDY}.{number}")
    [row] = client.get("/studies").json()
    assert row["00080061"]["Value"] == sorted(MODALITIES[1::2])
    assert row["00201206"]["Value"] == row["00201208"]["Value"] == [len(MODALITIES) // 2]


def assert_of_one_moment(path: str, rows: list[dict[str, Any]]) -> None:
    """The counts of each row agree with each other and with the number of rows."""
    for row in rows:
        assert row["00201206"]["Value"] == row["00201208"]["Value"] == [len(row["00080061"]["Value"])]
        if path == "/series":
            assert row["00201209"]["Value"] == [1]
        if path != "/studies":
            assert row["00201206"]["Value"] == [len(rows)]
            assert row["00080060"]["Value"][0] in row["00080061"]["Value"]


def test_a_study_that_is_left_empty_is_found_no_more(client: InProcessClient) -> None:
    kept, gone = small_instance(), small_instance()
    assert store(client, kept, gone).status_code == 200
    client.request("DELETE", f"/studies/{gone.StudyInstanceUID}/series/{gone.SeriesInstanceUID}")
    for resource in ("/studies", "/series", "/instances"):
        assert [row["0020000D"]["Value"] for row in client.get(resource).json()] == [[kept.StudyInstanceUID]]


def test_an_instance_stored_again_counts_once(client: InProcessClient) -> None:
    instance = small_instance()
    for _ in range(2):
        assert store(client, instance).status_code == 200
    [row] = client.get("/studies").json()
    assert row["00201208"]["Value"] == [1]


def test_what_is_deleted_is_matched_no_more(client: InProcessClient) -> None:
    study = dict.fromkeys(("StudyInstanceUID",), STUDY)
    first = small_instance(**study, Modality="CT", ImageType=["ORIGINAL", "PRIMARY"])
    second = small_instance(**study, Modality="MR", ImageType=["DERIVED", "PRIMARY"])
    assert store(client, first, second).status_code == 200
    queries = ("ModalitiesInStudy=MR", "Modality=MR", "ImageType=DERIVED", f"SOPInstanceUID={second.SOPInstanceUID}")
    assert [len(client.get(f"/studies?{query}").json()) for query in queries] == [1, 1, 1, 1]
    client.request("DELETE", f"/studies/{STUDY}/series/{second.SeriesInstanceUID}")
    assert [len(client.get(f"/studies?{query}").json()) for query in queries] == [0, 0, 0, 0]


def test_the_newest_stored_of_a_day_comes_first(client: InProcessClient) -> None:
    stored = [small_instance(StudyDate=day) for day in ("20200101", "20200102", "20200101", "", "20200102", "")]
    for instance in stored:
        store(client, instance)
    uids = [instance.StudyInstanceUID for instance in stored]
    found = [row["0020000D"]["Value"][0] for row in client.get("/studies").json()]
    assert found == [uids[number] for number in (4, 1, 2, 0, 5, 3)]
    for resource in ("/series", "/instances"):
        assert [row["0020000D"]["Value"][0] for row in client.get(resource).json()] == uids
