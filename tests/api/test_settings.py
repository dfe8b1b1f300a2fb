"""Settings that a server refuses or understands."""

from pathlib import Path

import pytest
from pydantic import ValidationError
from pydicom.dataset import Dataset

from app.settings import AuthSettings, LimitsSettings, Settings, StorageSettings
from tests.api.answers import store
from tests.api.in_process import in_process
from tests.examples import new_instance


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "pacs.example", "10.0.0.1"])
def test_a_host_that_others_can_reach_is_refused_without_authentication(host: str) -> None:
    with pytest.raises(ValidationError, match="FOVEA_AUTH__MODE=none"):
        Settings(host=host)


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_a_loopback_host_is_open(host: str) -> None:
    assert Settings(host=host).host == host


def test_a_host_that_others_can_reach_is_open_when_that_is_said_aloud() -> None:
    assert Settings(host="0.0.0.0", auth=AuthSettings(mode="none")).host == "0.0.0.0"


def test_the_environment_sets_fields_and_groups(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_HOST", "0.0.0.0")
    monkeypatch.setenv("FOVEA_AUTH__MODE", "none")
    monkeypatch.setenv("FOVEA_LIMITS__SEARCH_RESULTS", "17")
    settings = Settings()
    assert (settings.host, settings.auth.mode, settings.limits.search_results) == ("0.0.0.0", "none", 17)


@pytest.mark.parametrize("field", ["body_bytes", "parts", "search_results", "frames"])
def test_a_limit_of_nothing_is_refused(field: str) -> None:
    with pytest.raises(ValidationError, match=field):
        LimitsSettings(**{field: 0})


@pytest.mark.parametrize("root", ["pacs/rs", "/pacs/rs/", "/pacs/rs"])
def test_the_dicomweb_root_can_be_elsewhere(tmp_path: Path, root: str) -> None:
    with in_process(Settings(data=tmp_path / "data", dicomweb_root=root)) as client:
        assert client.get("http://testserver/pacs/rs/studies").json() == []
        assert client.get("http://testserver/dicom-web/studies").status_code == 404


def test_the_dicomweb_root_is_not_the_servers_root() -> None:
    with pytest.raises(ValidationError, match="for people"):
        Settings(dicomweb_root="/")


def test_an_archive_in_memory_holds_what_is_stored_and_writes_no_instance(tmp_path: Path) -> None:
    with in_process(Settings(data=tmp_path / "data", storage=StorageSettings(location="memory"))) as client:
        assert store(client, new_instance()).status_code == 200
        [row] = client.get("/instances").json()
        assert client.get(row["00081190"]["Value"][0]).status_code == 200
    assert not (tmp_path / "data" / "instances").exists()


@pytest.mark.parametrize("limit", ["nesting", "elements"])
def test_what_an_instance_may_ask_of_the_parser_can_be_set(tmp_path: Path, limit: str) -> None:
    """A plain CT slice has 258 elements and sequences in no sequence."""
    nested = Dataset()
    nested.ReferencedStudySequence = [Dataset()]
    instance = new_instance(ReferencedStudySequence=[nested])
    with in_process(Settings(data=tmp_path / "strict", limits=LimitsSettings(**{limit: 1}))) as client:
        answer = store(client, instance)
        assert answer.status_code == 409
        [failed] = answer.json()["00081198"]["Value"]
        assert failed["00081197"]["Value"] == [0xA700]
    with in_process(Settings(data=tmp_path / "default")) as client:
        assert store(client, instance).status_code == 200


def test_the_headers_of_a_part_are_bounded_by_a_setting(tmp_path: Path) -> None:
    body = b"--B\r\nContent-Type: application/dicom\r\nX: " + b"x" * 100 + b"\r\n\r\n\r\n--B--"
    headers = {"Content-Type": 'multipart/related; type="application/dicom"; boundary=B'}
    with in_process(Settings(data=tmp_path / "data", limits=LimitsSettings(part_header_bytes=64))) as client:
        assert client.post("/studies", body, headers).status_code == 413
