"""Bytes that are gone although the index names them: never a 404, for the instance was not deleted."""

import logging
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from app.settings import Settings
from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient, in_process
from tests.archives import cut_blobs
from tests.examples import JPEG_LS, NATIVE, new_instance

BELOW = ["", "/frames/1", "/bulkdata/7FE00010", "/bulkdata", "/rendered"]


@pytest.fixture(params=[0, 5_000], ids=["gone", "cut off"])
def damaged(data_folder: Path, request: pytest.FixtureRequest) -> Iterator[tuple[InProcessClient, Dataset, str]]:
    """A server, an instance whose bytes somebody has removed or cut off, and their name."""
    with in_process(Settings(data=data_folder)) as client:
        instance = new_instance(NATIVE)
        assert store(client, instance).status_code == 200
        [name] = cut_blobs(data_folder, request.param)
        yield client, instance, name.rpartition("/")[2]


@pytest.mark.parametrize("below", BELOW)
def test_lost_bytes_are_a_fault_of_the_server_that_the_log_names(
    damaged: tuple[InProcessClient, Dataset, str], below: str, caplog: pytest.LogCaptureFixture
) -> None:
    client, instance, name = damaged
    answer = client.get(_path(instance) + below)
    assert_problem(answer, 500, "lost")
    assert answer.headers["cache-control"] == "no-store"
    assert "retry-after" not in answer.headers
    assert client.request("HEAD", _path(instance) + below).status_code == 500
    errors = [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]
    assert errors
    for message in errors:
        assert name in message
        assert "fovea check" in message
    assert "Traceback" not in caplog.text


def test_what_needs_no_bytes_is_answered(damaged: tuple[InProcessClient, Dataset, str]) -> None:
    client, instance, _ = damaged
    [document] = client.get(f"{_path(instance)}/metadata").json()
    assert document["00080018"]["Value"] == [instance.SOPInstanceUID]
    assert len(client.get("/instances").json()) == 1
    assert client.request("DELETE", _path(instance)).status_code == 204
    assert_problem(client.get(_path(instance)), 404)


def test_frames_that_are_made_of_lost_bytes_are_not_refused_as_if_they_were_damaged(
    client: InProcessClient, data_folder: Path
) -> None:
    instance = new_instance(JPEG_LS)
    assert store(client, instance).status_code == 200
    cut_blobs(data_folder, 0)
    for path, accept in [("/frames/1", "image/jphc"), ("", "application/dicom; transfer-syntax=1.2.840.10008.1.2.5")]:
        assert_problem(client.get(_path(instance) + path, accept=accept), 500, "lost")


def _path(instance: Dataset) -> str:
    return (
        f"/studies/{instance.StudyInstanceUID}/series/{instance.SeriesInstanceUID}/instances/{instance.SOPInstanceUID}"
    )
