"""Audit messages to a syslog receiver: PS3.15 A.5 in XML, by the transports of A.6 and A.7."""

import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from app.access import syslog
from app.settings import AuditSettings, AuthSettings, Settings
from tests.api.access.guarded import OURS, PASSWORD, Guarded, basic, guarded, password_hash, secret
from tests.api.access.syslog_receiver import SyslogReceiver, Transport, syslog_receiver
from tests.api.answers import store
from tests.api.in_process import in_process
from tests.certificates import new_certificate
from tests.examples import new_instance

pytestmark = pytest.mark.archive_in_folder("who may ask is decided before any store is")

HEADER = re.compile(
    rb"<85>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}\+00:00 (\S+) (\S+) (\d+) DICOM\+RFC3881 - \xef\xbb\xbf(<.*)"
)


@pytest.fixture
def receiver() -> Iterator[SyslogReceiver]:
    with syslog_receiver("tcp") as started:
        yield started


@pytest.fixture
def server(data_folder: Path, receiver: SyslogReceiver) -> Iterator[Guarded]:
    auth = AuthSettings(users=[f"älice <&>:{password_hash()}:dicom:read"])
    with guarded(data_folder, auth, audit=AuditSettings(syslog=receiver.url)) as started:
        assert _event_types(_message(receiver)) == ["110120"]
        _message(receiver)  # what went into the archive at the start
        yield started


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_receiver_gets_the_messages(data_folder: Path, tmp_path: Path, transport: Transport) -> None:
    certificate = new_certificate(tmp_path) if transport == "tls" else None
    with syslog_receiver(transport, certificate) as receiver:
        audit = AuditSettings(syslog=receiver.url, syslog_ca=certificate[0] if certificate else None)
        with in_process(Settings(data=data_folder, audit=audit)) as client:
            client.get("/studies")
        codes = [_event_code(_message(receiver)) for _ in range(3)]
    assert codes == ["110100", "110112", "110100"]


