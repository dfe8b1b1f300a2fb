"""The Python client of DICOMweb with every file of the collections: stored, found, described and returned as it was."""

import hashlib
import json
from collections import Counter

import pytest
import requests

from tests.clients.library import Library, Source, by_series, by_study, refused, sources, stored
from tests.multipart_answers import read_parts
from tests.source_frames import number_of_frames, pixel_data_keyword, source_frames, transfer_syntax_of
from tests.unit.app.dicom.test_json_against_pydicom import ANY_KEY, _expected

STORED_BYTES = 'multipart/related; type="application/dicom"; transfer-syntax=*'

DUPLICATE = 0x0111

FRAMES_IN_A_REQUEST = 400
"""As many as real clients put into one URL."""


def test_store_answers_tell_of_every_file(library: Library) -> None:
    kept = [item.ReferencedSOPInstanceUID for answer in library.answers for item in answer.get("ReferencedSOPSequence", ())]
    failed = [item for answer in library.answers for item in answer.get("FailedSOPSequence", ())]
    assert {item.FailureReason for item in failed} == {DUPLICATE}
    assert [item.ReferencedSOPInstanceUID for item in failed] == [source.instance for source in refused()]
    turned_away = {id(source) for source in refused()}
    assert kept == [source.instance for source in sources() if id(source) not in turned_away]


def test_every_study_is_found_once_with_exact_counts(library: Library) -> None:
    found = library.client.search_for_studies()
    counts = {
        row["0020000D"]["Value"][0]: (row["00201206"]["Value"][0], row["00201208"]["Value"][0]) for row in found
    }
    assert len(found) == len(counts)
    assert counts == {
        study: (len({source.series for source in instances}), len(instances))
        for study, instances in by_study(stored()).items()
    }


def test_every_series_is_found_once_with_exact_counts(library: Library) -> None:
    found = library.client.search_for_series()
    counts = {
        (row["0020000D"]["Value"][0], row["0020000E"]["Value"][0]): row["00201209"]["Value"][0] for row in found
    }
    assert len(found) == len(counts)
    assert counts == {series: len(instances) for series, instances in by_series(stored()).items()}


def test_every_instance_is_found_once(library: Library) -> None:
    found = library.client.search_for_instances()
    assert Counter(_uids(row) for row in found) == Counter((s.study, s.series, s.instance) for s in stored())


def test_every_study_lists_its_series_and_instances(library: Library) -> None:
    for study, expected in by_study(stored()).items():
        series = library.client.search_for_series(study)
        assert sorted(row["0020000E"]["Value"][0] for row in series) == sorted({s.series for s in expected})
        instances = library.client.search_for_instances(study)
        assert sorted(map(_uids, instances)) == sorted((s.study, s.series, s.instance) for s in expected)


def test_every_series_lists_its_instances(library: Library) -> None:
    for (study, series), expected in by_series(stored()).items():
        instances = library.client.search_for_instances(study, series)
        assert sorted(map(_uids, instances)) == sorted((s.study, s.series, s.instance) for s in expected)


def test_metadata_of_every_instance_is_what_pydicom_writes(library: Library) -> None:
    described = {
        document["00080018"]["Value"][0]: document
        for study in by_study(stored())
        for document in library.client.retrieve_study_metadata(study)
    }
    assert described.keys() == {source.instance for source in stored()}
    different = [source.path.name for source in stored() if described[source.instance] != _document(library, source)]
    assert different == []


def test_every_instance_comes_back_byte_for_byte(library: Library) -> None:
    with requests.Session() as session:
        for study, expected in by_study(stored()).items():
            answer = session.get(f"{library.root}/studies/{study}", headers={"Accept": STORED_BYTES})
            digests = [hashlib.sha256(part.body).hexdigest() for part in read_parts(answer)]
            assert sorted(digests) == sorted(source.sha256 for source in expected)


def test_every_frame_is_that_of_the_file(library: Library) -> None:
    different = [source.path.name for source in stored() if _frames_differ(library, source)]
    assert different == []


def _uids(row: dict[str, dict[str, list[str]]]) -> tuple[str, str, str]:
    study, series, instance = (row[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018"))
    return study, series, instance


def _document(library: Library, source: Source) -> dict[str, object]:
    """The metadata of a file as pydicom writes it, with the URLs of this server."""
    data_set = source.data_set()
    document = _expected(data_set, "", source.path.name)
    document["00083002"] = {"vr": "UI", "Value": [transfer_syntax_of(data_set)]}
    text = json.dumps(document).replace(f'"/{ANY_KEY.path[1:]}/', f'"{library.root}{source.url_path}/')
    result: dict[str, object] = json.loads(text)
    return result


def _frames_differ(library: Library, source: Source) -> bool:
    data_set = source.data_set()
    if pixel_data_keyword(data_set) is None:
        return False
    count = number_of_frames(data_set)
    retrieved: list[bytes] = []
    for start in range(1, count + 1, FRAMES_IN_A_REQUEST):
        numbers = list(range(start, min(start + FRAMES_IN_A_REQUEST, count + 1)))
        retrieved += library.client.retrieve_instance_frames(source.study, source.series, source.instance, numbers)
    return retrieved != source_frames(data_set)
