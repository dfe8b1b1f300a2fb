"""Uploads by a web form (RFC 7578): files, and zip archives of files."""

import zipfile
from collections.abc import Iterable, Mapping
from io import BytesIO

import httpx
import pytest
from pydicom.dataset import Dataset

from tests.api.answers import assert_problem
from tests.api.conftest import LIMITS
from tests.api.in_process import InProcessClient, in_pieces
from tests.examples import new_instance, part10
from tests.multipart_requests import BodyStyle, RequestPart, parts_body

UPLOAD = "http://testserver/upload"
STYLE = BodyStyle("----WebKitFormBoundary7MA4YWxkTrZu0gW", before=b"", after=b"\r\n")
FORM = f"multipart/form-data; boundary={STYLE.boundary}"
ENCRYPTED_BIT = 0x01
"""Of the general purpose flags of a zip member (APPNOTE 4.4.4)."""


def form(files: Iterable[tuple[str, bytes]]) -> bytes:
    """A form as browsers send it, with a field that is no file."""
    text = RequestPart(b'Content-Disposition: form-data; name="comment"\r\n', b"some words")
    return parts_body([text, *(file_part(name, content) for name, content in files)], STYLE)


def file_part(name: str, content: bytes) -> RequestPart:
    disposition = f'Content-Disposition: form-data; name="files"; filename="{name}"\r\n'
    return RequestPart(disposition.encode() + b"Content-Type: application/octet-stream\r\n", content)


def upload(client: InProcessClient, *files: tuple[str, bytes], **headers: str) -> httpx.Response:
    return client.post(UPLOAD, form(files), {"Content-Type": FORM} | headers)


def zipped(members: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    buffer = BytesIO()
    with zipfile.ZipFile(buffer, "w", compression) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return buffer.getvalue()


def encrypted(archive: bytes) -> bytes:
    """The archive with the flag that its members are encrypted, in local and central headers."""
    changed = bytearray(archive)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        position = -1
        while (position := changed.find(signature, position + 1)) >= 0:
            changed[position + offset] |= ENCRYPTED_BIT
    return bytes(changed)


def found(client: InProcessClient) -> set[str]:
    return {row["00080018"]["Value"][0] for row in client.get("/instances").json()}


def uids(*instances: Dataset) -> set[str]:
    return {instance.SOPInstanceUID for instance in instances}


def test_several_files_of_a_form(client: InProcessClient) -> None:
    instances = [new_instance() for _ in range(3)]
    answer = upload(client, *((f"IM{number}", part10(each)) for number, each in enumerate(instances)))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"stored": 3, "failed": []}
    assert found(client) == uids(*instances)


def test_a_form_in_chunks(client: InProcessClient) -> None:
    instance = new_instance()
    content = in_pieces(form([("IM1", part10(instance))]), 1_000)
    assert client.post(UPLOAD, content, {"Content-Type": FORM}).json() == {"stored": 1, "failed": []}
    assert found(client) == uids(instance)


def test_a_file_that_cannot_be_stored_is_told_of_by_its_name(client: InProcessClient) -> None:
    instance, nameless = new_instance(), new_instance()
    del nameless.StudyInstanceUID
    answer = upload(
        client, ("notes.txt", b"no DICOM at all" * 20), ("good.dcm", part10(instance)), ("bäd.dcm", part10(nameless))
    )
    assert answer.status_code == 200
    told = answer.json()
    assert told["stored"] == 1
    assert [failed["file"] for failed in told["failed"]] == ["notes.txt", "bäd.dcm"]
    assert "not a DICOM file" in told["failed"][0]["reason"]
    assert "StudyInstanceUID" in told["failed"][1]["reason"]
    assert found(client) == uids(instance)


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_archive_stands_for_its_files(client: InProcessClient, compression: int) -> None:
    instances = [new_instance() for _ in range(3)]
    members = {f"study/series/IM{number}.dcm": part10(each) for number, each in enumerate(instances)}
    answer = upload(client, ("study.zip", zipped({"study/": b""} | members, compression)))
    assert answer.json() == {"stored": 3, "failed": []}
    assert found(client) == uids(*instances)


