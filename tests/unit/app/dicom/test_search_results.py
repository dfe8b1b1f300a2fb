import json
from typing import Any

import pytest
from pydicom.dataset import Dataset

from app.dicom.query_keys import Key
from app.dicom.return_attributes import IncludedAttributes, included_attributes
from app.dicom.search_results import ResultWriter
from storage.records import BASE_URL_MARK, InstanceMatch, PatientCounts, SeriesMatch, StudyMatch
from storage.resource import Level, ResourceKey

STUDY_UID, SERIES_UID, INSTANCE_UID = "1.2.3", "1.2.3.4", "1.2.3.4.5"
ARCHIVE, STUDY, SERIES = ResourceKey(), ResourceKey(STUDY_UID), ResourceKey(STUDY_UID, SERIES_UID)

# PS3.18 Tables 10.6.3-3, -4 and -5.
STUDY_ALWAYS = {
    *("00080020", "00080030", "00080050", "00080061", "00080090", "00100010", "00100020", "00100030", "00100040"),
    *("0020000D", "00200010", "00201206", "00201208", "00080056", "00081190"),
}
SERIES_ALWAYS = {"00080060", "0020000E", "00200011", "00201209", "00081190"}
SERIES_KNOWN = {"0008103E", "00400244", "00400245", "00400275"}
INSTANCE_KNOWN = {"00080016", "00080018", "00080056", "00081190", "00200013", "00280010", "00280011", "00280100"}

Document = dict[str, dict[str, Any]]


def document(attributes: Document) -> bytes:
    return json.dumps(attributes, ensure_ascii=False, separators=(",", ":")).encode("utf-8")


STUDY_ATTRIBUTES: Document = {
    "00080020": {"vr": "DA", "Value": ["20200131"]},
    "00081030": {"vr": "LO", "Value": ["Head"]},
    "00091010": {"vr": "OB", "BulkDataURI": "@studies/1.2.3/bulk/00091010"},
    "00100010": {"vr": "PN", "Value": [{"Alphabetic": "Yamada", "Ideographic": "山田"}]},
    "00100020": {"vr": "LO", "Value": ["P1"]},
    "00101040": {"vr": "LO", "Value": ['"BulkDataURI":"/home']},
    "0020000D": {"vr": "UI", "Value": [STUDY_UID]},
}
SERIES_ATTRIBUTES: Document = {
    "00080060": {"vr": "CS", "Value": ["CT"]},
    "0008103E": {"vr": "LO", "Value": ["axial"]},
    "00180015": {"vr": "CS", "Value": ["HEAD"]},
    "0020000E": {"vr": "UI", "Value": [SERIES_UID]},
    "00400244": {"vr": "DA", "Value": ["20200131"]},
    "00400245": {"vr": "TM"},
    "00400275": {
        "vr": "SQ",
        "Value": [
            {"00400007": {"vr": "LO", "Value": ["text"]}, "00400009": {"vr": "SH", "Value": ["S1"]}},
            {"00401001": {"vr": "SH", "Value": ["R1"]}},
            {},
        ],
    },
}
INSTANCE_ATTRIBUTES: Document = {
    "00080016": {"vr": "UI", "Value": ["1.2.840.10008.5.1.4.1.1.2"]},
    "00080018": {"vr": "UI", "Value": [INSTANCE_UID]},
    "00200013": {"vr": "IS", "Value": [1]},
    "00280010": {"vr": "US", "Value": [512]},
    "00280011": {"vr": "US", "Value": [512]},
    "00280100": {"vr": "US", "Value": [16]},
}
METADATA: Document = {
    **STUDY_ATTRIBUTES,
    **SERIES_ATTRIBUTES,
    **INSTANCE_ATTRIBUTES,
    "00080023": {"vr": "DA", "Value": ["20200201"]},
    "7FE00010": {"vr": "OW", "BulkDataURI": "@studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.5/bulk/7FE00010"},
}


def stored(attributes: Document) -> bytes:
    """As ingest writes it: tags ascending, URLs with the mark."""
    return document(dict(sorted(attributes.items()))).replace(b'"@', BASE_URL_MARK)


