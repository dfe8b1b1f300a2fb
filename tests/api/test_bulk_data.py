"""RetrieveBulkdata of values, of encapsulated documents, and of whole resources (PS3.18 10.4.1.1.5, 10.4.1.1.7)."""

from collections.abc import Iterator

import httpx
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import EncapsulatedPDFStorage

from app.settings import RetrieveSettings, Settings
from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient, in_process
from tests.examples import COLOR_MULTI_FRAME, ECG, JPEG_LS, NATIVE, SEGMENTATION, new_instance
from tests.multipart_answers import AnswerPart, boundary_of, split_parts
from tests.source_frames import source_frames

OCTET_STREAM = 'multipart/related; type="application/octet-stream"'
DOCUMENT = b"%PDF-1.7\n" + bytes(range(256)) * 20
"""5129 bytes: an odd number, so that its value field is padded."""


class Mixed:
    """A server with a study of native, compressed, multi-frame and waveform instances, each in a series of its own."""

    def __init__(self, client: InProcessClient) -> None:
        self.client = client
        first = new_instance(NATIVE)
        names = (JPEG_LS, COLOR_MULTI_FRAME, ECG)
        self.instances = [
            first,
            *(new_instance(name, StudyInstanceUID=first.StudyInstanceUID) for name in names),
            # The second of its series.
            new_instance(NATIVE, StudyInstanceUID=first.StudyInstanceUID, SeriesInstanceUID=first.SeriesInstanceUID),
        ]
        assert store(client, *self.instances).status_code == 200
        self.study = f"/studies/{first.StudyInstanceUID}"
        self.series = f"{self.study}/series/{first.SeriesInstanceUID}"
        self.paths = [_path(instance) for instance in self.instances]


@pytest.fixture(scope="module")
def mixed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mixed]:
    """The server and what it holds."""
    with in_process(Settings(data=tmp_path_factory.mktemp("mixed") / "data")) as client:
        yield Mixed(client)


def test_pixel_data_of_a_study_is_that_of_each_instance(mixed: Mixed) -> None:
    """Native pixel data is one part, each frame of a compressed one a part, located at their own resources."""
    parts = _parts(mixed.client.get(f"{mixed.study}/pixeldata"))
    native, jpeg_ls, color, _, second = mixed.instances
    expected = [
        ("application/octet-stream", native.PixelData),
        ("image/jls; transfer-syntax=1.2.840.10008.1.2.4.80", source_frames(jpeg_ls)[0]),
        *(("image/jpeg; transfer-syntax=1.2.840.10008.1.2.4.50", frame) for frame in source_frames(color)),
        ("application/octet-stream", second.PixelData),
    ]
    assert [(part.headers["content-type"], part.body) for part in parts] == expected
    for part in parts[::7]:
        again = mixed.client.get(part.headers["content-location"], accept='multipart/related; type="*/*"')
        assert [each.body for each in _parts(again)] == [part.body]


def test_pixel_data_of_a_series_and_an_instance(mixed: Mixed) -> None:
    native, _, color, ecg, second = mixed.instances
    parts = _parts(mixed.client.get(f"{mixed.series}/pixeldata"))
    assert [part.body for part in parts] == [native.PixelData, second.PixelData]
    parts = _parts(mixed.client.get(f"{_path(color)}/pixeldata"))
    assert [part.body for part in parts] == source_frames(color)
    [part] = _parts(mixed.client.get(f"{_path(native)}/pixeldata"))
    assert part.body == native.PixelData
    assert_problem(mixed.client.get(f"{_path(ecg)}/pixeldata"), 404)


def test_pixel_data_that_is_alone_may_be_the_answer_itself(mixed: Mixed) -> None:
    native = mixed.instances[0]
    answer = mixed.client.get(f"{_path(native)}/pixeldata", accept="application/octet-stream", range="bytes=10-29")
    assert (answer.status_code, answer.content) == (206, native.PixelData[10:30])


def test_bulk_data_of_a_resource_is_every_value_that_its_metadata_points_to(mixed: Mixed) -> None:
    for path in (mixed.study, mixed.series, _path(mixed.instances[0]), _path(mixed.instances[3])):
        uris = [uri for document in mixed.client.get(f"{path}/metadata").json() for uri in _bulk_data_uris(document)]
        parts = _parts(mixed.client.get(f"{path}/bulkdata"))
        locations = [part.headers["content-location"] for part in parts]
        frames = [location for location in locations if "/frames/" in location]
        compressed = {_path(mixed.instances[number]) for number in (1, 2)}
        assert [location for location in locations if location not in frames] == [
            uri for uri in uris if not any(f"{each}/bulkdata/7FE00010" in uri for each in compressed)
        ]
        assert len(frames) == (31 if path == mixed.study else 0)
        for part in parts:
            if part.headers["content-location"] not in frames:
                alone = mixed.client.get(part.headers["content-location"], accept="application/octet-stream")
                assert alone.content == part.body


def test_all_kinds_of_parts_must_be_acceptable(mixed: Mixed) -> None:
    """Nothing is left out in silence."""
    assert_problem(mixed.client.get(f"{mixed.study}/pixeldata", accept='multipart/related; type="image/jls"'), 406)
    accept = f'{OCTET_STREAM}; transfer-syntax=*, multipart/related; type="image/*"'
    assert len(_parts(mixed.client.get(f"{mixed.study}/pixeldata", accept=accept))) == 33