def test_a_zip_archive_among_files_with_members_that_are_no_instances(client: InProcessClient) -> None:
    first, member, last = new_instance(), new_instance(), new_instance()
    archive = zipped({"README.txt": b"read me" * 50, "IM1": part10(member), "DICOMDIR": b""})
    answer = upload(client, ("first.dcm", part10(first)), ("a.zip", archive), ("last.dcm", part10(last)))
    assert answer.status_code == 200
    assert answer.json()["stored"] == 3
    assert [failed["file"] for failed in answer.json()["failed"]] == ["README.txt", "DICOMDIR"]
    assert found(client) == uids(first, member, last)


def test_a_zip_archive_in_a_zip_archive_is_no_instance(client: InProcessClient) -> None:
    inner = zipped({"IM1": part10(new_instance())})
    answer = upload(client, ("outer.zip", zipped({"inner.zip": inner})))
    assert answer.json()["stored"] == 0
    assert [failed["file"] for failed in answer.json()["failed"]] == ["inner.zip"]


def test_a_dicom_file_whose_preamble_looks_like_a_zip_archive_is_stored(client: InProcessClient) -> None:
    instance = new_instance()
    instance.preamble = b"PK\x03\x04".ljust(128, b"\0")
    assert upload(client, ("IM1", part10(instance))).json() == {"stored": 1, "failed": []}


def test_names_of_members_lead_nowhere(client: InProcessClient) -> None:
    instance = new_instance()
    answer = upload(client, ("a.zip", zipped({"../../../../etc/passwd": b"root", "/abs.dcm": part10(instance)})))
    assert answer.json()["stored"] == 1
    assert found(client) == uids(instance)


def damaged_archives() -> list[bytes]:
    whole = zipped({"IM1": part10(new_instance()), "IM2": part10(new_instance())})
    middle = len(whole) // 4
    spoiled = whole[:middle] + bytes(50) + whole[middle + 50 :]
    return [whole[:-30], whole[:1_000], b"PK\x03\x04" + bytes(200), spoiled, encrypted(whole), whole[:-22] + bytes(22)]


@pytest.mark.parametrize("number", range(6))
def test_a_damaged_or_encrypted_archive_is_400_and_leaves_nothing(client: InProcessClient, number: int) -> None:
    archive = damaged_archives()[number]
    answer = upload(client, ("good.dcm", part10(new_instance())), ("bad.zip", archive))
    assert_problem(answer, 400, "zip archive")
    assert found(client) == set()


def test_an_empty_archive_is_no_success(client: InProcessClient) -> None:
    assert_problem(upload(client, ("empty.zip", zipped({}))), 400, "no file")


