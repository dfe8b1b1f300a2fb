"""The requests of viewers and scripts, in the order in which they send them, read the way they read the answers."""

import json
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian

from tests.clients.body_readers import read_as_cornerstone, read_as_dicomtrolley, read_as_javascript_client
from tests.clients.raw_http import get, send
from tests.examples import (
    COLOR_MULTI_FRAME,
    JPEG_2000,
    JPEG_LS,
    NATIVE,
    SEGMENTATION,
    example,
    examples,
    examples_where,
    new_instance,
    part10,
)
from tests.live_server import LiveServer
from tests.multipart_requests import CONTENT_TYPE, store_body
from tests.source_frames import source_frames

SOCKETS = 6
"""As many connections as a browser opens to one host."""

OHIF_FRAMES = {"Accept": 'multipart/related; type="application/octet-stream"; transfer-syntax="*"'}
CORNERSTONE_FRAMES = {"Accept": "multipart/related; type=application/octet-stream; transfer-syntax=*"}
DICOM_JSON = {"Accept": "application/dicom+json"}

OHIF_STUDY_LIST = (
    "/studies?limit=101&offset=0&fuzzymatching=false"
    "&includefield=00081030%2C00080060%2C00080090%2C00100030"
    "&PatientName=*Doe*&ModalitiesInStudy=CT%2CMR&StudyDate=19950101-20301231"
)


class TestOhif:
    """The study list, a study's metadata all at once, frames one by one."""

    def test_the_study_list_filtered_by_name_modalities_and_dates(self, example_server: LiveServer) -> None:
        rows = get(example_server, OHIF_STUDY_LIST, **DICOM_JSON).json()
        expected = examples_where(
            lambda data_set: "Doe" in str(data_set.get("PatientName")) and data_set.Modality in {"CT", "MR"}
        )
        assert {row["0020000D"]["Value"][0] for row in rows} == {source.study for source in expected}
        assert all({"00081030", "00100030", "00080061"} <= row.keys() for row in rows)

    def test_several_studies_by_a_backslash_list(self, example_server: LiveServer) -> None:
        studies = sorted([example(NATIVE).study, example(JPEG_LS).study])
        rows = get(example_server, f"/studies?StudyInstanceUID={'%5C'.join(studies)}", **DICOM_JSON).json()
        assert sorted(row["0020000D"]["Value"][0] for row in rows) == studies

    def test_opening_studies_asks_for_the_metadata_of_all_series_in_parallel(self, example_server: LiveServer) -> None:
        series = [
            (study, row["0020000E"]["Value"][0])
            for study in sorted({source.study for source in examples()})
            for row in get(example_server, f"/studies/{study}/series", **DICOM_JSON).json()
        ]
        with ThreadPoolExecutor(SOCKETS) as sockets:
            answers = sockets.map(
                lambda uids: get(example_server, "/studies/{}/series/{}/metadata".format(*uids), **DICOM_JSON).json(),
                series,
            )
            described = [document["00080018"]["Value"][0] for answer in answers for document in answer]
        assert sorted(described) == sorted(source.instance for source in examples())

    @pytest.mark.parametrize("headers", [OHIF_FRAMES, CORNERSTONE_FRAMES])
    def test_cornerstone_loads_the_frames_of_a_multi_frame_image_in_parallel(
        self, example_server: LiveServer, headers: dict[str, str]
    ) -> None:
        source = example(COLOR_MULTI_FRAME)
        frames = source_frames(source.data_set())
        with ThreadPoolExecutor(SOCKETS) as sockets:
            loaded = sockets.map(
                lambda number: read_as_cornerstone(
                    get(example_server, f"{source.url_path}/frames/{number}", **headers).body
                ),
                range(1, len(frames) + 1),
            )
            assert [frame.data for frame in loaded] == frames

    @pytest.mark.parametrize(
        ("name", "transfer_syntax"),
        [
            (NATIVE, "1.2.840.10008.1.2.1"),
            (SEGMENTATION, "1.2.840.10008.1.2.1"),
            (JPEG_2000, "1.2.840.10008.1.2.4.90"),
            (JPEG_LS, "1.2.840.10008.1.2.4.80"),
        ],
    )
    def test_cornerstone_learns_the_transfer_syntax_from_the_part(
        self, example_server: LiveServer, name: str, transfer_syntax: str
    ) -> None:
        source = example(name)
        frame = read_as_cornerstone(get(example_server, f"{source.url_path}/frames/1", **CORNERSTONE_FRAMES).body)
        assert frame.content_type == f"application/octet-stream; transfer-syntax={transfer_syntax}"
        assert frame.data == source_frames(source.data_set())[0]