STUDY_MATCH = StudyMatch(stored(STUDY_ATTRIBUTES), ("CT", "SR"), 2, 301)
SERIES_MATCH = SeriesMatch(stored(SERIES_ATTRIBUTES), STUDY_MATCH, 300)
INSTANCE_MATCH = InstanceMatch(stored(INSTANCE_ATTRIBUTES), SERIES_MATCH, None)
WHOLE_INSTANCE_MATCH = InstanceMatch(stored(INSTANCE_ATTRIBUTES), SERIES_MATCH, stored(METADATA))

ALL = IncludedAttributes(everything=True)


def include(*tags: str) -> IncludedAttributes:
    return IncludedAttributes(paths=frozenset(tuple(tag.split(".")) for tag in tags))


def result(
    match: StudyMatch | SeriesMatch | InstanceMatch,
    scope: ResourceKey = ARCHIVE,
    included: IncludedAttributes | None = None,
) -> Document:
    """The result as a client reads it, after the route made its URLs absolute."""
    asked = included or IncludedAttributes()
    match match:
        case StudyMatch():
            written = ResultWriter(Level.STUDY, scope, asked).study(match)
        case SeriesMatch():
            written = ResultWriter(Level.SERIES, scope, asked).series(match)
        case InstanceMatch():
            written = ResultWriter(Level.INSTANCE, scope, asked).instance(match)
    read: Document = json.loads(written.replace(BASE_URL_MARK, b'"http://host/dicom-web/'))
    assert list(read) == sorted(read)
    return read


def test_a_study_result_has_exactly_the_attributes_of_its_table():
    read = result(STUDY_MATCH)
    assert set(read) == STUDY_ALWAYS
    assert read["00080056"] == {"vr": "CS", "Value": ["ONLINE"]}
    assert read["00080061"] == {"vr": "CS", "Value": ["CT", "SR"]}
    assert read["00081190"] == {"vr": "UR", "Value": ["http://host/dicom-web/studies/1.2.3"]}
    assert read["00201206"] == {"vr": "IS", "Value": [2]}
    assert read["00201208"] == {"vr": "IS", "Value": [301]}
    assert read["00100010"] == STUDY_ATTRIBUTES["00100010"]


def test_required_attributes_without_value_are_returned_empty():
    read = result(STUDY_MATCH)
    assert read["00080090"] == {"vr": "PN"}
    assert read["00080050"] == {"vr": "SH"}
    assert result(SERIES_MATCH)["00200011"] == {"vr": "IS"}


def test_a_study_without_modalities_says_so():
    assert result(StudyMatch(STUDY_MATCH.attributes, (), 1, 1))["00080061"] == {"vr": "CS"}


def test_a_series_result_has_exactly_the_attributes_of_its_table_and_its_study():
    read = result(SERIES_MATCH, STUDY)
    assert set(read) == SERIES_ALWAYS | SERIES_KNOWN | {"0020000D"}
    assert read["00201209"] == {"vr": "IS", "Value": [300]}
    assert read["00081190"] == {"vr": "UR", "Value": ["http://host/dicom-web/studies/1.2.3/series/1.2.3.4"]}
    assert read["00400245"] == {"vr": "TM"}


def test_of_the_request_attributes_only_the_identifiers_are_returned_unasked():
    assert result(SERIES_MATCH, STUDY)["00400275"] == {
        "vr": "SQ",
        "Value": [{"00400009": {"vr": "SH", "Value": ["S1"]}}, {"00401001": {"vr": "SH", "Value": ["R1"]}}, {}],
    }


def test_an_instance_result_has_exactly_the_attributes_of_its_table_and_its_parents():
    read = result(INSTANCE_MATCH, SERIES)
    assert set(read) == INSTANCE_KNOWN | {"0020000D", "0020000E"}
    url = "http://host/dicom-web/studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.5"
    assert read["00081190"] == {"vr": "UR", "Value": [url]}


