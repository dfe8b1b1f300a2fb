import pytest

from app.dicom.query_parameters import InvalidQuery, SearchRequest, parse_search
from storage.query import Between, Equals, Term, Wildcard
from storage.resource import Level, ResourceKey

PATIENT_NAME, STUDY_DATE, SERIES_UID = ("00100010",), ("00080020",), ("0020000E",)


def parsed(level: Level, *parameters: tuple[str, str], scope: ResourceKey | None = None) -> SearchRequest:
    return parse_search(level, scope or ResourceKey(), parameters, maximum_limit=1000)


def test_without_parameters_everything_is_found_up_to_the_limit_of_the_server():
    scope = ResourceKey("1.2")
    request = parsed(Level.SERIES, scope=scope)
    query = request.query
    assert (query.level, query.scope, query.terms) == (Level.SERIES, scope, ())
    assert (query.limit, query.offset, query.whole_metadata) == (1000, 0, False)
    assert (request.include.everything, request.include.paths) == (False, frozenset())
    assert (query.sop_classes, query.patient_counts, request.unsupported_keys) == (False, False, ())


@pytest.mark.parametrize("name", ["PatientName", "00100010"])
def test_a_key_is_a_keyword_or_a_tag(name):
    request = parsed(Level.STUDY, (name, "*x*"))
    assert request.query.terms == (Term("PatientName", Wildcard(("*x*",))),)
    assert request.include.paths == {PATIENT_NAME}


def test_more_keys_than_a_database_takes_are_refused():
    with pytest.raises(InvalidQuery, match="too many"):
        parsed(Level.STUDY, *((f"0009{number:04X}", "x") for number in range(0x1000, 0x10FF)))


def test_tags_are_read_in_either_case():
    request = parsed(Level.STUDY, ("0020000d", "1.2"), ("includefield", "0008103e"))
    assert request.query.terms == (Term("StudyInstanceUID", Equals(("1.2",))),)
    assert request.include.paths == {("0020000D",), ("0008103E",)}


@pytest.mark.parametrize(
    "name",
    ["RequestAttributesSequence.ScheduledProcedureStepID", "00400275.00400009", "RequestAttributesSequence.00400009"],
)
def test_a_key_in_a_sequence_is_dotted(name):
    request = parsed(Level.SERIES, (name, "S1"))
    assert request.query.terms == (Term("RequestAttributesSequence.ScheduledProcedureStepID", Equals(("S1",))),)
    assert request.include.paths == {("00400275", "00400009")}


def test_a_key_that_is_repeated_matches_any_of_its_values():
    request = parsed(Level.SERIES, ("Modality", "CT"), ("SeriesNumber", "03"), ("00080060", "MR"))
    assert request.query.terms == (
        Term("Modality", Equals(("CT", "MR"))),
        Term("SeriesNumber", Equals(("3",))),
    )


@pytest.mark.parametrize(
    ("value", "match"),
    [
        ("CT,MR", Equals(("CT", "MR"))),
        ("CT\\MR", Equals(("CT", "MR"))),
        ("CT", Equals(("CT",))),
        ("C?", Wildcard(("C?",))),
    ],
)
def test_modalities_in_study_match_any_of_a_list(value, match):
    assert parsed(Level.STUDY, ("ModalitiesInStudy", value)).query.terms == (Term("ModalitiesInStudy", match),)


def test_universal_matching_makes_no_term_but_returns_the_attribute():
    request = parsed(Level.STUDY, ("StudyDate", ""), ("PatientName", "*"))
    assert request.query.terms == ()
    assert request.include.paths == {STUDY_DATE, PATIENT_NAME}


def test_keys_of_the_levels_above_are_searched():
    request = parsed(Level.INSTANCE, ("StudyDate", "20200101-"), ("Modality", "CT"), ("SOPClassUID", "1.2"))
    assert request.query.terms == (
        Term("StudyDate", Between("20200101", None)),
        Term("Modality", Equals(("CT",))),
        Term("SOPClassUID", Equals(("1.2",))),
    )
    assert request.unsupported_keys == ()


@pytest.mark.parametrize("name", ["PixelData", "00281201", "RetrieveURL", "RequestAttributesSequence"])
def test_keys_whose_values_are_not_matched_are_reported_and_left_out(name):
    request = parsed(Level.STUDY, (name, "1.2"), ("PatientID", "P"))
    assert request.query.terms == (Term("PatientID", Equals(("P",))),)
    assert request.unsupported_keys == (name,)


@pytest.mark.parametrize("name", ["SpecificCharacterSet", "TimezoneOffsetFromUTC", "00080201"])
def test_keys_that_tell_how_others_are_read_are_not_matched(name):
    request = parsed(Level.STUDY, (name, "+0100"))
    assert (request.query.terms, request.unsupported_keys) == ((), ())


