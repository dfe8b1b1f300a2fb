"""The Python client of DICOMweb with every file of the collections: stored, found, described and returned as it was."""

import hashlib
import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import requests
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian

from tests.clients.library import Library, by_series, by_study, refused, sources, stored
from tests.multipart_answers import read_parts
from tests.pydicom_json import ANY_KEY, READ_BY_US_ONLY, expected_json
from tests.source_frames import little_endian, source_frames, transfer_syntax_of
from tests.sources import Source

STORED_BYTES = 'multipart/related; type="application/dicom"; transfer-syntax=*'

DUPLICATE = 0x0111

FRAMES_IN_A_REQUEST = 400
"""As many as real clients put into one URL."""


def read_by_pydicom() -> list[Source]:
    """The stored files that pydicom can judge."""
    return [source for source in stored() if source.path.name not in READ_BY_US_ONLY]


def test_store_answers_tell_of_every_file(library: Library) -> None:
    kept = [
        item.ReferencedSOPInstanceUID for answer in library.answers for item in answer.get("ReferencedSOPSequence", ())
    ]
    failed = [item for answer in library.answers for item in answer.get("FailedSOPSequence", ())]
    assert {item.FailureReason for item in failed} == {DUPLICATE}
    assert [item.ReferencedSOPInstanceUID for item in failed] == [source.instance for source in refused()]
    turned_away = {id(source) for source in refused()}
    assert kept == [source.instance for source in sources() if id(source) not in turned_away]


def test_every_study_is_found_once_with_exact_counts(library: Library) -> None:
    found = library.client.search_for_studies()
    counts = {row["0020000D"]["Value"][0]: (row["00201206"]["Value"][0], row["00201208"]["Value"][0]) for row in found}
    assert len(found) == len(counts)
    assert counts == {
        study: (len({source.series for source in instances}), len(instances))
        for study, instances in by_study(stored()).items()
    }


def test_every_series_is_found_once_with_exact_counts(library: Library) -> None:
    found = library.client.search_for_series()
    counts = {(row["0020000D"]["Value"][0], row["0020000E"]["Value"][0]): row["00201209"]["Value"][0] for row in found}
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
    different = [s.path.name for s in read_by_pydicom() if described[s.instance] != _document(library, s)]
    assert different == []


def test_every_instance_comes_back_byte_for_byte(library: Library) -> None:
    with requests.Session() as session:
        for study, expected in by_study(stored()).items():
            answer = session.get(f"{library.root}/studies/{study}", headers={"Accept": STORED_BYTES})
            digests = [hashlib.sha256(part.body).hexdigest() for part in read_parts(answer)]
            assert sorted(digests) == sorted(source.sha256 for source in expected)


DEFLATED_FRAMES = "1.2.840.10008.1.2.8.1"
"""Without a media type of their own: they go out as octets, and those without a transfer syntax are native pixels."""


def test_every_frame_is_that_of_the_file(library: Library) -> None:
    judged = [s for s in read_by_pydicom() if s.data_set().file_meta.get("TransferSyntaxUID") != DEFLATED_FRAMES]
    wrong = [s.path.name for s in judged if not _frames_are_right(library, s, source_frames(s.data_set()))]
    assert wrong == []


def test_every_bulk_value_is_that_of_the_file(library: Library) -> None:
    wrong = []
    for source in read_by_pydicom():
        data_set = source.data_set()
        document = library.client.retrieve_instance_metadata(source.study, source.series, source.instance)
        for uri in _bulk_data_uris(document):
            element = _element_at(data_set, uri.partition("/bulkdata/")[2])
            if not element.is_undefined_length and library.client.retrieve_bulkdata(uri) != [
                _bulk_bytes(data_set, element)
            ]:
                wrong.append((source.path.name, element.tag))
    assert wrong == []


def _bulk_data_uris(document: Mapping[str, Mapping[str, Any]]) -> Iterator[str]:
    """Every BulkDataURI, also inside sequences."""
    for attribute in document.values():
        if "BulkDataURI" in attribute:
            yield str(attribute["BulkDataURI"])
        elif attribute["vr"] == "SQ":
            for item in attribute.get("Value", ()):
                yield from _bulk_data_uris(item)


def _element_at(data_set: Dataset, path: str) -> DataElement:
    """The element at a path of tags and item numbers such as 54000100/0/54001010."""
    *sequences, tag = path.split("/")
    for sequence, number in zip(sequences[::2], sequences[1::2], strict=True):
        data_set = data_set[int(sequence, 16)].value[int(number)]
    return data_set[int(tag, 16)]


def _bulk_bytes(data_set: Dataset, element: DataElement) -> bytes:
    """Numbers little endian, text in UTF-8 (PS3.18 F.2.6)."""
    if isinstance(element.value, str):
        return element.value.encode()
    big_endian = transfer_syntax_of(data_set) == ExplicitVRBigEndian
    return little_endian(element.value, element.VR) if big_endian else element.value


def _uids(row: dict[str, dict[str, list[str]]]) -> tuple[str, str, str]:
    study, series, instance = (row[tag]["Value"][0] for tag in ("0020000D", "0020000E", "00080018"))
    return study, series, instance


def _document(library: Library, source: Source) -> dict[str, object]:
    """The metadata of a file as pydicom writes it, with the URLs of this server."""
    data_set = source.data_set()
    document = expected_json(data_set, source.path.name)
    document["00083002"] = {"vr": "UI", "Value": [transfer_syntax_of(data_set)]}
    text = json.dumps(document).replace(f'"/{ANY_KEY.path[1:]}/', f'"{library.root}{source.url_path}/')
    result: dict[str, object] = json.loads(text)
    return result


def _frames_are_right(library: Library, source: Source, expected: list[bytes]) -> bool:
    if not expected:
        return requests.get(f"{library.root}{source.url_path}/frames/1", timeout=20).status_code == 404
    retrieved: list[bytes] = []
    for start in range(1, len(expected) + 1, FRAMES_IN_A_REQUEST):
        numbers = list(range(start, min(start + FRAMES_IN_A_REQUEST, len(expected) + 1)))
        retrieved += library.client.retrieve_instance_frames(source.study, source.series, source.instance, numbers)
    return retrieved == expected
