"""The settings, a file for each group of them.

Every field can be set as ``FOVEA_<NAME>``, and those of a group as ``FOVEA_<GROUP>__<NAME>``, for example
``FOVEA_LIMITS__SEARCH_RESULTS=500``. A list is given as JSON.
"""

from app.settings.access import AuditSettings, AuthSettings, SignedTokenSettings
from app.settings.limits import LimitsSettings
from app.settings.network import CorsSettings, Network, ProxySettings, TlsSettings, is_loopback
from app.settings.services import RenderingSettings, RetrieveSettings, StoreSettings
from app.settings.settings import Settings
from app.settings.storage import IndexSettings, StorageSettings

__all__ = [
    "AuditSettings",
    "AuthSettings",
    "CorsSettings",
    "IndexSettings",
    "LimitsSettings",
    "Network",
    "ProxySettings",
    "RenderingSettings",
    "RetrieveSettings",
    "Settings",
    "SignedTokenSettings",
    "StorageSettings",
    "StoreSettings",
    "TlsSettings",
    "is_loopback",
]
