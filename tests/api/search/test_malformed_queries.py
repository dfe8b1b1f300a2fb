"""What cannot be read is a 400 that names it; what can be read in several ways is read (PS3.18 8.3.4, 10.6.3.1)."""

import pytest

from tests.api.answers import assert_problem
from tests.api.in_process import InProcessClient
from tests.reference.archive import STUDY
from tests.reference.serving import expected, uids_in

MALFORMED = [
    "NoSuchAttribute=1",
    "patientname=x",
    "0010002=1",
    "001000200=1",
    "0010,0020=1",
    "GGGGEEEE=1",
    "RequestAttributesSequence.NoSuchAttribute=1",
    "NoSuchSequence.PatientID=1",
    "PatientID.PatientName=1",
    "RequestAttributesSequence.=1",
    ".PatientID=1",
    "StudyDate=yesterday",
    "StudyDate=20201301",
    "StudyDate=2020-01-01",
    "StudyDate=-",
    "StudyDate=20200101-20200102-20200103",
    "StudyTime=99",
    "StudyTime=250000",
    "StudyTime=1",
    "StudyTime=-",
    "AcquisitionDateTime=2020-13",
    "AcquisitionDateTime=noon",
    "StudyInstanceUID=study-1",
    "StudyInstanceUID=1..2",
    "StudyInstanceUID=1.2,x",
    "SeriesNumber=one",
    "SliceThickness=5mm",
    "Rows=-1x",
    "limit=-1",
    "limit=many",
    "limit=",
    "limit=1&limit=2",
    "offset=-1",
    "offset=1.5",
    "fuzzymatching=maybe",
    "emptyvaluematching=maybe",
    "multiplevaluematching=maybe",
    "includefield=NoSuchAttribute",
    "includefield=0010002",
    "includefield=PatientID,NoSuchAttribute",
]


@pytest.mark.parametrize("resource", ["/studies", "/series", "/instances", "/studies/1.2.3.1/series"])
@pytest.mark.parametrize("query", MALFORMED)
def test_what_cannot_be_read_is_400_and_named(hand_made: InProcessClient, resource: str, query: str) -> None:
    name, _, value = query.partition("&")[0].partition("=")
    wrong = value.split(",")[-1] if name == "includefield" else name
    assert_problem(hand_made.get(f"{resource}?{query}"), 400, wrong)


@pytest.mark.parametrize(
    "query",
    [
        "PatientName=M%C3%BCller%5E%C3%84nne",
        "PatientName=M%c3%bcller%5e%C3%84nne",
        "PatientName=Müller^Änne",
        "%50atientName=M%C3%BCller%5E%C3%84nne",
        "00100010=M%C3%BCller%5E%C3%84nne",
        "&PatientName=M%C3%BCller%5E%C3%84nne&&",
    ],
)
def test_every_way_of_writing_a_name_finds_it(hand_made: InProcessClient, query: str) -> None:
    answer = hand_made.get(f"/studies?{query}")
    assert uids_in(answer, STUDY) == expected(STUDY, [("PatientName", "Müller^Änne")])


@pytest.mark.parametrize("query", ["IssuerOfPatientID=HOSPITAL+B", "IssuerOfPatientID=HOSPITAL%20B"])
def test_plus_is_a_space(hand_made: InProcessClient, query: str) -> None:
    assert uids_in(hand_made.get(f"/studies?{query}"), STUDY) == ["1.2.3.2"]


@pytest.mark.parametrize("query", ["0020000d=1.2.3.7", "0020000D=1.2.3.7", "StudyInstanceUID=1.2.3.7"])
def test_a_tag_may_be_written_with_small_letters(hand_made: InProcessClient, query: str) -> None:
    assert uids_in(hand_made.get(f"/studies?{query}"), STUDY) == ["1.2.3.7"]


@pytest.mark.parametrize("query", ["PatientName=%FF", "PatientID=%00", "%FF=1"])
def test_what_is_no_text_is_400(hand_made: InProcessClient, query: str) -> None:
    assert_problem(hand_made.get(f"/studies?{query}"), 400)
