"""Answers made of DICOM JSON objects: as JSON or XML, compressed for whom asks for it, streamed when they are long."""

from collections.abc import AsyncIterator, Sequence

from starlette.requests import Request
from starlette.responses import Response

from app.protocol.content_coding import CODINGS, choose_coding, compress
from app.protocol.multipart_writer import multipart_related, new_boundary
from app.protocol.negotiation import Offer
from app.representations import DICOM_XML
from app.responses.documents import Batches, joined, json_chunks, xml_chunks
from app.responses.sending import ReadyResponse, StreamedResponse
from app.responses.timing import ServerTiming
from app.responses.validation import Validation
from app.services.content import Chunks
from app.workers import run_cpu

WORTH_COMPRESSING = 1400
"""Bytes from which on a body is compressed: less goes into one packet as it is."""

COMPRESSED_AT_ONCE = 1 << 16
"""Bytes that are compressed where they are; more, in a worker."""


async def documents_answer(
    request: Request, batches: Batches, offer: Offer, base_url: str, validation: Validation, timing: ServerTiming
) -> Response:
    """DICOM JSON objects (one batch at least) in the representation that ``offer`` names."""
    coding = choose_coding(request.headers.get("accept-encoding", ""))
    if offer.media_type == DICOM_XML:
        boundary = new_boundary()
        content_type = str(multipart_related(DICOM_XML, boundary))
        chunks = xml_chunks(batches, base_url, boundary)
        return _streamed(chunks, content_type, coding, validation, timing)
    first = await anext(batches)
    second = await anext(batches, None)
    timing.note("index")
    if second is None:
        body = joined(first, base_url, b"[", b"]")
        return await _whole(body, str(offer.media_type), coding, validation, timing)
    chunks = json_chunks(_chain([first, second], batches), base_url)
    return _streamed(chunks, str(offer.media_type), coding, validation, timing)


async def _whole(
    body: bytes, content_type: str, coding: str | None, validation: Validation, timing: ServerTiming
) -> Response:
    entity_tag, headers = validation.entity_tag, {"content-type": content_type}
    if coding is not None and len(body) >= WORTH_COMPRESSING:
        body = await _compressed(body, coding)
        entity_tag = entity_tag.coded(coding)
        headers["content-encoding"] = coding
    timing.note("encode")
    return ReadyResponse([body], 200, headers | validation.headers(entity_tag) | {"server-timing": str(timing)})


async def _compressed(body: bytes, coding: str) -> bytes:
    if len(body) <= COMPRESSED_AT_ONCE:
        return compress(body, coding)
    return await run_cpu(compress, body, coding)


def _streamed(
    chunks: Chunks, content_type: str, coding: str | None, validation: Validation, timing: ServerTiming
) -> Response:
    entity_tag, headers = validation.entity_tag, {"content-type": content_type}
    if coding is not None:
        chunks = _compressing(chunks, coding)
        entity_tag = entity_tag.coded(coding)
        headers["content-encoding"] = coding
    headers |= validation.headers(entity_tag) | {"server-timing": str(timing)}
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
