"""RetrieveFrames (PS3.18 10.4.1.1.6)."""

from collections.abc import Sequence
from contextlib import suppress

from starlette.requests import Request
from starlette.responses import Response

from app.access.audit import AuditEvent
from app.access.routes import AccessRouter
from app.access.scopes import AccessScope
from app.codecs import CODECS_VERSION
from app.codecs.errors import CannotTranscode
from app.description.documentation import answering_bytes
from app.dicom.transfer_syntax import transfer_syntax
from app.protocol.errors import NotAcceptable
from app.protocol.negotiation import Offer, choose
from app.representations import (
    EXPLICIT_VR_LITTLE_ENDIAN,
    FRAME_MEDIA_TYPES,
    all_frame_offers,
    frame_offers,
    stored_frames_uid,
)
from app.requests.dependencies import Server, acceptable, addressed
from app.requests.frame_list import frame_numbers
from app.responses.stored_answers import StoredAnswer, StoredPart
from app.services.content import Content
from app.services.frames import InstanceFrames, find_frames

router = AccessRouter(AccessScope.READ, AuditEvent.RETRIEVE, tag="WADO-RS")

_DOCUMENTED = answering_bytes("The frames.", *FRAME_MEDIA_TYPES)


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/frames/{frames}",
    operation_id="RetrieveFrames",
    summary="Frames of an instance",
    **_DOCUMENTED,
)
async def retrieve_frames(request: Request) -> Response:
    """Frames by their numbers, counted from 1, such as ``1`` or ``3,1,2``, each a part, in the order asked for."""
    server, key = addressed(request)
    frames = request.path_params["frames"]
    answer = StoredAnswer(server, request, f"{key.path}/frames/{frames}")
    numbers = frame_numbers(frames, server.limits.frames)
    found = await find_frames(server.archive, key, numbers)
    answer.timing.note("index")
    offer = await _offer(request, server, found, alone=len(numbers) == 1)
    digests = [found.instance.sha256]
    if offer.transfer_syntax_uid == stored_frames_uid(transfer_syntax(found.instance.transfer_syntax_uid)):
        contents = [found.content(number) for number in numbers]
    else:
        digests.append(CODECS_VERSION)
        held = answer.not_modified(offer, digests)
        if held is not None:
            return held
        contents = await _made(server, found, numbers, offer)
        answer.timing.note("encode")
    url = f"{answer.base_url}{key.path}/frames/"
    each = zip(numbers, contents, strict=True)
    return await answer.of([StoredPart(offer, content, f"{url}{number + 1}") for number, content in each], digests)


async def _offer(request: Request, server: Server, found: InstanceFrames, *, alone: bool) -> Offer:
    """What the client gets: the frames as they are stored, or as they can be made of that. Raises NotAcceptable."""
    stored, accepted = transfer_syntax(found.instance.transfer_syntax_uid), acceptable(request)
    offers = all_frame_offers(stored, alone=alone)
    with suppress(NotAcceptable):
        offer = choose(accepted, offers)
        if offer.transfer_syntax_uid == stored_frames_uid(stored):
            return offer
    # Which frames can be made is seen from the pixels' description; it is read only when it matters.
    made = await server.transcoder.possible(found.instance, {str(each.transfer_syntax_uid) for each in offers})
    possible = [each for each in offers if each.transfer_syntax_uid in {stored_frames_uid(stored), *made}]
    if EXPLICIT_VR_LITTLE_ENDIAN not in made:
        # Then what is stored is the one octet-stream that there is.
        possible += frame_offers(stored, alone=alone)
    return choose(accepted, possible)


async def _made(server: Server, found: InstanceFrames, numbers: Sequence[int], offer: Offer) -> list[Content]:
    """The frames in another form. Raises NotAcceptable where one is damaged: then there is only what is stored."""
    try:
        return await server.transcoder.contents(found, numbers, str(offer.transfer_syntax_uid))
    except CannotTranscode as error:
        stored = frame_offers(transfer_syntax(found.instance.transfer_syntax_uid), alone=len(numbers) == 1)
        raise NotAcceptable([str(each) for each in stored], str(error)) from error
