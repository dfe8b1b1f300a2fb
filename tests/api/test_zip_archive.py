"""Studies, series and instances as zip archives (PS3.18 8.7.3.1)."""

import io
import zipfile

import httpx
import pytest

from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient
from tests.examples import COLOR_MULTI_FRAME, JPEG_LS, NATIVE, example, new_instance, part10

PATH = example(NATIVE).url_path
STUDY = f"/studies/{example(NATIVE).study}"
ZIP = "application/zip"


@pytest.mark.parametrize("path", [PATH, STUDY, f"{STUDY}/series/{example(NATIVE).series}"])
def test_the_archive_holds_the_stored_file_under_its_uids(archive: InProcessClient, path: str) -> None:
    answer = archive.get(path, accept=ZIP)
    assert (answer.status_code, answer.headers["content-type"]) == (200, ZIP)
    [entry] = _opened(answer).infolist()
    source = example(NATIVE)
    assert entry.filename == f"{source.study}/{source.series}/{source.instance}.dcm"
    assert entry.compress_type == zipfile.ZIP_STORED
    assert _opened(answer).read(entry) == source.path.read_bytes()
    assert path.rpartition("/")[2] in answer.headers["content-disposition"]


def test_all_instances_of_a_study_are_there_whatever_their_transfer_syntaxes(client: InProcessClient) -> None:
    first = new_instance(NATIVE)
    others = [new_instance(name, StudyInstanceUID=first.StudyInstanceUID) for name in (JPEG_LS, COLOR_MULTI_FRAME)]
    store(client, first, *others)
    archive = _opened(client.get(f"/studies/{first.StudyInstanceUID}", accept=ZIP))
    assert archive.testzip() is None
    assert {name.rpartition("/")[2]: archive.read(name) for name in archive.namelist()} == {
        f"{instance.SOPInstanceUID}.dcm": part10(instance) for instance in (first, *others)
    }


@pytest.mark.parametrize("accept", [f"{ZIP}, image/png", f"image/png, {ZIP};q=0.1", f"{ZIP}; transfer-syntax=*"])
def test_it_is_given_to_who_asks_for_it(archive: InProcessClient, accept: str) -> None:
    assert archive.get(STUDY, accept=accept).headers["content-type"] == ZIP
    assert archive.get(f"{STUDY}?accept={ZIP}").headers["content-type"] == ZIP


@pytest.mark.parametrize(
    "accept", ["*/*", "multipart/related", f'{ZIP};q=0.5, multipart/related; type="application/dicom"']
)
def test_it_is_not_given_to_who_likes_another_better(archive: InProcessClient, accept: str) -> None:
    assert archive.get(STUDY, accept=accept).headers["content-type"].startswith("multipart/related")


def test_one_archive_is_given_where_only_it_suits_all_instances(client: InProcessClient) -> None:
    first = new_instance(NATIVE)
    store(client, first, new_instance(JPEG_LS, StudyInstanceUID=first.StudyInstanceUID))
    accept = f'multipart/related; type="application/dicom"; transfer-syntax=1.2.840.10008.1.2.4.70, {ZIP};q=0.2'
    answer = client.get(f"/studies/{first.StudyInstanceUID}", accept=accept)
    assert len(_opened(answer).namelist()) == 2


def test_its_length_is_told_and_head_makes_none(archive: InProcessClient) -> None:
    get, head = archive.get(STUDY, accept=ZIP), archive.request("HEAD", STUDY, {"Accept": ZIP})
    assert int(get.headers["content-length"]) == len(get.content)
    assert head.headers["content-length"] == get.headers["content-length"]
    assert head.content == b""


def test_it_is_not_sent_again_to_who_holds_it(archive: InProcessClient) -> None:
    tag = archive.get(STUDY, accept=ZIP).headers["etag"]
    assert not tag.startswith("W/")
    assert archive.get(STUDY, accept=ZIP, if_none_match=tag).status_code == 304


def test_ranges_fit_together_wherever_they_are_cut(client: InProcessClient) -> None:
    first = new_instance(NATIVE)
    others = [new_instance(JPEG_LS, StudyInstanceUID=first.StudyInstanceUID) for _ in range(3)]
    store(client, first, *others)
    path = f"/studies/{first.StudyInstanceUID}"
    size = int(client.request("HEAD", path, {"Accept": ZIP}).headers["content-length"])
    # From the end to the front: the directory is asked for before any file has been read.
    step = 2_999
    pieces = [
        client.get(path, accept=ZIP, range=f"bytes={start}-{start + step - 1}")
        for start in reversed(range(0, size, step))
    ]
    assert {piece.status_code for piece in pieces} == {206}
    whole = client.get(path, accept=ZIP)
    assert b"".join(piece.content for piece in reversed(pieces)) == whole.content
    assert _opened(whole).testzip() is None
    assert "attachment" in pieces[0].headers["content-disposition"]


def test_what_is_not_stored_has_no_archive(archive: InProcessClient) -> None:
    assert_problem(archive.get("/studies/1.2.3", accept=ZIP), 404)


def _opened(answer: httpx.Response) -> zipfile.ZipFile:
    assert answer.status_code == 200, answer.text
    return zipfile.ZipFile(io.BytesIO(answer.content))
