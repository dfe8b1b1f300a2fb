import json
from typing import Any

import pytest

from app.dicom.query_parameters import parse_search
from storage.query import AnyOf, AnyTerm, Between, DocumentTerm, Empty, Equals, MomentTerm, Term, Wildcard
from storage.resource import Level, ResourceKey

Document = dict[str, Any]


def terms(query: str) -> list[AnyTerm]:
    parameters = [(name, value) for name, _, value in (each.partition("=") for each in query.split("&"))]
    request = parse_search(Level.STUDY, ResourceKey(), parameters, maximum_limit=10)
    assert request.unsupported_keys == ()
    return list(request.query.terms)


def document_terms(query: str) -> list[DocumentTerm]:
    return [term for term in terms(query) if isinstance(term, DocumentTerm)]


def matches(query: str, document: Document) -> bool:
    """Whether a document matches all keys, none of which has a column that says all."""
    found = document_terms(query)
    assert found
    return all(term.matches(json.dumps(document).encode()) for term in found)


def request(step: str | None = None, procedure: str | None = None, *codes: str) -> Document:
    item: Document = {} if step is None else {"00400009": {"vr": "SH", "Value": [step]}}
    if procedure is not None:
        item["00401001"] = {"vr": "SH", "Value": [procedure]}
    if codes:
        item["00400008"] = {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": [code]}} for code in codes]}
    return item


def requests(*items: Document) -> Document:
    return {"00400275": {"vr": "SQ", "Value": list(items)}}


STEP = "RequestAttributesSequence.ScheduledProcedureStepID"
PROCEDURE = "00400275.00401001"


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("SeriesDescription=a*", [Term("SeriesDescription", Wildcard(("a*",)))]),
        ("SOPClassUID=1.2,1.3", [Term("SOPClassUID", Equals(("1.2", "1.3")))]),
        ("SOPClassesInStudy=1.2", [Term("SOPClassesInStudy", Equals(("1.2",)))]),
        ("NumberOfStudyRelatedInstances=05", [Term("NumberOfStudyRelatedInstances", Equals(("5",)))]),
        ("ModalitiesInStudy=CT\\MR", [Term("ModalitiesInStudy", Equals(("CT", "MR")))]),
        (
            "ModalitiesInStudy=CT\\MR&multiplevaluematching=true",
            [Term("ModalitiesInStudy", Equals(("CT",))), Term("ModalitiesInStudy", Equals(("MR",)))],
        ),
        ("PatientID=a\\b&multiplevaluematching=true", [Term("PatientID", Equals(("a", "b")))]),
        ('StudyDate=""&emptyvaluematching=true', [Term("StudyDate", Empty())]),
        ("InstanceAvailability=ONLINE", []),
        ("InstanceAvailability=O*", []),
        ("InstanceAvailability=OFFLINE", [Term("StudyInstanceUID", Equals(()))]),
        (f"{STEP}=S1", [Term(STEP, Equals(("S1",)))]),
        (f"{STEP}=S1&{PROCEDURE}=", [Term(STEP, Equals(("S1",)))]),
    ],
)
def test_what_a_column_tells_is_asked_of_the_column(query, expected):
    assert terms(query) == expected


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (
            "StudyDate=20200101-20200102&StudyTime=1000-0900",
            [MomentTerm("StudyDate", "StudyTime", ("20200101", "10"), ("20200102", "0900"))],
        ),
        ("StudyTime=10-&StudyDate=20200101-", [MomentTerm("StudyDate", "StudyTime", ("20200101", "10"), None)]),
        ("ContentDate=-20200101&ContentTime=-10", [MomentTerm("ContentDate", "ContentTime", None, ("20200101", "10"))]),
        (
            "StudyDate=20200101-20200102&StudyTime=10-",
            [Term("StudyDate", Between("20200101", "20200102")), Term("StudyTime", Between("10", None))],
        ),
        (
            "StudyDate=20200101&StudyTime=10-11",
            [Term("StudyDate", Equals(("20200101",))), Term("StudyTime", Between("10", "11"))],
        ),
        (
            "StudyDate=20200101-20200102\\20200105-20200106&StudyTime=10-11",
            [
                Term("StudyDate", AnyOf((Between("20200101", "20200102"), Between("20200105", "20200106")))),
                Term("StudyTime", Between("10", "11")),
            ],
        ),
        (
            "StudyDate=20200101-&SeriesTime=10-",
            [Term("StudyDate", Between("20200101", None)), Term("SeriesTime", Between("10", None))],
        ),
    ],
)
def test_a_date_and_its_time_are_one_moment_where_both_are_ranges_of_the_same_form(query, expected):
    assert terms(query) == expected


