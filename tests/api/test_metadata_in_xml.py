"""RetrieveMetadata in the Native DICOM Model (PS3.18 8.7.3.2, PS3.19 A.1)."""

import xml.etree.ElementTree as ET

import pytest

from tests.api.answers import store
from tests.api.in_process import InProcessClient
from tests.examples import COLOR_MULTI_FRAME, ECG, NATIVE, example, new_instance
from tests.multipart_answers import boundary_of, split_parts

XML = 'multipart/related; type="application/dicom+xml"'
MODEL = "{http://dicom.nema.org/PS3.19/models/NativeDICOM}"


@pytest.mark.parametrize("name", [NATIVE, COLOR_MULTI_FRAME, ECG])
def test_the_xml_of_an_instance_says_what_its_file_says(archive: InProcessClient, name: str) -> None:
    source = example(name)
    [model] = _models(archive, f"{source.url_path}/metadata")
    data_set = source.data_set()
    keywords = {each.get("keyword") for each in model}
    assert {element.keyword for element in data_set if element.keyword and element.VM} <= keywords | {"PixelData"}
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "Modality", "PatientID"):
        [attribute] = model.findall(f"{MODEL}DicomAttribute[@keyword='{keyword}']")
        assert attribute.findtext(f"{MODEL}Value") == str(data_set[keyword].value)
    [family] = model.findall(f"{MODEL}DicomAttribute[@keyword='PatientName']//{MODEL}FamilyName")
    assert family.text == data_set.PatientName.family_name


def test_bulk_data_in_xml_is_where_its_uri_says(archive: InProcessClient) -> None:
    [model] = _models(archive, f"{example(ECG).url_path}/metadata")
    uris = [each.get("uri", "") for each in model.iter(f"{MODEL}BulkData")]
    values = [archive.get(uri, accept="application/octet-stream").content for uri in uris]
    assert example(ECG).data_set().WaveformSequence[0].WaveformData in values


def test_a_study_has_a_part_for_each_instance_in_the_order_of_the_json(client: InProcessClient) -> None:
    first = new_instance()
    above = {"StudyInstanceUID": first.StudyInstanceUID}
    store(client, first, *[new_instance(NATIVE, InstanceNumber=number, **above) for number in range(7)])
    path = f"/studies/{first.StudyInstanceUID}/metadata"
    found = [
        model.findtext(f"{MODEL}DicomAttribute[@keyword='SOPInstanceUID']/{MODEL}Value")
        for model in _models(client, path)
    ]
    assert found == [document["00080018"]["Value"][0] for document in client.get(path).json()]


def test_head_needs_no_body(archive: InProcessClient) -> None:
    answer = archive.request("HEAD", f"{example(NATIVE).url_path}/metadata", {"Accept": XML})
    assert (answer.status_code, answer.content) == (200, b"")


def _models(client: InProcessClient, path: str) -> list[ET.Element]:
    answer = client.get(path, accept=XML)
    assert answer.status_code == 200, answer.text
    parts = split_parts(answer.content, boundary_of(answer.headers["content-type"]))
    assert {part.headers["content-type"] for part in parts} == {"application/dicom+xml"}
    return [ET.fromstring(part.body) for part in parts]
