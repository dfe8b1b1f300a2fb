"""What every index must do when it is changed: adding, duplicates, deleting, and all of it at random."""

import asyncio
from contextlib import suppress
from dataclasses import replace
from random import Random
from typing import Any

import pytest

from storage.index.protocol import Index
from storage.query import Equals, Term
from storage.records import Addition, DuplicatePolicy, InstanceForm, InstanceRecord, Outcome, StoredInstance
from storage.resource import Level, ResourceKey
from tests.contract.asking import counts, found_studies, metadata, outcomes, query, search, unneeded_blobs
from tests.contract.plain_index import PlainIndex
from tests.contract.records import key, record

ADDED, IDENTICAL, CONFLICT = Outcome.ADDED, Outcome.IDENTICAL, Outcome.CONFLICT
REPLACED, KEPT = Outcome.REPLACED, Outcome.KEPT
REJECT, REPLACE, KEEP = DuplicatePolicy.REJECT, DuplicatePolicy.REPLACE, DuplicatePolicy.KEEP


async def stored(index: Index, resource: ResourceKey) -> StoredInstance:
    """An instance that must be there."""
    found = await index.instance(resource)
    assert found is not None
    return found


def of_study(first: InstanceRecord) -> dict[str, Any]:
    """What is recorded of a study: what the first of its instances told."""
    return {"study_attributes": first.study_attributes}


async def keys_in_order(index: Index, resource: ResourceKey) -> list[ResourceKey]:
    return [each.key async for batch in index.instances(resource) for each in batch]


