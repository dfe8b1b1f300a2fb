"""RetrieveFrames (PS3.18 10.4.1.1.6)."""

import re

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from app.dependencies import InstanceUID, SeriesUID, ServerParts, StudyUID, acceptable
from app.dicom.transfer_syntax import transfer_syntax
from app.protocol.errors import MalformedRequest
from app.protocol.negotiation import choose
from app.representations import frame_offers
from app.responses import Body, multipart, single_part
from app.services.frames import find_frames
from storage.resource import ResourceKey

router = APIRouter(tags=["WADO-RS"])

_FRAME_LIST = re.compile(r"[1-9][0-9]{0,9}(,[1-9][0-9]{0,9})*")


@router.get(
    "/studies/{study}/series/{series}/instances/{instance}/frames/{frames}",
    operation_id="RetrieveFrames",
    summary="Frames of an instance",
)
async def retrieve_frames(
    request: Request, server: ServerParts, study: StudyUID, series: SeriesUID, instance: InstanceUID, frames: str
) -> Response:
    """Frames by their numbers, counted from 1, such as ``1`` or ``3,1,2``, each a part, in the order asked for."""
    numbers = _frame_numbers(frames, server.limits.frames)
    found = await find_frames(server.archive, ResourceKey(study, series, instance), numbers)
    stored = transfer_syntax(found.instance.transfer_syntax_uid)
    offer = choose(acceptable(request), frame_offers(stored, alone=len(numbers) == 1))
    bodies = [Body(found.length(number), found.stream(number)) for number in numbers]
    return multipart([(offer, body) for body in bodies]) if offer.multipart else single_part(offer, bodies[0])


def _frame_numbers(text: str, most: int) -> list[int]:
    """The frames of a frame list, counted from 0. Raises MalformedRequest."""
    if not _FRAME_LIST.fullmatch(text):
        raise MalformedRequest(f"{text[:80]!r} is not a list of frame numbers, which count from 1")
    numbers = text.split(",")
    if len(numbers) > most:
        raise MalformedRequest(f"{len(numbers)} frames were asked for, {most} at once is the most")
    return [int(number) - 1 for number in numbers]
