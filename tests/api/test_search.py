"""SearchForStudies, SearchForSeries, SearchForInstances (PS3.18 10.6)."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from app.settings import Settings
from tests.api.answers import assert_problem, store
from tests.api.conftest import LIMITS
from tests.api.in_process import InProcessClient, in_process
from tests.examples import NATIVE, example, new_instance

RESOURCES = [
    "/studies",
    "/series",
    "/instances",
    f"/studies/{example(NATIVE).study}/series",
    f"/studies/{example(NATIVE).study}/instances",
    f"/studies/{example(NATIVE).study}/series/{example(NATIVE).series}/instances",
]

PATIENTS = {
    "A": {"PatientID": "A", "PatientName": "Miller^Anna", "StudyDate": "20200101", "StudyTime": "083000"},
    "B": {"PatientID": "B", "PatientName": "MILLER^Bert", "StudyDate": "20210615", "StudyTime": "120000"},
    "C": {"PatientID": "C", "PatientName": "Möller^Cid", "StudyDate": "20220301", "StudyTime": "235959"},
    "D": {"PatientID": "D", "PatientName": "Smith^Dora", "StudyDate": "", "StudyTime": ""},
}


@pytest.fixture(scope="module")
def patients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessClient]:
    """A server with one study of each of the four patients."""
    with in_process(Settings(data=tmp_path_factory.mktemp("patients") / "data")) as client:
        instances = [new_instance(SpecificCharacterSet="ISO_IR 192", **attributes) for attributes in PATIENTS.values()]
        assert store(client, *instances).status_code == 200
        yield client


@pytest.mark.parametrize("path", RESOURCES)
def test_nothing_found_is_200_with_an_empty_array(client: InProcessClient, path: str) -> None:
    answer = client.get(path)
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/dicom+json")
    assert answer.content == b"[]"


@pytest.mark.parametrize("path", RESOURCES)
def test_every_resource_finds_what_it_holds(archive: InProcessClient, path: str) -> None:
    assert example(NATIVE).study in [row["0020000D"]["Value"][0] for row in archive.get(path).json()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("PatientID=B", "B"),
        ("00100020=B", "B"),
        ("patientid=B", None),
        ("PatientID=b", ""),
        ("PatientID=", "ABCD"),
        ("PatientID=*", "ABCD"),
        ("PatientID=?", "ABCD"),
        ("PatientID=??", ""),
        ("PatientName=miller*", "AB"),
        ("PatientName=Miller^Anna", "A"),
        ("PatientName=M?ller*", "ABC"),
        ("PatientName=Moller*", "C"),
        ("PatientName=*ith*", "D"),
        ("StudyDate=20210615", "B"),
        ("StudyDate=20200101-20210615", "AB"),
        ("StudyDate=20210101-", "BC"),
        ("StudyDate=-20201231", "A"),
        ("StudyTime=083000", "A"),
        ("StudyTime=08-12", "AB"),
        ("StudyTime=120000-", "BC"),
        ("StudyDate=20200101-20210615&StudyTime=100000-", "B"),
        ("PatientID=A&PatientName=Smith*", ""),
        ("ModalitiesInStudy=CT", "ABCD"),
        ("ModalitiesInStudy=MR", ""),
        ("ModalitiesInStudy=MR,CT", "ABCD"),
    ],
)
def test_matching_by_value_wildcard_range_and_list(patients: InProcessClient, query: str, expected: str | None) -> None:
    answer = patients.get(f"/studies?{query}")
    if expected is None:
        assert_problem(answer, 400, "patientid")
        return
    assert "".join(sorted(row["00100020"]["Value"][0] for row in answer.json())) == expected


@pytest.mark.parametrize(
    "query",
    [
        "limit=-1",
        "limit=many",
        "limit=",
        "offset=1.5",
        "limit=1&limit=2",
        "fuzzymatching=maybe",
        "StudyDate=yesterday",
        "StudyDate=20201301",
        "StudyDate=-",
        "StudyTime=99",
        "StudyInstanceUID=study-1",
        "NoSuchAttribute=1",
        "0010002=1",
        "GGGGEEEE=1",
        "includefield=NoSuchAttribute",
        "InstanceNumber=one",
    ],
)
def test_what_cannot_be_read_is_400_and_named(archive: InProcessClient, query: str) -> None:
    name = query.partition("=")[0]
    assert_problem(archive.get(f"/instances?{query}"), 400, name)


def test_limit_and_offset_cut_the_results(patients: InProcessClient) -> None:
    whole = patients.get("/studies").json()
    assert patients.get("/studies?limit=0").json() == []
    assert patients.get("/studies?limit=2").json() == whole[:2]
    assert patients.get("/studies?limit=2&offset=1").json() == whole[1:3]
    assert patients.get("/studies?offset=4").json() == []
    assert patients.get("/studies?offset=999999999999").json() == []


@pytest.fixture
def crowded(narrow_client: InProcessClient) -> InProcessClient:
    """A server that holds one study more than it gives at once."""
    store(narrow_client, *[new_instance() for _ in range(LIMITS.search_results + 1)])
    return narrow_client


@pytest.mark.parametrize("query", ["", "?limit=1000"])
def test_the_servers_limit_holds_whatever_the_client_asks_for(crowded: InProcessClient, query: str) -> None:
    assert len(crowded.get(f"/studies{query}").json()) == LIMITS.search_results
    assert len(crowded.get(f"/studies?offset={LIMITS.search_results}").json()) == 1


@pytest.mark.parametrize("query", ["", "?limit=1000"])
def test_a_warning_tells_that_the_server_has_more_than_it_gives_at_once(crowded: InProcessClient, query: str) -> None:
    warning = crowded.get(f"/studies{query}").headers.get("warning", "")
    assert warning.startswith("299 ")
    assert "additional results that can be requested" in warning


def test_no_warning_when_everything_is_there(patients: InProcessClient) -> None:
    assert "warning" not in patients.get("/studies?PatientName=*").headers


def test_the_warning_holds_nothing_that_a_client_put_there(patients: InProcessClient) -> None:
    answer = patients.get("/studies?00190010=x%22%0D%0ASet-Cookie:%20a=b")
    assert "set-cookie" not in answer.headers
    assert "Set-Cookie" not in answer.headers.get("warning", "")


@pytest.mark.parametrize("path", ["/studies/1.2.3/series", "/studies/1.2.3/instances"])
def test_a_search_below_an_unknown_study_finds_nothing(archive: InProcessClient, path: str) -> None:
    assert archive.get(path).json() == []


@pytest.mark.parametrize("path", ["/studies/x/series", "/studies/1.2.3/series/-1/instances", "/studies/1..2/instances"])
def test_what_is_no_uid_in_the_path_is_400(archive: InProcessClient, path: str) -> None:
    assert_problem(archive.get(path), 400)


@pytest.mark.parametrize("accept", ["image/png", "text/html", "application/dicom", "application/dicom+json;q=0"])
def test_what_is_not_on_offer_is_406_with_the_offers(archive: InProcessClient, accept: str) -> None:
    assert_problem(archive.get("/studies", accept=accept), 406, "application/dicom+json")


def test_plain_json_is_given_to_whom_asks_for_it(archive: InProcessClient) -> None:
    answer = archive.get("/studies", accept="application/json")
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == archive.get("/studies").json()


def test_includefield_all_returns_all_attributes_of_the_level(archive: InProcessClient) -> None:
    [row] = archive.get(f"/instances?SOPInstanceUID={example(NATIVE).instance}&includefield=all").json()
    assert row["00180050"] == {"vr": "DS", "Value": [5]}
    assert "7FE00010" not in row or "BulkDataURI" in row["7FE00010"]


def test_an_archive_that_does_not_exist_yet_is_made(tmp_path: Path) -> None:
    with in_process(Settings(data=tmp_path / "new" / "data")) as client:
        assert client.get("/studies").json() == []
