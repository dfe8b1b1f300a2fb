"""What routes are given: the server's parts, and the UIDs of the path, checked."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Path
from starlette.requests import Request

from app.protocol.accept import MediaRange, parse_accept
from app.protocol.query_string import parse_query_string
from app.services.archive import Archive
from app.services.store import StorePolicy
from app.settings import CorsSettings, LimitsSettings
from app.urls import BaseUrl


@dataclass(frozen=True, slots=True)
class Server:
    """What every route works with."""

    archive: Archive
    limits: LimitsSettings
    cors: CorsSettings
    base_url: BaseUrl
    store_policy: StorePolicy


async def get_server(request: Request) -> Server:
    """The parts that ``main`` put together."""
    server: Server = request.app.state.server
    return server


ServerParts = Annotated[Server, Depends(get_server)]

_UID = {"pattern": r"^[0-9]+(\.[0-9]+)*$", "max_length": 64}
"""The characters and length of a UID (PS3.5 9.1); a leading zero in a component is let pass, as it is at ingest."""

StudyUID = Annotated[str, Path(alias="study", description="StudyInstanceUID", **_UID)]
SeriesUID = Annotated[str, Path(alias="series", description="SeriesInstanceUID", **_UID)]
InstanceUID = Annotated[str, Path(alias="instance", description="SOPInstanceUID", **_UID)]


def acceptable(request: Request) -> tuple[MediaRange, ...]:
    """What the client accepts: the query parameter ``accept``, else the Accept header (PS3.18 8.3.3.1)."""
    query = dict(parse_query_string(request.scope["query_string"]))
    return parse_accept(", ".join(request.headers.getlist("accept")), query.get("accept"))
