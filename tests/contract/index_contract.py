"""What every index must do; a back end's test class inherits it and provides ``index``."""

from dataclasses import replace
from random import Random

import pytest

from storage.attributes import INDEXED_ATTRIBUTES, Kind
from storage.index.protocol import Index
from storage.query import (
    AnyOf,
    AnyTerm,
    Between,
    DocumentTerm,
    Empty,
    Equals,
    Match,
    MomentTerm,
    Query,
    SimilarName,
    Term,
    Wildcard,
)
from storage.records import InstanceRecord, PatientCounts
from storage.resource import Level, ResourceKey
from tests.contract.asking import EVERYTHING, found_studies, metadata, query, search
from tests.contract.changing_contract import (
    AddingContract,
    DeletingContract,
    DuplicatesContract,
    RandomChangesContract,
    UnneededBlobsContract,
)
from tests.contract.plain_index import DERIVED_LEVELS, PlainIndex
from tests.contract.records import key, record


class ReadingContract:
    """What is read by key."""

    async def test_unknown_keys_have_nothing(self, index: Index) -> None:
        await index.add([record()])
        for unknown in (key(2, 1, 1), key(1, 2, 1), key(1, 1, 2), ResourceKey("1.2.1", "1.2.1.2", "1.2.1.1.1")):
            assert await index.instance(unknown) is None
            assert await metadata(index, unknown) == []
            assert [batch async for batch in index.instances(unknown)] == []
        assert await metadata(index, key(3)) == []

    async def test_an_instance_that_is_gone_has_no_indexes(self, index: Index) -> None:
        await index.add([record()])
        found = await index.instance(key(1, 1, 1))
        assert found is not None
        gone = replace(found, row=found.row + 1)
        assert await index.frame_index(gone) is None
        assert await index.bulk_index(gone) is None

    async def test_documents_and_instances_come_in_stored_order_in_bounded_batches(self, index: Index) -> None:
        series_of_instances = Random(3).choices((1, 2), k=2500)
        records = [record(1, series, instance) for instance, series in enumerate(series_of_instances)]
        await index.add([record(2, 1, 1), *records, record(2, 1, 2)])
        for scope in (key(1), key(1, 2)):
            expected = [each for each in records if scope.series_instance_uid in {None, each.key.series_instance_uid}]
            documents = [batch async for batch in index.metadata(scope)]
            assert [each for batch in documents for each in batch] == [each.metadata for each in expected]
            instances = [batch async for batch in index.instances(scope)]
            assert [each.key for batch in instances for each in batch] == [each.key for each in expected]
            for batches in (documents, instances):
                assert len(batches) > 1
                assert all(0 < len(batch) <= 1024 for batch in batches)

    async def test_one_instance_is_a_batch_of_its_own(self, index: Index) -> None:
        await index.add([record(1, 1, 1), record(1, 1, 2)])
        assert await metadata(index, key(1, 1, 2)) == [record(1, 1, 2).metadata]
        [batch] = [batch async for batch in index.instances(key(1, 1, 2))]
        assert batch == [await index.instance(key(1, 1, 2))]

    async def test_known_blob_keys_are_those_of_rows(self, index: Index) -> None:
        records = [record(1, 1, number) for number in range(1200)]
        await index.add(records)
        keys = [each.blob_key for each in records]
        assert await index.known_blob_keys([*keys, "unknown", "blob"]) == set(keys)
        assert await index.known_blob_keys([]) == set()


PATIENTS: list[dict[str, str | tuple[str, ...]]] = [
    {
        "PatientName": ("YAMADA^TARO", "山田^太郎", "やまだ^たろう"),
        "PatientID": "A_1",
        "StudyDate": "20200101",
        "StudyTime": "1030",
        "AccessionNumber": "100%",
    },
    {"PatientName": ("DOE^JANE", "", ""), "PatientID": "AB1", "StudyDate": "20200101", "StudyTime": "103059.999999"},
    {"PatientName": ("DOE^JOHN",), "PatientID": "ab1", "StudyDate": "20191231", "StudyTime": "1031"},
    {"PatientName": ("DO",), "PatientID": "[x]", "StudyDate": "20200102", "AccessionNumber": "100"},
    {"PatientID": "x", "StudyDescription": "back\\slash * star? [a-z]", "StudyTime": "1029"},
    {"StudyDescription": "É", "StudyDate": "20200101", "PatientSex": "O"},
]
"""Values of the studies 0, 1, 2 …; odd ones test what SQL takes for special."""


