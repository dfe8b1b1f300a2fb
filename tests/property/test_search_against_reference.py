"""Whatever is asked, the server finds what a matcher written from PS3.4 C.2.2.2 finds."""

from collections.abc import Iterator, Sequence
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydicom.datadict import dictionary_VR, keyword_dict
from pydicom.tag import Tag

from tests.api.in_process import InProcessClient
from tests.reference.archive import LEVELS, STUDY, Parameters
from tests.reference.data_sets import values_of
from tests.reference.hand_made import hand_made_archive
from tests.reference.serving import expected, search, serving_the_hand_made_archive, shortened, uids_in
from tests.reference.values import WILDCARD_VRS, words_of

_KEYWORDS = """
    PatientName PatientID IssuerOfPatientID PatientBirthDate PatientSex StudyInstanceUID StudyDate StudyTime
    AccessionNumber ReferringPhysicianName StudyDescription StudyID PatientComments PatientAge PatientWeight
    MedicalAlerts OtherPatientNames Modality SeriesInstanceUID SeriesNumber SeriesDescription SeriesDate SeriesTime
    BodyPartExamined Manufacturer OperatorsName SoftwareVersions SOPInstanceUID SOPClassUID InstanceNumber ContentDate
    ContentTime AcquisitionDateTime ImageType SliceThickness SliceLocation PixelSpacing Rows EchoTime DiffusionBValue
"""
ATTRIBUTES = _KEYWORDS.split()
"""Attributes with a column in the index and without, of every level and kind of VR."""

IN_SEQUENCES = {
    "RequestAttributesSequence.ScheduledProcedureStepID": ["S1", "S2", "S?", "*", "s1"],
    "RequestAttributesSequence.RequestedProcedureID": ["P1", "P2", "P*", ""],
    "RequestAttributesSequence.ScheduledProtocolCodeSequence.CodeValue": ["C1", "C2", "C*", "CHEST"],
    "00400275.00400008.00080102": ["99X", "99?", "99Y"],
    "OtherPatientIDsSequence.PatientID": ["X1", "X2", "X?"],
    "OtherPatientIDsSequence.IssuerOfPatientID": ["I1", "I*", "I2"],
    "ProcedureCodeSequence.CodeMeaning": ["Chest*", "chest*", "*?*"],
}


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessClient]:
    """A server with the hand-made archive."""
    with serving_the_hand_made_archive(tmp_path_factory.mktemp("reference") / "data") as client:
        yield client


@cache
def stored_values(keyword: str) -> list[str]:
    """What the archive holds of an attribute."""
    return sorted({value for data_set in hand_made_archive() for value in values_of(data_set, Tag(keyword))})


@st.composite
def text_keys(draw: st.DrawFn, keyword: str) -> str:
    """A value, whole or changed: in case, by wildcards, by a letter more or less."""
    value = draw(st.sampled_from([*stored_values(keyword), "nowhere"]))
    vr = dictionary_VR(keyword)
    if vr == "PN":
        value = draw(st.sampled_from([group for group in value.split("=") if group]))
    start, stop = sorted(draw(st.tuples(*[st.integers(0, len(value))] * 2)))
    changed = [value, value.swapcase(), value + "x", value[:start], f" {value} "]
    if vr in WILDCARD_VRS:
        changed += [
            f"{value[:start]}*{value[stop:]}",
            f"{value[:start]}?{value[start + 1 :]}",
            f"*{value[start:stop]}*",
        ]
    return draw(st.sampled_from(changed))


@st.composite
def number_keys(draw: st.DrawFn, keyword: str) -> str:
    """A number of the archive, or another, in one of its spellings."""
    number = float(draw(st.sampled_from([*stored_values(keyword), "3"])))
    plain = f"{number:g}"
    whole = dictionary_VR(keyword) in {"IS", "US"}
    return draw(st.sampled_from([plain] if whole else [plain, f"{number:.3f}", f"{number:e}"]))


@st.composite
def moment_keys(draw: st.DrawFn, keyword: str) -> str:
    """A date, time or date-time, or a range with one end or both."""
    written = {"DA": DATES, "TM": TIMES, "DT": DATE_TIMES}[dictionary_VR(keyword)]
    low, high = sorted(draw(st.tuples(st.sampled_from(written), st.sampled_from(written))))
    return draw(st.sampled_from([low, f"{low}-", f"-{high}", f"{low}-{high}"]))


DATES = ["19970424", "19991231", "20191231", "20200101", "20200102", "20220202", "20240229", "20240301", "20240302"]
TIMES = ["000000", "060000", "083000", "083000.25", "103015", "115959.123", "120000", "130000", "235959.999999"]
DATE_TIMES = [
    f"{moment}{offset}"
    for moment in (
        "2017",
        "201806",
        "20180615",
        "20200615095959",
        "20200615100000",
        "20200615100000.000001",
        "20200616",
    )
    for offset in ("", "+0000", "-0200")
]


