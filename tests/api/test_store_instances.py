"""StoreInstances (PS3.18 10.5)."""

import pytest
from pydicom.config import disable_value_validation
from pydicom.uid import MediaStorageDirectoryStorage, generate_uid

from tests.api.answers import assert_problem, failures, store, stored_uids
from tests.api.conftest import LIMITS
from tests.api.in_process import InProcessClient
from tests.examples import new_instance, part10
from tests.multipart_requests import BOUNDARY, CONTENT_TYPE, BodyStyle, store_body

GARBAGE = b"this is no DICOM file at all, and long enough not to be taken for an empty part" * 10

DUPLICATE, INVALID_UID, SOP_CLASS_NOT_SUPPORTED, DATA_SET_DOES_NOT_MATCH = 0x0111, 0x0117, 0x0122, 0xA900
CANNOT_UNDERSTAND = range(0xC000, 0xD000)
"""PS3.18 Table I.2-2."""


def test_all_stored_is_200_and_each_is_told_of_in_its_order(client: InProcessClient) -> None:
    instances = [new_instance() for _ in range(3)]
    answer = store(client, *instances)
    assert answer.status_code == 200
    assert stored_uids(answer) == [each.SOPInstanceUID for each in instances]
    assert failures(answer) == []


def test_some_stored_is_202_and_the_bad_ones_do_not_spoil_the_others(client: InProcessClient) -> None:
    first, last = new_instance(), new_instance()
    truncated = part10(new_instance())[:1000]
    answer = store(client, first, GARBAGE, b"", truncated, last)
    assert answer.status_code == 202
    assert stored_uids(answer) == [first.SOPInstanceUID, last.SOPInstanceUID]
    assert len(failures(answer)) == 3
    assert {row["00080018"]["Value"][0] for row in client.get("/instances").json()} == {
        first.SOPInstanceUID,
        last.SOPInstanceUID,
    }


def test_none_stored_is_409(client: InProcessClient) -> None:
    answer = store(client, GARBAGE)
    assert answer.status_code == 409
    assert answer.headers["content-type"] == "application/dicom+json"
    [(uid, reason)] = failures(answer)
    assert uid is None
    assert reason in CANNOT_UNDERSTAND
    assert client.get("/studies").json() == []


def test_an_instance_of_another_study_than_the_url_names_fails_alone(client: InProcessClient) -> None:
    right, wrong = new_instance(), new_instance()
    answer = store(client, right, wrong, study=right.StudyInstanceUID)
    assert answer.status_code == 202
    assert stored_uids(answer) == [right.SOPInstanceUID]
    assert failures(answer) == [(wrong.SOPInstanceUID, DATA_SET_DOES_NOT_MATCH)]
    assert answer.json()["00081190"]["Value"] == [f"http://testserver/dicom-web/studies/{right.StudyInstanceUID}"]


def test_the_same_bytes_again_are_a_success(client: InProcessClient) -> None:
    instance = new_instance()
    assert store(client, instance).json() == store(client, instance).json()
    assert store(client, instance, instance).status_code == 200


def test_other_bytes_under_the_same_uid_are_a_duplicate_and_change_nothing(client: InProcessClient) -> None:
    first = new_instance()
    second = new_instance(SOPInstanceUID=first.SOPInstanceUID, PatientName="Other^Name")
    assert store(client, first).status_code == 200
    answer = store(client, second)
    assert answer.status_code == 409
    assert failures(answer) == [(first.SOPInstanceUID, DUPLICATE)]
    [row] = client.get("/instances").json()
    assert row["0020000D"]["Value"] == [first.StudyInstanceUID]


def test_other_bytes_under_the_same_uid_in_one_request_are_a_duplicate(client: InProcessClient) -> None:
    first = new_instance()
    second = new_instance(SOPInstanceUID=first.SOPInstanceUID)
    answer = store(client, first, second)
    assert answer.status_code == 202
    assert failures(answer) == [(first.SOPInstanceUID, DUPLICATE)]


@pytest.mark.parametrize("keyword", ["SOPClassUID", "SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"])
def test_an_instance_without_one_of_its_names_does_not_match(client: InProcessClient, keyword: str) -> None:
    nameless = new_instance()
    delattr(nameless, keyword)
    answer = store(client, nameless)
    assert answer.status_code == 409
    assert [reason for _, reason in failures(answer)] == [DATA_SET_DOES_NOT_MATCH]


