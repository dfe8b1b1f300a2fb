"""The examples of the user guide of dicomweb-client, section by section, as far as the server has the transactions."""

from collections.abc import Iterable, Sequence

import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient
from dicomweb_client.session_utils import create_session_from_auth, create_session_from_user_pass
from pydicom.dataset import Dataset
from requests.auth import HTTPBasicAuth

from tests.examples import (
    COLOR_MULTI_FRAME,
    ECG,
    JPEG_2000,
    JPEG_LS,
    NATIVE,
    example,
    examples,
    examples_where,
    new_instance,
)
from tests.live_server import LiveServer
from tests.source_frames import source_frames
from tests.sources import Source

Row = dict[str, dict[str, list[str]]]

HEAD_STUDY = "77654033"
"""The PatientID of a patient with two studies: three series of one instance, and one series of four."""


def test_authentication_by_session_or_header_does_not_hinder_at_an_open_server(example_server: LiveServer) -> None:
    root, count = example_server.root, len({source.study for source in examples()})
    basic = create_session_from_auth(HTTPBasicAuth("myusername", "mypassword"))
    password = create_session_from_user_pass(username="myusername", password="mypassword")
    bearer = {"Authorization": "Bearer mytoken"}
    assert len(DICOMwebClient(url=root, session=basic).search_for_studies()) == count
    assert len(DICOMwebClient(url=root, session=password).search_for_studies()) == count
    assert len(DICOMwebClient(url=root, headers=bearer).search_for_studies()) == count


def test_store_instances(client: DICOMwebClient) -> None:
    data_set = new_instance()
    answer = client.store_instances(datasets=[data_set])
    [item] = answer.ReferencedSOPSequence
    assert item.ReferencedSOPInstanceUID == data_set.SOPInstanceUID
    assert item.ReferencedSOPClassUID == data_set.SOPClassUID
    assert "FailedSOPSequence" not in answer
    assert client.search_for_instances(data_set.StudyInstanceUID)


def test_search_for_studies(example_client: DICOMwebClient) -> None:
    studies = example_client.search_for_studies()
    assert _uids(studies, "0020000D") == sorted({source.study for source in examples()})


@pytest.mark.parametrize("attribute", ["PatientID", "00100020"])
def test_search_for_studies_by_patient_id(example_client: DICOMwebClient, attribute: str) -> None:
    studies = example_client.search_for_studies(search_filters={attribute: HEAD_STUDY})
    expected = examples_where(lambda data_set: data_set.get("PatientID") == HEAD_STUDY)
    assert _uids(studies, "0020000D") == sorted({source.study for source in expected})


def test_search_for_studies_with_a_limit(example_client: DICOMwebClient) -> None:
    assert len(example_client.search_for_studies(limit=3)) == 3


def test_search_for_studies_page_by_page(example_client: DICOMwebClient) -> None:
    studies: list[Row] = []
    while subset := example_client.search_for_studies(limit=4, offset=len(studies)):
        studies.extend(subset)
    assert _uids(studies, "0020000D") == sorted({source.study for source in examples()})


def test_search_for_all_remaining_studies(example_client: DICOMwebClient) -> None:
    studies = example_client.search_for_studies(limit=4, get_remaining=True)
    assert _uids(studies, "0020000D") == sorted({source.study for source in examples()})


def test_search_for_series(example_client: DICOMwebClient) -> None:
    assert _uids(example_client.search_for_series(), "0020000E") == sorted({source.series for source in examples()})


def test_search_for_series_of_a_study(example_client: DICOMwebClient) -> None:
    study = _head_study()
    assert _uids(example_client.search_for_series(study[0].study), "0020000E") == sorted(s.series for s in study)


