"""Answers made of DICOM JSON objects: as JSON or XML, compressed for whom asks for it, streamed when they are long."""

from collections.abc import AsyncIterator, Sequence

from starlette.requests import Request
from starlette.responses import Response

from app.protocol.content_coding import CODINGS, choose_coding, compress
from app.protocol.multipart_writer import multipart_related
from app.protocol.negotiation import Offer
from app.representations import DICOM_XML
from app.responses.documents import Batches, joined, json_chunks, xml_chunks
from app.responses.ranges import ACCEPT_RANGES, RangedAnswer, asks_for_range
from app.responses.sending import ReadyResponse, StreamedResponse
from app.responses.timing import ServerTiming
from app.responses.validation import Validation
from app.services.content import Chunks
from app.services.spool import spooled
from app.workers import run_cpu

WORTH_COMPRESSING = 1400
"""Bytes from which on a body is compressed: less goes into one packet as it is."""

COMPRESSED_AT_ONCE = 1 << 16
"""Bytes that are compressed where they are; more, in a worker."""


async def documents_answer(
    request: Request, batches: Batches, offer: Offer, base_url: str, validation: Validation, timing: ServerTiming
) -> Response:
    """DICOM JSON objects (one batch at least) in the representation that ``offer`` names.

    Ranges are of its bytes without a content coding, whatever codings the client takes: half of a compressed stream is
    of no use to the libraries that ask for ranges. They are cut from the whole, which is made first. A client that goes
    on with a compressed answer, by If-Range, gets it anew. Raises RangeNotSatisfiable.
    """
    content_type = str(offer.media_type)
    if offer.media_type == DICOM_XML:
        # It follows from all that is between it, so it can stand in none of that.
        boundary = validation.entity_tag.name
        content_type = str(multipart_related(DICOM_XML, boundary))
        chunks = xml_chunks(batches, base_url, boundary)
    else:
        first, second = await anext(batches), await anext(batches, None)
        timing.note("read")
        if second is None and not asks_for_range(request, validation):
            body = joined(first, base_url, b"[", b"]")
            return await _whole(body, content_type, _coding(request), validation, timing)
        chunks = json_chunks(_chain([first, *([] if second is None else [second])], batches), base_url)
    if asks_for_range(request, validation):
        content = await spooled(chunks)
        timing.note("encode")
        return await RangedAnswer(request, validation, timing).of(content, content_type)
    return _streamed(chunks, content_type, _coding(request), validation, timing)


def _coding(request: Request) -> str | None:
    return choose_coding(request.headers.get("accept-encoding", ""))


async def _whole(
    body: bytes, content_type: str, coding: str | None, validation: Validation, timing: ServerTiming
) -> Response:
    if len(body) < WORTH_COMPRESSING:
        coding = None
    if coding is not None:
        body = await _compressed(body, coding)
    headers = _headers(content_type, coding, validation)
    timing.note("encode")
    return ReadyResponse([body], 200, headers | {"server-timing": str(timing)})


def _headers(content_type: str, coding: str | None, validation: Validation) -> dict[str, str]:
    """The headers of a whole answer in a content coding or none."""
    tag = validation.entity_tag
    headers = {"content-type": content_type, **ACCEPT_RANGES}
    if coding is None:
        return headers | validation.headers(tag)
    return headers | {"content-encoding": coding} | validation.headers(tag.coded(coding))


async def _compressed(body: bytes, coding: str) -> bytes:
    if len(body) <= COMPRESSED_AT_ONCE:
        return compress(body, coding)
    return await run_cpu(compress, body, coding)


def _streamed(
    chunks: Chunks, content_type: str, coding: str | None, validation: Validation, timing: ServerTiming
) -> Response:
    if coding is not None:
        chunks = _compressing(chunks, coding)
    headers = _headers(content_type, coding, validation) | {"server-timing": str(timing)}
    return StreamedResponse(chunks, None, 200, headers)


async def _compressing(chunks: Chunks, coding: str) -> Chunks:
    compressor = CODINGS[coding]()
    async for chunk in chunks:
        yield await run_cpu(compressor.compress, bytes(chunk))
    yield await run_cpu(compressor.flush)


async def _chain(begun: Sequence[Sequence[bytes]], rest: Batches) -> AsyncIterator[Sequence[bytes]]:
    for batch in begun:
        yield batch
    async for batch in rest:
        yield batch
