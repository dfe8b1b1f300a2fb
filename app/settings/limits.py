"""Bounds on what one request may ask for."""

from typing import Annotated

from pydantic import BaseModel, Field

from app.settings.section import DOCUMENTED


class LimitsSettings(BaseModel):
    """Bounds on what one request may ask for."""

    model_config = DOCUMENTED

    body_bytes: Annotated[int, Field(gt=0)] = 64 << 30
    """Bytes in the body of one store request."""

    parts: Annotated[int, Field(gt=0)] = 50_000
    """Parts in the body of one store request."""

    part_header_bytes: Annotated[int, Field(gt=0)] = 8192
    """Bytes in the headers of one part of a body."""

    nesting: Annotated[int, Field(gt=0, le=200)] = 64
    """Sequences inside sequences in an instance that is stored."""

    elements: Annotated[int, Field(gt=0)] = 4_000_000
    """Data elements and items in an instance that is stored, all levels together."""

    inflated_bytes: Annotated[int, Field(gt=0)] = 1 << 30
    """Bytes of a deflated data set after inflating."""

    metadata_bytes: Annotated[int, Field(gt=0)] = 64 << 20
    """Bytes of metadata in one store request whose metadata and bulk data come apart; they are held in memory."""

    search_results: Annotated[int, Field(gt=0)] = 10_000
    """Results of one search, whatever ``limit`` asks for; more are reached by ``offset``."""

    frames: Annotated[int, Field(gt=0)] = 10_000
    """Frames named in one RetrieveFrames request."""

    url_bytes: Annotated[int, Field(gt=0)] = 1 << 16
    """Bytes in the path and query of a request."""

    header_bytes: Annotated[int, Field(gt=0)] = 1 << 16
    """Bytes in the headers of a request."""

    body_seconds: Annotated[float, Field(gt=0)] = 60
    """Seconds without a piece of a request's body after which no more is waited for."""

    codec_seconds: Annotated[float, Field(gt=0)] = 60
    """Seconds that a codec may work on one frame. After that the request is answered 406, and the server process ends
    what it has begun and is replaced, for nothing else stops a codec that hangs. Such a frame, and one that a codec
    crashed on, is decoded in a process of its own from then on, and where that fails too, not at all until the server
    is started anew."""

    heavy_requests: Annotated[int, Field(gt=0)] = 64
    """Requests for pictures worked on by a server process at the same time; more wait."""

    heavy_wait_seconds: Annotated[float, Field(ge=0)] = 10
    """How long they wait before they are answered 503."""