class TestJavaScriptClient:
    """npm dicomweb-client, which Slim and VolView use."""

    def test_the_whole_archive_series_metadata_and_a_series(self, example_server: LiveServer) -> None:
        source = example("17106")
        assert len(get(example_server, "/studies", **DICOM_JSON).json()) == len({each.study for each in examples()})
        series = f"/studies/{source.study}/series/{source.series}"
        assert len(get(example_server, f"{series}/metadata", **DICOM_JSON).json()) == 4
        answer = get(example_server, series, Accept='multipart/related; type="application/dicom"')
        expected = [each.path.read_bytes() for each in examples() if each.series == source.series]
        assert sorted(read_as_javascript_client(answer.body)) == sorted(expected)

    def test_frames_of_a_multi_frame_image(self, example_server: LiveServer) -> None:
        source = example(COLOR_MULTI_FRAME)
        answer = get(example_server, f"{source.url_path}/frames/1,2,30", **OHIF_FRAMES)
        frames = source_frames(source.data_set())
        assert read_as_javascript_client(answer.body) == [frames[0], frames[1], frames[29]]

    def test_bulk_data_asked_with_and_without_an_accept_header(self, example_server: LiveServer) -> None:
        source = example(NATIVE)
        [document] = get(example_server, f"{source.url_path}/metadata", **DICOM_JSON).json()
        uri = document["00431029"]["BulkDataURI"]
        value = source.data_set()[0x0043, 0x1029].value
        accept = 'multipart/related; type="application/octet-stream"'
        assert read_as_javascript_client(get(example_server, uri, Accept=accept).body) == [value]
        assert read_as_javascript_client(get(example_server, uri).body) == [value]


class TestSlicer:
    """3D Slicer's importFromDICOMWeb and DICOMSender."""

    @pytest.mark.parametrize("bulk_retrieve", [True, False])
    def test_import_from_dicomweb(self, example_server: LiveServer, tmp_path: Path, bulk_retrieve: bool) -> None:
        client = DICOMwebClient(example_server.root)
        study = example("6293").study
        for row in client.search_for_series(study_instance_uid=study):
            uids = study, row["0020000E"]["Value"][0]
            described = [each["00080018"]["Value"][0] for each in client.retrieve_series_metadata(*uids)]
            if bulk_retrieve:
                received: Iterable[Dataset] = client.iter_series(*uids)
            else:
                received = [client.retrieve_instance(*uids, instance) for instance in described]
            for data_set in received:
                data_set.save_as(tmp_path / f"{data_set.SOPInstanceUID}.dcm")
        saved = {path.stem: pydicom.dcmread(path) for path in tmp_path.iterdir()}
        assert saved == {source.instance: source.data_set() for source in examples() if source.study == study}

    def test_an_unknown_study_has_no_series(self, example_server: LiveServer) -> None:
        assert get(example_server, "/studies/1.2.3/series").status in {200, 404}

    def test_sending_one_file_a_request_to_an_address_without_a_path(self, server: LiveServer) -> None:
        instances = [new_instance() for _ in range(3)]
        for data_set in instances:
            body = store_body([part10(data_set)])
            answer = send(server, "POST", f"{server.origin}/studies", {"Content-Type": CONTENT_TYPE}, body)
            assert answer.status == 200
        assert all(get(server, f"/studies/{data_set.StudyInstanceUID}").status == 200 for data_set in instances)