@pytest.mark.parametrize(
    ("keyword", "value", "matching"),
    [
        ("AccessionNumber", "428", ["428"]),
        ("AccessionNumber", "42?", ["428"]),
        ("AccessionNumber", "?", ["2"]),
        ("SeriesDescription", "T/S/C RF FAST PILOT", ["T/S/C RF FAST PILOT"]),
        ("SeriesDescription", "FAST*", ["FAST LOCALIZER"]),
        ("SeriesDescription", "*LO*L*", ["FAST LOCALIZER"]),
        ("SeriesDescription", "Cervical OBLI ?", ["Cervical OBLI 1", "Cervical OBLI 2"]),
        ("Modality", "CT", ["CT"]),
    ],
)
def test_search_for_series_by_attribute(
    example_client: DICOMwebClient, keyword: str, value: str, matching: Sequence[str]
) -> None:
    series = example_client.search_for_series(search_filters={keyword: value})
    expected = examples_where(lambda data_set: data_set.get(keyword) in matching)
    assert expected
    assert _uids(series, "0020000E") == sorted({source.series for source in expected})


def test_search_for_instances(example_client: DICOMwebClient) -> None:
    assert _uids(example_client.search_for_instances(), "00080018") == _instances(examples())


def test_search_for_instances_of_a_series(example_client: DICOMwebClient) -> None:
    series = _brain_series()
    instances = example_client.search_for_instances(
        study_instance_uid=series[0].study, series_instance_uid=series[0].series
    )
    assert _uids(instances, "00080018") == _instances(series)


def test_search_for_instances_by_sop_class(example_client: DICOMwebClient) -> None:
    instances = example_client.search_for_instances(search_filters={"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2"})
    expected = examples_where(lambda data_set: data_set.SOPClassUID == "1.2.840.10008.5.1.4.1.1.2")
    assert _uids(instances, "00080018") == _instances(expected)


def test_retrieve_study(example_client: DICOMwebClient) -> None:
    study = _head_study()
    assert _by_uid(example_client.retrieve_study(study[0].study)) == _by_uid(s.data_set() for s in study)
    assert _by_uid(example_client.iter_study(study[0].study)) == _by_uid(s.data_set() for s in study)


def test_retrieve_series(example_client: DICOMwebClient) -> None:
    series = _brain_series()
    uids = series[0].study, series[0].series
    assert _by_uid(example_client.retrieve_series(*uids)) == _by_uid(source.data_set() for source in series)
    assert _by_uid(example_client.iter_series(*uids)) == _by_uid(source.data_set() for source in series)


@pytest.mark.parametrize("name", [NATIVE, JPEG_2000, JPEG_LS, COLOR_MULTI_FRAME, ECG])
def test_retrieve_instance(example_client: DICOMwebClient, name: str) -> None:
    source = example(name)
    assert example_client.retrieve_instance(*_path(source)) == source.data_set()


def test_retrieve_instance_in_the_jpeg_2000_transfer_syntax_it_is_stored_in(example_client: DICOMwebClient) -> None:
    source = example(JPEG_2000)
    media_types = (("application/dicom", "1.2.840.10008.1.2.4.90"),)
    instance = example_client.retrieve_instance(*_path(source), media_types=media_types)
    assert instance.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.90"
    assert instance == source.data_set()


def test_retrieve_metadata_of_study_series_and_instance(example_client: DICOMwebClient) -> None:
    series = _brain_series()
    source = series[0]
    assert _uids(example_client.retrieve_study_metadata(source.study), "00080018") == _instances(series)
    assert _uids(example_client.retrieve_series_metadata(source.study, source.series), "00080018") == _instances(series)
    assert example_client.retrieve_instance_metadata(*_path(source))["00080018"]["Value"] == [source.instance]


def test_retrieve_frames_of_native_pixels_as_octet_stream(example_client: DICOMwebClient) -> None:
    source = example(NATIVE)
    assert example_client.retrieve_instance_frames(*_path(source), frame_numbers=[1]) == source_frames(
        source.data_set()
    )


def test_retrieve_frames_by_default_in_the_order_asked(example_client: DICOMwebClient) -> None:
    source = example(COLOR_MULTI_FRAME)
    frames = source_frames(source.data_set())
    assert example_client.retrieve_instance_frames(*_path(source), frame_numbers=[1, 2]) == frames[:2]
    assert example_client.retrieve_instance_frames(*_path(source), [30, 1]) == [frames[29], frames[0]]
    assert list(example_client.iter_instance_frames(*_path(source), list(range(1, 31)))) == frames


