"""The audit log: who did what to which resource, and how it ended (PS3.15 A.5)."""

import json
import logging
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.access.scopes import AccessScope
from app.settings import AuditSettings, AuthSettings, Settings
from tests.api.access.guarded import OURS, PASSWORD, Guarded, basic, guarded, password_hash, secret
from tests.api.answers import store
from tests.api.in_process import in_process
from tests.examples import new_instance


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "logs" / "audit.jsonl"


@pytest.fixture
def server(data_folder: Path, log: Path) -> Iterator[Guarded]:
    auth = AuthSettings(users=[f"alice:{password_hash()}:dicom:read"])
    with guarded(data_folder, auth, audit=AuditSettings(log=str(log))) as started:
        log.write_bytes(b"")  # what went into the archive at the start
        yield started


def test_each_access_is_a_line_of_its_own(server: Guarded, log: Path) -> None:
    alice = basic("alice", PASSWORD)
    answer = server.ask("GET", f"{OURS.url_path}/metadata", alice)
    [line] = _lines(log)
    assert line["who"] == "alice"
    assert line["from"] == "127.0.0.1"
    assert line["method"] == "GET"
    assert line["resource"] == f"/dicom-web{OURS.url_path}/metadata"
    assert line["status"] == 200
    assert line["studies"] == [OURS.study]
    assert line["bytes"] == int(answer.headers["content-length"])
    assert line["event"] == {"code": "110104", "name": "DICOM Instances Transferred", "action": "R", "outcome": 0}
    assert len(line["request_id"]) == 16
    assert line["time"].endswith("+00:00")


def test_each_kind_of_access_has_its_event(server: Guarded, log: Path) -> None:
    instance = new_instance()
    server.ask("GET", "/studies", server.admin)
    store(server.client, instance, Authorization=server.admin)
    server.ask("DELETE", f"/studies/{instance.StudyInstanceUID}", server.admin)
    events = [(line["event"]["name"], line["event"]["action"], line["event"]["outcome"]) for line in _lines(log)]
    assert events == [
        ("Query", "E", 0),
        ("DICOM Instances Transferred", "C", 0),
        ("DICOM Study Deleted", "D", 0),
    ]


def test_a_store_request_names_the_studies_that_it_stored_into(server: Guarded, log: Path) -> None:
    first, second = new_instance(), new_instance()
    store(server.client, first, second, first, Authorization=server.admin)
    [line] = _lines(log)
    assert line["resource"] == "/dicom-web/studies"
    assert line["studies"] == [first.StudyInstanceUID, second.StudyInstanceUID]


def test_the_start_and_the_end_of_the_server_are_told(data_folder: Path, tmp_path: Path) -> None:
    log = tmp_path / "audit.jsonl"
    with in_process(Settings(data=data_folder, audit=AuditSettings(log=str(log)))):
        [start] = _lines(log)
        assert start["event"] == {
            "code": "110100",
            "name": "Application Activity",
            "action": "E",
            "type": "Application Start",
            "outcome": 0,
        }
        assert start["process"] == os.getpid()
    assert [line["event"]["type"] for line in _lines(log)] == ["Application Start", "Application Stop"]


def test_refusals_are_told_with_who_it_was_where_that_is_known(server: Guarded, log: Path) -> None:
    server.ask("GET", "/studies")
    server.ask("DELETE", f"/studies/{OURS.study}", basic("alice", PASSWORD))
    server.ask("GET", f"/studies/{OURS.study}.1", server.share)
    told = [(line["status"], line["event"]["name"], line["event"]["outcome"], line["who"]) for line in _lines(log)]
    share = f"token {secret(server.share).split('_')[1]}"
    assert told == [
        (401, "User Authentication", 4, None),
        (403, "Security Alert", 4, "alice"),
        (404, "DICOM Instances Transferred", 4, share),
    ]


def test_what_is_for_everybody_is_not_told(server: Guarded, log: Path) -> None:
    server.ask("GET", "http://testserver/health")
    server.ask("GET", "http://testserver/")
    server.ask("GET", "/nothing")
    assert _lines(log) == []


def test_no_log_holds_credentials_or_search_keys(server: Guarded, log: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        server.ask("GET", "/studies?PatientName=Doe^Archibald", server.admin)
        server.ask("GET", "/studies?PatientName=Doe^Archibald", basic("alice", "not-the-password"))
        server.ask("GET", "/studies", server.token(AccessScope.READ))
    ours = "".join(record.getMessage() for record in caplog.records if not record.name.startswith("httpx"))
    for text in (ours, log.read_text()):
        assert "/dicom-web/studies" in text
        for private in ("Archibald", "not-the-password", secret(server.admin), server.admin.rpartition("_")[2]):
            assert private not in text


def test_the_file_is_for_its_owner(server: Guarded, log: Path) -> None:
    assert log.stat().st_mode & 0o777 == 0o600


def _lines(log: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in log.read_text().splitlines()]