class TestDicomtrolley:
    """Searches become a tree by the UIDs in each row, and WADO-RS bodies are split by its own rules."""

    @pytest.mark.parametrize(
        ("path", "level"), [("/studies", "study"), ("/series", "series"), ("/instances", "instance")]
    )
    def test_rows_are_filed_under_the_lowest_uid_they_hold(
        self, example_server: LiveServer, path: str, level: str
    ) -> None:
        rows = get(example_server, f"{path}?includefield=PatientID&includefield=StudyDescription", Accept="*/*").json()
        filed = [_lowest_uid(row) for row in rows]
        assert len(filed) == len(set(filed))
        assert set(filed) == {(level, getattr(source, level)) for source in examples()}

    @pytest.mark.parametrize("path", [f"/studies/{example('17106').study}", example(JPEG_LS).url_path])
    def test_each_part_is_a_file(self, example_server: LiveServer, path: str) -> None:
        answer = get(example_server, path, Accept="*/*")
        parts = read_as_dicomtrolley(answer.body, answer.content_type)
        received = {data_set.SOPInstanceUID: data_set for data_set in map(pydicom.dcmread, map(BytesIO, parts))}
        sources = [each.data_set() for each in examples() if each.url_path.startswith(path)]
        assert received.keys() == {source.SOPInstanceUID for source in sources}
        for source in sources:
            assert np.array_equal(received[source.SOPInstanceUID].pixel_array, source.pixel_array)

    def test_metadata_of_a_study(self, example_server: LiveServer) -> None:
        study = example("6154").study
        described = get(example_server, f"/studies/{study}/metadata", Accept="*/*").json()
        assert len(described) == sum(source.study == study for source in examples())


class TestMonaiLabel:
    """MONAI Label's datastore: searches without limit, metadata without bulk data, frames as native pixels."""

    @pytest.mark.parametrize("modality", ["CT", "SEG"])
    def test_all_series_of_a_modality(self, example_server: LiveServer, modality: str) -> None:
        found = DICOMwebClient(example_server.root).search_for_series(search_filters={"Modality": modality})
        expected = examples_where(lambda data_set: data_set.get("Modality") == modality)
        assert {(row["0020000D"]["Value"][0], row["0020000E"]["Value"][0]) for row in found} == {
            (source.study, source.series) for source in expected
        }

    def test_a_series_by_its_uid_alone_is_described_and_retrieved(self, example_server: LiveServer) -> None:
        client = DICOMwebClient(example_server.root)
        source = example(SEGMENTATION)
        [row] = client.search_for_series(search_filters={"SeriesInstanceUID": source.series})
        uids = row["0020000D"]["Value"][0], row["0020000E"]["Value"][0]
        [document] = client.retrieve_series_metadata(*uids)
        with pytest.warns(UserWarning, match="No bulk data URI handler"):
            assert Dataset.from_json(document).SOPInstanceUID == source.instance
        assert client.retrieve_series(*uids) == [source.data_set()]

    def test_a_frame_joined_to_the_metadata_is_the_image(self, example_server: LiveServer) -> None:
        client = DICOMwebClient(example_server.root)
        source = example(NATIVE)
        document = client.retrieve_instance_metadata(source.study, source.series, source.instance)
        data_set = Dataset.from_json(document, lambda uri: b"")
        [frame] = client.retrieve_instance_frames(source.study, source.series, source.instance, [1])
        data_set.PixelData = bytes(frame)
        data_set.file_meta = FileMetaDataset()
        data_set.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        assert (data_set.pixel_array == source.data_set().pixel_array).all()

    def test_a_result_is_found_at_the_url_of_the_store_answer(self, server: LiveServer) -> None:
        data_set = new_instance(SEGMENTATION)
        answer = send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, store_body([part10(data_set)]))
        url = next(value for value in _strings(json.loads(answer.body)) if "/series/" in value)
        series = url.partition("/series/")[2].partition("/")[0]
        assert series == data_set.SeriesInstanceUID


def _lowest_uid(row: dict[str, Any]) -> tuple[str, str]:
    """The level and UID under which dicomtrolley files a row."""
    for level, tag in (("instance", "00080018"), ("series", "0020000E"), ("study", "0020000D")):
        if tag in row:
            return level, row[tag]["Value"][0]
    raise AssertionError(row)


def _strings(node: object) -> Iterable[str]:
    """Every string of a JSON document, in its order."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for value in node.values():
            yield from _strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from _strings(value)
