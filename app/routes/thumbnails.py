"""Thumbnails: one small picture of a study, series, instance or frame (PS3.18 10.4.1.1.4)."""

from starlette.requests import Request
from starlette.responses import Response

from app.access.audit import AuditEvent
from app.access.routes import AccessRouter
from app.access.scopes import AccessScope
from app.description.rendered import THUMBNAIL_PARAMETERS, answering_pictures
from app.protocol.query_string import parse_query_string
from app.rendering.parameters import parse_thumbnail_parameters
from app.requests.dependencies import Server, addressed
from app.requests.frame_list import frame_numbers
from app.responses.rendered_answer import IMAGE_MEDIA_TYPES, RenderedAnswer
from app.services.subject import Subject
from storage.resource import ResourceKey

router = AccessRouter(AccessScope.READ, AuditEvent.RETRIEVE, tag="WADO-RS", costs_much=True)

_DOCUMENTED = answering_pictures("A small picture.", THUMBNAIL_PARAMETERS, *IMAGE_MEDIA_TYPES)


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/thumbnail",
    operation_id="RetrieveInstanceThumbnail",
    summary="A small picture of an instance",
    **_DOCUMENTED,
)
async def retrieve_instance_thumbnail(request: Request) -> Response:
    """The frame that stands for all, or an icon of what cannot be rendered."""
    server, key = addressed(request)
    return await _thumbnail(request, server, key, key)


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/thumbnail",
    operation_id="RetrieveFrameThumbnail",
    summary="A small picture of a frame",
    **_DOCUMENTED,
)
async def retrieve_frame_thumbnail(request: Request) -> Response:
    """The frame of this number, counted from 1; of several the first."""
    server, key = addressed(request)
    frames = request.path_params["frames"]
    numbers = frame_numbers(frames, server.limits.frames)
    answer = _answer(request, server, f"{key.path}/frames/{frames}/thumbnail")
    subjects = await server.renderer.find_frames(key, numbers)
    return await answer.of_thumbnail(subjects[0])


@router.get(
    "/studies/{study}/series/{series}/thumbnail",
    operation_id="RetrieveSeriesThumbnail",
    summary="A small picture of a series",
    **_DOCUMENTED,
)
@router.get(
    "/studies/{study}/thumbnail",
    operation_id="RetrieveStudyThumbnail",
    summary="A small picture of a study",
    **_DOCUMENTED,
)
async def retrieve_collection_thumbnail(request: Request) -> Response:
    """The instance in the middle of the series, by InstanceNumber; of a study, of its first series of images."""
    server, key = addressed(request)
    representative = await server.renderer.representatives.of(key)
    return await _thumbnail(request, server, key, representative.key)


async def _thumbnail(request: Request, server: Server, key: ResourceKey, instance: ResourceKey) -> Response:
    answer = _answer(request, server, f"{key.path}/thumbnail")
    async for subject in server.renderer.subjects([instance]):
        return await answer.of_thumbnail(subject)
    return await answer.of_thumbnail(Subject(await server.renderer.find(instance)))


def _answer(request: Request, server: Server, path: str) -> RenderedAnswer:
    options = parse_thumbnail_parameters(parse_query_string(request.scope["query_string"]))
    return RenderedAnswer(request, server, path, options)
