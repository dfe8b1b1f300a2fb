"""Which attributes a search returns (PS3.18 10.6.3.3, Tables 10.6.3-3 to 10.6.3-5)."""

from typing import Any

import pytest

from tests.api.answers import store
from tests.api.in_process import InProcessClient
from tests.examples import new_instance
from tests.reference.archive import INSTANCE, SERIES, STUDY
from tests.reference.serving import target

Row = dict[str, dict[str, Any]]

STUDY_ALWAYS = {
    "00080020",  # StudyDate
    "00080030",  # StudyTime
    "00080050",  # AccessionNumber
    "00080056",  # InstanceAvailability
    "00080061",  # ModalitiesInStudy
    "00080090",  # ReferringPhysicianName
    "00081190",  # RetrieveURL
    "00100010",  # PatientName
    "00100020",  # PatientID
    "00100030",  # PatientBirthDate
    "00100040",  # PatientSex
    "0020000D",  # StudyInstanceUID
    "00200010",  # StudyID
    "00201206",  # NumberOfStudyRelatedSeries
    "00201208",  # NumberOfStudyRelatedInstances
}
"""Table 10.6.3-3: types U and R, and of type C what the server always knows."""

SERIES_ALWAYS = {
    "00080060",  # Modality
    "00081190",  # RetrieveURL
    "0020000D",  # StudyInstanceUID: every client reads it, and one that has not asked below a study needs it
    "0020000E",  # SeriesInstanceUID
    "00200011",  # SeriesNumber
    "00201209",  # NumberOfSeriesRelatedInstances
}
"""Table 10.6.3-4, the same types."""

INSTANCE_ALWAYS = {
    "00080016",  # SOPClassUID
    "00080018",  # SOPInstanceUID
    "00080056",  # InstanceAvailability
    "00081190",  # RetrieveURL
    "0020000D",  # StudyInstanceUID
    "0020000E",  # SeriesInstanceUID
}
"""Table 10.6.3-5, the same types."""

INSTANCE_MAYBE = {"00083002", "00200013"}
"""AvailableTransferSyntaxUID, which viewers want, and InstanceNumber, which Table 10.6.3-5 has as type R."""

BELOW_STUDY = {"0020000E", "00080060", "00200011", "00201209", "0008103E", "00080018", "00080016", "00200013"}
BELOW_SERIES = {"00080018", "00080016", "00200013", "00080008"}


