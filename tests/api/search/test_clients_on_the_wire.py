"""Searches as real clients send them, to a server on a socket."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from dicomweb_client.api import DICOMwebClient

from tests.live_server import LiveServer, live_server
from tests.multipart_requests import CONTENT_TYPE, store_body
from tests.reference.archive import INSTANCE, SERIES, STUDY, Parameters
from tests.reference.hand_made import hand_made_files
from tests.reference.serving import UID_TAG, expected, parameters_of

Rows = list[dict[str, dict[str, Any]]]

DICOM_JSON = {"Accept": "application/dicom+json"}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server on a socket with the hand-made archive."""
    with live_server(tmp_path_factory.mktemp("wire") / "data") as server:
        body = store_body(file for files in hand_made_files() for file in files)
        answer = requests.post(f"{server.root}/studies", body, headers={"Content-Type": CONTENT_TYPE}, timeout=20)
        assert answer.status_code == 200
        yield server
        server.assert_without_fault()


def rows_of(server: LiveServer, path: str) -> Rows:
    """The results of a search as a viewer asks for it; the path goes out as it is written."""
    answer = requests.get(f"{server.root}{path}", headers=DICOM_JSON, timeout=20)
    assert answer.status_code == 200, answer.text
    rows: Rows = answer.json()
    return rows


def uids(rows: Rows, level: str) -> list[str]:
    """What was found, in order."""
    return [row[UID_TAG[level]]["Value"][0] for row in rows]


class TestPythonClient:
    """dicomweb-client: parameters sorted by name, lists as repeated keys, everything percent-encoded."""

    @pytest.fixture
    def client(self, server: LiveServer) -> DICOMwebClient:
        return DICOMwebClient(server.root)

    @pytest.mark.parametrize(
        "filters",
        [
            {"PatientID": "A1"},
            {"00100020": "A1"},
            {"PatientName": "Smith*"},
            {"PatientName": "*^太郎"},
            {"PatientName": "müller^änne"},
            {"StudyDate": "20200101-20200102"},
            {"PatientID": ["A1", "Q*"]},
            {"ModalitiesInStudy": ["SR", "US"], "StudyDate": "20200101-"},
            {"StudyInstanceUID": "1.2.3.1\\1.2.3.2"},
            {"IssuerOfPatientID": "HOSPITAL B"},
            {"PatientID": "100%"},
            {"StudyDescription": '*"cheese", 50% off;*+f/g#h&i=j'},
        ],
    )
    def test_search_filters(self, client: DICOMwebClient, filters: dict[str, str | list[str]]) -> None:
        asked = [(n, each) for n, v in filters.items() for each in (v if isinstance(v, list) else [v])]
        assert uids(client.search_for_studies(search_filters=filters), STUDY) == expected(STUDY, asked)

    def test_fields(self, client: DICOMwebClient) -> None:
        fields = ["StudyDescription", "00104000"]
        [row] = client.search_for_studies(fields=fields, search_filters={"PatientID": "N30"})
        assert row["00081030"]["Value"] == ["ABDOMEN"]
        assert row["00104000"]["Value"] == ["  leading counts"]

    @pytest.mark.parametrize("size", [1, 7, 50])
    def test_get_remaining(self, client: DICOMwebClient, size: int) -> None:
        assert uids(client.search_for_studies(limit=size, get_remaining=True), STUDY) == expected(STUDY, [])
        assert uids(client.search_for_series(limit=size, get_remaining=True), SERIES) == expected(SERIES, [])
        assert uids(client.search_for_instances(limit=size, get_remaining=True), INSTANCE) == expected(INSTANCE, [])

    def test_limit_and_offset(self, client: DICOMwebClient) -> None:
        assert uids(client.search_for_studies(limit=5, offset=10), STUDY) == expected(STUDY, [])[10:15]

    def test_fuzzy_matching(self, client: DICOMwebClient) -> None:
        rows = client.search_for_studies(fuzzymatching=True, search_filters={"PatientName": "cruz maria"})
        assert "1.2.3.30" in uids(rows, STUDY)

    def test_series_and_instances_of_a_study(self, client: DICOMwebClient) -> None:
        study, series = "1.2.3.23", "1.2.3.23.1"
        assert uids(client.search_for_series(study), SERIES) == expected(SERIES, [], study)
        assert uids(client.search_for_instances(study), INSTANCE) == expected(INSTANCE, [], study)
        assert uids(client.search_for_instances(study, series), INSTANCE) == expected(INSTANCE, [], study, series)

    def test_segmentations_of_the_whole_archive(self, client: DICOMwebClient) -> None:
        """MONAI Label."""
        assert uids(client.search_for_series(search_filters={"Modality": "SEG"}), SERIES) == ["1.2.3.23.2"]
        [row] = client.search_for_series(search_filters={"SeriesInstanceUID": "1.2.3.24.1"})
        assert row["0020000D"]["Value"] == ["1.2.3.24"]


