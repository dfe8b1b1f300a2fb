"""The audit trail that the settings describe."""

import ssl
from typing import Final

from pydantic import AnyUrl

from app.access.audit import AuditTrail, AuditWriter
from app.access.audit_log import AuditLog
from app.access.syslog import SyslogAddress, SyslogWriter
from app.settings import Settings

_PORTS: Final = {"udp": 514, "tcp": 514, "tls": 6514}
"""Where receivers listen unless the settings say otherwise (RFC 5426 3.3, RFC 5425 4.1)."""


def open_audit_trail(settings: Settings) -> AuditTrail:
    """A log, a syslog receiver, both or none. Raises OSError when the file cannot be written or a certificate read."""
    writers: list[AuditWriter] = []
    if settings.audit.log:
        writers.append(AuditLog(settings.audit.log))
    if settings.audit.syslog:
        writers.append(SyslogWriter(_address(settings.audit.syslog, settings)))
    return AuditTrail(writers)


def _address(url: AnyUrl, settings: Settings) -> SyslogAddress:
    host, port = (url.host or "").strip("[]"), url.port or _PORTS[url.scheme]
    return SyslogAddress(host, port, url.scheme == "udp", _context(settings) if url.scheme == "tls" else None)


def _context(settings: Settings) -> ssl.SSLContext:
    """Where the server has a certificate, it shows it: the nodes of PS3.15 B.1 know one another."""
    context = ssl.create_default_context(cafile=settings.audit.syslog_ca)
    if settings.tls.certificate:
        context.load_cert_chain(settings.tls.certificate, settings.tls.key)
    return context