@pytest.mark.parametrize(
    ("query", "date", "time", "expected"),
    [
        ("20200101-20200103&{}=1200-1100", "20200101", "1200", True),
        ("20200101-20200103&{}=1200-1100", "20200102", "2300", True),
        ("20200101-20200103&{}=1200-1100", "20200103", "110059", True),
        ("20200101-20200103&{}=1200-1100", "20200101", "1100", False),
        ("20200101-20200103&{}=1200-1100", "20200103", "1200", False),
        ("20200101-&{}=1200-", "20200102", "0100", True),
        ("-20200101&{}=-1200", "20191231", "2300", True),
        ("-20200101&{}=-1200", "20200101", "1201", False),
        ("20200101-&{}=1200-", "20200102", None, True),
        ("20200101-&{}=1200-", "20200101", None, False),
        ("-20200101&{}=-0000", "20200101", None, True),
        ("20200101-&{}=1200-", None, "1300", False),
    ],
)
def test_so_are_dates_and_times_without_columns(query, date, time, expected):
    document = {"00080022": {"vr": "DA", "Value": [date]}, "00080032": {"vr": "TM", "Value": [time]}}
    assert matches("AcquisitionDate=" + query.format("AcquisitionTime"), document) is expected


@pytest.mark.parametrize(
    ("query", "level", "tag"),
    [
        ("PatientAge=045Y", Level.STUDY, "00101010"),
        ("Manufacturer=A*", Level.SERIES, "00080070"),
        ("Rows=512", Level.INSTANCE, "00280010"),
        ("00091002=x", Level.INSTANCE, "00091002"),
        ("00090010=ACME&00091002=x", Level.INSTANCE, "00090010"),
        (f"{STEP}.00091002=x".replace("ScheduledProcedureStepID.", ""), Level.SERIES, "00400275"),
    ],
)
def test_what_has_no_column_is_asked_of_the_documents_of_its_level(query, level, tag):
    [term] = document_terms(query)
    assert (term.level, term.tag) == (level, tag)


@pytest.mark.parametrize(
    ("query", "absent_matches"),
    [
        ("PatientAge=045Y", False),
        ('PatientAge=""&emptyvaluematching=true', True),
        (f'{STEP}=""&emptyvaluematching=true', False),
        ("00090010=ACME&00091002=x", True),
    ],
)
def test_documents_without_the_attribute_are_asked_only_where_they_may_match(query, absent_matches):
    [term] = document_terms(query)
    assert term.absent_matches is absent_matches


@pytest.mark.parametrize(
    ("query", "document", "expected"),
    [
        (f"{STEP}=S1&{PROCEDURE}=P2", requests(request("S1", "P1"), request("S2", "P2")), False),
        (f"{STEP}=S1&{PROCEDURE}=P2", requests(request("S1", "P1"), request("S1", "P2")), True),
        (f"{STEP}=S?&{PROCEDURE}=P1", requests({}, request("S1", "P1")), True),
        (f"{STEP}=S1&00400275.00400008.CodeValue=C2", requests(request("S1", "P1", "C1", "C2")), True),
        (f"{STEP}=S1&00400275.00400008.CodeValue=C2", requests(request("S1"), request("S2", "P", "C2")), False),
        (f"{STEP}=S1&{PROCEDURE}=P2", {}, False),
        (f'{STEP}=""&emptyvaluematching=true', requests(request("S1"), request(None, "P1")), True),
        (f'{STEP}=""&emptyvaluematching=true', requests(request("S1")), False),
        (f'{STEP}=""&emptyvaluematching=true', {}, False),
        ('RequestAttributesSequence=""&emptyvaluematching=true', {}, True),
        ('RequestAttributesSequence=""&emptyvaluematching=true', requests({}), False),
    ],
)
def test_all_keys_in_a_sequence_hold_in_the_same_item(query, document, expected):
    assert matches(query, document) is expected