async def add_patients(index: Index) -> None:
    await index.add([record(number, 1, 1, values=values) for number, values in enumerate(PATIENTS)])


class MatchingContract:
    """Each kind of match, by hand."""

    @pytest.mark.parametrize(
        ("keyword", "match", "expected"),
        [
            ("PatientID", Equals(("AB1",)), {1}),
            ("PatientID", Equals(("AB1", "x", "none")), {1, 4}),
            ("PatientID", Equals(()), set()),
            ("PatientID", Equals(("' OR 1=1 --",)), set()),
            ("PatientID", Wildcard(("A*",)), {0, 1}),
            ("PatientID", Wildcard(("a*", "x")), {2, 4}),
            ("PatientID", Wildcard(("?",)), {4}),
            ("PatientID", Wildcard(("A_1",)), {0}),
            ("PatientID", Wildcard(("?_*",)), {0}),
            ("PatientID", Wildcard(("[x]",)), {3}),
            ("PatientID", Wildcard(("*]",)), {3}),
            ("PatientID", Wildcard(("*",)), {0, 1, 2, 3, 4, 5}),
            ("PatientID", Wildcard(("**", "x")), {0, 1, 2, 3, 4, 5}),
            ("PatientID", Wildcard(("?*",)), {0, 1, 2, 3, 4}),
            ("AccessionNumber", Wildcard(("100%*",)), {0}),
            ("AccessionNumber", Wildcard(("100*",)), {0, 3}),
            ("StudyDescription", Wildcard(("back\\*[a-z]",)), {4}),
            ("StudyDescription", Equals(("back\\slash * star? [a-z]",)), {4}),
            ("StudyDescription", Wildcard(("?",)), {5}),
            ("StudyDescription", Wildcard(("é",)), set()),
            ("StudyDate", Between("20200101", "20200101"), {0, 1, 5}),
            ("StudyDate", Between("20200101", None), {0, 1, 3, 5}),
            ("StudyDate", Between(None, "20200101"), {0, 1, 2, 5}),
            ("StudyDate", Between("2020", "2020"), {0, 1, 3, 5}),
            ("StudyTime", Between("1030", "1030"), {0, 1}),
            ("StudyTime", Between(None, "1030"), {0, 1, 4}),
            ("StudyTime", Between("10305", None), {1, 2}),
            ("PatientName", Equals(("DOE^JANE",)), {1}),
            ("PatientName", Equals(("山田^太郎",)), {0}),
            ("PatientName", Wildcard(("やまだ*",)), {0}),
            ("PatientName", Wildcard(("DO*",)), {1, 2, 3}),
            ("PatientName", Wildcard(("*^J*N*",)), {1, 2}),
            ("PatientName", Wildcard(("YAMADA*太郎",)), set()),
        ],
    )
    async def test_studies_found(
        self, index: Index, keyword: str, match: Equals | Wildcard | Between, expected: set[int]
    ) -> None:
        await add_patients(index)
        assert await found_studies(index, Term(keyword, match)) == {str(number) for number in expected}

    async def test_all_terms_must_hold(self, index: Index) -> None:
        await add_patients(index)
        date, name = Term("StudyDate", Equals(("20200101",))), Term("PatientName", Wildcard(("D*",)))
        assert await found_studies(index, date, name) == {"1"}

    async def test_any_value_of_a_list_may_match(self, index: Index) -> None:
        keyword = "RequestAttributesSequence.RequestedProcedureID"
        await index.add(
            [
                record(1, 1, 1, values={keyword: ("P1", "P2", "P1")}),
                record(1, 2, 1, values={keyword: ("P3",)}),
                record(1, 3, 1, values={"RequestAttributesSequence.ScheduledProcedureStepID": ("P1",)}),
            ]
        )
        for match, expected in (
            (Equals(("P1",)), [1]),
            (Equals(("P2", "P3")), [1, 2]),
            (Wildcard(("P*",)), [1, 2]),
            (Wildcard(("*",)), [1, 2, 3]),
            (Wildcard(("P1P2", "P1\\*")), []),
        ):
            matches = await index.search_series(query(Level.SERIES, Term(keyword, match)))
            assert [each.attributes for each in matches] == [record(1, n, 1).series_attributes for n in expected]

    async def test_modalities_in_study_are_those_of_its_series(self, index: Index) -> None:
        modalities = {1: ["CT", "SR"], 2: ["MR"], 3: ["CT", "CT"], 4: [""]}
        for study, of_series in modalities.items():
            await index.add([record(study, n, 1, values={"Modality": each}) for n, each in enumerate(of_series)])
        keyword = "ModalitiesInStudy"
        assert await found_studies(index, Term(keyword, Equals(("CT",)))) == {"1", "3"}
        assert await found_studies(index, Term(keyword, Equals(("MR", "SR")))) == {"1", "2"}
        assert await found_studies(index, Term(keyword, Wildcard(("?R",)))) == {"1", "2"}
        assert await found_studies(index, Term(keyword, Wildcard(("*",)))) == {"1", "2", "3", "4"}
        found = await index.search_series(query(Level.SERIES, Term(keyword, Equals(("SR",)))))
        assert [each.study.modalities for each in found] == [("CT", "SR"), ("CT", "SR")]

    async def test_very_many_values_are_found_and_too_many_patterns_refused(self, index: Index) -> None:
        await add_patients(index)
        numbers = [str(number) for number in range(5000)]
        assert await found_studies(index, Term("PatientName", Equals((*numbers, "DOE^JANE")))) == {"1"}
        assert await found_studies(index, Term("PatientName", Wildcard((*numbers[:99], "DOE^JANE")))) == {"1"}
        with pytest.raises(ValueError, match="PatientName has more than 100 values"):
            await found_studies(index, Term("PatientName", Wildcard((*numbers[:100], "DOE^JANE"))))

    async def test_what_is_not_indexed_cannot_be_searched(self, index: Index) -> None:
        with pytest.raises(ValueError, match="PatientComments is not indexed"):
            await index.search_studies(query(Level.STUDY, Term("PatientComments", Equals(("x",)))))

    async def test_one_and_the_same_thing_below_must_satisfy_all_terms_below(self, index: Index) -> None:
        await index.add(
            [
                record(1, 1, 1, values={"Modality": "CT", "SeriesNumber": "1", "InstanceNumber": "1"}),
                record(1, 2, 1, values={"Modality": "MR", "SeriesNumber": "2", "InstanceNumber": "2"}),
                record(2, 1, 1, values={"Modality": "CT", "SeriesNumber": "2", "InstanceNumber": "2"}),
            ]
        )
        modality, number = Term("Modality", Equals(("CT",))), Term("SeriesNumber", Equals(("2",)))
        assert await found_studies(index, modality) == {"1", "2"}
        assert await found_studies(index, number) == {"1", "2"}
        assert await found_studies(index, modality, number) == {"2"}
        instance = Term("InstanceNumber", Equals(("2",)))
        assert await found_studies(index, modality, instance) == {"2"}
        found = await index.search_series(query(Level.SERIES, instance))
        assert [each.attributes for each in found] == [record(*each, 1).series_attributes for each in ((1, 2), (2, 1))]

    @pytest.mark.parametrize(
        ("low", "high", "expected"),
        [
            (("20200101", "1030"), ("20200101", "1030"), {0, 1}),
            (("20200101", "1031"), ("20200102", "09"), {3}),
            (("20191231", "1031"), ("20200101", "10"), {0, 1, 2, 5}),
            (("20191231", "1032"), None, {0, 1, 3, 5}),
            (None, ("20200101", "10301"), {0, 2, 5}),
            (None, None, {0, 1, 2, 3, 5}),
        ],
    )
    async def test_moments_are_those_of_date_and_time_together(
        self, index: Index, low: tuple[str, str] | None, high: tuple[str, str] | None, expected: set[int]
    ) -> None:
        await add_patients(index)
        moment = MomentTerm("StudyDate", "StudyTime", low, high)
        assert await found_studies(index, moment) == {str(number) for number in expected}

    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            (("smith",), {"1", "2", "3"}),
            (("smyth", "jon"), {"1", "2"}),
            (("john", "smith"), {"1", "2"}),
            (("smi",), {"1", "3"}),
            (("jo",), {"1", "2"}),
            (("smithe-jones",), set()),
            (("太",), {"4"}),
            (("太郎", "yamada"), {"4"}),
            (("郎",), set()),
            (("robert", "smith"), set()),
            ((), {"1", "2", "3", "4", "5"}),
        ],
    )
    async def test_similar_names_begin_or_sound_alike_in_any_order(
        self, index: Index, words: tuple[str, ...], expected: set[str]
    ) -> None:
        names = ["", "smith^john^h", "smyth^jon", "smithson-smith", "yamada^taro", "doe^jane"]
        for study, name in enumerate(names[1:], 1):
            groups = (name, "山田^太郎") if name.startswith("yamada") else (name,)
            values = {"PatientName": groups, "ReferringPhysicianName": ("smith^john",)}
            await index.add([record(study, values=values | {"StudyDate": f"2020010{study}"})])
        assert await found_studies(index, Term("PatientName", SimilarName(words))) == expected

    async def test_what_python_code_says_of_documents_is_heeded_page_by_page(self, index: Index) -> None:
        await index.add([record(n, 1, 1, tag="00104000" if n % 2 else "") for n in range(40)])
        asked: list[bytes] = []

        def matches(document: bytes) -> bool:
            asked.append(document)
            if b"1.2.39" in document:
                raise ZeroDivisionError
            return True

        term = DocumentTerm(Level.STUDY, "00104000", matches)
        found = await index.search_studies(query(Level.STUDY, term, limit=5))
        assert [each.attributes for each in found] == [
            record(n, tag="00104000").study_attributes for n in (37, 35, 33, 31, 29)
        ]
        assert len(asked) == 6
        assert await index.count(query(Level.STUDY, term), 1000) == 19
        assert len(await index.search_instances(query(Level.INSTANCE, term))) == 19

    async def test_counting_ends_where_enough_is_counted(self, index: Index) -> None:
        await index.add([record(n, values={"Modality": "CT", "PatientID": str(n)}) for n in range(30)])
        modality = Term("ModalitiesInStudy", Equals(("CT", "MR")))
        for terms in ((), (modality,), (modality, Term("PatientID", Wildcard(("*",))))):
            for level in Level:
                for at_most, expected in ((1000, 30), (30, 30), (7, 7), (0, 0)):
                    assert await index.count(query(level, *terms, limit=3, offset=2), at_most) == expected

    async def test_the_sop_classes_of_a_study_are_those_of_its_instances(self, index: Index) -> None:
        await index.add([record(1, 1, n, values={"SOPClassUID": str(n % 2)}) for n in range(4)])
        await index.add([record(1, 1, 4, values={"SOPClassUID": "2"}), record(2, values={"SOPClassUID": "1"})])
        asked = replace(query(Level.STUDY, Term("SOPClassesInStudy", Equals(("2",)))), sop_classes=True)
        [match] = await index.search_studies(asked)
        assert match.sop_classes == ("0", "1", "2")
        await index.delete(key(1, 1, 4))
        assert await index.search_studies(asked) == []
        await index.delete(key(1, 1, 0))
        [match] = await index.search_studies(replace(asked, terms=(Term("SOPClassesInStudy", Equals(("0",))),)))
        assert match.sop_classes == ("0", "1")

    async def test_patients_are_counted_by_who_gave_their_id(self, index: Index) -> None:
        patients = [("P", "A"), ("P", "A"), ("P", "B"), ("P", ""), ("", "A"), ("", "A")]
        for study, (patient, issuer) in enumerate(patients):
            values: dict[str, str | tuple[str, ...]] = {"PatientID": patient} if patient else {}
            values |= {"IssuerOfPatientID": issuer} if issuer else {}
            await index.add([record(study, series, n, values=values) for series in (1, 2) for n in range(study + 1)])
        matches = await index.search_studies(replace(query(Level.STUDY), patient_counts=True))
        counted = [None, None, PatientCounts(1, 2, 8), PatientCounts(1, 2, 6), *[PatientCounts(2, 4, 6)] * 2]
        assert [match.patient for match in matches] == counted

    async def test_counts_are_searched_as_single_values(self, index: Index) -> None:
        await index.add([record(1, series, n) for series in (1, 2) for n in range(series)])
        await index.add([record(2, 1, n) for n in range(12)])
        for keyword, value, expected in (
            ("NumberOfStudyRelatedSeries", "2", {"1"}),
            ("NumberOfStudyRelatedInstances", "3", {"1"}),
            ("NumberOfStudyRelatedInstances", "12", {"2"}),
            ("NumberOfSeriesRelatedInstances", "1", {"1"}),
        ):
            assert await found_studies(index, Term(keyword, Equals((value,)))) == expected
        with pytest.raises(ValueError, match="NumberOfStudyRelatedSeries is matched by single values only"):
            await found_studies(index, Term("NumberOfStudyRelatedSeries", Between("1", None)))


