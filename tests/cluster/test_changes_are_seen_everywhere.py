"""What is replaced or deleted on one server is so at once on the other, whatever that one remembers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest
from pydicom.dataset import Dataset
from requests import Response

from tests.cluster.patient_client import STORED_BYTES, PatientClient, path_of
from tests.cluster.servers import READER, Cluster
from tests.examples import new_instance, part10
from tests.multipart_answers import read_parts

PNG = {"Accept": "image/png"}


@dataclass(frozen=True, slots=True)
class Seen:
    """Answers about an instance."""

    file: Response
    frame: Response
    metadata: Response
    rendered: Response
    thumbnail: Response
    found: Response


@pytest.fixture
def clients(shared_cluster: Cluster) -> Iterator[Sequence[PatientClient]]:
    """A client of each server."""
    first, second = (PatientClient(server.origin, user=READER) for server in shared_cluster.servers)
    with first, second:
        yield first, second


def _see(client: PatientClient, instance: Dataset, before: Seen | None = None) -> Seen:
    """Ask for everything, as who holds the answers from before."""
    path, study = path_of(instance), instance.StudyInstanceUID

    def ask(name: str, target: str, **headers: str) -> Response:
        if before is not None and (tag := getattr(before, name).headers.get("ETag")):
            headers["If-None-Match"] = tag
        return client.ask("GET", target, headers=headers)

    return Seen(
        file=ask("file", path, **STORED_BYTES),
        frame=ask("frame", f"{path}/frames/1"),
        metadata=ask("metadata", f"{path}/metadata"),
        rendered=ask("rendered", f"{path}/rendered", **PNG),
        thumbnail=ask("thumbnail", f"/studies/{study}/thumbnail", **PNG),
        found=ask("found", f"/studies?StudyInstanceUID={study}&includefield=PatientID"),
    )


def _assert_shows(seen: Seen, instance: Dataset) -> None:
    assert [part.body for part in read_parts(seen.file)] == [part10(instance)]
    assert [part.body for part in read_parts(seen.frame)] == [instance.PixelData]
    [document] = seen.metadata.json()
    [row] = seen.found.json()
    assert document["00100020"]["Value"] == row["00100020"]["Value"] == [instance.PatientID]
    assert seen.rendered.status_code == seen.thumbnail.status_code == 200


def test_what_is_replaced_on_one_server_is_new_on_the_other(clients: Sequence[PatientClient]) -> None:
    here, there = clients
    old = new_instance(PatientID="old")
    new = new_instance(PatientID="new", PixelData=old.PixelData[::-1])
    for keyword in ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"):
        setattr(new, keyword, old[keyword].value)
    new.file_meta.MediaStorageSOPInstanceUID = old.SOPInstanceUID
    versions = [old, new]
    here.store(old)
    for number in range(4):  # there and back again: also what was stored before is not what is stored now
        shown, stored = versions[number % 2], versions[(number + 1) % 2]
        seen = _see(there, shown)
        _assert_shows(seen, shown)
        here.store(stored)
        after = _see(there, stored, before=seen)
        _assert_shows(after, stored)
        assert after.rendered.content != seen.rendered.content
        assert after.thumbnail.content != seen.thumbnail.content
        here, there = there, here


@pytest.mark.parametrize("level", ["studies", "series", "instances"])
def test_what_is_deleted_on_one_server_is_gone_on_the_other(clients: Sequence[PatientClient], level: str) -> None:
    here, there = clients
    instance = new_instance()
    there.store(instance)
    path = path_of(instance)
    whole = {"studies": path.partition("/series/")[0], "series": path.partition("/instances/")[0], "instances": path}
    for _ in range(2):
        seen = _see(there, instance)
        _assert_shows(seen, instance)
        assert here.ask("DELETE", whole[level]).status_code == 204
        gone = _see(there, instance, before=seen)
        asked = gone.file, gone.frame, gone.metadata, gone.rendered, gone.thumbnail
        assert {answer.status_code for answer in asked} == {404}
        assert gone.found.json() == []
        here.store(instance)
        _assert_shows(_see(there, instance), instance)
