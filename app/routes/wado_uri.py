"""The URI service: RetrieveInstance and RetrieveRenderedInstance by the query of one URL (PS3.18 9.4, 9.5)."""

from collections.abc import Sequence
from dataclasses import replace

from starlette.requests import Request
from starlette.responses import Response

from app.access.audit import AuditEvent
from app.access.routes import AccessRouter
from app.access.scopes import AccessScope
from app.description.rendered import answering_pictures
from app.protocol.accept import MediaRange
from app.protocol.errors import NotAcceptable
from app.protocol.negotiation import Offer, choose
from app.protocol.query_string import parse_query_string
from app.rendering.errors import InvalidRenderingParameter, NotRenderable
from app.rendering.kind import Kind
from app.representations import DICOM
from app.requests.dependencies import Server, acceptable
from app.requests.uri_request import URI_PARAMETERS, UriRequest, parse_uri_request
from app.responses.instances_answer import answer_instances
from app.responses.rendered_answer import RENDERED_MEDIA_TYPES, RenderedAnswer, offers
from app.services.shown_instance import ShownInstance
from app.services.subject import Subject
from storage.resource import ResourceKey

router = AccessRouter(AccessScope.READ, AuditEvent.RETRIEVE, tag="WADO-URI", costs_much=True)

_DOCUMENTED = answering_pictures("The instance.", URI_PARAMETERS, *RENDERED_MEDIA_TYPES, str(DICOM))


@router.get("/wado", operation_id="RetrieveInstanceByURI", summary="An instance, or a picture of it", **_DOCUMENTED)
async def retrieve_by_uri(request: Request) -> Response:
    """The instance as application/dicom to who asks for that, else rendered; as it is where it cannot be rendered."""
    server: Server = request.app.state.server
    parameters = parse_query_string(request.scope["query_string"])
    asked = parse_uri_request(parameters, overlays=server.renderer.policy.overlays)
    # One instance, or one picture of it, is one part.
    accepted = [each for each in asked.accepted or acceptable(request) if not each.multipart]
    if _takes(accepted, offers(RENDERED_MEDIA_TYPES)) or not _takes(accepted, [Offer(DICOM)]):
        subject = await _subject(server, asked)
        available = await _media_types(server, subject)
        if choose(accepted, [*offers(available), Offer(DICOM)]).media_type != DICOM:
            options = asked.rendering.options_for(subject.shown.attributes())
            return await RenderedAnswer(request, server, "/wado", options, accepted).of_one(subject)
    return await answer_instances(request, server, asked.key, asked.of_dicom(accepted))


async def _subject(server: Server, asked: UriRequest) -> Subject:
    """What is to be shown. Raises ResourceNotFound, NotRenderable, InvalidRenderingParameter."""
    renderer = server.renderer
    if asked.frame is None:
        subject = Subject(await renderer.find(asked.key))
    else:
        [subject] = await renderer.find_frames(asked.key, [asked.frame])
    if asked.state is not None:
        return replace(subject, state=await _state(server, asked.state))
    if subject.shown.kind is Kind.PRESENTATION_STATE:
        return await anext(renderer.presented(subject.shown), subject)
    return subject


async def _state(server: Server, key: ResourceKey) -> ShownInstance:
    state = await server.renderer.find(key)
    if state.kind is not Kind.PRESENTATION_STATE:
        raise InvalidRenderingParameter("presentationUID", str(key.sop_instance_uid), "it is no presentation state")
    return state


async def _media_types(server: Server, subject: Subject) -> Sequence[str]:
    """What the subject can be rendered as; none where there is no picture or text of it."""
    try:
        return await server.renderer.media_types(subject)
    except NotRenderable:
        return ()


def _takes(accepted: Sequence[MediaRange], available: Sequence[Offer]) -> bool:
    try:
        choose(accepted, available)
    except NotAcceptable:
        return False
    return True