class AddingContract:
    """``add``: outcomes, and what is there afterwards."""

    async def test_new_instances_are_added_and_found_again(self, index: Index) -> None:
        records = [record(1, 1, 1), record(1, 1, 2), record(1, 2, 1), record(2, 1, 1)]
        assert await outcomes(index, records) == [ADDED] * 4
        for each in records:
            found = await index.instance(each.key)
            assert found is not None
            assert (found.key, found.sop_class_uid, found.transfer_syntax_uid, found.blob_key) == (
                each.key,
                each.sop_class_uid,
                each.transfer_syntax_uid,
                each.blob_key,
            )
            assert (found.size, found.sha256) == (each.size, each.sha256)
            assert await index.frame_index(found) == each.frame_index
            assert await index.bulk_index(found) == each.bulk_index

    async def test_nothing_is_added_by_an_empty_call(self, index: Index) -> None:
        assert await outcomes(index, []) == []
        assert await index.search_studies(query(Level.STUDY)) == []

    async def test_the_same_bytes_again_are_identical_and_change_nothing(self, index: Index) -> None:
        await index.add([record()])
        again = replace(record(), blob_key="another", metadata=b"other metadata")
        assert await outcomes(index, [again]) == [IDENTICAL]
        found = await index.instance(key(1, 1, 1))
        assert found is not None
        assert found.blob_key == record().blob_key
        assert await metadata(index, key(1)) == [record().metadata]

    @pytest.mark.parametrize(
        ("digests", "outcome"),
        [
            ((b"received", b"stored"), IDENTICAL),
            ((b"received", None), IDENTICAL),
            ((b"stored", None), IDENTICAL),
            ((b"stored in other bytes", b"received"), IDENTICAL),
            ((b"other", b"stored"), IDENTICAL),
            ((b"other", b"neither"), CONFLICT),
        ],
    )
    async def test_bytes_are_the_same_as_they_came_or_as_they_are_stored(
        self, index: Index, digests: tuple[bytes, bytes | None], outcome: Outcome
    ) -> None:
        await index.add([replace(record(), sha256=b"stored", received_sha256=b"received")])
        sha256, received = digests
        offered = replace(record(), blob_key="another", sha256=sha256, received_sha256=received)
        assert await outcomes(index, [offered]) == [outcome]
        assert (await stored(index, key(1, 1, 1))).sha256 == b"stored"

    async def test_what_is_stored_as_it_came_is_known_when_it_comes_to_be_stored_otherwise(self, index: Index) -> None:
        await index.add([record()])
        offered = replace(record(), blob_key="another", sha256=b"made", received_sha256=record().sha256)
        assert await outcomes(index, [offered]) == [IDENTICAL]

    async def test_another_form_of_an_instance_is_found_and_its_blob_known(self, index: Index) -> None:
        form = InstanceForm("1.2.840.10008.1.2.4.202", "the form's blob", 5_000_000_000, b"its digest", b"its frames")
        await index.add([replace(record(1, 1, 1), form=form), record(1, 1, 2)])
        assert await index.form(await stored(index, key(1, 1, 1))) == form
        assert await index.form(await stored(index, key(1, 1, 2))) is None
        assert await index.known_blob_keys(["the form's blob", "another"]) == {"the form's blob"}

    @pytest.mark.parametrize("how", ["deleted", "replaced"])
    async def test_the_blob_of_another_form_goes_with_its_instance(self, index: Index, how: str) -> None:
        form = InstanceForm("1.2.840.10008.1.2.4.202", "the form's blob", 5, b"its digest", b"its frames")
        await index.add([replace(record(), form=form)])
        before = await stored(index, key(1, 1, 1))
        if how == "deleted":
            await index.delete(key(1))
        else:
            await index.add([record(content="new")], REPLACE)
        assert await index.form(before) is None
        assert await unneeded_blobs(index) == {record().blob_key, "the form's blob"}
        assert await index.known_blob_keys(["the form's blob"]) == set()

    async def test_other_bytes_of_a_stored_instance_conflict_and_change_nothing(self, index: Index) -> None:
        await index.add([record()])
        assert await outcomes(index, [record(content="changed")]) == [CONFLICT]
        assert await metadata(index, key(1)) == [record().metadata]

    @pytest.mark.parametrize("resource", [key(1, 2), key(2, 1)], ids=["another series", "another study"])
    async def test_an_instance_is_stored_once_in_the_archive(self, index: Index, resource: ResourceKey) -> None:
        await index.add([record()])
        moved = replace(record(), key=replace(resource, sop_instance_uid=record().key.sop_instance_uid))
        assert await outcomes(index, [moved]) == [CONFLICT]
        assert await index.instance(moved.key) is None
        assert len(await index.search_series(query(Level.SERIES))) == 1

    async def test_outcomes_within_one_call_tell_repeated_instances_apart(self, index: Index) -> None:
        offered = [record(), record(content="changed"), record(), record(1, 1, 2)]
        assert await outcomes(index, offered) == [ADDED, CONFLICT, IDENTICAL, ADDED]
        assert await outcomes(index, offered) == [IDENTICAL, CONFLICT, IDENTICAL, IDENTICAL]

    async def test_study_and_series_are_as_their_first_instance_told(self, index: Index) -> None:
        first, second = record(1, 1, 1, values={"PatientID": "A"}), record(1, 1, 2, values={"PatientID": "B"})
        await index.add([first, second])
        await index.add([record(1, 1, 3, values={"PatientID": "C"})])
        [match] = await index.search_series(query(Level.SERIES))
        assert (match.attributes, match.study.attributes) == (first.series_attributes, first.study_attributes)
        assert await found_studies(index, Term("PatientID", Equals(("A",)))) == {"1"}
        assert await found_studies(index, Term("PatientID", Equals(("B", "C")))) == set()

    async def test_a_series_of_the_same_uid_may_be_in_two_studies(self, index: Index) -> None:
        records = [
            record(resource=ResourceKey("1.1", "1.5", "1.1.1")),
            record(resource=ResourceKey("1.2", "1.5", "1.2.1")),
        ]
        assert await outcomes(index, records) == [ADDED, ADDED]
        matches = await index.search_series(query(Level.SERIES, Term("SeriesInstanceUID", Equals(("1.5",)))))
        assert [match.number_of_instances for match in matches] == [1, 1]

    async def test_many_records_of_many_studies_in_one_call(self, index: Index) -> None:
        records = [record(study, 1, 1) for study in range(1200)]
        assert await outcomes(index, records) == [ADDED] * 1200
        assert await outcomes(index, records) == [IDENTICAL] * 1200
        assert len(await index.search_studies(query(Level.STUDY, limit=5000))) == 1200

    async def test_concurrent_calls_add_each_instance_once(self, index: Index) -> None:
        records = [record(study, series, instance) for study in (1, 2) for series in (1, 2) for instance in range(10)]
        random = Random(7)
        offers = [random.sample(records, 25) for _ in range(30)]
        told = await asyncio.gather(*(outcomes(index, offer) for offer in offers))
        given = {each.key for offer in offers for each in offer}
        assert sum(each.count(ADDED) for each in told) == len(given)
        assert sum(each.count(IDENTICAL) for each in told) == 30 * 25 - len(given)
        of_studies, _ = await counts(index)
        assert sum(of_studies.values()) == len(given)

    async def test_what_was_added_is_seen_at_once_by_every_kind_of_read(self, index: Index) -> None:
        for number in range(20):
            await index.add([record(1, 1, number)])
            assert await index.instance(key(1, 1, number)) is not None
            [match] = await index.search_studies(query(Level.STUDY))
            assert match.number_of_instances == number + 1
            assert len(await metadata(index, key(1, 1))) == number + 1

    async def test_a_canceled_caller_does_no_harm(self, index: Index) -> None:
        calls = [asyncio.create_task(outcomes(index, [record(1, 1, number)])) for number in range(20)]
        await asyncio.sleep(0)
        for call in calls[::2]:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        assert [call.result() for call in calls[1::2]] == [[ADDED]] * 10
        again = await outcomes(index, [record(1, 1, number) for number in range(20)])
        assert again[1::2] == [IDENTICAL] * 10
        assert (await index.search_studies(query(Level.STUDY)))[0].number_of_instances == 20


