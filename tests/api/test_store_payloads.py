"""What the body of a store request may be (PS3.18 10.5.1, 8.6.1.2), to the byte."""

import gzip
import zlib
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    EncapsulatedPDFStorage,
    ExplicitVRLittleEndian,
    JPEGBaseline8Bit,
)

from app.services.store import BATCH_INSTANCES, HELD_BYTES, QUICK_BYTES, QUICK_ELEMENTS, SMALL_BYTES
from app.settings import Settings
from tests.api.answers import assert_problem, failures, store, stored_uids
from tests.api.conftest import LIMITS
from tests.api.in_process import Content, InProcessClient, in_pieces, in_process
from tests.examples import COLOR_MULTI_FRAME, ECG, JPEG_2000, NATIVE, new_instance, part10
from tests.multipart_requests import CONTENT_TYPE, BodyStyle, RequestPart, parts_body, store_body
from tests.separate_parts import NAMESPACE, TakenApart, native_dicom_model, taken_apart
from tests.source_frames import source_frames

JSON = 'multipart/related; type="application/dicom+json"; boundary="myboundary"'
XML = 'multipart/related; type="application/dicom+xml"; boundary="myboundary"'
STYLE = BodyStyle("myboundary")

STORED_BYTES = "application/dicom; transfer-syntax=*"

METADATA_PART: dict[str, Callable[[TakenApart], RequestPart]] = {JSON: TakenApart.as_json, XML: TakenApart.as_xml}
both_documents = pytest.mark.parametrize("content_type", [JSON, XML], ids=["json", "xml"])


@pytest.fixture(autouse=True)
def quiet_pydicom() -> Iterator[None]:
    """A file may hold values that pydicom warns about."""
    with pydicom.config.disable_value_validation():
        yield


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessClient]:
    """A server for all: each test stores instances of its own."""
    with in_process(Settings(data=tmp_path_factory.mktemp("payloads") / "data")) as client:
        yield client


@pytest.fixture
def empty_client(data_folder: Path) -> Iterator[InProcessClient]:
    """A server whose archive is empty, for tests that want it to stay so."""
    with in_process(Settings(data=data_folder)) as client:
        yield client


