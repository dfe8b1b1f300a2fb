"""An answer that cannot be ended after its head is out: the connection breaks, and one line of the log says why.

The server's log has no traceback in the end: nothing here is a fault of its code.
"""

from http.client import IncompleteRead

import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate, generate_frames

from tests.clients.raw_http import get, send
from tests.examples import COLOR_MULTI_FRAME, new_instance, part10
from tests.live_server import LiveServer
from tests.multipart_requests import CONTENT_TYPE, store_body

MEGABYTE = 1 << 20
LITTLE_ENDIAN = "1.2.840.10008.1.2.1"
SEVERAL = 'multipart/related; type="application/dicom"'


@pytest.mark.archive_in_folder("it cuts off a file")
@pytest.mark.parametrize("accept", ["application/dicom", SEVERAL, "application/zip"])
def test_a_file_that_ends_too_early_breaks_the_answer_off(server: LiveServer, accept: str) -> None:
    instance = new_instance(PixelData=bytes(3 * MEGABYTE))
    store(server, instance)
    [file] = [path for path in server.instance_files() if instance.SOPInstanceUID in path.name]
    file.write_bytes(file.read_bytes()[: 2 * MEGABYTE])
    lines = broken_off(server, path_of(instance), f"{accept}; transfer-syntax=*")
    assert [file.name in line and "fovea check" in line for line in lines] == [True, False]
    assert "the answer was broken off" in lines[1]
    # The beginning of the file can be had all the same.
    rest = get(server, path_of(instance), Accept="application/dicom; transfer-syntax=*", Range="bytes=0-99")
    assert (rest.status, len(rest.body)) == (206, 100)


def test_an_instance_that_cannot_be_transcoded_among_others_breaks_the_answer_off(server: LiveServer) -> None:
    """Who names a transfer syntax gets no other, and no answer that passes for whole without the instance."""
    damaged = new_instance(COLOR_MULTI_FRAME)
    frames = list(generate_frames(damaged.PixelData, number_of_frames=int(damaged.NumberOfFrames)))
    frames[6] = bytes(len(frames[6]))
    damaged.PixelData = encapsulate(frames)
    whole = new_instance(StudyInstanceUID=damaged.StudyInstanceUID, PixelData=bytes(MEGABYTE))
    store(server, whole, damaged)
    accept = f"{SEVERAL}; transfer-syntax={LITTLE_ENDIAN}"
    [line] = broken_off(server, f"/studies/{damaged.StudyInstanceUID}", accept)
    assert f"Frame 7 of {damaged.SOPInstanceUID}" in line


def broken_off(server: LiveServer, path: str, accept: str) -> list[str]:
    """What the log says of errors, once an answer with a good head has come and broken off."""
    before = len(server.log.read_text())
    with pytest.raises(IncompleteRead):
        get(server, path, Accept=accept)
    return [line for line in server.log.read_text()[before:].splitlines() if "INFO" not in line]


def store(server: LiveServer, *instances: Dataset) -> None:
    body = store_body(part10(instance) for instance in instances)
    assert send(server, "POST", "/studies", {"Content-Type": CONTENT_TYPE}, body).status == 200


def path_of(instance: Dataset) -> str:
    uids = instance.StudyInstanceUID, instance.SeriesInstanceUID, instance.SOPInstanceUID
    return "/studies/{}/series/{}/instances/{}".format(*uids)