@pytest.mark.parametrize(
    ("match", "scope", "expected"),
    [
        (SERIES_MATCH, ARCHIVE, SERIES_ALWAYS | SERIES_KNOWN | STUDY_ALWAYS),
        (INSTANCE_MATCH, STUDY, INSTANCE_KNOWN | SERIES_ALWAYS | SERIES_KNOWN | {"0020000D"}),
        (INSTANCE_MATCH, ARCHIVE, INSTANCE_KNOWN | SERIES_ALWAYS | SERIES_KNOWN | STUDY_ALWAYS),
    ],
)
def test_parents_that_the_url_does_not_name_are_described(match, scope, expected):
    read = result(match, scope)
    assert set(read) == expected
    assert read["00081190"]["Value"][0].endswith(INSTANCE_UID if match is INSTANCE_MATCH else SERIES_UID)


def test_a_uid_with_its_padding_in_another_vr_is_named_without_it_in_the_url():
    padded = INSTANCE_ATTRIBUTES | {"00080018": {"vr": "UR", "Value": [f"{INSTANCE_UID}\0"]}}
    read = result(InstanceMatch(document(padded), SERIES_MATCH, None), SERIES)
    assert read["00081190"]["Value"] == ["http://host/dicom-web/studies/1.2.3/series/1.2.3.4/instances/1.2.3.4.5"]


def test_included_attributes_of_the_level_and_of_its_parents_are_returned():
    assert result(STUDY_MATCH, included=include("00081030"))["00081030"] == STUDY_ATTRIBUTES["00081030"]
    read = result(SERIES_MATCH, STUDY, include("00180015", "00100010", "00201208"))
    assert read["00180015"] == SERIES_ATTRIBUTES["00180015"]
    assert read["00100010"] == STUDY_ATTRIBUTES["00100010"]
    assert read["00201208"] == {"vr": "IS", "Value": [301]}
    read = result(WHOLE_INSTANCE_MATCH, SERIES, include("00080023", "00081030", "0008103E"))
    assert read["00080023"] == METADATA["00080023"]
    assert read["00081030"] == STUDY_ATTRIBUTES["00081030"]
    assert read["0008103E"] == SERIES_ATTRIBUTES["0008103E"]
    assert "7FE00010" not in read


def test_included_attributes_that_are_not_there_are_left_out():
    assert "00104000" not in result(STUDY_MATCH, included=include("00104000"))


def test_a_sequence_that_is_included_is_whole():
    read = result(SERIES_MATCH, STUDY, include("00400275", "00400275.00400009"))
    assert read["00400275"] == SERIES_ATTRIBUTES["00400275"]


def test_a_path_through_what_is_no_sequence_gives_the_attribute():
    assert result(SERIES_MATCH, STUDY, include("00180015.00080060"))["00180015"] == SERIES_ATTRIBUTES["00180015"]


@pytest.mark.parametrize(
    ("match", "scope", "lower"),
    [
        (STUDY_MATCH, ARCHIVE, {"0020000E", "00080018", "00080060", "00201209"}),
        (SERIES_MATCH, ARCHIVE, {"00080018", "00080016", "00200013"}),
    ],
)
@pytest.mark.parametrize("everything", [False, True])
def test_nothing_of_a_lower_level_is_returned_even_when_asked_for(match, scope, lower, everything):
    included = IncludedAttributes(everything, include(*lower).paths)
    assert not lower & set(result(match, scope, included))


def test_all_gives_every_attribute_of_the_level():
    assert set(result(STUDY_MATCH, ARCHIVE, ALL)) == set(STUDY_ATTRIBUTES) | STUDY_ALWAYS
    assert set(result(SERIES_MATCH, STUDY, ALL)) == set(SERIES_ATTRIBUTES) | SERIES_ALWAYS | {"0020000D", "00080056"}
    assert set(result(WHOLE_INSTANCE_MATCH, SERIES, ALL)) == set(METADATA) | INSTANCE_KNOWN


def test_instance_availability_of_a_series_is_returned_on_request():
    assert result(SERIES_MATCH, STUDY, include("00080056"))["00080056"] == {"vr": "CS", "Value": ["ONLINE"]}