def send(client: InProcessClient, content: Content, content_type: str = CONTENT_TYPE, **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return client.post("/studies", content=content, headers={"Content-Type": content_type} | named)


def stored_file(client: InProcessClient, data_set: Dataset) -> bytes:
    uids = data_set.StudyInstanceUID, data_set.SeriesInstanceUID, data_set.SOPInstanceUID
    answer = client.get("/studies/{}/series/{}/instances/{}".format(*uids), Accept=STORED_BYTES)
    assert answer.status_code == 200, answer.text
    return answer.content


def assert_stored(client: InProcessClient, answer: httpx.Response, *data_sets: Dataset) -> None:
    """The instances, and they alone, are stored, bit for bit."""
    assert answer.status_code == 200, answer.text
    assert stored_uids(answer) == [data_set.SOPInstanceUID for data_set in data_sets]
    for data_set in data_sets:
        assert stored_file(client, data_set) == part10(data_set)


@pytest.mark.parametrize("of_study", [False, True], ids=["any study", "one study"])
def test_put_is_taken_as_post_is(client: InProcessClient, of_study: bool) -> None:
    held = new_instance()
    path = f"/studies/{held.StudyInstanceUID}" if of_study else "/studies"
    body, headers = store_body([part10(held)]), {"Content-Type": CONTENT_TYPE}
    assert_stored(client, client.request("PUT", path, content=body, headers=headers), held)
    assert_stored(client, client.request("PUT", path, content=body, headers=headers), held)


def test_a_request_of_more_instances_than_are_held_at_once_is_stored_whole(client: InProcessClient) -> None:
    held = [new_instance() for _ in range(BATCH_INSTANCES + 10)]
    held[3].SOPInstanceUID = ""
    answer = send(client, store_body([part10(data_set) for data_set in held]))
    assert answer.status_code == 202
    assert stored_uids(answer) == [data_set.SOPInstanceUID for data_set in held if data_set.SOPInstanceUID]
    assert len(failures(answer)) == 1
    for data_set in (held[0], held[-1]):
        assert stored_file(client, data_set) == part10(data_set)


@pytest.mark.parametrize("size", [SMALL_BYTES // 2, SMALL_BYTES, QUICK_BYTES // 2, QUICK_BYTES, 2 * QUICK_BYTES])
def test_instances_of_any_size_are_stored_one_or_many_a_request(client: InProcessClient, size: int) -> None:
    count = 3 * HELD_BYTES // size if size > SMALL_BYTES else 5
    for number in (1, count):
        held = [new_instance(PixelData=bytes([each]) * size) for each in range(number)]
        assert_stored(client, send(client, store_body(map(part10, held))), *held)


@pytest.mark.parametrize("deflated", [False, True])
def test_instances_of_many_elements_are_stored(client: InProcessClient, deflated: bool) -> None:
    held = new_instance()
    for number in range(QUICK_ELEMENTS + 100):
        held.add_new(0x00191000 + number, "US", number)
    if deflated:
        held.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
        held.PixelData = bytes(2 * QUICK_BYTES)  # which is a few kilobytes then
        assert len(part10(held)) < SMALL_BYTES
    assert_stored(client, send(client, store_body([part10(held)])), held)


def test_a_broken_instance_among_those_in_memory_does_not_spoil_them(client: InProcessClient) -> None:
    held = [new_instance(PixelData=bytes(QUICK_BYTES // 4)) for _ in range(3)]
    broken = new_instance(PixelData=bytes(QUICK_BYTES // 4), SOPInstanceUID="")
    files = [part10(data_set) for data_set in (held[0], broken, *held[1:])]
    answer = send(client, store_body(files))
    assert answer.status_code == 202
    assert stored_uids(answer) == [data_set.SOPInstanceUID for data_set in held]
    assert len(failures(answer)) == 1
    for data_set in held:
        assert stored_file(client, data_set) == part10(data_set)


def assert_made(client: InProcessClient, source: Dataset) -> Dataset:
    """The file that the server made reads as the source does, frame by frame and attribute by attribute."""
    made = pydicom.dcmread(BytesIO(stored_file(client, source)))
    frames = [frame.rstrip(b"\0") for frame in source_frames(source)]
    assert [frame.rstrip(b"\0") for frame in source_frames(made)] == frames
    expected = Dataset()
    expected.update({element.tag: element for element in source if element.VR != "SQ"})
    for data_set in (expected, made):
        for keyword in ("PixelData", "SpecificCharacterSet"):
            data_set.pop(keyword, None)
    assert {element.tag: (element.VR, element.value) for element in made if element.VR != "SQ"} == {
        element.tag: (element.VR, element.value) for element in expected
    }
    assert [item for element in made if element.VR == "SQ" for item in element.value] == [
        item for element in source if element.VR == "SQ" for item in element.value
    ]
    return made


def without_private(data_set: Dataset) -> Dataset:
    data_set.remove_private_tags()
    return data_set


# Files


@pytest.mark.parametrize("content_type", ["application/dicom", "Application/DICOM", "application/dicom; charset=x"])
def test_a_file_by_itself(client: InProcessClient, content_type: str) -> None:
    instance = new_instance()
    assert_stored(client, send(client, part10(instance), content_type), instance)


@pytest.mark.parametrize("size", [1, 100, 65_536])
def test_a_file_by_itself_in_chunks(client: InProcessClient, size: int) -> None:
    instance = new_instance(PixelData=bytes(2_000), Rows=25, Columns=40)
    assert_stored(client, send(client, in_pieces(part10(instance), size), "application/dicom"), instance)


def test_an_empty_file_by_itself_is_400(client: InProcessClient) -> None:
    assert_problem(send(client, b"", "application/dicom"), 400, "no instance")


def test_a_file_by_itself_that_is_none_is_409(client: InProcessClient) -> None:
    assert send(client, b"no DICOM file at all" * 20, "application/dicom").status_code == 409


@pytest.mark.parametrize("size", [7, 4_096, 1 << 20])
def test_several_files_in_chunks(client: InProcessClient, size: int) -> None:
    instances = [new_instance() for _ in range(3)]
    answer = send(client, in_pieces(store_body(map(part10, instances)), size))
    assert stored_uids(answer) == [each.SOPInstanceUID for each in instances]
    assert [stored_file(client, each) for each in instances] == [part10(each) for each in instances]


@pytest.mark.parametrize(
    "content_type",
    [
        'multipart/related; boundary="myboundary"',
        "multipart/related; boundary=myboundary",
        'Multipart/RELATED; BOUNDARY="myboundary"; TYPE="Application/DICOM"',
        'multipart/related; type="application/dicom"; boundary=myboundary; start="<1>"',
    ],
)
def test_the_parameter_type_may_be_missing_and_names_are_of_any_case(
    client: InProcessClient, content_type: str
) -> None:
    instance = new_instance()
    assert_stored(client, send(client, store_body([part10(instance)], STYLE), content_type), instance)


@pytest.mark.parametrize(
    "boundary",
    ["b", "0" * 70, "'()+_,-./:=?", "a b c", "--", "----WebKitFormBoundary7MA4YWxkTrZu0gW", "=_Part_1.2", "x" * 73],
)
def test_a_boundary_of_any_legal_kind(client: InProcessClient, boundary: str) -> None:
    instance = new_instance()
    content_type = f'multipart/related; type="application/dicom"; boundary="{boundary}"'
    assert_stored(client, send(client, store_body([part10(instance)], BodyStyle(boundary)), content_type), instance)


@pytest.mark.parametrize("boundary", ["", "x" * 201, "ends with a space ", "a{b}"])
def test_a_boundary_that_is_none_is_400(client: InProcessClient, boundary: str) -> None:
    content_type = f'multipart/related; type="application/dicom"; boundary="{boundary}"'
    answer = client.post("/studies", b"--x--", {"Content-Type": content_type})
    assert_problem(answer, 400, "boundary")


@pytest.mark.parametrize(
    "style",
    [
        BodyStyle(before=b""),
        BodyStyle(before=b"This is a message with multiple parts in MIME format.\r\n"),
        BodyStyle(before=b"--\r\n--other\r\n\r\n"),
        BodyStyle(after=b"\r\n"),
        BodyStyle(after=b"\r\nAn epilogue,\r\nto be ignored: --other--\r\n" + bytes(100_000)),
        BodyStyle(part_headers=b""),
        BodyStyle(part_headers=b"CONTENT-TYPE:application/dicom\r\nX-Any: \r\n"),
        BodyStyle(part_headers=b'content-type:   APPLICATION/dicom ; transfer-syntax="1.2.840.10008.1.2.1"  \r\n'),
    ],
)
def test_preamble_epilogue_and_headers_of_any_case(client: InProcessClient, style: BodyStyle) -> None:
    instance = new_instance()
    assert_stored(client, send(client, store_body([part10(instance)], style)), instance)


def test_padding_behind_delimiters_is_no_part_of_the_file(client: InProcessClient) -> None:
    first, second = new_instance(), new_instance()
    body = store_body([part10(first), part10(second)], STYLE)
    padded = body.replace(b"--myboundary\r\n", b"--myboundary \t \r\n").replace(b"--myboundary--", b"--myboundary--\t ")
    answer = send(client, padded, "multipart/related; boundary=myboundary")
    assert stored_uids(answer) == [first.SOPInstanceUID, second.SOPInstanceUID]
    assert stored_file(client, second) == part10(second)


def test_a_file_that_holds_what_looks_like_the_boundary_is_stored_whole(client: InProcessClient) -> None:
    pixels = (b"\r\n--myboundar\r\n--\r\r\n-myboundary\n--myboundary" * 700)[:32_768]
    instance = new_instance(PixelData=pixels)
    answer = send(client, store_body([part10(instance)], STYLE), "multipart/related; boundary=myboundary")
    assert_stored(client, answer, instance)


@pytest.mark.parametrize("bare", [b"\r\n--myboundary\r\n", b"\r\nContent-Type", b"\r\n\r\n"])
def test_bare_line_ends_are_400(empty_client: InProcessClient, bare: bytes) -> None:
    body = store_body([part10(new_instance())] * 2, STYLE)
    spoiled = body.replace(bare, bare.replace(b"\r", b""))
    assert_problem(send(empty_client, spoiled, "multipart/related; boundary=myboundary"), 400)
    assert empty_client.get("/instances").json() == []


@pytest.mark.parametrize(
    ("content_type", "part_type"),
    [
        ("multipart/related; boundary=myboundary", "image/jpeg"),
        ('multipart/related; type="application/dicom"; boundary=myboundary', "text/plain"),
        ('multipart/related; type="image/jpeg"; boundary=myboundary', "image/jpeg"),
        ("multipart/related; boundary=myboundary", "nonsense"),
        ("multipart/mixed; boundary=myboundary", "application/dicom"),
        ("application/octet-stream", "application/dicom"),
        ("application/zip", "application/dicom"),
        ("application/dicom+xml", "application/dicom"),
        ("nonsense", "application/dicom"),
        ("", "application/dicom"),
    ],
)
def test_what_is_not_taken_is_415_and_leaves_nothing(
    empty_client: InProcessClient, content_type: str, part_type: str
) -> None:
    part = RequestPart(f"Content-Type: {part_type}\r\n".encode(), part10(new_instance()))
    assert_problem(send(empty_client, parts_body([part], STYLE), content_type), 415, "application/dicom")
    assert empty_client.get("/instances").json() == []


# Metadata and bulk data


@both_documents
@pytest.mark.parametrize("name", [NATIVE, ECG])
def test_native_bulk_data(client: InProcessClient, content_type: str, name: str) -> None:
    source = without_private(new_instance(name))
    apart = taken_apart(source)
    body = parts_body([METADATA_PART[content_type](apart), *apart.bulk], STYLE)
    assert send(client, body, content_type).status_code == 200
    assert assert_made(client, source).file_meta.TransferSyntaxUID == ExplicitVRLittleEndian


@both_documents
def test_one_jpeg_image_as_dcm4ches_sender_has_it(client: InProcessClient, content_type: str) -> None:
    source = single_jpeg_frame()
    apart = taken_apart(source, "image/jpeg")
    answer = send(
        client,
        parts_body([METADATA_PART[content_type](apart), *apart.bulk], STYLE),
        content_type,
        Accept="application/dicom+xml",
    )
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/dicom+xml"
    assert source.SOPInstanceUID in answer.text
    assert assert_made(client, source).file_meta.TransferSyntaxUID == JPEGBaseline8Bit


def single_jpeg_frame() -> Dataset:
    source = without_private(new_instance(COLOR_MULTI_FRAME))
    first_frame = source_frames(source)[0]
    for keyword in ("NumberOfFrames", "FrameIncrementPointer", "FrameTime"):
        source.pop(keyword, None)
    source.PixelData = pydicom.encaps.encapsulate([first_frame])
    source["PixelData"].is_undefined_length = True
    return source


@both_documents
@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        (COLOR_MULTI_FRAME, "image/jpeg"),
        (JPEG_2000, "image/jp2"),
        (COLOR_MULTI_FRAME, "application/octet-stream; transfer-syntax=1.2.840.10008.1.2.4.50"),
    ],
)
def test_frames_one_in_a_part(client: InProcessClient, content_type: str, name: str, media_type: str) -> None:
    source = without_private(new_instance(name))
    apart = taken_apart(source, media_type)
    body = parts_body([METADATA_PART[content_type](apart), *apart.bulk], STYLE)
    answer = send(client, body, content_type)
    assert answer.status_code == 200, answer.text
    assert assert_made(client, source).file_meta.TransferSyntaxUID == source.file_meta.TransferSyntaxUID


@both_documents
def test_an_encapsulated_pdf(client: InProcessClient, content_type: str) -> None:
    identity = new_instance()
    source = Dataset()
    source.SOPClassUID = EncapsulatedPDFStorage
    for keyword in ("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID", "PatientName", "PatientID"):
        setattr(source, keyword, identity[keyword].value)
    source.MIMETypeOfEncapsulatedDocument = "application/pdf"
    pdf = b"%PDF-1.4\n" + b"some lines of a document\n" * 100
    metadata = source.to_json_dict()
    metadata["00420011"] = {"vr": "OB", "BulkDataURI": "report.pdf"}
    apart = TakenApart(
        metadata, [RequestPart(b"Content-Type: application/pdf\r\nContent-Location: report.pdf\r\n", pdf)]
    )
    body = parts_body([METADATA_PART[content_type](apart), *apart.bulk], STYLE)
    assert send(client, body, content_type).status_code == 200
    made = pydicom.dcmread(BytesIO(stored_file(client, source)))
    assert made.EncapsulatedDocument == pdf + b"\0"  # PS3.5 6.2: of even length
    assert made.PatientName == identity.PatientName


@both_documents
def test_several_instances_and_bulk_data_before_their_metadata(client: InProcessClient, content_type: str) -> None:
    sources = [without_private(new_instance()), single_jpeg_frame(), without_private(new_instance(ECG))]
    apart = [taken_apart(source, "image/jpeg") for source in sources]
    parts = [part for each in apart for part in each.bulk] + [METADATA_PART[content_type](each) for each in apart]
    answer = send(client, parts_body(parts, STYLE), content_type)
    assert answer.status_code == 200, answer.text
    assert stored_uids(answer) == [source.SOPInstanceUID for source in sources]
    for source in sources:
        assert_made(client, source)


def test_one_json_part_may_hold_several_instances(client: InProcessClient) -> None:
    sources = [without_private(new_instance()) for _ in range(3)]
    apart = [taken_apart(source) for source in sources]
    documents = b"[%s]" % b",".join(each.as_json().body[1:-1] for each in apart)
    metadata = RequestPart(b"Content-Type: application/dicom+json\r\n", documents)
    answer = send(client, parts_body([metadata, *(part for each in apart for part in each.bulk)], STYLE), JSON)
    assert stored_uids(answer) == [source.SOPInstanceUID for source in sources]
    for source in sources:
        assert_made(client, source)


def test_private_attributes_come_back(client: InProcessClient) -> None:
    source = new_instance()
    apart = taken_apart(source)
    assert send(client, parts_body([apart.as_json(), *apart.bulk], STYLE), JSON).status_code == 200
    made = assert_made(client, source)
    assert [element.value for element in made if element.tag.is_private]


def test_metadata_in_chunks_without_the_parameter_type(client: InProcessClient) -> None:
    source = without_private(new_instance())
    apart = taken_apart(source)
    body = parts_body([apart.as_xml(), *apart.bulk], STYLE)
    answer = send(client, in_pieces(body, 997), "multipart/related; boundary=myboundary")
    assert stored_uids(answer) == [source.SOPInstanceUID]
    assert_made(client, source)


def test_bulk_data_that_no_part_holds_fails_its_instance_alone(client: InProcessClient) -> None:
    whole, lacking = (without_private(new_instance()) for _ in range(2))
    parts = [taken_apart(lacking).as_json(), taken_apart(whole).as_json(), *taken_apart(whole).bulk]
    answer = send(client, parts_body(parts, STYLE), JSON)
    assert answer.status_code == 202
    assert failures(answer) == [(lacking.SOPInstanceUID, 0xC000)]
    assert stored_uids(answer) == [whole.SOPInstanceUID]


def test_a_wrong_number_of_frames_fails(client: InProcessClient) -> None:
    source = without_private(new_instance(COLOR_MULTI_FRAME))
    apart = taken_apart(source, "image/jpeg")
    answer = send(client, parts_body([apart.as_json(), *apart.bulk[:-1]], STYLE), JSON)
    assert failures(answer) == [(source.SOPInstanceUID, 0xC000)]


def test_pixel_data_that_cannot_be_converted_fail(client: InProcessClient) -> None:
    source = single_jpeg_frame()
    apart = taken_apart(source, "image/png")
    png = [RequestPart(part.headers, b"\x89PNG\r\n\x1a\n" + bytes(50)) for part in apart.bulk]
    answer = send(client, parts_body([apart.as_json(), *png], STYLE), JSON)
    assert failures(answer) == [(source.SOPInstanceUID, 0xC122)]


@pytest.mark.parametrize(
    ("content_type", "document"),
    [
        (JSON, b"{"),
        (JSON, b"[1]"),
        (JSON, b'"text"'),
        (JSON, b"\xff\xfe"),
        (XML, b"<NativeDicomModel>"),
        (XML, b"<html/>"),
        (XML, b""),
        (JSON, b""),
    ],
)
def test_metadata_that_cannot_be_read_are_400(client: InProcessClient, content_type: str, document: bytes) -> None:
    subtype = b"json" if content_type == JSON else b"xml"
    part = RequestPart(b"Content-Type: application/dicom+" + subtype + b"\r\n", document)
    assert_problem(send(client, parts_body([part], STYLE), content_type), 400, "metadata part")


def test_bulk_data_without_a_name_are_400(client: InProcessClient) -> None:
    apart = taken_apart(without_private(new_instance()))
    nameless = RequestPart(b"Content-Type: application/octet-stream\r\n", b"bytes")
    assert_problem(send(client, parts_body([apart.as_json(), nameless], STYLE), JSON), 400, "Content-Location")


def test_metadata_of_a_study_other_than_the_urls_fail(client: InProcessClient) -> None:
    source = without_private(new_instance())
    apart = taken_apart(source)
    body = parts_body([METADATA_PART[XML](apart), *apart.bulk], STYLE)
    answer = client.post("/studies/1.2.3", body, {"Content-Type": XML})
    assert answer.status_code == 409
    assert failures(answer) == [(source.SOPInstanceUID, 0xA900)]


def test_text_beyond_ascii_comes_back(client: InProcessClient) -> None:
    source = without_private(
        new_instance(PatientName="Yamada^Tarou=\u5c71\u7530^\u592a\u90ce", SpecificCharacterSet="ISO_IR 192")
    )
    metadata = source.to_json_dict(256, lambda element: "pixels")
    pixels = RequestPart(b"Content-Location: pixels\r\nContent-Type: application/octet-stream\r\n", source.PixelData)
    model = RequestPart(b"Content-Type: application/dicom+xml; charset=utf-8\r\n", native_dicom_model(metadata))
    assert send(client, parts_body([model, pixels], STYLE), XML).status_code == 200
    assert assert_made(client, source).PatientName == source.PatientName


# Content-Encoding


@pytest.mark.parametrize(
    ("coding", "compress"),
    [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("GZIP", gzip.compress), ("deflate", zlib.compress)],
)
@pytest.mark.parametrize("size", [97, 100_000])
def test_a_compressed_body(client: InProcessClient, coding: str, compress: Callable[[bytes], bytes], size: int) -> None:
    instance = new_instance()
    body = compress(store_body([part10(instance)]))
    assert_stored(client, send(client, in_pieces(body, size), Content_Encoding=coding), instance)


def test_gzip_in_several_members(client: InProcessClient) -> None:
    instance = new_instance()
    body = store_body([part10(instance)])
    content = gzip.compress(body[:1_000]) + gzip.compress(b"") + gzip.compress(body[1_000:])
    assert_stored(client, send(client, content, Content_Encoding="gzip"), instance)


def test_no_coding_at_all_is_named_identity(client: InProcessClient) -> None:
    instance = new_instance()
    assert_stored(client, send(client, store_body([part10(instance)]), Content_Encoding="identity"), instance)


@pytest.mark.parametrize("coding", ["br", "zstd", "compress", "gzip, gzip", "nonsense"])
def test_an_unknown_coding_is_415(client: InProcessClient, coding: str) -> None:
    answer = send(client, store_body([part10(new_instance())]), Content_Encoding=coding)
    assert_problem(answer, 415, "Content-Encoding")
    assert answer.headers["accept-encoding"] == "gzip, deflate"  # RFC 9110 12.5.3, 15.5.16


@pytest.mark.parametrize("coding", ["gzip", "deflate"])
def test_damaged_compression_is_400_and_leaves_nothing(empty_client: InProcessClient, coding: str) -> None:
    body = store_body([part10(new_instance())])
    whole = gzip.compress(body) if coding == "gzip" else zlib.compress(body)
    damaged = [body, whole[:-30], whole[:200], whole[:500] + b"\0" * 20 + whole[520:], whole[:-6] + b"\1" * 6]
    for content in damaged:
        assert_problem(send(empty_client, content, Content_Encoding=coding), 400, coding)
    assert empty_client.get("/instances").json() == []


def test_a_gzip_bomb_ends_at_the_limit(narrow_client: InProcessClient) -> None:
    bomb = gzip.compress(bytes(1 << 20)) * 10_000  # of 10 GB
    assert_problem(send(narrow_client, bomb, Content_Encoding="gzip"), 413, str(LIMITS.body_bytes))
    assert narrow_client.get("/instances").json() == []


# Limits and answers


def test_a_body_in_chunks_beyond_the_limit_is_413(narrow_client: InProcessClient) -> None:
    content = in_pieces(store_body([part10(new_instance(PixelData=bytes(LIMITS.body_bytes)))]), 10_000)
    assert_problem(send(narrow_client, content), 413, str(LIMITS.body_bytes))


def test_a_declared_length_beyond_the_limit_is_413_though_nothing_comes(narrow_client: InProcessClient) -> None:
    headers = {"Content-Type": CONTENT_TYPE, "Content-Length": str(LIMITS.body_bytes + 1)}
    assert_problem(narrow_client.request("POST", "/studies", headers, b""), 413, str(LIMITS.body_bytes))


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        ("application/dicom+json", "application/dicom+json"),
        ("application/json", "application/json"),
        ("application/dicom+xml", "application/dicom+xml"),
        ("application/xml", "application/xml"),
        ("application/dicom+xml;q=0.9, application/dicom+json;q=0.1", "application/dicom+xml"),
        ("*/*", "application/dicom+json"),
        ("", "application/dicom+json"),
        ("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", "application/dicom+json"),
    ],
)
def test_the_answer_is_what_the_client_accepts(client: InProcessClient, accept: str, content_type: str) -> None:
    stored, failed = new_instance(), new_instance()
    del failed.StudyInstanceUID
    answer = store(client, stored, failed, Accept=accept)
    assert answer.status_code == 202
    assert answer.headers["content-type"] == content_type
    assert stored.SOPInstanceUID in answer.text
    assert failed.SOPInstanceUID in answer.text


def test_the_answer_in_xml_tells_what_that_in_json_does(client: InProcessClient) -> None:
    stored, failed = new_instance(), new_instance()
    del failed.StudyInstanceUID
    in_json = store(client, stored, failed).json()
    in_xml = store(client, stored, failed, Accept="application/dicom+xml")
    assert model_of(ET.fromstring(in_xml.content)) == in_json


def model_of(parent: ET.Element) -> dict[str, object]:
    """The DICOM JSON object of a Native DICOM Model, as far as reports need it."""
    return {element.attrib["tag"]: attribute_of(element) for element in parent}


def attribute_of(element: ET.Element) -> dict[str, object]:
    vr = element.attrib["vr"]
    assert [child.get("number") for child in element] == [str(number) for number in range(1, len(element) + 1)]
    assert all(child.tag == f"{{{NAMESPACE}}}{'Item' if vr == 'SQ' else 'Value'}" for child in element)
    read: Callable[[ET.Element], object] = {"SQ": model_of, "US": number_of}.get(vr, text_of)
    return {"vr": vr} | ({"Value": [read(child) for child in element]} if len(element) else {})


def text_of(element: ET.Element) -> str:
    return element.text or ""


def number_of(element: ET.Element) -> int:
    return int(text_of(element))


def test_an_answer_that_nobody_accepts_is_406_before_anything_is_stored(empty_client: InProcessClient) -> None:
    answer = store(empty_client, new_instance(), Accept="image/png")
    assert_problem(answer, 406, "application/dicom+json")
    assert empty_client.get("/instances").json() == []