class DuplicatesContract:
    """``add`` with a policy for instances that are there already, with other bytes."""

    async def test_a_replaced_instance_is_the_new_one_in_all_that_is_known_of_it(self, index: Index) -> None:
        old = record(values={"InstanceNumber": "1"})
        await index.add([old])
        new = replace(
            record(content="new", values={"InstanceNumber": "2"}),
            sop_class_uid="1.2.3",
            transfer_syntax_uid="1.2.4",
            size=5,
        )
        assert await index.add([new], REPLACE) == [Addition(REPLACED, new.key)]
        found = await stored(index, new.key)
        assert (found.blob_key, found.sha256, found.size) == (new.blob_key, new.sha256, 5)
        assert (found.sop_class_uid, found.transfer_syntax_uid) == ("1.2.3", "1.2.4")
        assert await index.frame_index(found) == new.frame_index
        assert await index.bulk_index(found) == new.bulk_index
        assert await metadata(index, key(1)) == [new.metadata]
        for number, expected in (("1", []), ("2", [new.instance_attributes])):
            matches = await index.search_instances(query(Level.INSTANCE, Term("InstanceNumber", Equals((number,)))))
            assert [each.attributes for each in matches] == expected
        assert await counts(index) == ({"1": 1}, [1])
        assert await index.known_blob_keys([old.blob_key, new.blob_key]) == {new.blob_key}
        assert await unneeded_blobs(index) == {old.blob_key}

    async def test_who_looked_a_replaced_instance_up_before_finds_that_it_is_gone(self, index: Index) -> None:
        await index.add([record()])
        before = await stored(index, key(1, 1, 1))
        await index.add([record(content="new")], REPLACE)
        assert await index.frame_index(before) is None
        assert await index.bulk_index(before) is None
        assert (await stored(index, key(1, 1, 1))).row > before.row

    async def test_what_was_recorded_is_read_back_whatever_is_asked_for_at_once(self, index: Index) -> None:
        values: dict[str, str | tuple[str, ...]] = {
            "PatientName": ("doe^jane", "", "ドウ"),
            "ReferringPhysicianName": "roe",
            "Modality": "CT",
            "RequestAttributesSequence.ScheduledProcedureStepID": ("a", "b"),
            "InstanceNumber": "7",
        }
        records = [record(1, 1, 1, values=values), record(2, 1, 1), record(2, 2, 1, values={"Modality": "SR"})]
        await index.add(records)
        instances = [await stored(index, each.key) for each in records]
        assert await index.records(instances) == [records[0], records[1], replace(records[2], **of_study(records[1]))]
        await index.delete(key(2, 1))
        assert await index.records(instances[::-1]) == [records[0], replace(records[2], **of_study(records[1]))]
        assert await index.records([]) == []

    async def test_blobs_are_told_to_be_unneeded_from_the_removal_on_until_they_are_forgotten(
        self, index: Index
    ) -> None:
        keys = [record(1, 1, n).blob_key for n in range(3)]
        await index.add([record(1, 1, n) for n in range(3)])
        assert await index.unneeded_blob_keys(keys) == set()
        await index.delete(key(1, 1, 1))
        assert await index.unneeded_blob_keys([*keys, "another"]) == {keys[1]}
        await index.forget_blobs(keys)
        assert await index.unneeded_blob_keys(keys) == set()

    async def test_an_instance_that_replaces_another_comes_last_in_stored_order(self, index: Index) -> None:
        await index.add([record(1, 1, n) for n in range(4)])
        await index.add([record(1, 1, 2, content="new"), record(1, 1, 4), record(1, 1, 0, content="new")], REPLACE)
        assert await keys_in_order(index, key(1)) == [key(1, 1, n) for n in (1, 3, 2, 4, 0)]

    @pytest.mark.parametrize(
        ("resource", "expected"),
        [(key(1, 2), ({"1": 3}, [2, 1])), (key(2, 1), ({"2": 1, "1": 2}, [2, 1])), (key(1, 3), ({"1": 3}, [2, 1]))],
        ids=["series that is there", "new study", "new series"],
    )
    async def test_an_instance_moves_to_where_its_new_bytes_belong(
        self, index: Index, resource: ResourceKey, expected: tuple[dict[str, int], list[int]]
    ) -> None:
        await index.add([record(1, 1, 1), record(1, 1, 2), record(1, 2, 1)])
        await index.delete(key(1, 2))  # its number may be given out again
        await index.add([record(1, 1, 3)])
        moved = record(resource=replace(resource, sop_instance_uid="1.2.1.1.1"), content="moved")
        assert await outcomes(index, [moved], REPLACE) == [REPLACED]
        assert await index.instance(key(1, 1, 1)) is None
        assert (await stored(index, moved.key)).blob_key == moved.blob_key
        assert await counts(index) == expected

    async def test_series_and_study_that_are_left_empty_vanish(self, index: Index) -> None:
        keyword = "RequestAttributesSequence.RequestedProcedureID"
        await index.add([record(1, 1, 1, values={keyword: "P1"})])
        moved = record(resource=replace(key(2, 2), sop_instance_uid="1.2.1.1.1"))
        await index.add([moved], REPLACE)
        assert await counts(index) == ({"2": 1}, [1])
        assert await found_studies(index) == {"2"}
        assert await index.search_series(query(Level.SERIES, Term(keyword, Equals(("P1",))))) == []

    async def test_attributes_stay_while_others_remain_and_come_anew_with_all_replaced(self, index: Index) -> None:
        await index.add([record(1, 1, n, values={"PatientID": "old"}) for n in (1, 2)])
        one, two = (record(1, 1, n, content="new", values={"PatientID": "new"}) for n in (1, 2))
        await index.add([one], REPLACE)
        assert await found_studies(index, Term("PatientID", Equals(("old",)))) == {"1"}
        newer = [replace(each, sha256=each.sha256[::-1], blob_key=f"newer {each.blob_key}") for each in (one, two)]
        assert await outcomes(index, newer, REPLACE) == [REPLACED, REPLACED]
        assert await found_studies(index, Term("PatientID", Equals(("old",)))) == set()
        assert await found_studies(index, Term("PatientID", Equals(("new",)))) == {"1"}

    async def test_a_kept_instance_stays_what_it_was_and_the_other_blob_is_unneeded(self, index: Index) -> None:
        await index.add([record()])
        before = await stored(index, key(1, 1, 1))
        moved = record(resource=replace(key(2, 1), sop_instance_uid="1.2.1.1.1"))
        other = record(content="other")
        for policy, outcome in ((KEEP, KEPT), (REJECT, CONFLICT)):
            told = await index.add([other, moved], policy)
            assert told == [Addition(outcome, key(1, 1, 1), each.blob_key) for each in (other, moved)]
        assert await unneeded_blobs(index) == set()
        assert await stored(index, key(1, 1, 1)) == before
        assert await counts(index) == ({"1": 1}, [1])

    @pytest.mark.parametrize("policy", list(DuplicatePolicy))
    async def test_the_same_bytes_are_identical_whatever_the_policy(
        self, index: Index, policy: DuplicatePolicy
    ) -> None:
        await index.add([record()])
        before = await stored(index, key(1, 1, 1))
        again = replace(record(), blob_key="another")
        assert await index.add([again, record(1, 1, 2)], policy) == [
            Addition(IDENTICAL, key(1, 1, 1), "another"),
            Addition(ADDED, key(1, 1, 2)),
        ]
        assert await stored(index, key(1, 1, 1)) == before

    async def test_the_last_of_one_call_replaces_the_others(self, index: Index) -> None:
        offered = [record(content=content) for content in ("a", "b", "c")]
        there = key(1, 1, 1)
        assert await index.add([*offered, replace(offered[2], blob_key="c again"), record(1, 1, 2)], REPLACE) == [
            Addition(ADDED, there, offered[0].blob_key),
            Addition(REPLACED, there, offered[1].blob_key),
            Addition(REPLACED, there),
            Addition(IDENTICAL, there, "c again"),
            Addition(ADDED, key(1, 1, 2)),
        ]
        assert await unneeded_blobs(index) == set()
        assert (await stored(index, key(1, 1, 1))).blob_key == offered[2].blob_key
        more = [record(content="d"), replace(offered[2], blob_key="c once more")]
        assert await index.add(more, REPLACE) == [
            Addition(REPLACED, there, more[0].blob_key),
            Addition(REPLACED, there),
        ]
        assert await unneeded_blobs(index) == {offered[2].blob_key}
        assert (await stored(index, key(1, 1, 1))).blob_key == "c once more"
        assert await counts(index) == ({"1": 2}, [2])

    async def test_the_first_of_one_call_is_kept(self, index: Index) -> None:
        one, two = record(content="a"), record(content="b")
        assert await index.add([one, two], KEEP) == [
            Addition(ADDED, one.key),
            Addition(KEPT, one.key, two.blob_key),
        ]
        assert (await stored(index, key(1, 1, 1))).blob_key == one.blob_key

    async def test_a_blob_that_a_row_names_is_never_unneeded(self, index: Index) -> None:
        one, two = record(content="a"), record(content="b")
        in_one_call = [Addition(REPLACED, one.key, two.blob_key), Addition(REPLACED, one.key)]
        assert await index.add([one, two, one], REPLACE) == [Addition(ADDED, one.key), *in_one_call]
        assert await index.add([one], REPLACE) == [Addition(IDENTICAL, one.key)]
        assert await index.add([two, one], REPLACE) == in_one_call
        assert await unneeded_blobs(index) == set()

    async def test_all_records_of_a_call_are_told_where_the_last_one_took_their_instance(self, index: Index) -> None:
        moved = record(resource=replace(key(2, 1), sop_instance_uid="1.2.1.1.1"))
        additions = await index.add([record(content="a"), record(content="b"), moved], REPLACE)
        assert [each.stored_key for each in additions] == [moved.key] * 3

    async def test_many_are_replaced_in_one_call(self, index: Index) -> None:
        await index.add([record(n % 700, 1, n) for n in range(1400)])
        new = [record(n % 700, 1, n, content="new") for n in range(1400)]
        assert await index.add(new, REPLACE) == [Addition(REPLACED, each.key) for each in new]
        assert await unneeded_blobs(index) == {record(n % 700, 1, n).blob_key for n in range(1400)}
        of_studies, of_series = await counts(index)
        assert of_studies == {str(n): 2 for n in range(700)}
        assert of_series == [2] * 700

    async def test_a_reader_meanwhile_finds_the_old_instance_or_the_new_one(self, index: Index) -> None:
        versions = [record(content=str(n)) for n in range(40)]
        await index.add(versions[:1])
        of_sha256 = {each.sha256: each for each in versions}

        async def replace_again_and_again() -> None:
            for version in versions[1:]:
                await index.add([version], REPLACE)

        replacing = asyncio.create_task(replace_again_and_again())
        while not replacing.done():
            found = await stored(index, key(1, 1, 1))
            version = of_sha256[found.sha256]
            assert found.blob_key == version.blob_key
            assert await index.frame_index(found) in {version.frame_index, None}
            assert await metadata(index, key(1, 1, 1)) != []
            await asyncio.sleep(0)
        await replacing
        assert (await stored(index, key(1, 1, 1))).sha256 == versions[-1].sha256