def test_a_key_without_value_only_asks_for_the_attribute():
    assert parsed(Level.STUDY, ("InstitutionName", "")).unsupported_keys == ()


@pytest.mark.parametrize(
    ("fields", "everything", "paths"),
    [
        (["00081030,00080060,00100030"], False, {("00081030",), ("00080060",), ("00100030",)}),
        (["StudyDescription", "PatientBirthDate"], False, {("00081030",), ("00100030",)}),
        (["all"], True, set()),
        (["SeriesInstanceUID, all"], True, {SERIES_UID}),
        (["RequestAttributesSequence.RequestedProcedureID"], False, {("00400275", "00401001")}),
        (["00091001", "52009229"], False, {("00090010",), ("00091001",), ("52009229",)}),
        ([""], False, set()),
    ],
)
def test_includefield(fields, everything, paths):
    include = parsed(Level.STUDY, *(("includefield", field) for field in fields)).include
    assert (include.everything, include.paths) == (everything, paths)


@pytest.mark.parametrize(
    ("level", "parameter", "needed"),
    [
        (Level.INSTANCE, ("includefield", "all"), True),
        (Level.INSTANCE, ("includefield", "SharedFunctionalGroupsSequence"), True),
        (Level.INSTANCE, ("ContentDate", "20200101"), True),
        (Level.INSTANCE, ("includefield", "Rows,PatientName,SeriesDescription,StudyDescription"), False),
        (Level.INSTANCE, ("SOPInstanceUID", "1.2"), False),
        (
            Level.INSTANCE,
            ("includefield", "AvailableTransferSyntaxUID,PatientAge,SOPClassesInStudy,Manufacturer"),
            False,
        ),
        (Level.INSTANCE, ("00091002", ""), True),
        (Level.SERIES, ("includefield", "all"), False),
        (Level.STUDY, ("includefield", "InstitutionName"), False),
    ],
)
def test_whole_metadata_is_asked_for_only_where_the_kept_attributes_are_too_few(level, parameter, needed):
    assert parsed(level, parameter).query.whole_metadata is needed


@pytest.mark.parametrize(
    ("level", "fields", "sop_classes", "patient_counts"),
    [
        (Level.STUDY, "SOPClassesInStudy", True, False),
        (Level.SERIES, "00080062", True, False),
        (Level.INSTANCE, "NumberOfPatientRelatedStudies", False, True),
        (Level.STUDY, "all", True, True),
        (Level.SERIES, "all", False, False),
        (Level.STUDY, "StudyDescription", False, False),
    ],
)
def test_the_index_is_asked_for_what_costs_it_something_only_where_it_is_returned(
    level, fields, sop_classes, patient_counts
):
    query = parsed(level, ("includefield", fields)).query
    assert (query.sop_classes, query.patient_counts) == (sop_classes, patient_counts)


@pytest.mark.parametrize(
    ("parameters", "limit", "offset"),
    [
        ([("limit", "5"), ("offset", "10")], 5, 10),
        ([("limit", "0")], 0, 0),
        ([("limit", "1000000")], 1000, 0),
        ([("offset", "007")], 1000, 7),
    ],
)
def test_paging(parameters, limit, offset):
    query = parsed(Level.STUDY, *parameters).query
    assert (query.limit, query.offset) == (limit, offset)


def test_parameters_of_every_request_are_no_keys():
    request = parsed(Level.STUDY, ("accept", "application/dicom+json"), ("charset", "utf-8"))
    assert (request.query.terms, request.unsupported_keys) == ((), ())


@pytest.mark.parametrize(
    "parameters",
    [
        [("PatientNam", "x")],
        [("", "x")],
        [("0010001", "x")],
        [("PatientName.", "x")],
        [("includefield", "all,Patient Name")],
        [("includefield", "00400275." * 5000 + "00400275")],
        [("00400275." * 5000 + "00400275", "x")],
        [("limit", "-1")],
        [("limit", "ten")],
        [("limit", "")],
        [("limit", "1"), ("limit", "2")],
        [("limit", "٣")],
        [("limit", "9" * 5000)],
        [("offset", "1.5")],
        [("fuzzymatching", "yes")],
        [("emptyvaluematching", "1")],
        [("StudyDate", "yesterday")],
        [("StudyInstanceUID", "1.2.x")],
        [("PatientID.StudyDate", "20200101")],
        [("AcquisitionDateTime", "20201301")],
        [("RequestAttributesSequence.ScheduledProcedureStepStartDate", "soon")],
        [("Rows", "many")],
        [("TimezoneOffsetFromUTC", "CET")],
        [("AccessionNumber.", "1")],
    ],
)
def test_what_cannot_be_read_is_refused_and_named(parameters):
    with pytest.raises(InvalidQuery) as caught:
        parsed(Level.STUDY, *parameters)
    name, value = parameters[0]
    assert name in str(caught.value)
    assert name == "includefield" or value in str(caught.value)