def row_of(client: InProcessClient, path: str) -> Row:
    """The one match."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    [row] = answer.json()
    found: Row = row
    return found


class TestRequired:
    def test_a_study_has_exactly_what_the_table_says(self, hand_made: InProcessClient) -> None:
        assert row_of(hand_made, "/studies?StudyInstanceUID=1.2.3.30").keys() == STUDY_ALWAYS

    def test_an_attribute_without_value_is_returned_empty(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/studies?StudyInstanceUID=1.2.3.7")
        assert row.keys() == STUDY_ALWAYS
        for tag, vr in {
            "00100010": "PN",
            "00080020": "DA",
            "00080030": "TM",
            "00200010": "SH",
            "00100040": "CS",
        }.items():
            assert row[tag] == {"vr": vr}

    def test_the_values_of_a_study(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/studies?StudyInstanceUID=1.2.3.23")
        assert row["00080061"] == {"vr": "CS", "Value": ["CT", "SEG", "SR"]}
        assert row["00201206"] == {"vr": "IS", "Value": [3]}
        assert row["00201208"] == {"vr": "IS", "Value": [4]}
        assert row["00080056"] == {"vr": "CS", "Value": ["ONLINE"]}
        assert row["00081190"] == {"vr": "UR", "Value": ["http://testserver/dicom-web/studies/1.2.3.23"]}

    def test_all_groups_of_a_name_are_returned_whatever_its_character_set(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/studies?StudyInstanceUID=1.2.3.1")
        assert row["00100010"]["Value"] == [
            {"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}
        ]

    def test_a_series_below_its_study(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/studies/1.2.3.1/series?Modality=MR")
        assert row.keys() == SERIES_ALWAYS
        assert row["00081190"]["Value"] == ["http://testserver/dicom-web/studies/1.2.3.1/series/1.2.3.1.2"]
        assert row["00200011"] == {"vr": "IS"}

    def test_a_series_of_all_series_has_its_study_too(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/series?SeriesInstanceUID=1.2.3.1.2")
        assert row.keys() == STUDY_ALWAYS | SERIES_ALWAYS
        assert row["00081190"]["Value"] == ["http://testserver/dicom-web/studies/1.2.3.1/series/1.2.3.1.2"]

    def test_what_is_known_of_a_series_is_returned(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/studies/1.2.3.17/series?SeriesInstanceUID=1.2.3.17.1")
        assert row.keys() == SERIES_ALWAYS | {"00400275"}
        items = row["00400275"]["Value"]
        assert [item["00400009"]["Value"] for item in items] == [["S1"], ["S2"]]
        assert [item["00401001"]["Value"] for item in items] == [["P1"], ["P2"]]
        assert row_of(hand_made, "/studies/1.2.3.23/series?SeriesNumber=2")["0008103E"]["Value"] == ["Thorax Maske"]

    def test_an_instance_below_its_series(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/studies/1.2.3.23/series/1.2.3.23.2/instances")
        assert INSTANCE_ALWAYS <= row.keys() <= INSTANCE_ALWAYS | INSTANCE_MAYBE
        url = "http://testserver/dicom-web/studies/1.2.3.23/series/1.2.3.23.2/instances/1.2.3.23.2.1"
        assert row["00081190"]["Value"] == [url]

    def test_an_instance_below_its_study_has_its_series_too(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/studies/1.2.3.26/instances")
        assert INSTANCE_ALWAYS | SERIES_ALWAYS <= row.keys() <= INSTANCE_ALWAYS | SERIES_ALWAYS | INSTANCE_MAYBE

    def test_an_instance_of_all_instances_has_its_study_and_series_too(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/instances?SOPInstanceUID=1.2.3.26.1.1")
        everything = INSTANCE_ALWAYS | SERIES_ALWAYS | STUDY_ALWAYS
        assert everything <= row.keys() <= everything | INSTANCE_MAYBE

    def test_the_frame_of_an_image_is_described(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/instances?SOPInstanceUID=1.2.3.24.1.1")
        assert row["00280010"] == {"vr": "US", "Value": [512]}
        assert row["00200013"] == {"vr": "IS", "Value": [7]}


class TestMatchedAttributesAreReturned:
    @pytest.mark.parametrize(
        ("level", "query", "tag", "value"),
        [
            (STUDY, "PatientComments=*counts", "00104000", "  leading counts"),
            (STUDY, "00101030=70.5", "00101030", 70.5),
            (STUDY, "MedicalAlerts=LATEX", "00102000", "PEANUTS"),
            (SERIES, "BodyPartExamined=ABD*", "00180015", "ABDOMEN"),
            (SERIES, "StudyDescription=ABDOMEN", "00081030", "ABDOMEN"),
            (INSTANCE, "ImageType=AXIAL", "00080008", "ORIGINAL"),
        ],
    )
    def test_with_their_values(
        self, hand_made: InProcessClient, level: str, query: str, tag: str, value: str | float
    ) -> None:
        assert row_of(hand_made, f"{target(level)}?{query}")[tag]["Value"][0] == value

    def test_also_where_any_value_will_do(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/studies?StudyInstanceUID=1.2.3.14&MedicalAlerts=")
        assert row["00102000"]["Value"] == ["PEANUTS", "LATEX"]


class TestNothingOfALowerLevel:
    @pytest.mark.parametrize(
        "query",
        [
            "",
            "includefield=all",
            "includefield=SeriesInstanceUID&includefield=SOPInstanceUID&includefield=Modality",
            "includefield=0020000E,00080018,00080060,00200013,SeriesDescription",
            "SeriesDescription=Thorax&Modality=CT",
            "SOPInstanceUID=1.2.3.23.1.1&InstanceNumber=1",
        ],
    )
    def test_in_a_study(self, hand_made: InProcessClient, query: str) -> None:
        row = row_of(hand_made, f"/studies?StudyInstanceUID=1.2.3.23&{query}")
        assert not BELOW_STUDY & row.keys()

    @pytest.mark.parametrize(
        "query", ["", "includefield=all", "includefield=SOPInstanceUID,00080016,ImageType", "InstanceNumber=3"]
    )
    def test_in_a_series(self, hand_made: InProcessClient, query: str) -> None:
        row = row_of(hand_made, f"/series?SeriesInstanceUID=1.2.3.23.2&{query}")
        assert not BELOW_SERIES & row.keys()


class TestIncludeField:
    @pytest.mark.parametrize(
        "query",
        [
            "includefield=StudyDescription&includefield=PatientComments",
            "includefield=StudyDescription,PatientComments",
            "includefield=00081030%2C00104000",
            "includefield=00081030&includefield=PatientComments",
            "includefield=StudyDescription,,PatientComments,StudyDescription",
        ],
    )
    def test_by_keyword_or_tag_repeated_or_listed(self, hand_made: InProcessClient, query: str) -> None:
        row = row_of(hand_made, f"/studies?StudyInstanceUID=1.2.3.30&{query}")
        assert row.keys() == STUDY_ALWAYS | {"00081030", "00104000"}
        assert row["00081030"] == {"vr": "LO", "Value": ["ABDOMEN"]}

    def test_attributes_of_the_levels_above(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/studies/1.2.3.23/series/1.2.3.23.2/instances?includefield=PatientID,Modality")
        assert row["00100020"]["Value"] == ["P23"]
        assert row["00080060"]["Value"] == ["SEG"]

    def test_any_attribute_of_an_instance(self, hand_made: InProcessClient) -> None:
        fields = "SliceThickness,PixelSpacing,00180081,DiffusionBValue"
        row = row_of(hand_made, f"/instances?SOPInstanceUID=1.2.3.24.1.3&includefield={fields}")
        assert row["00180050"] == {"vr": "DS", "Value": [5]}
        assert row["00280030"] == {"vr": "DS", "Value": [0.5, 0.25]}

    def test_a_sequence_whole_or_an_attribute_of_its_items(self, hand_made: InProcessClient) -> None:
        path = "/studies/1.2.3.17/series?SeriesInstanceUID=1.2.3.17.2"
        [whole] = row_of(hand_made, f"{path}&includefield=RequestAttributesSequence")["00400275"]["Value"]
        assert [item["00080100"]["Value"] for item in whole["00400008"]["Value"]] == [["C2"], ["C1"]]
        dotted = "RequestAttributesSequence.ScheduledProtocolCodeSequence.CodeValue"
        [item] = row_of(hand_made, f"{path}&includefield={dotted}")["00400275"]["Value"]
        assert [code["00080100"]["Value"] for code in item["00400008"]["Value"]] == [["C2"], ["C1"]]
        assert all(code.keys() == {"00080100"} for code in item["00400008"]["Value"])

    def test_all_of_the_level_and_no_other(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/studies?StudyInstanceUID=1.2.3.18&includefield=all")
        assert STUDY_ALWAYS | {"00101002", "00081032"} <= row.keys()
        row = row_of(hand_made, "/studies/1.2.3.30/series?includefield=all")
        assert SERIES_ALWAYS | {"00180015", "00080021", "00080031"} <= row.keys()
        row = row_of(hand_made, "/studies/1.2.3.24/series/1.2.3.24.1/instances?InstanceNumber=-7&includefield=all")
        assert INSTANCE_ALWAYS | {"00180050", "00280030"} <= row.keys()

    def test_a_private_attribute_comes_with_its_creator(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/instances?SOPInstanceUID=1.2.3.20.1.1&includefield=00091001")
        assert row["00091001"]["Value"] == ["alpha"]
        assert row["00090010"]["Value"] == ["ACME 1.1"]

    def test_what_is_absent_is_not_made_up(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/studies?StudyInstanceUID=1.2.3.26&includefield=PatientComments,00102000")
        assert not any("Value" in row.get(tag, {}) for tag in ("00104000", "00102000"))

    def test_what_is_derived_from_the_parts_of_a_study(self, hand_made: InProcessClient) -> None:
        row = row_of(hand_made, "/studies?StudyInstanceUID=1.2.3.23&includefield=SOPClassesInStudy")
        assert set(row["00080062"]["Value"]) == {"1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.88.22"}

    def test_what_is_derived_from_the_studies_of_a_patient(self, client: InProcessClient) -> None:
        first, second = (new_instance(PatientID="P", IssuerOfPatientID="I") for _ in range(2))
        third = new_instance(PatientID="P", IssuerOfPatientID="I", StudyInstanceUID=second.StudyInstanceUID)
        assert store(client, first, second, third, new_instance(PatientID="Q")).status_code == 200
        fields = "NumberOfPatientRelatedStudies,NumberOfPatientRelatedSeries,NumberOfPatientRelatedInstances"
        for row in client.get(f"/studies?PatientID=P&includefield={fields}").json():
            assert [row[tag]["Value"] for tag in ("00201200", "00201202", "00201204")] == [[2], [3], [3]]