def test_a_receiver_whose_certificate_is_by_nobody_known_gets_nothing(
    data_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(syslog, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(syslog, "CLOSE_SECONDS", 5)
    with (
        syslog_receiver("tls", new_certificate(tmp_path)) as receiver,
        in_process(Settings(data=data_folder, audit=AuditSettings(syslog=receiver.url))),
    ):
        pass
    assert receiver.messages.empty()
    assert "audit messages are lost" in caplog.text


def test_a_retrieval_names_who_where_and_which_study(server: Guarded, receiver: SyslogReceiver) -> None:
    server.ask("GET", f"{OURS.url_path}/metadata", basic("älice <&>", PASSWORD))
    message = _message(receiver)
    identification = message.find("EventIdentification")
    assert identification is not None
    assert identification.get("EventActionCode") == "R"
    assert identification.get("EventOutcomeIndicator") == "0"
    assert _code(message, "EventIdentification/EventID") == ("110104", "DCM", "DICOM Instances Transferred")
    client, process = message.findall("ActiveParticipant")
    assert client.get("UserID") == "älice <&>"
    assert client.get("UserIsRequestor") == "true"
    assert (client.get("NetworkAccessPointID"), client.get("NetworkAccessPointTypeCode")) == ("127.0.0.1", "2")
    assert _code(client, "RoleIDCode") == ("110152", "DCM", "Destination Role ID")
    assert process.get("UserIsRequestor") == "false"
    assert process.get("AlternativeUserID") == str(os.getpid())
    assert _code(process, "RoleIDCode") == ("110153", "DCM", "Source Role ID")
    [study] = message.findall("ParticipantObjectIdentification")
    assert study.get("ParticipantObjectID") == OURS.study
    assert (study.get("ParticipantObjectTypeCode"), study.get("ParticipantObjectTypeCodeRole")) == ("2", "3")
    assert _code(study, "ParticipantObjectIDTypeCode") == ("110180", "DCM", "Study Instance UID")
    source = message.find("AuditSourceIdentification")
    assert source is not None
    assert source.get("AuditSourceID") == socket.gethostname()


def test_a_store_request_is_a_transfer_to_us_of_each_study(server: Guarded, receiver: SyslogReceiver) -> None:
    first, second = new_instance(), new_instance()
    store(server.client, first, second, Authorization=server.admin)
    message = _message(receiver)
    identification = message.find("EventIdentification")
    assert identification is not None
    assert identification.get("EventActionCode") == "C"
    roles = [_code(each, "RoleIDCode")[0] for each in message.findall("ActiveParticipant")]
    assert roles == ["110153", "110152"]
    objects = [each.get("ParticipantObjectID") for each in message.findall("ParticipantObjectIdentification")]
    assert objects == [first.StudyInstanceUID, second.StudyInstanceUID]


def test_a_query_is_told_without_its_keys(server: Guarded, receiver: SyslogReceiver) -> None:
    server.ask("GET", "/studies?PatientName=Doe^Archibald", server.admin)
    message = _message(receiver)
    assert _code(message, "EventIdentification/EventID")[0] == "110112"
    [resource] = message.findall("ParticipantObjectIdentification")
    assert resource.get("ParticipantObjectID") == "/dicom-web/studies"
    assert resource.get("ParticipantObjectTypeCodeRole") == "24"
    assert _code(resource, "ParticipantObjectIDTypeCode") == ("12", "RFC-3881", "URI")
    assert b"Archibald" not in ET.tostring(message)


def test_a_deletion_and_refusals_are_events_of_their_own(server: Guarded, receiver: SyslogReceiver) -> None:
    alice = basic("älice <&>", PASSWORD)
    server.ask("DELETE", f"/studies/{OURS.study}", alice)
    server.ask("DELETE", f"/studies/{OURS.study}", basic("älice <&>", "wrong"))
    server.ask("DELETE", f"/studies/{OURS.study}", server.admin)
    refused, failed, deleted = (_message(receiver) for _ in range(3))
    assert (_event_code(refused), _event_types(refused)) == ("110113", ["110132"])
    assert (_event_code(failed), _event_types(failed)) == ("110114", ["110122"])
    assert (_event_code(deleted), _event_types(deleted)) == ("110105", [])
    outcomes = [each.find("EventIdentification") for each in (refused, failed, deleted)]
    assert [each.get("EventOutcomeIndicator") for each in outcomes if each is not None] == ["4", "4", "0"]
    everything = b"".join(ET.tostring(each) for each in (refused, failed, deleted))
    assert secret(server.admin).encode() not in everything


def test_messages_wait_for_a_receiver_that_is_away(
    data_folder: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(syslog, "RETRY_SECONDS", 0.01)
    with syslog_receiver("tcp") as receiver:
        pass
    with in_process(Settings(data=data_folder, audit=AuditSettings(syslog=receiver.url))) as client:
        assert client.get("/studies").status_code == 200
        with syslog_receiver("tcp", port=receiver.port) as receiver:
            assert [_event_code(_message(receiver)) for _ in range(2)] == ["110100", "110112"]
        client.get("/studies")
        with syslog_receiver("tcp", port=receiver.port) as receiver:
            assert _event_code(_message(receiver)) == "110112"


@pytest.mark.parametrize("url", ["audit.example.org", "http://audit.example.org", "tls://"])
def test_what_is_no_receiver_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="syslog"):
        AuditSettings(syslog=url)


def _message(receiver: SyslogReceiver) -> ET.Element:
    """The XML of the next message, whose header is right (RFC 5424 6)."""
    message = receiver.next()
    found = HEADER.fullmatch(message)
    assert found, message
    assert found[1].decode() == socket.gethostname()
    assert int(found[3]) == os.getpid()
    return ET.fromstring(found[4])


def _event_code(message: ET.Element) -> str:
    return _code(message, "EventIdentification/EventID")[0]


def _event_types(message: ET.Element) -> list[str | None]:
    return [each.get("csd-code") for each in message.findall("EventIdentification/EventTypeCode")]


def _code(parent: ET.Element, path: str) -> tuple[str, str, str]:
    element = parent.find(path)
    assert element is not None
    assert element.get("displayName") == element.get("originalText")
    return str(element.get("csd-code")), str(element.get("codeSystemName")), str(element.get("originalText"))