class DeletingContract:
    """``delete``."""

    @pytest.mark.parametrize(
        ("resource", "gone", "left"),
        [
            (key(1), [(1, 1, 1), (1, 2, 1), (1, 1, 2)], ({"2": 1}, [1])),
            (key(1, 1), [(1, 1, 1), (1, 1, 2)], ({"2": 1, "1": 1}, [1, 1])),
            (key(1, 1, 2), [(1, 1, 2)], ({"2": 1, "1": 2}, [1, 1, 1])),
            (key(1, 2, 1), [(1, 2, 1)], ({"2": 1, "1": 2}, [2, 1])),
            (key(2, 1, 1), [(2, 1, 1)], ({"1": 3}, [2, 1])),
        ],
        ids=["study", "series", "instance", "last of a series", "last of a study"],
    )
    async def test_what_is_below_a_key_goes_and_what_is_not_stays(
        self,
        index: Index,
        resource: ResourceKey,
        gone: list[tuple[int, int, int]],
        left: tuple[dict[str, int], list[int]],
    ) -> None:
        numbers = [(1, 1, 1), (1, 2, 1), (1, 1, 2), (2, 1, 1)]
        await index.add([record(*each) for each in numbers])
        before = {each: await stored(index, key(*each)) for each in numbers}
        assert await index.delete(resource) == len(gone)
        assert await unneeded_blobs(index) == {record(*each).blob_key for each in gone}
        for each, instance in before.items():
            found = await index.instance(key(*each))
            assert found == (None if each in gone else instance)
            assert await index.frame_index(instance) == (None if each in gone else record(*each).frame_index)
            assert await index.bulk_index(instance) == (None if each in gone else record(*each).bulk_index)
        assert await metadata(index, resource) == []
        assert await counts(index) == left
        assert await index.delete(resource) == 0

    @pytest.mark.parametrize("resource", [key(2), key(1, 2), key(1, 1, 2), ResourceKey("1.2.1", "1.2.2", "1.2.1.1.1")])
    async def test_deleting_what_is_not_there_does_nothing(self, index: Index, resource: ResourceKey) -> None:
        await index.add([record()])
        assert await index.delete(resource) == 0
        assert await unneeded_blobs(index) == set()
        assert await counts(index) == ({"1": 1}, [1])

    async def test_the_whole_archive_is_not_deleted_at_once(self, index: Index) -> None:
        await index.add([record()])
        with pytest.raises(ValueError, match="whole archive"):
            await index.delete(ResourceKey())
        assert await counts(index) == ({"1": 1}, [1])

    async def test_nothing_of_what_is_gone_is_found_by_a_search(self, index: Index) -> None:
        listed = "RequestAttributesSequence.RequestedProcedureID"
        values: dict[str, str | tuple[str, ...]] = {"Modality": "CT", listed: ("P1", "P2")}
        await index.add([record(1, 1, 1, values=values), record(1, 2, 1, values={"Modality": "SR"})])
        await index.delete(key(1, 1))
        [study] = await index.search_studies(query(Level.STUDY))
        assert (study.modalities, study.number_of_series, study.number_of_instances) == (("SR",), 1, 1)
        assert await found_studies(index, Term("ModalitiesInStudy", Equals(("CT",)))) == set()
        for keyword, value in (("Modality", "CT"), (listed, "P1")):
            assert await index.search_series(query(Level.SERIES, Term(keyword, Equals((value,))))) == []
        await index.delete(key(1))
        for level in Level:
            assert await search(index, query(level)) == []

    async def test_attributes_stay_when_the_instance_goes_from_which_they_came(self, index: Index) -> None:
        first, second = (record(1, 1, n, values={"PatientID": f"P{n}"}) for n in (1, 2))
        await index.add([first, second])
        await index.delete(first.key)
        [match] = await index.search_series(query(Level.SERIES))
        assert (match.attributes, match.study.attributes) == (first.series_attributes, first.study_attributes)
        assert await found_studies(index, Term("PatientID", Equals(("P1",)))) == {"1"}

    async def test_a_study_that_comes_again_is_as_its_first_instance_now_tells(self, index: Index) -> None:
        listed = "RequestAttributesSequence.RequestedProcedureID"
        await index.add([record(values={"PatientID": "old", listed: "P1"})])
        before = await stored(index, key(1, 1, 1))
        await index.delete(key(1))
        again = record(content="other", values={"PatientID": "new", listed: "P2"})
        assert await index.add([again]) == [Addition(ADDED, again.key)]
        assert (await stored(index, key(1, 1, 1))).row > before.row
        assert await index.frame_index(before) is None
        assert await found_studies(index, Term("PatientID", Equals(("new",)))) == {"1"}
        assert await index.search_series(query(Level.SERIES, Term(listed, Equals(("P1",))))) == []

    async def test_a_large_study_goes_as_a_whole(self, index: Index) -> None:
        await index.add([record(1, n % 700, n) for n in range(3000)])
        await index.add([record(2, 1, 1)])
        assert await index.delete(key(1)) == 3000
        assert await unneeded_blobs(index) == {record(1, n % 700, n).blob_key for n in range(3000)}
        assert await counts(index) == ({"2": 1}, [1])

    async def test_a_study_that_is_deleted_while_others_add_to_it_is_counted_exactly(self, index: Index) -> None:
        async def add(number: int) -> None:
            await index.add([record(1, number % 3, number)])

        async def delete(resource: ResourceKey) -> int:
            return await index.delete(resource)

        deletions = [delete(resource) for resource in (key(1), key(1, 1), key(1, 2, 50), key(1, 0)) * 3]
        calls = [*(add(number) for number in range(150)), *deletions]
        told = await asyncio.gather(*Random(5).sample(calls, len(calls)))
        deleted = await unneeded_blobs(index)
        assert sum(count for count in told if count is not None) == len(deleted)
        offered = {record(1, n % 3, n).blob_key for n in range(150)}
        assert await index.known_blob_keys(offered) == offered - deleted
        of_studies, of_series = await counts(index)
        assert sum(of_studies.values()) == sum(of_series) == len(offered) - len(deleted)
        assert len(await metadata(index, key(1))) == len(offered) - len(deleted)