class SearchContract:
    """Pages of a search: order, limits, counts."""

    async def test_studies_come_newest_first_and_newest_stored_first_within_a_date(self, index: Index) -> None:
        dates = ["20200101", "20210101", "", "20210101", "20190101", ""]
        await index.add([record(n, 1, 1, values={"StudyDate": date}) for n, date in enumerate(dates)])
        matches = await index.search_studies(query(Level.STUDY))
        assert [each.attributes for each in matches] == [record(n).study_attributes for n in (3, 1, 0, 4, 5, 2)]

    @pytest.mark.parametrize("level", list(Level))
    async def test_pages_join_to_the_whole_list(self, index: Index, level: Level) -> None:
        await index.add([record(n, 1, 1, values={"StudyDate": f"2020010{n % 4}"}) for n in range(23)])
        whole = await search(index, query(level))
        assert len(whole) == 23
        pages = [await search(index, query(level, limit=5, offset=offset)) for offset in range(0, 25, 5)]
        assert [each for page in pages for each in page] == whole
        assert [len(page) for page in pages] == [5, 5, 5, 5, 3]
        assert await search(index, query(level, offset=23)) == []

    async def test_metadata_comes_with_instances_when_asked_for(self, index: Index) -> None:
        await index.add([record(1, 1, n) for n in range(3)])
        plain = query(Level.INSTANCE)
        assert [each.metadata for each in await index.search_instances(plain)] == [None] * 3
        whole = await index.search_instances(replace(plain, whole_metadata=True))
        assert [each.metadata for each in whole] == [record(1, 1, n).metadata for n in range(3)]

    async def test_random_searches_find_what_plain_python_finds(self, index: Index) -> None:
        random = Random(1)
        records = archive(random)
        for start in range(0, len(records), 40):
            await index.add(records[start : start + 40])
        plain = PlainIndex(records)
        hits = 0
        for _ in range(400):
            asked = random_query(random, records)
            found = await search(index, asked)
            assert found == plain.search(asked), asked
            hits += bool(found)
            everything = replace(asked, limit=1000, offset=0)
            assert await index.count(asked, 1000) == len(plain.search(everything)), asked
        assert hits > 100  # or the searches would show little


