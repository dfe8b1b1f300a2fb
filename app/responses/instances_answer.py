"""The answer with instances, as they are stored or in another transfer syntax (PS3.18 8.7.3)."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Mapping, Sequence

from starlette.requests import Request
from starlette.responses import Response

from app.codecs import CODECS_VERSION
from app.codecs.errors import CannotTranscode
from app.protocol.accept import MediaRange
from app.protocol.errors import NotAcceptable
from app.protocol.negotiation import Offer, choose
from app.representations import ZIP_OFFER, instance_offers, stored_instance_offers
from app.requests.dependencies import Server
from app.responses.stored_answers import StoredAnswer, StoredPart
from app.services.archive import Archive
from app.services.content import Content
from app.services.instance_transcoding import possible_instances, remembered_instance, transcode_instance
from app.services.retrieve import find_instances, instance_content
from app.services.transcoding import Transcoder
from app.services.zip_archive import zip_archive
from app.workers import run_cpu
from storage.records import StoredInstance
from storage.resource import ResourceKey

_Make = Callable[[Archive, Transcoder, StoredInstance, str], Awaitable[Content]]
"""Makes an instance in a transfer syntax."""


async def answer_instances(
    request: Request, server: Server, key: ResourceKey, accepted: Sequence[MediaRange]
) -> Response:
    """All instances of a study, series or instance, in the transfer syntax that is asked for.

    Raises NotAcceptable, ResourceNotFound.
    """
    answer = StoredAnswer(server, request, key.path)
    instances = await find_instances(server.archive, key)
    answer.timing.note("index")
    alone = key.sop_instance_uid is not None
    # Every instance must be acceptable in some way: an answer with some of them missing would pass for whole.
    offers = {
        uid: choose(accepted, instance_offers(uid, alone=alone))
        for uid in dict.fromkeys(instance.transfer_syntax_uid for instance in instances)
    }
    digests = [instance.sha256 for instance in instances]
    if ZIP_OFFER in offers.values():
        archive = await run_cpu(zip_archive, server.archive, instances)
        return await answer.of_archive(archive, f"{key.path.rpartition('/')[2]}.zip", digests)
    if all(offer.transfer_syntax_uid == uid for uid, offer in offers.items()):
        return await answer.of([_stored(server, answer, each, offers) for each in instances], digests)
    chosen = [await _possible(server, accepted, each, offers[each.transfer_syntax_uid], alone) for each in instances]
    digests.append(CODECS_VERSION)
    make = remembered_instance if alone and "range" in request.headers else transcode_instance
    parts = _made_parts(server, answer, accepted, list(zip(instances, chosen, strict=True)), make)
    if not alone:
        return await answer.of_made(parts, list(dict.fromkeys(chosen)), digests)
    held = answer.not_modified(chosen[0], digests)
    if held is not None:
        return held
    part = await anext(parts)
    answer.timing.note("encode")
    return await answer.of([part], digests)


def _stored(server: Server, answer: StoredAnswer, instance: StoredInstance, offers: Mapping[str, Offer]) -> StoredPart:
    content = instance_content(server.archive, instance)
    return StoredPart(offers[instance.transfer_syntax_uid], content, answer.base_url + instance.key.path)


async def _possible(
    server: Server, accepted: Sequence[MediaRange], instance: StoredInstance, offer: Offer, alone: bool
) -> Offer:
    """The offer, or the best one that can be made of this very instance. Raises NotAcceptable."""
    stored_uid = instance.transfer_syntax_uid
    if offer.transfer_syntax_uid in {stored_uid, *await _made_of(server, instance, [offer])}:
        return offer
    offers = instance_offers(stored_uid, alone=alone)
    made = await _made_of(server, instance, offers)
    # Who names no transfer syntax gets what is stored, where the default cannot be made (PS3.18 8.7.3).
    as_stored = stored_instance_offers(stored_uid, alone=alone)
    return choose(accepted, [*as_stored, *(each for each in offers if each.transfer_syntax_uid in made)])


async def _made_of(server: Server, instance: StoredInstance, offers: Iterable[Offer]) -> set[str]:
    wanted = {offer.transfer_syntax_uid for offer in offers if offer.transfer_syntax_uid is not None}
    return await possible_instances(server.transcoder, instance, wanted - {instance.transfer_syntax_uid})


async def _made_parts(
    server: Server,
    answer: StoredAnswer,
    accepted: Sequence[MediaRange],
    chosen: Sequence[tuple[StoredInstance, Offer]],
    make: _Make,
) -> AsyncGenerator[StoredPart]:
    """The instances, each made when its turn comes.

    What cannot be decoded goes as it is stored to who takes that. Raises NotAcceptable to others.
    """
    for instance, offer in chosen:
        url, target_uid = answer.base_url + instance.key.path, str(offer.transfer_syntax_uid)
        try:
            content = await make(server.archive, server.transcoder, instance, target_uid)
        except CannotTranscode as error:
            as_stored = _as_stored(accepted, instance, offer, error)
            yield StoredPart(as_stored, instance_content(server.archive, instance), url)
        else:
            yield StoredPart(offer, content, url)


def _as_stored(
    accepted: Sequence[MediaRange], instance: StoredInstance, offer: Offer, reason: CannotTranscode
) -> Offer:
    """What stands in for an offer that cannot be kept. Raises NotAcceptable where the client would not take it."""
    try:
        return choose(accepted, stored_instance_offers(instance.transfer_syntax_uid, alone=not offer.multipart))
    except NotAcceptable as error:
        raise NotAcceptable(error.offered, str(reason)) from reason