def test_a_zip_bomb_ends_at_the_limit(narrow_client: InProcessClient) -> None:
    bomb = zipped({"bomb": bytes(20 * LIMITS.body_bytes)})
    assert len(bomb) < LIMITS.body_bytes
    assert_problem(upload(narrow_client, ("bomb.zip", bomb)), 413, str(LIMITS.body_bytes))
    many = zipped({str(number): bytes(LIMITS.body_bytes // 3) for number in range(4)})
    assert_problem(upload(narrow_client, ("bomb.zip", many)), 413, str(LIMITS.body_bytes))


def test_archives_together_are_bound_by_the_limit(narrow_client: InProcessClient) -> None:
    archive = zipped({"half": bytes(LIMITS.body_bytes * 6 // 10)})
    assert_problem(upload(narrow_client, ("1.zip", archive), ("2.zip", archive)), 413, str(LIMITS.body_bytes))


def test_an_archive_of_more_files_than_the_limit_is_413(narrow_client: InProcessClient) -> None:
    archive = zipped({str(number): b"" for number in range(LIMITS.parts + 1)})
    assert_problem(upload(narrow_client, ("many.zip", archive)), 413, str(LIMITS.parts))


def test_a_directory_of_millions_of_files_is_413(client: InProcessClient) -> None:
    entry = b"PK\x01\x02" + bytes(24) + (1).to_bytes(2, "little") + bytes(16) + b"a"
    directory = entry * 400_000
    numbers = b"\xff\xff\xff\xff" + len(directory).to_bytes(4, "little")
    archive = b"PK\x03\x04" + directory + b"PK\x05\x06" + bytes(4) + numbers + (4).to_bytes(4, "little") + bytes(2)
    assert_problem(upload(client, ("many.zip", archive)), 413, "directory")


def test_overlapping_members_are_bound_by_the_limit(narrow_client: InProcessClient) -> None:
    """Several entries of the directory may name the same compressed bytes."""
    archive = zipped({"one": bytes(LIMITS.body_bytes // 2)})
    start, end = archive.index(b"PK\x01\x02"), archive.index(b"PK\x05\x06")
    entry, tail = archive[start:end], bytearray(archive[end:])
    tail[8:12] = (4).to_bytes(2, "little") * 2
    tail[12:16] = (4 * len(entry)).to_bytes(4, "little")
    answer = upload(narrow_client, ("overlap.zip", archive[:start] + 4 * entry + bytes(tail)))
    assert answer.status_code in {400, 413}
    assert_problem(answer, answer.status_code)


def test_a_form_beyond_the_limit_is_413(narrow_client: InProcessClient) -> None:
    answer = upload(narrow_client, ("IM1", bytes(LIMITS.body_bytes)))
    assert_problem(answer, 413, str(LIMITS.body_bytes))


@pytest.mark.parametrize("origin", ["https://evil.example", "http://testserver.evil.example", "null", "http://other"])
def test_a_page_from_elsewhere_is_403_and_stores_nothing(client: InProcessClient, origin: str) -> None:
    assert_problem(upload(client, ("IM1", part10(new_instance())), Origin=origin), 403)
    assert found(client) == set()


@pytest.mark.parametrize("origin", ["http://testserver", "https://testserver", "http://localhost:3000"])
def test_pages_of_the_server_and_of_this_machine_may_upload(client: InProcessClient, origin: str) -> None:
    answer = upload(client, ("IM1", part10(new_instance())), Origin=origin)
    assert answer.json() == {"stored": 1, "failed": []}


@pytest.mark.parametrize("content_type", ["application/dicom", "application/x-www-form-urlencoded", "", "nonsense"])
def test_what_is_no_form_is_415(client: InProcessClient, content_type: str) -> None:
    answer = client.post(UPLOAD, part10(new_instance()), {"Content-Type": content_type})
    assert_problem(answer, 415, "multipart/form-data")


@pytest.mark.parametrize("body", [b"", form([])[:-20], form([("IM1", part10(new_instance()))])[:20_000]])
def test_a_form_that_ends_too_early_is_400(client: InProcessClient, body: bytes) -> None:
    assert_problem(client.post(UPLOAD, body, {"Content-Type": FORM}), 400)
    assert found(client) == set()


def test_a_form_without_files_is_400(client: InProcessClient) -> None:
    assert_problem(upload(client), 400, "no file")


def test_a_file_field_left_empty_by_a_browser_is_no_file(client: InProcessClient) -> None:
    instance = new_instance()
    answer = upload(client, ("", b""), ("IM1", part10(instance)))
    assert answer.json() == {"stored": 1, "failed": []}


def test_the_same_file_again_is_stored_once(client: InProcessClient) -> None:
    file = part10(new_instance())
    assert upload(client, ("a", file), ("b", file)).json() == {"stored": 2, "failed": []}
    assert len(found(client)) == 1