def uid_keys(keyword: str) -> st.SearchStrategy[str]:
    """One UID or several, one of them perhaps unknown."""
    known = st.sampled_from([*stored_values(keyword), "1.2.3", "9.9.9"])
    return st.tuples(st.lists(known, min_size=1, max_size=4), st.sampled_from([",", "\\"])).map(
        lambda drawn: drawn[1].join(drawn[0])
    )


def keys(keyword: str) -> st.SearchStrategy[str]:
    """Values to ask for of an attribute."""
    vr = dictionary_VR(keyword)
    if vr == "UI":
        return uid_keys(keyword)
    if vr in {"DA", "TM", "DT"}:
        return moment_keys(keyword)
    if vr in {"IS", "DS", "US", "FD"}:
        return number_keys(keyword)
    return text_keys(keyword)


@st.composite
def parameters(draw: st.DrawFn) -> Parameters:
    """One to three keys, sometimes with several values; universal ones and those for empty values among them."""
    drawn: list[tuple[str, str]] = []
    for name in draw(st.lists(st.sampled_from([*ATTRIBUTES, *IN_SEQUENCES]), min_size=1, max_size=3, unique=True)):
        values = st.sampled_from(IN_SEQUENCES[name]) if name in IN_SEQUENCES else keys(name)
        if name not in IN_SEQUENCES:
            values = values | st.just("") | st.just('""')
        drawn += [(name, value) for value in draw(st.lists(values, min_size=1, max_size=2))]
    return [*drawn, ("emptyvaluematching", "true"), ("multiplevaluematching", draw(st.sampled_from(["true", "false"])))]


@settings(max_examples=400, deadline=None)
@given(level=st.sampled_from(LEVELS), asked=parameters())
def test_any_keys(client: InProcessClient, level: str, asked: Parameters) -> None:
    assert shortened(uids_in(search(client, level, asked), level)) == shortened(expected(level, asked))


@settings(max_examples=100, deadline=None)
@given(
    pair=st.sampled_from([("StudyDate", "StudyTime"), ("SeriesDate", "SeriesTime"), ("ContentDate", "ContentTime")]),
    level=st.sampled_from(LEVELS),
    data=st.data(),
)
def test_dates_and_times_together(
    client: InProcessClient, level: str, pair: tuple[str, str], data: st.DataObject
) -> None:
    asked = [(keyword, data.draw(moment_keys(keyword))) for keyword in pair]
    assert shortened(uids_in(search(client, level, asked), level)) == shortened(expected(level, asked))


@settings(max_examples=60, deadline=None)
@given(level=st.sampled_from(LEVELS), study=st.integers(1, 31), series=st.integers(1, 3), asked=parameters())
def test_any_keys_below_a_study_or_series(
    client: InProcessClient, level: str, study: int, series: int, asked: Parameters
) -> None:
    scope = ("", f"1.2.3.{study}", f"1.2.3.{study}.{series}")[1 : LEVELS.index(level) + 1]
    found = uids_in(search(client, level, asked, *scope), level)
    assert shortened(found) == shortened(expected(level, asked, *scope))


@cache
def name_words() -> Sequence[str]:
    """The words of all names of patients."""
    return sorted({word for name in stored_values("PatientName") for word in words_of(name)})


@settings(max_examples=60, deadline=None)
@given(words=st.lists(st.sampled_from(name_words()), min_size=1, max_size=2), length=st.integers(1, 8))
def test_fuzzy_matching_finds_words_and_their_beginnings(
    client: InProcessClient, words: list[str], length: int
) -> None:
    """It may find more: what sounds alike."""
    asked = [("PatientName", " ".join(word[:length] for word in words)), ("fuzzymatching", "true")]
    assert set(expected(STUDY, asked)) <= set(uids_in(search(client, STUDY, asked), STUDY))


anything = st.sampled_from(sorted(keyword_dict)) | st.from_regex(r"[0-9A-F]{8}(\.[0-9A-F]{8})?", fullmatch=True)
"""Names of attributes of every VR, and tags, also of none."""
pieces = st.sampled_from(
    ['""', "*", "?", "-", "\\", ",", "^", "=", ".", "1", "2020", "0101", "+0100", "%", "ä", "'", "e"]
)
some_text = st.text(max_size=6).map(lambda text: text.replace("\0", "")) | st.lists(pieces, max_size=6).map("".join)


@settings(max_examples=300, deadline=None)
@given(
    level=st.sampled_from(LEVELS),
    asked=st.lists(st.tuples(anything, some_text), min_size=1, max_size=3),
    switch=st.sampled_from(["fuzzymatching", "emptyvaluematching", "multiplevaluematching"]),
    field=anything,
)
def test_whatever_is_asked_is_answered(
    client: InProcessClient, level: str, asked: Parameters, switch: str, field: str
) -> None:
    answer = search(client, level, [*asked, (switch, "true"), ("includefield", field)])
    assert answer.status_code in {200, 400}, answer.text