class IndexContract(
    AddingContract,
    DuplicatesContract,
    DeletingContract,
    UnneededBlobsContract,
    RandomChangesContract,
    ReadingContract,
    MatchingContract,
    SearchContract,
):
    """All of it."""


ALPHABET = "aAbB1*?[]%_\\^"
"""Few characters, so that random values often match random patterns."""


def archive(random: Random) -> list[InstanceRecord]:
    """Instances of a few studies, stored in no order; values are those of the first instance of a study or series."""
    keys = [(study, series, n) for study in range(12) for series in range(3) for n in range(4)]
    random.shuffle(keys)
    return [record(*each, values=random_values(random)) for each in keys]


def random_values(random: Random) -> dict[str, str | tuple[str, ...]]:
    values: dict[str, str | tuple[str, ...]] = {}
    for attribute in INDEXED_ATTRIBUTES.values():
        if attribute.keyword.endswith("InstanceUID") or random.random() < 0.2:
            continue
        size = 1 if attribute.kind is Kind.TEXT else random.randint(1, 3)
        values[attribute.keyword] = tuple(random_text(random) for _ in range(size))
    return values


def random_text(random: Random) -> str:
    return "".join(random.choices(ALPHABET, k=random.randint(1, 3)))


def random_query(random: Random, records: list[InstanceRecord]) -> Query:
    level = random.choice(list(Level))
    keywords = [*INDEXED_ATTRIBUTES, *DERIVED_LEVELS, "ModalitiesInStudy"]
    terms = [random_term(random, random.choice(keywords), records) for _ in range(2)]
    some = random.choice(records).key
    scopes = [
        EVERYTHING,
        EVERYTHING,
        ResourceKey(some.study_instance_uid),
        ResourceKey(some.study_instance_uid, some.series_instance_uid if level is not Level.STUDY else None),
    ]
    return Query(
        level,
        random.choice(scopes),
        tuple(random.sample(terms, random.choice((0, 1, 1, 2)))),
        limit=random.choice((1, 5, 1000)),
        offset=random.choice((0, 0, 2)),
        whole_metadata=random.random() < 0.5,
        sop_classes=random.random() < 0.5,
        patient_counts=random.random() < 0.5,
    )


