"""RetrieveRendered (PS3.18 10.4.1.1.3)."""

from collections.abc import AsyncIterator, Iterable

from starlette.requests import Request
from starlette.responses import Response

from app.access.audit import AuditEvent
from app.access.routes import AccessRouter
from app.access.scopes import AccessScope
from app.description.rendered import RENDERED_PARAMETERS, answering_pictures
from app.protocol.query_string import parse_query_string
from app.rendering.errors import NotRenderable
from app.rendering.kind import Kind
from app.rendering.parameters import parse_rendered_parameters
from app.requests.dependencies import Server, addressed
from app.requests.frame_list import frame_numbers
from app.responses.rendered_answer import RENDERED_MEDIA_TYPES, RenderedAnswer, offers
from app.services.errors import ResourceNotFound
from app.services.metadata import metadata_revision
from app.services.retrieve import find_instances
from app.services.subject import Subject
from storage.resource import ResourceKey

router = AccessRouter(AccessScope.READ, AuditEvent.RETRIEVE, tag="WADO-RS", costs_much=True)

_PARTS = map(str, offers(RENDERED_MEDIA_TYPES, multipart=True))
_DOCUMENTED = answering_pictures("As a reader would see it.", RENDERED_PARAMETERS, *RENDERED_MEDIA_TYPES, *_PARTS)


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/rendered",
    operation_id="RetrieveRenderedInstance",
    summary="An instance as a picture, text or video",
    **_DOCUMENTED,
)
async def retrieve_rendered_instance(request: Request) -> Response:
    """An image, waveform, report or document; of several frames, one that stands for all, or moving all."""
    server, key = addressed(request)
    answer = _answer(request, server, f"{key.path}/rendered")
    shown = await server.renderer.find(key)
    if shown.kind is not Kind.PRESENTATION_STATE:
        return await answer.of_one(Subject(shown))
    presented = server.renderer.presented(shown)
    if answer.takes_all(by_default=False):
        revision = await metadata_revision(server.archive, ResourceKey(key.study_instance_uid))
        return await answer.of_many(presented, [revision, shown.instance.sha256])
    async for subject in presented:
        return await answer.of_one(subject)
    raise ResourceNotFound("none of the images that the presentation state is for is stored in its study")


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/frames/{frames}/rendered",
    operation_id="RetrieveRenderedFrames",
    summary="Frames of an instance as pictures",
    **_DOCUMENTED,
)
async def retrieve_rendered_frames(request: Request) -> Response:
    """Frames by their numbers, counted from 1; of several a part for each, or the first to who takes no multipart."""
    server, key = addressed(request)
    frames = request.path_params["frames"]
    numbers = frame_numbers(frames, server.limits.frames)
    answer = _answer(request, server, f"{key.path}/frames/{frames}/rendered")
    subjects = await server.renderer.find_frames(key, numbers)
    if len(subjects) > 1 and answer.takes_all(by_default=True):
        return await answer.of_many(_one_by_one(subjects), subjects[0].digests)
    return await answer.of_one(subjects[0])


@router.get(
    "/studies/{study}/series/{series}/rendered",
    operation_id="RetrieveRenderedSeries",
    summary="A series as pictures",
    **_DOCUMENTED,
)
@router.get(
    "/studies/{study}/rendered",
    operation_id="RetrieveRenderedStudy",
    summary="A study as pictures",
    **_DOCUMENTED,
)
async def retrieve_rendered_collection(request: Request) -> Response:
    """A part for each instance; to who takes no multipart the one that stands for all, or moving all of them."""
    server, key = addressed(request)
    answer, renderer = _answer(request, server, f"{key.path}/rendered"), server.renderer
    revision = await metadata_revision(server.archive, key)
    if answer.takes_all(by_default=True):
        instances = await find_instances(server.archive, key)
        if len(instances) > 1:
            subjects = renderer.subjects(instance.key for instance in instances)
            return await answer.of_many(subjects, [revision])
    representative = await renderer.representatives.of(key)
    async for subject in renderer.subjects([representative.key]):
        # A presentation state may be for many images.
        is_cine = subject.shown.kind is Kind.IMAGE and (representative.among > 1 or subject.state is not None)
        return await answer.of_one(subject, cine_of=key if is_cine else None, revision=revision)
    raise NotRenderable(f"There is no picture or text of {key.path}.")


def _answer(request: Request, server: Server, path: str) -> RenderedAnswer:
    parameters = parse_query_string(request.scope["query_string"])
    options = parse_rendered_parameters(parameters, overlays=server.renderer.policy.overlays)
    return RenderedAnswer(request, server, path, options)


async def _one_by_one(subjects: Iterable[Subject]) -> AsyncIterator[Subject]:
    for subject in subjects:
        yield subject
