"""Which web pages may use the server from a browser (Fetch standard, 3.2)."""

import re
from urllib.parse import urlsplit

from starlette.requests import Request

from app.settings import CorsSettings

LOOPBACK_ORIGIN = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
"""Pages that this machine serves to itself may use the archive; a page from elsewhere must not read it."""


class ForeignPage(Exception):
    """A page that may not use the server sent a request that browsers send without asking the server first."""


def refuse_foreign_pages(request: Request, settings: CorsSettings) -> None:
    """Let pass what no browser sent, and what a page of this server or an allowed one did. Raises ForeignPage.

    For requests like those of a plain web form, which browsers send from any page, without a preflight.
    """
    origin = request.headers.get("origin")
    if origin is None or origin in settings.origins or re.fullmatch(LOOPBACK_ORIGIN, origin):
        return
    if urlsplit(origin).netloc != request.headers.get("host"):
        raise ForeignPage("pages of this origin may not upload; FOVEA_CORS__ORIGINS names those that may")