@pytest.mark.parametrize("keyword", ["SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"])
@pytest.mark.parametrize("uid", ["../../etc/passwd", "1.2..3", "1.2.", "a.b", "1.2.3/4", "1." + "2" * 63])
def test_what_is_no_uid_is_never_stored(client: InProcessClient, keyword: str, uid: str) -> None:
    with disable_value_validation():
        answer = store(client, part10(new_instance(**{keyword: uid})))
    assert answer.status_code == 409
    assert [reason for _, reason in failures(answer)] == [INVALID_UID]
    assert client.get("/instances").json() == []


def test_a_dicomdir_is_refused(client: InProcessClient) -> None:
    directory = new_instance()
    directory.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    answer = store(client, directory)
    assert [reason for _, reason in failures(answer)] == [SOP_CLASS_NOT_SUPPORTED]


def test_the_answer_names_the_sop_class_and_where_the_instance_is(client: InProcessClient) -> None:
    instance = new_instance()
    [item] = store(client, instance).json()["00081199"]["Value"]
    assert item["00081150"] == {"vr": "UI", "Value": [instance.SOPClassUID]}
    assert client.get(item["00081190"]["Value"][0]).status_code == 200


@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/dicom+json",
        'multipart/related; type="application/json"; boundary=x',
        "multipart/form-data; boundary=x",
    ],
)
def test_another_media_type_is_415(client: InProcessClient, content_type: str) -> None:
    assert_problem(
        client.post("/studies", content=b"x", headers={"Content-Type": content_type}), 415, "application/dicom"
    )


def test_no_content_type_is_415(client: InProcessClient) -> None:
    assert_problem(client.request("POST", "/studies"), 415)


def test_a_part_of_another_media_type_is_415_and_nothing_is_stored(client: InProcessClient) -> None:
    body = store_body([part10(new_instance())], BodyStyle(part_headers=b"Content-Type: image/png\r\n"))
    assert_problem(client.post("/studies", content=body, headers={"Content-Type": CONTENT_TYPE}), 415, "image/png")
    assert client.get("/studies").json() == []


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ('multipart/related; type="application/dicom"', b"--x\r\n\r\n\r\n--x--"),
        (CONTENT_TYPE, b""),
        (CONTENT_TYPE, b"no boundary anywhere"),
        (CONTENT_TYPE, f"--{BOUNDARY}\n\nLF only\n--{BOUNDARY}--".encode()),
        (CONTENT_TYPE, store_body([part10(new_instance())])[:-20]),
        (CONTENT_TYPE, store_body([part10(new_instance())])[:20_000]),
    ],
)
def test_a_malformed_body_is_400_and_nothing_is_stored(client: InProcessClient, content_type: str, body: bytes) -> None:
    assert_problem(client.post("/studies", content=body, headers={"Content-Type": content_type}), 400)
    assert client.get("/instances").json() == []


def test_a_body_without_parts_is_not_a_success(client: InProcessClient) -> None:
    body = f"--{BOUNDARY}--".encode()
    answer = client.post("/studies", content=body, headers={"Content-Type": CONTENT_TYPE})
    assert answer.status_code in {400, 409}


def test_more_parts_than_the_limit_are_413(narrow_client: InProcessClient) -> None:
    assert store(narrow_client, *[new_instance()] * LIMITS.parts).status_code == 200
    assert_problem(store(narrow_client, *[new_instance()] * (LIMITS.parts + 1)), 413, str(LIMITS.parts))


def test_a_longer_body_than_the_limit_is_413_and_leaves_nothing(narrow_client: InProcessClient) -> None:
    answer = store(narrow_client, new_instance(), new_instance(PixelData=bytes(LIMITS.body_bytes)))
    assert_problem(answer, 413, str(LIMITS.body_bytes))
    assert narrow_client.get("/instances").json() == []


def test_a_study_uid_that_is_none_is_400(client: InProcessClient) -> None:
    assert_problem(store(client, new_instance(), study="study-1"), 400, "study")


def test_instances_of_one_request_may_belong_to_several_studies(client: InProcessClient) -> None:
    instances = [new_instance(), new_instance()]
    answer = store(client, *instances)
    assert answer.json()["00081190"] == {"vr": "UR"}
    assert {row["0020000D"]["Value"][0] for row in client.get("/studies").json()} == {
        each.StudyInstanceUID for each in instances
    }


def test_a_later_instance_that_disagrees_about_its_study_is_stored_and_changes_nothing(client: InProcessClient) -> None:
    study = generate_uid()
    first = new_instance(StudyInstanceUID=study, PatientName="First^Name")
    second = new_instance(StudyInstanceUID=study, PatientName="Second^Name")
    assert store(client, first).status_code == store(client, second).status_code == 200
    [row] = client.get("/studies").json()
    assert row["00100010"]["Value"] == [{"Alphabetic": "First^Name"}]
    assert row["00201208"]["Value"] == [2]