@pytest.mark.parametrize(
    ("name", "media_types"),
    [
        (COLOR_MULTI_FRAME, ("image/jpeg",)),
        (COLOR_MULTI_FRAME, ("image/*",)),
        (JPEG_2000, ("image/*",)),
        (JPEG_2000, ("image/jp2", "image/jls")),
        (JPEG_LS, ("image/jp2", "image/jls")),
        (JPEG_LS, ("image/jp2", "image/x-jls")),
        (JPEG_2000, (("image/jpeg", "1.2.840.10008.1.2.4.57"), ("image/jp2", "1.2.840.10008.1.2.4.90"))),
        (
            JPEG_LS,
            (
                ("image/jpeg", "1.2.840.10008.1.2.4.57"),
                ("image/jp2", "1.2.840.10008.1.2.4.90"),
                ("image/x-jls", "1.2.840.10008.1.2.4.80"),
            ),
        ),
    ],
)
def test_retrieve_frames_as_the_compressed_image_that_is_stored(
    example_client: DICOMwebClient, name: str, media_types: tuple[str | tuple[str, str], ...]
) -> None:
    source = example(name)
    frames = example_client.retrieve_instance_frames(*_path(source), frame_numbers=[1], media_types=media_types)
    assert frames == source_frames(source.data_set())[:1]


def test_retrieve_bulk_data_by_its_url_also_inside_a_sequence(example_client: DICOMwebClient) -> None:
    source = example(ECG)
    metadata = example_client.retrieve_instance_metadata(*_path(source))
    groups = metadata["54000100"]["Value"]
    expected = [group.WaveformData for group in source.data_set().WaveformSequence]
    assert len(groups) == len(expected) > 1
    for group, value in zip(groups, expected, strict=True):
        assert example_client.retrieve_bulkdata(group["54001010"]["BulkDataURI"]) == [value]
        assert b"".join(example_client.iter_bulkdata(group["54001010"]["BulkDataURI"])) == value


@pytest.mark.parametrize("name", [NATIVE, ECG, "17106"])
def test_metadata_with_its_bulk_data_loads_as_the_data_set_that_was_stored(
    example_client: DICOMwebClient, name: str
) -> None:
    source = example(name)
    metadata = example_client.retrieve_instance_metadata(*_path(source))
    loaded = Dataset.from_json(metadata, lambda uri: bytes(example_client.retrieve_bulkdata(uri)[0]))
    del loaded.AvailableTransferSyntaxUID
    # Not the data sets themselves: an empty value has several forms in pydicom.
    assert loaded.to_json_dict() == source.data_set().to_json_dict()


def test_search_results_load_as_data_sets(example_client: DICOMwebClient) -> None:
    loaded = [Dataset.from_json(row) for row in example_client.search_for_studies()]
    assert sorted(data_set.StudyInstanceUID for data_set in loaded) == sorted({s.study for s in examples()})
    [heads] = [data_set for data_set in loaded if data_set.StudyInstanceUID == _head_study()[0].study]
    assert heads.PatientName == pydicom.valuerep.PersonName("Doe^Archibald")
    assert heads.NumberOfStudyRelatedSeries == 3


def _head_study() -> list[Source]:
    return examples_where(lambda data_set: data_set.get("PatientID") == HEAD_STUDY and data_set.Modality == "CR")


def _brain_series() -> list[Source]:
    return examples_where(lambda data_set: data_set.get("SeriesDescription") == "Routine Brain")


def _path(source: Source) -> tuple[str, str, str]:
    return source.study, source.series, source.instance


def _uids(rows: Iterable[Row], tag: str) -> list[str]:
    return sorted(row[tag]["Value"][0] for row in rows)


def _instances(sources: Iterable[Source]) -> list[str]:
    return sorted(source.instance for source in sources)


def _by_uid(data_sets: Iterable[Dataset]) -> dict[str, Dataset]:
    return {str(data_set.SOPInstanceUID): data_set for data_set in data_sets}
