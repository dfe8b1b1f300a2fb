"""Instances that are brought into one transfer syntax when they are stored, read again by pydicom."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames
from pydicom.uid import generate_uid

from app.services.ingest_transcoding import OriginalPolicy
from app.settings import Settings, StoreSettings
from storage.records import DuplicatePolicy
from tests.api.answers import failures, store, stored_uids
from tests.api.in_process import InProcessClient, PlannedRequest, in_process
from tests.api.transcoding.truth import attributes, data_sets_of, images_of_every_form, samples
from tests.archives import stored_blobs
from tests.examples import COLOR_MULTI_FRAME, ECG, JPEG_2000, NATIVE, new_instance, part10
from tests.multipart_requests import CONTENT_TYPE, store_body
from tests.source_frames import number_of_frames, transfer_syntax_of
from tests.sources import read_source

PREFIX = "1.2.840.10008.1.2.4."
BIG_ENDIAN = "1.2.840.10008.1.2.2"
LITTLE_ENDIAN, RLE, JPEG_LS, HTJ2K_RPCL = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2.5", f"{PREFIX}80", f"{PREFIX}202"
WITH_COLOR_TRANSFORM = f"{PREFIX}90", f"{PREFIX}201", HTJ2K_RPCL
BITS_OF = {RLE: {8, 16, 32}, JPEG_LS: {8, 16}} | {uid: {1, 8, 16} for uid in WITH_COLOR_TRANSFORM}
"""BitsAllocated that the compressed transfer syntaxes hold (PS3.5 8.2, tables of 8.2.2 to 8.2.4 and 8.2.17)."""
CODESTREAMS = JPEG_LS, *WITH_COLOR_TRANSFORM
TARGETS = LITTLE_ENDIAN, *BITS_OF
LOSSY = {PREFIX + suffix for suffix in ("50", "51", "81", "91", "203")}
NOT_DECODED = {PREFIX + suffix for suffix in ("92", "93", "110", "111", "112")}
FILES = [path for path in images_of_every_form() if path.name not in {"badVR.dcm", "JPEG-lossy.dcm"}]

AS_STORED = "application/dicom; transfer-syntax=*"
REPLACE, KEEP = OriginalPolicy.REPLACE, OriginalPolicy.KEEP
CLIENTS = 8


@contextmanager
def server_of(
    folder: Path,
    target: str | None = HTJ2K_RPCL,
    original: OriginalPolicy = REPLACE,
    duplicates: DuplicatePolicy = DuplicatePolicy.REJECT,
) -> Iterator[InProcessClient]:
    settings = StoreSettings(transfer_syntax=target, original=original, duplicates=duplicates)
    with in_process(Settings(data=folder, store=settings)) as client:
        yield client


@pytest.fixture(scope="module", params=TARGETS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[InProcessClient, str]]:
    """A server, and what it brings everything into; a file takes the place of another of its UID."""
    target = str(request.param)
    with server_of(tmp_path_factory.mktemp("ingest"), target, duplicates=DuplicatePolicy.REPLACE) as client:
        yield client, target


def path_of(data_set: Dataset) -> str:
    return (
        f"/studies/{data_set.StudyInstanceUID}/series/{data_set.SeriesInstanceUID}/instances/{data_set.SOPInstanceUID}"
    )


def stored_file(client: InProcessClient, path: str) -> bytes:
    answer = client.get(path, accept=AS_STORED)
    assert answer.status_code == 200
    return answer.content


def read(file: bytes) -> Dataset:
    return pydicom.dcmread(BytesIO(file))


def syntax_after(before: Dataset, target: str) -> str:
    """The transfer syntax that an instance is stored in, by what the standard has places for."""
    uid = transfer_syntax_of(before)
    if uid in LOSSY | NOT_DECODED:
        return uid
    if target != LITTLE_ENDIAN and ("PixelData" not in before or before.BitsAllocated not in BITS_OF[target]):
        return uid
    is_encapsulated = "PixelData" in before and before["PixelData"].is_undefined_length
    if is_encapsulated and before.BitsAllocated == 1 and target == LITTLE_ENDIAN and before.Rows * before.Columns % 8:
        return uid  # frames would share a byte
    return uid if target in CODESTREAMS and uses_other_bits(before) else target


def uses_other_bits(data_set: Dataset) -> bool:
    """Whether words hold more than the sample and its sign (PS3.5 8.1.1)."""
    if data_set["PixelData"].is_undefined_length:
        return False
    unused, sign = data_set.BitsAllocated - data_set.BitsStored, "i" if data_set.PixelRepresentation else "u"
    order = ">" if transfer_syntax_of(data_set) == BIG_ENDIAN else "<"
    words = np.frombuffer(data_set.PixelData, f"{order}{sign}{max(data_set.BitsAllocated // 8, 1)}")
    return data_set.BitsAllocated > 1 and not np.array_equal(words << unused >> unused, words)


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_form_is_stored_with_the_pixels_it_came_with(server: tuple[InProcessClient, str], path: Path) -> None:
    (client, target), source, before = server, read_source(path), pydicom.dcmread(path, force=True)
    assert source is not None
    answer = store(client, path.read_bytes())
    assert (answer.status_code, stored_uids(answer)) == (200, [source.instance])
    file = stored_file(client, source.url_path)
    after, uid = pydicom.dcmread(BytesIO(file), force=True), syntax_after(before, target)
    assert transfer_syntax_of(after) == uid
    [metadata] = client.get(f"{source.url_path}/metadata").json()
    assert metadata["00083002"]["Value"] == [uid]
    if uid == transfer_syntax_of(before):
        assert file == path.read_bytes()
        return
    named = before.file_meta.get("MediaStorageSOPInstanceUID") or before.SOPInstanceUID
    assert (after.file_meta.MediaStorageSOPInstanceUID, after.SOPInstanceUID) == (named, before.SOPInstanceUID)
    assert attributes(after) == attributes(before)
    assert_described(metadata, after)
    assert_frames(client, source.url_path, after)
    assert np.array_equal(samples(after), samples(before))


def assert_described(metadata: dict[str, dict[str, list[object]]], after: Dataset) -> None:
    """The metadata says of the pixels what the file says."""
    keywords = "PhotometricInterpretation", "SamplesPerPixel", "BitsAllocated", "BitsStored", "PixelRepresentation"
    for keyword in (*keywords, "PlanarConfiguration"):
        [told] = metadata.get(f"{pydicom.datadict.tag_for_keyword(keyword):08X}", {}).get("Value", [None])
        assert told == after.get(keyword)
    if after.SamplesPerPixel == 3 and transfer_syntax_of(after) in WITH_COLOR_TRANSFORM:
        assert after.PhotometricInterpretation in {"YBR_RCT", "YBR_FULL"}


def assert_frames(client: InProcessClient, path: str, after: Dataset) -> None:
    """The frames are those of the stored file, and nothing is made for them."""
    if not transfer_syntax_of(after).is_encapsulated:
        return
    frames = list(generate_frames(after.PixelData, number_of_frames=number_of_frames(after)))
    answer = client.get(
        f"{path}/frames/{len(frames)}", accept=f"application/octet-stream; transfer-syntax={transfer_syntax_of(after)}"
    )
    assert answer.content.rstrip(b"\0") == frames[-1].rstrip(b"\0")
    assert "encode" not in answer.headers["server-timing"]


@pytest.mark.parametrize("name", [COLOR_MULTI_FRAME, ECG, "rtplan.dcm"])
def test_what_is_lossy_or_has_no_frames_stays_bit_for_bit(data_folder: Path, name: str) -> None:
    file = part10(new_instance(name))
    with server_of(data_folder) as client:
        assert store(client, file).status_code == 200
        assert stored_file(client, path_of(read(file))) == file


def test_what_is_digitally_signed_stays_bit_for_bit(data_folder: Path) -> None:
    signature = Dataset()
    signature.MACIDNumber, signature.DigitalSignatureUID = 1, generate_uid()
    signed = new_instance(DigitalSignaturesSequence=[signature])
    item = Dataset()
    item.DigitalSignaturesSequence = [signature]
    inside = new_instance(ReferencedImageSequence=[item])
    with server_of(data_folder) as client:
        for instance in (signed, inside):
            assert store(client, instance).status_code == 200
            assert stored_file(client, path_of(instance)) == part10(instance)


def test_a_file_that_holds_more_than_its_frames_stays(data_folder: Path) -> None:
    longer = new_instance(PixelData=new_instance().PixelData + bytes(128))
    shorter = new_instance(NumberOfFrames=2)
    compressed = new_instance(JPEG_2000, NumberOfFrames=5)
    with server_of(data_folder) as client:
        for instance in (longer, shorter, compressed):
            assert store(client, instance).status_code in {200, 202}
            assert stored_file(client, path_of(instance)) == part10(instance)


def test_a_damaged_one_stays_as_it_came_and_spoils_no_other(
    data_folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    good, color, damaged = (
        new_instance(),
        new_instance("SC_rgb_small_odd.dcm"),
        new_instance("MR_small_jp2klossless.dcm"),
    )
    [frame] = generate_frames(damaged.PixelData, number_of_frames=1)
    damaged.PixelData = encapsulate([frame[:200]])
    with server_of(data_folder) as client, caplog.at_level(logging.INFO, "app.services.ingest_transcoding"):
        answer = store(client, good, damaged, b"no file", color)
        assert answer.status_code == 202
        assert stored_uids(answer) == [each.SOPInstanceUID for each in (good, damaged, color)]
        assert [reason for _, reason in failures(answer)] == [0xC000]
        assert "00081196" not in answer.text  # WarningReason: it is stored as if nothing had been wanted
        assert stored_file(client, path_of(damaged)) == part10(damaged)
        for each in (good, color):
            after = read(stored_file(client, path_of(each)))
            assert transfer_syntax_of(after) == HTJ2K_RPCL
            assert np.array_equal(samples(after), samples(each))
        assert len(stored_blobs(data_folder)) == 3
    assert "stays in the transfer syntax 1.2.840.10008.1.2.4.90" in caplog.text


def test_a_fault_of_a_codec_keeps_nothing_out(data_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise RuntimeError("a fault")

    instance = new_instance()
    monkeypatch.setattr("app.services.ingest_transcoding.transcode_for_good", fail)
    with server_of(data_folder) as client:
        assert store(client, instance).status_code == 200
        assert stored_file(client, path_of(instance)) == part10(instance)


# The same instance again


@pytest.mark.parametrize("original", OriginalPolicy)
def test_the_same_file_again_is_a_success_and_changes_nothing(data_folder: Path, original: OriginalPolicy) -> None:
    instance = new_instance()
    with server_of(data_folder, original=original) as client:
        first = store(client, instance)
        before = client.get(path_of(instance), accept=AS_STORED)
        files = len(stored_blobs(data_folder))
        assert store(client, instance).json() == first.json()
        after = client.get(path_of(instance), accept=AS_STORED)
        assert (after.content, after.headers["etag"]) == (before.content, before.headers["etag"])
        assert len(stored_blobs(data_folder)) == files == (1 if original is REPLACE else 2)


def test_the_stored_file_sent_back_is_a_success_and_another_one_is_not(data_folder: Path) -> None:
    instance = new_instance()
    with server_of(data_folder) as client:
        store(client, instance)
        stored = stored_file(client, path_of(instance))
        assert store(client, stored).status_code == 200
        instance.PatientName = "Other^Name"
        assert failures(store(client, instance)) == [(instance.SOPInstanceUID, 0x0111)]
        assert stored_file(client, path_of(instance)) == stored


@pytest.mark.parametrize(("first", "second"), [(None, HTJ2K_RPCL), (HTJ2K_RPCL, None), (RLE, JPEG_LS)])
def test_a_file_is_known_again_after_the_setting_has_changed(
    data_folder: Path, first: str | None, second: str | None
) -> None:
    instance = new_instance()
    with server_of(data_folder, first) as client:
        store(client, instance)
        stored = stored_file(client, path_of(instance))
    with server_of(data_folder, second) as client:
        assert store(client, instance).status_code == 200
        assert stored_file(client, path_of(instance)) == stored
        assert len(stored_blobs(data_folder)) == 1


@pytest.mark.parametrize("original", OriginalPolicy)
def test_the_same_instance_from_many_clients_at_once_is_stored_once(
    data_folder: Path, original: OriginalPolicy
) -> None:
    instance = new_instance()
    request = PlannedRequest("POST", "/studies", {"Content-Type": CONTENT_TYPE}, store_body([part10(instance)]))
    with server_of(data_folder, original=original) as client:
        answers = client.together([request] * CLIENTS)
        assert {answer.status_code for answer in answers} == {200}
        assert len(client.get("/instances").json()) == 1
        assert len(stored_blobs(data_folder)) == (1 if original is REPLACE else 2)


def test_a_newer_version_takes_the_place_of_the_old_one(data_folder: Path) -> None:
    old = new_instance()
    with server_of(data_folder, duplicates=DuplicatePolicy.REPLACE) as client:
        store(client, old)
        old.PatientName, old.PixelData = "New^Name", b"\7\0" * 16_384
        assert store(client, old).status_code == 200
        after = read(stored_file(client, path_of(old)))
        assert (transfer_syntax_of(after), after.PatientName) == (HTJ2K_RPCL, "New^Name")
        assert np.array_equal(samples(after), samples(old))


# The original is kept


def test_a_kept_original_is_what_is_stored_and_the_other_form_is_read_not_made(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = new_instance("SC_rgb_rle_16bit_2frame.dcm")
    path = path_of(before)
    with server_of(data_folder, original=KEEP) as client:
        assert store(client, before).status_code == 200
        assert stored_file(client, path) == part10(before)
        [metadata] = client.get(f"{path}/metadata").json()
        assert metadata["00083002"]["Value"] == [RLE]
        assert metadata["00280004"]["Value"] == [before.PhotometricInterpretation]
        monkeypatch.setattr("app.services.transcoding.transcode", None)  # nothing is transcoded from here on
        [after] = data_sets_of(
            client.get(path, accept=f'multipart/related; type="application/dicom"; transfer-syntax={HTJ2K_RPCL}')
        )
        assert np.array_equal(samples(after), samples(before))
        assert attributes(after) == attributes(before)
        accept = f"image/jphc; transfer-syntax={HTJ2K_RPCL}"
        frames = [client.get(f"{path}/frames/{number}", accept=accept) for number in (1, 2)]
        assert [answer.headers["content-type"] for answer in frames] == [accept] * 2
        codestreams = [each.rstrip(b"\0") for each in generate_frames(after.PixelData, number_of_frames=2)]
        assert [answer.content.rstrip(b"\0") for answer in frames] == codestreams
        piece = client.get(f"{path}/frames/2", accept=accept, range="bytes=100-199")
        assert (piece.status_code, piece.content) == (206, frames[1].content[100:200])


def test_beside_a_native_original_no_other_native_file_is_kept(data_folder: Path) -> None:
    before = new_instance("MR_small_bigendian.dcm")
    with server_of(data_folder, LITTLE_ENDIAN, KEEP) as client:
        assert store(client, before).status_code == 200
        assert len(stored_blobs(data_folder)) == 1
        after = read(client.get(path_of(before), accept=f"application/dicom; transfer-syntax={LITTLE_ENDIAN}").content)
        assert np.array_equal(samples(after), samples(before))


def test_frames_of_a_kept_original_in_other_forms_are_made_as_ever(data_folder: Path) -> None:
    before = new_instance()
    with server_of(data_folder, original=KEEP) as client:
        assert store(client, before).status_code == 200
        accept = f"application/dicom; transfer-syntax={JPEG_LS}"
        after = read(client.get(path_of(before), accept=accept).content)
        assert np.array_equal(samples(after), samples(before))
        native = client.get(f"{path_of(before)}/frames/1", accept="application/octet-stream")
        assert native.content == before.PixelData


def test_what_is_deleted_is_gone_in_both_forms_and_may_come_again(data_folder: Path) -> None:
    instance = new_instance()
    with server_of(data_folder, original=KEEP) as client:
        store(client, instance)
        assert client.request("DELETE", f"/studies/{instance.StudyInstanceUID}").status_code == 204
        accept = f"application/dicom; transfer-syntax={HTJ2K_RPCL}"
        assert client.get(path_of(instance), accept=accept).status_code == 404
        assert store(client, instance).status_code == 200
        assert transfer_syntax_of(read(client.get(path_of(instance), accept=accept).content)) == HTJ2K_RPCL


# Many at once


def test_a_whole_study_comes_out_as_it_went_in(data_folder: Path) -> None:
    study = generate_uid()
    names = [NATIVE, "MR_small_RLE.dcm", "SC_rgb_small_odd.dcm", COLOR_MULTI_FRAME, ECG] * 4
    instances = [new_instance(name, StudyInstanceUID=study) for name in names]
    with server_of(data_folder) as client:
        answer = store(client, *instances)
        assert stored_uids(answer) == [each.SOPInstanceUID for each in instances]
        accept = 'multipart/related; type="application/dicom"; transfer-syntax=*'
        after = {each.SOPInstanceUID: each for each in data_sets_of(client.get(f"/studies/{study}", accept=accept))}
        for each in instances:
            assert transfer_syntax_of(after[each.SOPInstanceUID]) == syntax_after(each, HTJ2K_RPCL)
            if "PixelData" in each:
                assert np.array_equal(samples(after[each.SOPInstanceUID]), samples(each))