def test_what_the_index_was_asked_to_tell_of_a_study_is_returned():
    match = StudyMatch(STUDY_MATCH.attributes, ("CT",), 2, 301, ("1.2.3", "1.2.4"), PatientCounts(7, 8, 9))
    read = result(match, included=include("00080062", "00201200", "00201202", "00201204"))
    assert read["00080062"] == {"vr": "UI", "Value": ["1.2.3", "1.2.4"]}
    assert [read[tag]["Value"] for tag in ("00201200", "00201202", "00201204")] == [[7], [8], [9]]
    assert result(SeriesMatch(SERIES_MATCH.attributes, match, 1), STUDY, include("00080062"))["00080062"]["Value"]
    assert not {"00080062", "00201200"} & set(result(match))


PRIVATE: Document = {
    "00090010": {"vr": "LO", "Value": ["OTHER"]},
    "00090011": {"vr": "LO", "Value": ["ACME"]},
    "00091002": {"vr": "LO", "Value": ["other"]},
    "00091102": {"vr": "LO", "Value": ["acme"]},
}


@pytest.mark.parametrize(
    ("creators", "expected"),
    [
        ({}, {"00090010", "00091002"}),
        ({"00090010": "ACME"}, {"00090011", "00091102"}),
        ({"00090010": "OTHER"}, {"00090010", "00091002"}),
        ({"00090010": "NOBODY"}, set()),
    ],
)
def test_private_attributes_are_those_of_the_creator_that_is_asked_for(creators, expected):
    match = InstanceMatch(stored(INSTANCE_ATTRIBUTES), SERIES_MATCH, stored(METADATA | PRIVATE))
    keys = {(tag,): Key(tag, [creator]) for tag, creator in creators.items()}
    read = result(match, SERIES, included_attributes(["00091002"], keys))
    assert set(read) & set(PRIVATE) == expected
    assert all(read[tag] == PRIVATE[tag] for tag in expected)


def test_urls_of_bulk_data_keep_their_mark_and_look_alikes_are_left_alone():
    read = result(STUDY_MATCH, ARCHIVE, ALL)
    assert read["00091010"] == {"vr": "OB", "BulkDataURI": "http://host/dicom-web/studies/1.2.3/bulk/00091010"}
    assert read["00101040"] == STUDY_ATTRIBUTES["00101040"]
    assert result(WHOLE_INSTANCE_MATCH, SERIES, ALL)["7FE00010"]["BulkDataURI"].startswith("http://host/dicom-web/")


def test_one_writer_keeps_the_results_of_different_parents_apart():
    other_study = StudyMatch(stored({"0020000D": {"vr": "UI", "Value": ["9.1"]}}), ("MR",), 1, 1)
    other_series = SeriesMatch(stored({"0020000E": {"vr": "UI", "Value": ["9.1.1"]}}), other_study, 1)
    other = InstanceMatch(stored({"00080018": {"vr": "UI", "Value": ["9.1.1.1"]}}), other_series, None)
    writer = ResultWriter(Level.INSTANCE, ARCHIVE, IncludedAttributes())
    sibling = SeriesMatch(stored({"0020000E": {"vr": "UI", "Value": ["9.1.2"]}}), other_study, 1)
    cousin = InstanceMatch(stored({"00080018": {"vr": "UI", "Value": ["9.1.2.1"]}}), sibling, None)
    matches = [INSTANCE_MATCH, INSTANCE_MATCH, other, cousin, INSTANCE_MATCH, other]
    read = [json.loads(writer.instance(match)) for match in matches]
    series = [each["0020000E"]["Value"][0] for each in read]
    assert [each["0020000D"]["Value"][0] for each in read] == ["1.2.3", "1.2.3", "9.1", "9.1", "1.2.3", "9.1"]
    assert series == ["1.2.3.4", "1.2.3.4", "9.1.1", "9.1.2", "1.2.3.4", "9.1.1"]
    assert read[2]["00100010"] == {"vr": "PN"}


def test_results_are_data_sets_to_pydicom():
    dataset = Dataset.from_json(result(INSTANCE_MATCH))
    assert dataset.PatientName.ideographic == "山田"
    assert dataset.ModalitiesInStudy == ["CT", "SR"]
    assert dataset.NumberOfSeriesRelatedInstances == 300
    assert dataset.RetrieveURL.endswith(INSTANCE_UID)
    assert dataset.RequestAttributesSequence[0].ScheduledProcedureStepID == "S1"