class UnneededBlobsContract:
    """``unneeded_blobs``, ``forget_blobs``, ``sweeping_turn``."""

    async def test_blobs_are_unneeded_until_they_are_forgotten(self, index: Index) -> None:
        await index.add([record(1, 1, n) for n in range(700)])
        await index.delete(key(1))
        await index.forget_blobs([record(1, 1, n).blob_key for n in range(600)])
        assert await unneeded_blobs(index) == {record(1, 1, n).blob_key for n in range(600, 700)}
        await index.forget_blobs(await unneeded_blobs(index))
        assert await unneeded_blobs(index) == set()

    async def test_one_sweeps_at_a_time_also_after_one_who_failed(self, index: Index) -> None:
        async with index.sweeping_turn() as is_ours, index.sweeping_turn() as is_theirs:
            assert is_ours
            assert not is_theirs
        with suppress(ZeroDivisionError):
            async with index.sweeping_turn() as is_ours:
                assert is_ours
                raise ZeroDivisionError
        async with index.sweeping_turn() as is_ours:
            assert is_ours

    async def test_blobs_that_nobody_wrote_down_are_forgotten_without_complaint(self, index: Index) -> None:
        await index.add([record()])
        await index.forget_blobs([record().blob_key, "unknown"])
        await index.forget_blobs([])
        assert await index.known_blob_keys([record().blob_key]) == {record().blob_key}

    async def test_no_more_are_told_at_once_than_asked_for(self, index: Index) -> None:
        await index.add([record(1, 1, n) for n in range(5)])
        await index.delete(key(1))
        told = await index.unneeded_blobs(0, 3)
        assert len(set(told)) == 3
        await index.forget_blobs(told)
        assert len(await index.unneeded_blobs(0, 3)) == 2

    async def test_blobs_that_became_unneeded_a_moment_ago_are_not_told_to_who_asks_for_older_ones(
        self, index: Index
    ) -> None:
        await index.add([record(1), record(2)])
        await index.add([record(1, content="new")], REPLACE)
        await index.delete(key(2))
        assert await index.unneeded_blobs(3600, 10) == []
        assert await unneeded_blobs(index) == {record(1).blob_key, record(2).blob_key}