def random_term(random: Random, keyword: str, records: list[InstanceRecord]) -> AnyTerm:
    chance = random.random()
    if chance < 0.1:
        return random_document_term(random)
    if chance < 0.2:
        return random_moment_term(random, records)
    if keyword.startswith("NumberOf"):
        return Term(keyword, Equals((str(random.randint(1, 5)), "7")))
    if chance < 0.4:
        return Term(keyword, AnyOf((random_match(random, keyword, records), random_match(random, keyword, records))))
    return Term(keyword, random_match(random, keyword, records))


def random_match(random: Random, keyword: str, records: list[InstanceRecord]) -> Match:
    keyword = {"ModalitiesInStudy": "Modality", "SOPClassesInStudy": "SOPClassUID"}.get(keyword, keyword)
    stored = random.choice(records).index_values.get(keyword, ("a",))
    values = [random.choice(stored), random_text(random)]
    low, high = sorted(values)
    return random.choice(
        (
            Equals(tuple(values)),
            Equals(tuple(values[:1])),
            Wildcard(tuple(random_pattern(random, value) for value in values)),
            Wildcard((random_pattern(random, values[0]),)),
            Between(low, high),
            Between(None, high),
            Between(low, None),
            Empty(),
        )
    )


def random_moment_term(random: Random, records: list[InstanceRecord]) -> MomentTerm:
    part = random.choice(("Study", "Series", "Content"))
    date, time = f"{part}Date", f"{part}Time"
    ends = sorted(
        tuple(random.choice(records).index_values.get(keyword, ("A",))[0] for keyword in (date, time)) for _ in "12"
    )
    low, high = ((date, time) for date, time in ends)
    return MomentTerm(date, time, *random.choice(((low, high), (None, high), (low, None))))


def random_document_term(random: Random) -> DocumentTerm:
    """About the numbers in documents, as ``record`` makes them: they name their instance."""
    digit = str(random.randint(1, 9)).encode()
    tag = random.choice(("00100010", "00104000"))
    return DocumentTerm(random.choice(list(Level)), tag, lambda document: digit in document, random.random() < 0.7)


def random_pattern(random: Random, value: str) -> str:
    return "".join(random.choice((letter, letter, "?", "*")) for letter in value) + random.choice(("", "*"))
