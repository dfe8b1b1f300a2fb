"""What is told of each instance of a store request: PS3.18 Annex I, and what CONFORMANCE.md promises of it."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pydicom
import pytest
from pydicom.data import get_testdata_file
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import MediaStorageDirectoryStorage, generate_uid

from app.services.store import Validation
from app.settings import Settings, StoreSettings
from storage.records import DuplicatePolicy
from tests.api.answers import failures, store, stored_uids
from tests.api.in_process import InProcessClient, PlannedRequest, in_process
from tests.archives import stored_blobs
from tests.examples import new_instance, part10
from tests.multipart_requests import CONTENT_TYPE, store_body

FAILED, STORED, SOP_CLASS, SOP_INSTANCE, REASON, WARNING = (
    "00081198",
    "00081199",
    "00081150",
    "00081155",
    "00081197",
    "00081196",
)
FAILED_ATTRIBUTES, ERROR_COMMENT = "00741048", "00000902"
LONG_STRING = 64
"""Characters of an LO (PS3.5 6.2)."""

CLIENTS = 16
REPORT = "application/dicom+json"
STORED_BYTES = "application/dicom; transfer-syntax=*"


@pytest.fixture(autouse=True)
def quiet_pydicom() -> Iterator[None]:
    """Values that break the rules are the point here."""
    with pydicom.config.disable_value_validation():
        yield


@pytest.fixture
def strict_client(data_folder: Path) -> Iterator[InProcessClient]:
    """A server that validates what it stores."""
    settings = Settings(data=data_folder, store=StoreSettings(validation=Validation.STRICT))
    with in_process(settings) as client:
        yield client


@pytest.fixture
def replacing_client(data_folder: Path) -> Iterator[InProcessClient]:
    """A server where the last one wins."""
    with in_process(Settings(data=data_folder, store=StoreSettings(duplicates=DuplicatePolicy.REPLACE))) as client:
        yield client


@pytest.fixture
def keeping_client(data_folder: Path) -> Iterator[InProcessClient]:
    """A server where the first one stays."""
    with in_process(Settings(data=data_folder, store=StoreSettings(duplicates=DuplicatePolicy.KEEP))) as client:
        yield client


def only_failure(answer: httpx.Response) -> tuple[Any, Any, int, list[str]]:
    """SOPClassUID, SOPInstanceUID, FailureReason and comments of the one instance that failed."""
    [item] = answer.json()[FAILED]["Value"]
    comments = [each[ERROR_COMMENT]["Value"][0] for each in item[FAILED_ATTRIBUTES]["Value"]]
    assert comments
    assert all(0 < len(comment) <= LONG_STRING and "\\" not in comment for comment in comments)
    sop_class, sop_instance = (item[tag].get("Value", [None])[0] for tag in (SOP_CLASS, SOP_INSTANCE))
    return sop_class, sop_instance, item[REASON]["Value"][0], comments


def path_of(instance: Dataset) -> str:
    uids = instance.StudyInstanceUID, instance.SeriesInstanceUID, instance.SOPInstanceUID
    return "/studies/{}/series/{}/instances/{}".format(*uids)


def stored_bytes(client: InProcessClient, instance: Dataset) -> bytes:
    answer = client.get(path_of(instance), Accept=STORED_BYTES)
    assert answer.status_code == 200, answer.text
    return answer.content


def another_version(instance: Dataset, **attributes: object) -> Dataset:
    """Other bytes under the same names."""
    keywords = "StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"
    return new_instance(**{keyword: instance[keyword].value for keyword in keywords} | attributes)


# Every reason


def invalid_uid() -> Dataset:
    return new_instance(SeriesInstanceUID="1.2.x")


def without_study() -> Dataset:
    instance = new_instance()
    del instance.StudyInstanceUID
    return instance


def directory() -> Dataset:
    instance = new_instance()
    instance.file_meta.MediaStorageSOPClassUID = MediaStorageDirectoryStorage
    return instance


def deeply_nested() -> Dataset:
    instance = new_instance()
    for _ in range(100):
        item = Dataset()
        if "ContentSequence" in instance:
            item.ContentSequence = instance.ContentSequence
        instance.ContentSequence = Sequence([item])
    return instance


@pytest.mark.parametrize(
    ("make", "reason", "word"),
    [
        (invalid_uid, 0x0117, "SeriesInstanceUID"),
        (without_study, 0xA900, "StudyInstanceUID"),
        (deeply_nested, 0xA700, "sequence"),
    ],
)
def test_a_reason_with_the_uids_of_the_instance(
    client: InProcessClient, make: Callable[[], Dataset], reason: int, word: str
) -> None:
    instance = make()
    answer = store(client, instance)
    assert answer.status_code == 409
    sop_class, sop_instance, told, comments = only_failure(answer)
    assert (sop_class, sop_instance, told) == (instance.SOPClassUID, instance.SOPInstanceUID, reason)
    assert word.lower() in comments[0].lower()


@pytest.mark.parametrize(
    ("file", "reason", "word"),
    [
        (part10(directory()), 0x0122, "DICOMDIR"),
        (b"GIF89a" + bytes(1000), 0xC000, "not a DICOM file"),
        (b"", 0xC000, "not a DICOM file"),
        (bytes(128) + b"DICM", 0xA900, "SOPClassUID"),
    ],
    ids=["directory", "other format", "empty", "head alone"],
)
def test_a_reason_without_uids(client: InProcessClient, file: bytes, reason: int, word: str) -> None:
    answer = store(client, file)
    assert answer.status_code == 409
    _, _, told, comments = only_failure(answer)
    assert told == reason
    assert word in comments[0]


def test_a_file_that_is_cut_behind_its_uids_is_named(client: InProcessClient) -> None:
    instance = new_instance()
    file = part10(instance)
    trailing_padding = file.rindex(b"\xfc\xff\xfc\xffOB")
    sop_class, sop_instance, reason, _ = only_failure(store(client, file[: trailing_padding + 10]))
    assert (sop_class, sop_instance, reason) == (instance.SOPClassUID, instance.SOPInstanceUID, 0xC000)


def test_an_unknown_transfer_syntax_that_cannot_be_read_is_c122(client: InProcessClient) -> None:
    instance = new_instance()
    explicit = part10(instance)
    start = explicit.index(b"\x08\x00\x05\x00CS")
    # A data set in a coding of its own: nothing that reads as Explicit VR Little Endian.
    file = explicit[:start].replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.99999.1.2.1\0") + bytes(range(256)) * 40
    _, _, reason, comments = only_failure(store(client, file))
    assert reason == 0xC122
    assert "1.2.840.99999.1.2.1" in comments[0]


def test_an_unknown_transfer_syntax_that_can_be_read_is_stored(client: InProcessClient) -> None:
    file = part10(new_instance()).replace(b"1.2.840.10008.1.2.1\0", b"1.2.840.99999.1.2.1\0", 1)
    assert store(client, file).status_code == 200


def test_another_study_than_the_urls_is_a900_and_named(client: InProcessClient) -> None:
    instance = new_instance()
    sop_class, sop_instance, reason, comments = only_failure(store(client, instance, study="1.2.3"))
    assert (sop_class, sop_instance, reason) == (instance.SOPClassUID, instance.SOPInstanceUID, 0xA900)
    assert "study" in comments[0]


def test_a_duplicate_is_0111_and_named(client: InProcessClient) -> None:
    instance = new_instance()
    store(client, instance)
    answer = store(client, another_version(instance, PatientName="Other^Name"))
    sop_class, sop_instance, reason, _ = only_failure(answer)
    assert (sop_class, sop_instance, reason) == (instance.SOPClassUID, instance.SOPInstanceUID, 0x0111)
    assert stored_bytes(client, instance) == part10(instance)


def test_a_fault_of_the_server_in_one_instance_is_0110_and_spoils_no_other(
    client: InProcessClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def index_frames_or_fail(pixels: Any) -> None:
        raise RuntimeError("a fault")

    assert store(client, new_instance()).status_code == 200
    monkeypatch.setattr("app.dicom.part10.index_frames", index_frames_or_fail)
    answer = store(client, new_instance())
    assert answer.status_code == 409
    _, _, reason, comments = only_failure(answer)
    assert reason == 0x0110
    assert "a fault" not in comments[0]
    monkeypatch.undo()
    assert store(client, new_instance()).status_code == 200


def test_a_reason_for_each_of_many(client: InProcessClient) -> None:
    good = new_instance()
    instances: list[Dataset | bytes] = [invalid_uid(), good, without_study(), b"nothing", part10(directory()), good]
    answer = store(client, *instances)
    assert answer.status_code == 202
    assert [reason for _, reason in failures(answer)] == [0x0117, 0xA900, 0xC000, 0x0122]
    assert stored_uids(answer) == [good.SOPInstanceUID] * 2


# Strict validation


def test_strict_validation_lists_each_attribute_that_is_wrong(strict_client: InProcessClient) -> None:
    instance = new_instance(PatientSex="X", StudyDate="yesterday", Rows=[128, 128], PatientBirthDate="")
    del instance.AccessionNumber
    answer = store(strict_client, instance)
    assert answer.status_code == 409
    sop_class, sop_instance, reason, comments = only_failure(answer)
    assert (sop_class, sop_instance, reason) == (instance.SOPClassUID, instance.SOPInstanceUID, 0xA900)
    wrong = {"StudyDate (0008,0020)", "AccessionNumber (0008,0050)", "PatientSex (0010,0040)", "Rows (0028,0010)"}
    assert {comment.partition(")")[0] + ")" for comment in comments} >= wrong
    assert not any("PatientBirthDate" in comment for comment in comments)
    assert strict_client.get("/instances").json() == []


def test_strict_validation_tells_no_value_of_a_patient(strict_client: InProcessClient) -> None:
    answer = store(strict_client, new_instance(PatientBirthDate="20th of May", PatientID="x" * 80))
    assert answer.status_code == 409
    assert "May" not in answer.text
    assert "xxx" not in answer.text


def test_strict_validation_looks_into_sequences(strict_client: InProcessClient) -> None:
    item = Dataset()
    item.ReferencedSOPClassUID = "no uid"
    _, _, _, comments = only_failure(store(strict_client, clean_instance(ReferencedImageSequence=Sequence([item]))))
    assert [comment for comment in comments if "ReferencedSOPClassUID" in comment]


def test_strict_validation_stores_what_keeps_the_rules(strict_client: InProcessClient) -> None:
    answer = store(strict_client, clean_instance())
    assert answer.status_code == 200, answer.text


def test_strict_validation_lets_good_instances_of_a_request_pass(strict_client: InProcessClient) -> None:
    good = clean_instance()
    answer = store(strict_client, clean_instance(PatientSex="X"), good)
    assert answer.status_code == 202
    assert stored_uids(answer) == [good.SOPInstanceUID]


def test_lenient_validation_stores_all_of_these(client: InProcessClient) -> None:
    instance = new_instance(PatientSex="X", StudyDate="yesterday", Rows=[128, 128])
    assert store(client, instance).status_code == 200
    assert stored_bytes(client, instance) == part10(instance)


def clean_instance(**attributes: object) -> Dataset:
    """An instance that keeps the rules, which the example does not quite."""
    instance = new_instance(AccessionNumber="", PatientBirthDate="19700101", StudyID="1", ReferringPhysicianName="")
    for keyword, value in attributes.items():
        setattr(instance, keyword, value)
    return instance


# Duplicates


@pytest.mark.parametrize("policy", list(DuplicatePolicy))
def test_the_same_bytes_again_are_a_success_whatever_the_policy(data_folder: Path, policy: DuplicatePolicy) -> None:
    instance = new_instance()
    with in_process(Settings(data=data_folder, store=StoreSettings(duplicates=policy))) as client:
        assert store(client, instance).json() == store(client, instance).json()
        assert WARNING not in store(client, instance).text
        assert len(client.get("/instances").json()) == 1
    assert len(stored_blobs(data_folder)) == 1


def test_replace_gives_the_new_bytes_to_every_request(replacing_client: InProcessClient) -> None:
    old = new_instance()
    new = another_version(old, PatientName="New^Name", PixelData=b"\7" * 32_768)
    assert store(replacing_client, old).status_code == 200
    before = replacing_client.get(f"{path_of(old)}/frames/1", Accept="application/octet-stream")
    assert before.content == old.PixelData
    assert store(replacing_client, new).status_code == 200
    assert stored_bytes(replacing_client, old) == part10(new)
    frame = replacing_client.get(f"{path_of(old)}/frames/1", Accept="application/octet-stream")
    assert frame.content == new.PixelData
    [metadata] = replacing_client.get(f"{path_of(old)}/metadata").json()
    assert metadata["00100010"]["Value"] == [{"Alphabetic": "New^Name"}]
    [row] = replacing_client.get("/studies").json()
    assert row["00201208"]["Value"] == [1]
    assert row["00100010"]["Value"] == [{"Alphabetic": "New^Name"}]


def test_replace_moves_an_instance_to_another_study(replacing_client: InProcessClient) -> None:
    old = new_instance()
    new = new_instance(SOPInstanceUID=old.SOPInstanceUID)
    store(replacing_client, old)
    assert store(replacing_client, new).status_code == 200
    assert replacing_client.get(path_of(old)).status_code == 404
    assert [row["0020000D"]["Value"] for row in replacing_client.get("/studies").json()] == [[new.StudyInstanceUID]]
    assert stored_bytes(replacing_client, new) == part10(new)


def test_of_two_versions_in_one_request_replace_stores_the_last(replacing_client: InProcessClient) -> None:
    first = new_instance()
    last = another_version(first, PatientName="Last^Name")
    answer = store(replacing_client, first, last)
    assert answer.status_code == 200
    assert stored_bytes(replacing_client, first) == part10(last)


def test_keep_leaves_the_first_bytes_and_warns(keeping_client: InProcessClient) -> None:
    first = new_instance()
    second = another_version(first, PatientName="Second^Name")
    assert store(keeping_client, first).status_code == 200
    answer = store(keeping_client, second)
    assert answer.status_code == 202
    [item] = answer.json()[STORED]["Value"]
    assert item[WARNING] == {"vr": "US", "Value": [0x0111]}
    assert FAILED not in answer.json()
    assert stored_bytes(keeping_client, first) == part10(first)


def test_keep_tells_where_the_instance_is_that_stays(keeping_client: InProcessClient) -> None:
    first = new_instance()
    store(keeping_client, first)
    answer = store(keeping_client, new_instance(SOPInstanceUID=first.SOPInstanceUID))
    [item] = answer.json()[STORED]["Value"]
    assert item["00081190"]["Value"] == [f"http://testserver/dicom-web{path_of(first)}"]


# Clients at the same time


def sent_at_once(client: InProcessClient, files: list[bytes]) -> list[httpx.Response]:
    headers = {"Content-Type": CONTENT_TYPE}
    return client.together([PlannedRequest("POST", "/studies", headers, store_body([file])) for file in files])


def test_the_same_instance_from_16_clients_at_once_is_stored_once(client: InProcessClient, data_folder: Path) -> None:
    instance = new_instance()
    answers = sent_at_once(client, [part10(instance)] * CLIENTS)
    assert [answer.status_code for answer in answers] == [200] * CLIENTS
    assert len({answer.text for answer in answers}) == 1
    assert len(client.get("/instances").json()) == len(stored_blobs(data_folder)) == 1
    assert stored_bytes(client, instance) == part10(instance)


def test_of_16_versions_at_once_one_wins_and_the_others_are_refused(client: InProcessClient, data_folder: Path) -> None:
    versions = versions_of_an_instance()
    answers = sent_at_once(client, [part10(version) for version in versions])
    assert sorted(answer.status_code for answer in answers) == [200] + [409] * (CLIENTS - 1)
    [winner] = [version for version, answer in zip(versions, answers, strict=True) if answer.status_code == 200]
    assert stored_bytes(client, winner) == part10(winner)
    assert len(client.get("/instances").json()) == len(stored_blobs(data_folder)) == 1


def test_of_16_versions_at_once_replace_leaves_one_whole(replacing_client: InProcessClient) -> None:
    versions = versions_of_an_instance()
    answers = sent_at_once(replacing_client, [part10(version) for version in versions])
    assert {answer.status_code for answer in answers} == {200}
    assert stored_bytes(replacing_client, versions[0]) in [part10(version) for version in versions]
    [row] = replacing_client.get("/studies").json()
    assert (row["00201206"]["Value"], row["00201208"]["Value"]) == ([1], [1])


def test_of_16_versions_at_once_keep_leaves_the_one_without_a_warning(keeping_client: InProcessClient) -> None:
    versions = versions_of_an_instance()
    answers = sent_at_once(keeping_client, [part10(version) for version in versions])
    assert sorted(answer.status_code for answer in answers) == [200] + [202] * (CLIENTS - 1)
    [winner] = [version for version, answer in zip(versions, answers, strict=True) if answer.status_code == 200]
    assert stored_bytes(keeping_client, winner) == part10(winner)


def versions_of_an_instance() -> list[Dataset]:
    first = new_instance()
    return [another_version(first, PatientID=f"P{number}") for number in range(CLIENTS)]


def test_readers_of_an_instance_that_is_replaced_get_the_one_or_the_other(replacing_client: InProcessClient) -> None:
    versions = versions_of_an_instance()
    store(replacing_client, versions[0])
    requests = []
    for version in versions[1:]:
        requests.append(
            PlannedRequest("POST", "/studies", {"Content-Type": CONTENT_TYPE}, store_body([part10(version)]))
        )
        requests += [PlannedRequest("GET", path_of(version), {"Accept": STORED_BYTES})] * 4
    answers = replacing_client.together(requests)
    assert {answer.status_code for answer in answers} == {200}
    files = [part10(version) for version in versions]
    assert all(answer.content in files for answer in answers if answer.headers["content-type"] != REPORT)


def test_instances_of_one_study_from_16_clients_at_once_are_counted_right(client: InProcessClient) -> None:
    study = generate_uid()
    series = [generate_uid() for _ in range(4)]
    instances = [new_instance(StudyInstanceUID=study, SeriesInstanceUID=series[n % 4]) for n in range(CLIENTS)]
    answers = sent_at_once(client, [part10(each) for each in instances])
    assert {answer.status_code for answer in answers} == {200}
    [row] = client.get("/studies").json()
    assert (row["00201206"]["Value"], row["00201208"]["Value"]) == ([4], [CLIENTS])
    counts = [row["00201209"]["Value"] for row in client.get(f"/studies/{study}/series").json()]
    assert counts == [[4]] * 4


@pytest.mark.parametrize("name", ["MR_truncated.dcm", "rtplan_truncated.dcm"])
def test_a_file_that_is_cut_off_is_kept_with_a_warning(client: InProcessClient, name: str) -> None:
    answer = client.post("/studies", Path(get_testdata_file(name)).read_bytes(), {"Content-Type": "application/dicom"})
    assert answer.status_code == 202
    [kept] = answer.json()["00081199"]["Value"]
    assert kept["00081196"]["Value"] == [0xB007]