class RandomChangesContract:
    """Any changes, compared with plain Python."""

    @pytest.mark.parametrize("seed", range(6))
    async def test_random_changes_lead_to_what_plain_python_has(self, index: Index, seed: int) -> None:
        random, plain = Random(seed), PlainIndex()
        offered: set[str] = set()
        never_stored: list[str] = []
        for number in range(60):
            if random.random() < 0.3:
                resource = random_key(random)
                assert await index.delete(resource) == plain.delete(resource)
            else:
                records = [random_version(random, f"{number}.{n}") for n in range(random.randint(1, 6))]
                policy = random.choice(list(DuplicatePolicy))
                additions = await index.add(records, policy)
                assert additions == plain.add(records, policy)
                offered |= {each.blob_key for each in records}
                never_stored += [each.unneeded_blob_key for each in additions if each.unneeded_blob_key is not None]
            for level in Level:
                asked = replace(query(level), whole_metadata=True)
                assert await search(index, asked) == plain.search(asked)
        removed = await unneeded_blobs(index)
        assert removed == plain.unneeded_blobs
        assert min(len(removed), len(never_stored)) > 20  # or the changes would show little
        assert removed.isdisjoint(never_stored)
        assert await index.known_blob_keys(offered) == offered - removed - set(never_stored)


def random_resource(random: Random) -> ResourceKey:
    return ResourceKey(f"1.2.{random.randint(1, 2)}", f"1.3.{random.randint(1, 3)}", f"1.4.{random.randint(1, 8)}")


def random_key(random: Random) -> ResourceKey:
    resource = random_resource(random)
    series = replace(resource, sop_instance_uid=None)
    return random.choice((resource, resource, series, series, ResourceKey(resource.study_instance_uid)))


def random_version(random: Random, name: str) -> InstanceRecord:
    """One of few instances, in one of few series, with one of few contents, in a blob of its own."""
    values: dict[str, str | tuple[str, ...]] = {"Modality": random.choice(("CT", "MR", "SR"))}
    version = record(resource=random_resource(random), content=random.choice("ab"), values=values)
    return replace(version, blob_key=name, metadata=name.encode())