def test_keys_with_columns_narrow_down_the_documents():
    assert [term for term in terms(f"{STEP}=S1&{PROCEDURE}=P2") if isinstance(term, Term)] == [
        Term(STEP, Equals(("S1",))),
        Term("RequestAttributesSequence.RequestedProcedureID", Equals(("P2",))),
    ]
    [column, document] = terms("PatientName==王*")
    assert column == Term("PatientName", Wildcard(("王*",)))
    assert isinstance(document, DocumentTerm)
    assert document.matches(json.dumps({"00100010": {"vr": "PN", "Value": [{"Ideographic": "王^小東"}]}}).encode())
    assert not document.matches(json.dumps({"00100010": {"vr": "PN", "Value": [{"Alphabetic": "王^小東"}]}}).encode())


ACME = {
    "00090010": {"vr": "LO", "Value": ["OTHER"]},
    "00090012": {"vr": "LO", "Value": ["ACME 1.1 "]},
    "00091001": {"vr": "LO", "Value": ["beta"]},
    "00091201": {"vr": "LO", "Value": ["alpha"]},
    "00091202": {"vr": "DS", "Value": [1.5]},
    "00091203": {"vr": "SQ", "Value": [{"00080100": {"vr": "SH", "Value": ["C1"]}}]},
}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("00090010=ACME 1.1&00091001=alpha", True),
        ("00090010=ACME 1.1&00091001=beta", False),
        ("00090010=ACME 1.1&00091002=1.50", True),
        ("00090010=ACME 1.1&00091001=al*&00091002=1.5", True),
        ("00090010=ACME 1.1&00091001=al*&00091002=2", False),
        ("00090010=ACME 1.1&00091003.CodeValue=C1", True),
        ("00090010=ACME 1.1&00091003.CodeValue=C2", False),
        ("00090010=ACME*&00091001=alpha", True),
        ("00090010=OTHER&00091001=beta", True),
        ("00090010=NOBODY&00091001=beta", False),
        ("00090010=ACME 1.1", True),
        ("00090010=NOBODY", False),
        ("00090010=OTHER&00090011=ACME 1.1&00091001=beta&00091101=alpha", True),
        ("00091001=beta", True),
        ("00091001=alpha", False),
        ("00090010=&00091001=beta", True),
        ('00090010=ACME 1.1&00091009=""&emptyvaluematching=true', True),
        ('00090010=NOBODY&00091009=""&emptyvaluematching=true', False),
    ],
)
def test_private_attributes_are_sought_in_the_block_that_their_creator_has_reserved(query, expected):
    assert matches(query, ACME) is expected


def test_private_attributes_in_items_are_sought_in_the_blocks_of_the_item():
    document = {"00081032": {"vr": "SQ", "Value": [{}, ACME]}}
    prefix = "ProcedureCodeSequence"
    assert matches(f"{prefix}.00090010=ACME 1.1&{prefix}.00091001=alpha", document)
    assert not matches(f"{prefix}.00090010=ACME 1.1&{prefix}.00091001=beta", document)


@pytest.mark.parametrize(
    ("values", "expected"),
    [(["ORIGINAL", "PRIMARY", "AXIAL"], True), (["AXIAL", "ORIGINAL"], True), (["ORIGINAL", "PRIMARY"], False)],
)
def test_by_multiple_value_matching_all_values_are_there_in_any_order(values, expected):
    document = {"00080008": {"vr": "CS", "Value": values}}
    assert matches("ImageType=AXIAL\\ORIGINAL&multiplevaluematching=true", document) is expected
    assert matches("ImageType=AXIAL\\ORIGINAL", document)


def test_date_times_without_a_time_zone_are_in_that_of_the_data_set():
    moment = {"vr": "DT", "Value": ["20200615120000"]}
    zone = {"vr": "SH", "Value": ["+0200"]}
    query = "AcquisitionDateTime=20200615100000+0000"
    assert matches(query, {"0008002A": moment, "00080201": zone})
    assert not matches(query, {"0008002A": moment})
    assert not matches(query, {"0008002A": moment, "00080201": {"vr": "SH", "Value": ["CET"]}})


@pytest.mark.parametrize(
    "document", [b"", b"{", b"[]", b"7", b"null", b'{"00101010":7}', b'{"00101010":{"Value":7}}', b"\xff"]
)
def test_a_document_that_is_no_dicom_json_does_not_match(document):
    for query in ("PatientAge=045Y", "00090010=ACME&00091002=x", f"{STEP}=S1&{PROCEDURE}=P2"):
        assert not any(term.matches(document) for term in document_terms(query))
