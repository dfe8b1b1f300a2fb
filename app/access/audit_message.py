"""A record as the audit message of PS3.15 A.5.1, in XML.

The patient is left out, although PS3.15 A.5.3.6 has it in messages on transfers, and so are the keys of a query: what
is kept of an access names studies, by which the archive itself tells whose they are.
"""

import os
from collections.abc import Iterator
from datetime import datetime
from ipaddress import ip_address
from typing import Final
from xml.etree.ElementTree import Element, SubElement, tostring

from app.access.audit import Access, AuditEvent, AuditRecord, Code

APPLICATION: Final = "fovea"
"""The UserID of our own processes."""

_MACHINE_NAME, _IP_ADDRESS = "1", "2"
"""NetworkAccessPointTypeCode."""

_SOURCE, _DESTINATION = Code("110153", "Source Role ID"), Code("110152", "Destination Role ID")
_ROLES: Final = {
    AuditEvent.QUERY: (_SOURCE, _DESTINATION),
    AuditEvent.RETRIEVE: (_DESTINATION, _SOURCE),
    AuditEvent.STORE: (_SOURCE, _DESTINATION),
}
"""RoleIDCode of the client and of the server, where the event has any (PS3.15 A.5.3)."""

_STUDY = Code("110180", "Study Instance UID")
_URI = Code("12", "URI")

_SYSTEM_OBJECT = "2"
_REPORT, _RESOURCE, _QUERY = "3", "4", "24"
"""ParticipantObjectTypeCode and ParticipantObjectTypeCodeRole."""


def audit_message(record: AuditRecord, now: datetime, machine: str) -> bytes:
    """The message of a record of this process on the machine of this name; UTF-8, without an XML declaration."""
    kind = record.event.value
    message = Element("AuditMessage")
    identification = SubElement(
        message,
        "EventIdentification",
        EventActionCode=kind.action,
        EventDateTime=now.isoformat(timespec="milliseconds"),
        EventOutcomeIndicator=str(record.outcome),
    )
    _code(identification, "EventID", kind.event)
    if kind.type is not None:
        _code(identification, "EventTypeCode", kind.type)
    if isinstance(record, Access):
        client_role, own_role = _ROLES.get(record.event, (None, None))
        _client(message, record, client_role)
        _process(message, machine, own_role)
    else:
        _process(message, machine, Code("110150", "Application"))
    SubElement(message, "AuditSourceIdentification", AuditSourceID=machine)
    if isinstance(record, Access):
        for identifier, identifier_type, role in _objects(record):
            _object(message, identifier, identifier_type, role, record.path)
    return tostring(message)


def _client(message: Element, access: Access, role: Code | None) -> None:
    participant = SubElement(
        message,
        "ActiveParticipant",
        UserID=access.who or access.address,
        UserIsRequestor="true",
        NetworkAccessPointID=access.address,
        NetworkAccessPointTypeCode=_IP_ADDRESS if _is_ip_address(access.address) else _MACHINE_NAME,
    )
    if role is not None:
        _code(participant, "RoleIDCode", role)


def _process(message: Element, machine: str, role: Code | None) -> None:
    """This process; its number is AlternativeUserID (PS3.15 A.5.2.2)."""
    participant = SubElement(
        message,
        "ActiveParticipant",
        UserID=APPLICATION,
        AlternativeUserID=str(os.getpid()),
        UserIsRequestor="false",
        NetworkAccessPointID=machine,
        NetworkAccessPointTypeCode=_MACHINE_NAME,
    )
    if role is not None:
        _code(participant, "RoleIDCode", role)


def _objects(access: Access) -> Iterator[tuple[str, Code, str]]:
    """What was accessed: the studies, or the resource where no study is named."""
    if access.event in {AuditEvent.RETRIEVE, AuditEvent.STORE, AuditEvent.DELETE} and access.studies:
        for study in access.studies:
            yield study, _STUDY, _REPORT
    else:
        yield access.path, _URI, _QUERY if access.event is AuditEvent.QUERY else _RESOURCE


def _object(message: Element, identifier: str, identifier_type: Code, role: str, name: str) -> None:
    participant = SubElement(
        message,
        "ParticipantObjectIdentification",
        ParticipantObjectID=identifier,
        ParticipantObjectTypeCode=_SYSTEM_OBJECT,
        ParticipantObjectTypeCodeRole=role,
    )
    system = "RFC-3881" if identifier_type is _URI else "DCM"
    _code(participant, "ParticipantObjectIDTypeCode", identifier_type, system)
    SubElement(participant, "ParticipantObjectName").text = name


def _code(parent: Element, name: str, code: Code, system: str = "DCM") -> None:
    attributes = {"csd-code": code.value, "codeSystemName": system}
    SubElement(parent, name, {**attributes, "displayName": code.meaning, "originalText": code.meaning})


def _is_ip_address(address: str) -> bool:
    try:
        ip_address(address)
    except ValueError:
        return False
    return True