@pytest.mark.parametrize("below", ["bulkdata", "pixeldata"])
def test_collections_are_not_sent_again_to_who_holds_them(mixed: Mixed, below: str) -> None:
    for path in (mixed.study, mixed.series, *mixed.paths[:3]):
        first = mixed.client.get(f"{path}/{below}")
        assert mixed.client.get(f"{path}/{below}").content == first.content
        again = mixed.client.get(f"{path}/{below}", if_none_match=first.headers["etag"])
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("below", ["bulkdata", "pixeldata"])
def test_collections_of_what_is_not_stored_are_404(mixed: Mixed, below: str) -> None:
    for path in ("/studies/1.2.3", f"{mixed.study}/series/1.2.3", f"{mixed.series}/instances/1.2.3"):
        assert_problem(mixed.client.get(f"{path}/{below}"), 404)


def test_a_frame_of_single_bits_is_bulk_data_too(client: InProcessClient) -> None:
    instance = new_instance(SEGMENTATION)
    store(client, instance)
    [part] = _parts(client.get(f"{_path(instance)}/pixeldata"))
    assert part.body == instance.PixelData


@pytest.mark.parametrize(
    ("mime_type", "accept", "media_type"),
    [
        ("application/pdf", "*/*", "application/pdf"),
        ("application/pdf", "application/pdf", "application/pdf"),
        ("application/pdf", "application/octet-stream", "application/octet-stream"),
        ("model/stl", "text/html,*/*;q=0.8", "model/stl"),
        ("model/obj", "model/*", "model/obj"),
        ("text/XML", "text/xml", "text/xml"),
        ("text/html", "application/octet-stream", "application/octet-stream"),
        ("", "application/octet-stream", "application/octet-stream"),
    ],
)
def test_an_encapsulated_document_has_its_own_media_type_and_length(
    client: InProcessClient, mime_type: str, accept: str, media_type: str
) -> None:
    path = _document(client, mime_type)
    answer = client.get(path, accept=accept)
    assert answer.headers["content-type"] == media_type
    assert answer.content == DOCUMENT
    assert client.get(path, accept=accept, range="bytes=0-7").content == DOCUMENT[:8]


@pytest.mark.parametrize("mime_type", ["text/xml", "text/html", "image/svg+xml", "multipart/related", "no type"])
def test_a_document_that_a_browser_would_run_is_not_shown_to_it(client: InProcessClient, mime_type: str) -> None:
    answer = client.get(
        _document(client, mime_type), accept="text/html,application/xhtml+xml,application/xml,*/*;q=0.8"
    )
    assert answer.headers["content-type"].startswith("multipart/related")


def test_an_encapsulated_document_in_a_part(client: InProcessClient) -> None:
    path = _document(client, "application/pdf")
    [part] = _parts(client.get(path, accept='multipart/related; type="application/pdf"'))
    assert (part.headers["content-type"], part.body) == ("application/pdf", DOCUMENT)
    [part] = _parts(client.get(path, accept=OCTET_STREAM))
    assert (part.headers["content-type"], part.body) == ("application/octet-stream", DOCUMENT)


@pytest.mark.parametrize(
    ("public_url", "root"), [(None, "/dicom-web"), ("https://pacs.example/archive/rs/", "/archive/rs")]
)
def test_bulk_data_uris_are_paths_alone_where_the_settings_want_it(
    tmp_path_factory: pytest.TempPathFactory, public_url: str | None, root: str
) -> None:
    retrieve = RetrieveSettings(bulk_data_uris="relative")
    data = tmp_path_factory.mktemp("relative") / "data"
    with in_process(Settings.model_validate({"data": data, "public_url": public_url, "retrieve": retrieve})) as client:
        instance = new_instance()
        store(client, instance)
        [document] = client.get(f"{_path(instance)}/metadata").json()
        uris = list(_bulk_data_uris(document))
        assert f"{root}{_path(instance)}/bulkdata/7FE00010" in uris
        # RetrieveURL leads people and other servers here, so it stays absolute.
        [row] = client.get("/instances").json()
        assert row["00081190"]["Value"][0].startswith(("http://", "https://"))


def _document(client: InProcessClient, mime_type: str) -> str:
    instance = new_instance()
    del instance.PixelData
    instance.SOPClassUID = instance.file_meta.MediaStorageSOPClassUID = EncapsulatedPDFStorage
    instance.MIMETypeOfEncapsulatedDocument = mime_type
    instance.EncapsulatedDocument = DOCUMENT + b"\0"
    instance.EncapsulatedDocumentLength = len(DOCUMENT)
    assert store(client, instance).status_code == 200
    return f"{_path(instance)}/bulkdata/00420011"


def _path(instance: Dataset) -> str:
    return (
        f"/studies/{instance.StudyInstanceUID}/series/{instance.SeriesInstanceUID}/instances/{instance.SOPInstanceUID}"
    )


def _parts(answer: httpx.Response) -> list[AnswerPart]:
    assert answer.status_code == 200, answer.text
    return split_parts(answer.content, boundary_of(answer.headers["content-type"]))


def _bulk_data_uris(document: dict[str, dict[str, object]]) -> Iterator[str]:
    for element in document.values():
        if "BulkDataURI" in element:
            yield str(element["BulkDataURI"])
        if element["vr"] == "SQ":
            items = element.get("Value", [])
            assert isinstance(items, list)
            for item in items:
                yield from _bulk_data_uris(item)