class TestOhif:
    """The viewer's data source: a comma list of modalities is any of them, includefield is a comma list of tags."""

    LIST = "/studies?limit=101&offset=0&fuzzymatching=false&includefield=00081030%2C00080060%2C00080090%2C00100030"

    @pytest.mark.parametrize(
        ("sent", "meant"),
        [
            ("", ""),
            ("&PatientName=*smith*", "PatientName=*smith*"),
            ("&00100020=*1*", "PatientID=*1*"),
            ("&AccessionNumber=*ACC*", "AccessionNumber=*ACC*"),
            ("&StudyDescription=*off*", "StudyDescription=*off*"),
            ("&StudyDate=20200101-20201231", "StudyDate=20200101-20201231"),
            ("&StudyDate=19700102-20191231", "StudyDate=19700102-20191231"),
            ("&ModalitiesInStudy=CT%2CMR", "ModalitiesInStudy=CT&ModalitiesInStudy=MR"),
            ("&ModalitiesInStudy=SR%2CUS&PatientName=*a*", "ModalitiesInStudy=SR&ModalitiesInStudy=US&PatientName=*a*"),
            ("&StudyInstanceUID=1.2.3.9%5C1.2.3.10", "StudyInstanceUID=1.2.3.9,1.2.3.10"),
        ],
    )
    def test_the_study_list(self, server: LiveServer, sent: str, meant: str) -> None:
        rows = rows_of(server, f"{self.LIST}{sent}")
        assert uids(rows, STUDY) == expected(STUDY, parameters_of(meant))
        read = {
            "00080020",
            "00080030",
            "00080050",
            "00080061",
            "00080090",
            "00100010",
            "00100020",
            "00100030",
            "00201208",
        }
        assert all(read <= row.keys() for row in rows)
        assert not any("00080060" in row for row in rows)

    def test_the_series_of_a_study(self, server: LiveServer) -> None:
        rows = rows_of(server, "/studies/1.2.3.23/series?includefield=0008103E%2C00080021")
        assert uids(rows, SERIES) == ["1.2.3.23.1", "1.2.3.23.2", "1.2.3.23.3"]
        assert [row["0008103E"]["Value"] for row in rows] == [["Thorax"], ["Thorax Maske"], ["thorax"]]
        assert [row["00201209"]["Value"] for row in rows] == [[2], [1], [1]]
        assert all(row["0020000D"]["Value"] == ["1.2.3.23"] for row in rows)

    def test_one_series_asked_for_first(self, server: LiveServer) -> None:
        assert uids(rows_of(server, "/studies/1.2.3.23/series?SeriesInstanceUID=1.2.3.23.2"), SERIES) == ["1.2.3.23.2"]
        assert rows_of(server, "/studies/1.2.3.23/series?SeriesInstanceUID=1.2.3.1.1") == []

    def test_the_instance_of_a_thumbnail(self, server: LiveServer) -> None:
        path = "/studies/1.2.3.23/series/1.2.3.23.1/instances?limit=1&includefield=00080018"
        assert uids(rows_of(server, path), INSTANCE) == ["1.2.3.23.1.1"]


class TestDicomtrolley:
    """Accept */*, keywords as includefield repeated; a tree is built from the UIDs in each row, no UID twice."""

    @pytest.mark.parametrize(
        ("path", "level", "meant"),
        [
            ("/studies?StudyDate=20200101-20240301&includefield=PatientName", STUDY, "StudyDate=20200101-20240301"),
            ("/studies?PatientName=Parts*&includefield=NumberOfStudyRelatedInstances", STUDY, "PatientName=Parts*"),
            ("/series?Modality=MR&includefield=SeriesDescription&includefield=PatientID", SERIES, "Modality=MR"),
            ("/instances?PatientID=A1", INSTANCE, "PatientID=A1"),
        ],
    )
    def test_queries(self, server: LiveServer, path: str, level: str, meant: str) -> None:
        answer = requests.get(f"{server.root}{path}", headers={"Accept": "*/*"}, timeout=20)
        found = uids(answer.json(), level)
        assert found == expected(level, parameters_of(meant))
        assert len(found) == len(set(found))
        below = {STUDY: {"0020000E", "00080018"}, SERIES: {"00080018"}, INSTANCE: set()}[level]
        above = {STUDY: {"0020000D"}, SERIES: {"0020000D", "0020000E"}, INSTANCE: {"0020000D", "0020000E"}}[level]
        assert all(above <= row.keys() and not below & row.keys() for row in answer.json())


class TestWeasis:
    """No Accept header, tags, a comma list of includefield, parents asked for from below."""

    @pytest.mark.parametrize(
        ("path", "level", "asked"),
        [
            ("/studies?00100020=A1", STUDY, [("PatientID", "A1")]),
            ("/studies?0020000D=1.2.3.23", STUDY, [("StudyInstanceUID", "1.2.3.23")]),
            ("/studies?00080050=ACC1", STUDY, [("AccessionNumber", "ACC1")]),
            ("/series?0020000E=1.2.3.23.2", SERIES, [("SeriesInstanceUID", "1.2.3.23.2")]),
            ("/instances?00080018=1.2.3.23.2.1", INSTANCE, [("SOPInstanceUID", "1.2.3.23.2.1")]),
        ],
    )
    def test_queries(self, server: LiveServer, path: str, level: str, asked: Parameters) -> None:
        fields = "00100010,00100020,00100021,00100040,00080020,00081030,00200010"
        answer = requests.get(f"{server.root}{path}&includefield={fields}", headers={"Accept": None}, timeout=20)
        assert uids(answer.json(), level) == expected(level, asked)
        for row in answer.json():
            assert {"00100010", "00100020", "00100040", "00080020", "00081190"} <= row.keys()
