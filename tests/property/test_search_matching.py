"""Searching whatever clients ask and whatever is stored (PS3.4 C.2.2.2, PS3.18 8.3.4)."""

from datetime import UTC, datetime, timedelta, timezone

import orjson
from hypothesis import given
from hypothesis import strategies as st

from app.dicom.date_times import DateTime, DateTimeRange
from app.dicom.matching import MatchingRules
from app.dicom.query_parameters import InvalidQuery, parse_search
from app.dicom.value_conditions import value_condition
from storage.query import DocumentTerm
from storage.resource import Level, ResourceKey

NAMES = [
    *("PatientName", "PatientAge", "StudyDate", "StudyTime", "AcquisitionDate", "AcquisitionTime", "PixelSpacing"),
    *("AcquisitionDateTime", "Rows", "ImageType", "PixelData", "RequestAttributesSequence", "OtherPatientNames"),
    *("RequestAttributesSequence.ScheduledProcedureStepID", "00400275.00401001", "00090010", "00091002", "00091003"),
    *("00091003.CodeValue", "ModalitiesInStudy", "InstanceAvailability", "SOPInstanceUID", "TimezoneOffsetFromUTC"),
    *("fuzzymatching", "emptyvaluematching", "multiplevaluematching", "includefield", "limit"),
]
VALUES = st.one_of(
    st.sampled_from(
        ["", "*", '""', "a*", "?", "-", "20200101-", "10-11", "1.2", "5", "true", "all", "a\\b", "a=b", "[", "+0100"]
    ),
    st.text(max_size=12),
)
PARAMETERS = st.lists(st.tuples(st.sampled_from(NAMES) | st.text(max_size=10), VALUES), max_size=6)

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inside: (
        st.lists(inside, max_size=3)
        | st.dictionaries(st.sampled_from(["vr", "Value", "Alphabetic", "InlineBinary"]), inside, max_size=3)
    ),
    max_leaves=8,
)
TAGS = ["00100010", "00101010", "0008002A", "00080022", "00080032", "00280030", "00280010", "00080008", "00400275"]
ELEMENTS = JSON | st.fixed_dictionaries(
    {"vr": st.sampled_from(["LO", "SQ", "DS", "PN", "DT"]), "Value": st.lists(JSON)}
)
DOCUMENTS = st.dictionaries(
    st.sampled_from([*TAGS, "00401001", "00090010", "00090011", "00091002", "00091102", "00080201"]), ELEMENTS
)


@given(PARAMETERS, DOCUMENTS)
def test_a_search_is_refused_or_judges_every_document(parameters: list[tuple[str, str]], document: object) -> None:
    try:
        request = parse_search(Level.INSTANCE, ResourceKey(), parameters, maximum_limit=10)
    except InvalidQuery:
        return
    for term in request.query.terms:
        if isinstance(term, DocumentTerm):
            held = term.matches(orjson.dumps(document))
            assert held in {True, False}
            assert term.absent_matches or not (held and term.tag not in str(document))


def naive(pattern: str, text: str) -> bool:
    """Wildcard matching by its definition (PS3.4 C.2.2.2.4)."""
    if not pattern:
        return not text
    if pattern[0] == "*":
        return naive(pattern[1:], text) or (text != "" and naive(pattern, text[1:]))
    return text != "" and pattern[0] in {"?", text[0]} and naive(pattern[1:], text[1:])


@given(st.text("ab*?[]!-", min_size=1, max_size=6), st.text("ab[]!-\n", min_size=1, max_size=8))
def test_wildcards_match_by_their_definition(pattern: str, text: str) -> None:
    condition = value_condition("UT", [pattern + "*", "b" + pattern], MatchingRules())
    expected = naive(pattern + "*", text) or naive("b" + pattern, text)
    assert condition.holds({"vr": "UT", "Value": [text]}, None) is expected


MOMENTS = st.datetimes(datetime(1901, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - the zone is drawn apart
OFFSETS = st.integers(-12 * 60, 14 * 60).filter(lambda minutes: minutes >= -11 * 60 - 59 or minutes == -12 * 60)


def written(moment: datetime) -> str:
    return moment.strftime("%Y%m%d%H%M%S.%f%z")


@given(MOMENTS, MOMENTS, MOMENTS, OFFSETS, OFFSETS)
def test_date_times_of_any_zone_are_compared_in_utc(
    first: datetime, second: datetime, value: datetime, of_query: int, of_value: int
) -> None:
    zone = timezone(timedelta(minutes=of_query))
    low, high = sorted((first.replace(tzinfo=zone), second.replace(tzinfo=zone)))
    stored = value.replace(tzinfo=timezone(timedelta(minutes=of_value)))
    asked = DateTimeRange.parse(f"{written(low)}-{written(high)}")
    assert asked.takes_in(DateTime.parse(written(stored))) is (low <= stored <= high)
    assert asked.takes_in(DateTime.parse(written(stored.astimezone(UTC)))) is (low <= stored <= high)
