"""The command lines of the user guide of dicomweb-client, run as they are written there.

The guide's ``--token`` is called ``--bearer-token`` today. Without it the command sends ``Authorization: Bearer None``.
"""

import json
import subprocess
import sys
from pathlib import Path

import pydicom

from tests.examples import COLOR_MULTI_FRAME, JPEG_2000, example, examples, examples_where, new_instance
from tests.live_server import LiveServer
from tests.source_frames import source_frames

COMMAND = str(Path(sys.executable).with_name("dicomweb_client"))


def test_search_studies(example_server: LiveServer) -> None:
    studies = json.loads(_run(example_server, "search", "studies"))
    assert sorted(row["0020000D"]["Value"][0] for row in studies) == sorted({source.study for source in examples()})


def test_search_with_a_filter_dicomized(example_server: LiveServer) -> None:
    printed = _run(example_server, "search", "series", "--filter", "SeriesDescription=FAST*", "--dicomize")
    expected = examples_where(lambda data_set: data_set.get("SeriesDescription") == "FAST LOCALIZER")
    assert printed.count("Series Instance UID") == len({source.series for source in expected})


def test_retrieve_studies_metadata(example_server: LiveServer) -> None:
    study = examples_where(lambda data_set: data_set.get("SeriesDescription") == "Routine Brain")
    metadata = json.loads(_run(example_server, "retrieve", "studies", "--study", study[0].study, "metadata"))
    assert sorted(each["00080018"]["Value"][0] for each in metadata) == sorted(source.instance for source in study)


def test_retrieve_studies_metadata_dicomized(example_server: LiveServer) -> None:
    source = example(JPEG_2000)
    printed = _run(example_server, "retrieve", "studies", "--study", source.study, "metadata", "--dicomize")
    assert f"UI: {source.instance}" in printed
    assert "PN: 'CompressedSamples^US1'" in printed


def test_retrieve_studies_full(example_server: LiveServer, tmp_path: Path) -> None:
    study = examples_where(lambda data_set: data_set.get("SeriesDescription") == "Routine Brain")
    options = "full", "--save", "--output-dir", str(tmp_path)
    _run(example_server, "retrieve", "studies", "--study", study[0].study, *options)
    saved = {path.stem: pydicom.dcmread(path) for path in tmp_path.iterdir()}
    assert saved == {source.instance: source.data_set() for source in study}


def test_retrieve_instances_frames_as_jpeg(example_server: LiveServer, tmp_path: Path) -> None:
    source = example(COLOR_MULTI_FRAME)
    uids = "--study", source.study, "--series", source.series, "--instance", source.instance
    options = "--numbers", "1", "--media-type", "image/jpeg"
    _run(example_server, "retrieve", "instances", *uids, "frames", *options, "--save", "--output-dir", str(tmp_path))
    assert (tmp_path / f"{source.instance}_1.jpg").read_bytes() == source_frames(source.data_set())[0]


def test_store_instances(server: LiveServer, tmp_path: Path) -> None:
    first = new_instance()
    second = new_instance(StudyInstanceUID=first.StudyInstanceUID)
    paths = [tmp_path / "first.dcm", tmp_path / "second.dcm"]
    for data_set, path in zip((first, second), paths, strict=True):
        data_set.save_as(path)
    _run(server, "store", "instances", *map(str, paths))
    found = json.loads(_run(server, "search", "instances", "--study", first.StudyInstanceUID))
    assert {row["00080018"]["Value"][0] for row in found} == {first.SOPInstanceUID, second.SOPInstanceUID}


def _run(server: LiveServer, *arguments: str) -> str:
    """What the command prints."""
    command = [COMMAND, "--url", server.root, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
