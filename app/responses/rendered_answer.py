"""The answers of rendered resources: in which media type, one part or many, and to whom nothing new (PS3.18 8.7.4)."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from urllib.parse import quote

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from app.codecs.errors import CannotTranscode
from app.protocol.accept import MediaRange
from app.protocol.errors import NotAcceptable
from app.protocol.media_type import WILDCARD, MediaType
from app.protocol.negotiation import Offer, choose
from app.rendering.encode import ENCODERS
from app.rendering.errors import InvalidRenderingParameter, NotRenderable
from app.rendering.kind import Kind
from app.rendering.options import RenderOptions
from app.representations import OCTET_STREAM
from app.requests.dependencies import Server, acceptable
from app.responses.stored_answers import StoredAnswer, StoredPart
from app.services.cine import CINE_MEDIA_TYPES
from app.services.content import Content
from app.services.errors import ResourceNotFound
from app.services.subject import DOCUMENT_WRITERS, PDF, Subject
from app.services.video import VIDEO_MEDIA_TYPES
from storage.resource import ResourceKey

IMAGE_MEDIA_TYPES = tuple(ENCODERS)
RENDERED_MEDIA_TYPES = (*IMAGE_MEDIA_TYPES, *DOCUMENT_WRITERS, PDF, *VIDEO_MEDIA_TYPES)
"""All that rendered resources may be, the default of each kind first (PS3.18 Table 8.7.4-1)."""

_JPEG, _WEBP = MediaType.parse("image/jpeg"), MediaType.parse("image/webp")

_MAKER = version("fovea-dicomweb").encode()
"""Another version may make other pictures of the same instance: what clients hold of one is not that of the other."""

_URL_CHARACTERS = "!$&'()*+,;=:@/?%"
"""What may stand in a query beside letters and digits (RFC 3986 3.4), and the sign of what is encoded already."""

_LOOK_SECONDS = 0.5
"""How often is looked whether the client is still there."""

_FAILURES = (NotRenderable, CannotTranscode, NotAcceptable, InvalidRenderingParameter, ResourceNotFound)
"""For which an instance among others has no part."""

Make = Callable[[str], Awaitable[Content]]
"""Makes what is shown in a media type."""


class RenderedAnswer:
    """The answer to one request for the rendered resource or thumbnail at ``path`` below the DICOMweb root.

    ``accepted`` is what the client accepts, where that is not said in the usual way.
    """

    def __init__(
        self,
        request: Request,
        server: Server,
        path: str,
        options: RenderOptions,
        accepted: Sequence[MediaRange] = (),
    ) -> None:
        self._request = request
        self._server = server
        self._options = options
        self._answer = StoredAnswer(server, request, path + _query(request))
        self._accepted = accepted or _acceptable(request)

    def takes_all(self, *, by_default: bool) -> bool:
        """Whether all instances or frames are to be answered, not one that stands for them. Raises NotAcceptable.

        ``by_default`` tells what a client wants who takes a single part and a multipart alike.
        """
        single, multipart = offers(RENDERED_MEDIA_TYPES), offers(RENDERED_MEDIA_TYPES, multipart=True)
        both = (*multipart, *single) if by_default else (*single, *multipart)
        return choose(self._accepted, both).multipart

    async def of_one(self, subject: Subject, *, cine_of: ResourceKey | None = None, revision: bytes = b"") -> Response:
        """One rendering; if it moves, of all images of the study or series ``cine_of``, which has this ``revision``."""
        renderer = self._server.renderer

        async def make(media_type: str) -> Content:
            if media_type in CINE_MEDIA_TYPES and cine_of is not None:
                return await renderer.cine(cine_of, media_type, self._options)
            return await renderer.content(subject, media_type, self._options)

        media_types = await renderer.media_types(subject, is_cine=cine_of is not None)
        return await self._of(subject, media_types, make, revision)

    async def of_thumbnail(self, subject: Subject) -> Response:
        """A small picture of the subject, or of its kind (PS3.18 10.4.3.3.4)."""

        async def make(media_type: str) -> Content:
            return await self._server.renderer.thumbnail(subject, media_type, self._options)

        return await self._of(subject, IMAGE_MEDIA_TYPES, make, b"")

    async def of_many(self, subjects: AsyncIterator[Subject], digests: Iterable[bytes]) -> Response:
        """Each subject as a part, in the best media type of its kind; what cannot be rendered has no part.

        Raises the reason when there is no part at all.
        """
        failures: list[Exception] = []
        parts = self._parts(subjects, failures)
        first = await anext(parts, None)
        if first is None:
            raise failures[0] if failures else NotRenderable("There is nothing to be rendered.")
        self._answer.timing.note("render")
        # Parts may be of several media types: what is accepted decides all of them.
        accepted = repr(self._accepted).encode()
        return await self._answer.of_made(_chain(first, parts), [first.offer], [*digests, _MAKER, accepted])

    async def _of(self, subject: Subject, media_types: Sequence[str], make: Make, revision: bytes) -> Response:
        self._answer.timing.note("index")
        available = (*offers(media_types), *offers(media_types, multipart=True))
        offer = self._labeled(self._choose(available), subject)
        digests = [*subject.digests, revision, _MAKER]
        held = self._answer.not_modified(offer, digests)
        if held is not None:
            return held
        content = await self._while_connected(make(offer.media_type.essence))
        self._answer.timing.note("render")
        response = await self._answer.of([StoredPart(offer, content, self._answer.url)], digests)
        if offer.media_type.essence == PDF and not offer.multipart:
            name = subject.shown.instance.key.sop_instance_uid
            response.headers["content-disposition"] = f'inline; filename="{name}.pdf"'
        return response

    async def _while_connected(self, making: Awaitable[Content]) -> Content:
        """What is made, unless the client goes away: a video takes long. Raises ClientDisconnect."""
        task = asyncio.ensure_future(making)
        try:
            while not (await asyncio.wait([task], timeout=_LOOK_SECONDS))[0]:
                if await self._request.is_disconnected():
                    raise ClientDisconnect
            return task.result()
        finally:
            task.cancel()

    async def _parts(self, subjects: AsyncIterator[Subject], failures: list[Exception]) -> AsyncIterator[StoredPart]:
        renderer = self._server.renderer
        async for subject in subjects:
            try:
                available = offers(await renderer.media_types(subject), multipart=True)
                offer = self._labeled(self._choose(available), subject)
                content = await renderer.content(subject, offer.media_type.essence, self._options)
            except _FAILURES as failure:
                failures[:] = failures or [failure]
                continue
            yield StoredPart(offer, content, f"{self._answer.base_url}{subject.path}/rendered")

    def _choose(self, available: Sequence[Offer]) -> Offer:
        """The best offer; JPEG before WebP, which takes twenty times as long, for browsers, who name WebP alone."""
        chosen = choose(self._accepted, available)
        if chosen.media_type != _WEBP or any(each.media_type == _JPEG for each in self._accepted):
            return chosen
        try:
            return choose(self._accepted, [Offer(_JPEG, chosen.multipart)])
        except NotAcceptable:
            return chosen

    def _labeled(self, offer: Offer, subject: Subject) -> Offer:
        """The offer with the character set of a text that is written here; a document that is stored says its own."""
        if offer.media_type.type != "text" or subject.shown.kind is not Kind.REPORT:
            return offer
        return Offer(offer.media_type.with_parameter("charset", self._options.charset), offer.multipart)


@cache
def _offer(media_type: str, multipart: bool) -> Offer:
    return Offer(MediaType.parse(media_type), multipart)


def offers(media_types: Iterable[str], *, multipart: bool = False) -> tuple[Offer, ...]:
    """Offers of rendered media types, as they are or as parts."""
    return tuple(_offer(media_type, multipart) for media_type in media_types)


def _acceptable(request: Request) -> tuple[MediaRange, ...]:
    """What the client accepts. OHIF asks for rendered resources as it asks for bulk data, and means any picture."""
    any_type = MediaType(WILDCARD, WILDCARD)
    accepted = acceptable(request)
    if not any(each.media_type == OCTET_STREAM for each in accepted):
        return accepted
    return tuple(replace(each, media_type=any_type) if each.media_type == OCTET_STREAM else each for each in accepted)


def _query(request: Request) -> str:
    """The query of the request with its question mark: it is a part of what names a rendering."""
    query = request.scope["query_string"]
    return f"?{quote(query, safe=_URL_CHARACTERS)}" if query else ""


async def _chain(first: StoredPart, rest: AsyncIterator[StoredPart]) -> AsyncGenerator[StoredPart]:
    yield first
    async for part in rest:
        yield part
