"""Whole instances in another transfer syntax than they are stored in (PS3.18 8.7.3.5)."""

from collections.abc import Collection
from functools import partial

from app.codecs.errors import TranscodingNotPossible
from app.codecs.frame import NATIVE_SYNTAXES, is_lossless
from app.codecs.pixels import Frame
from app.services.archive import Archive
from app.services.content import Content
from app.services.errors import ResourceNotFound
from app.services.frames import InstanceFrames, find_frames, frames_of_form
from app.services.retrieve import instance_content
from app.services.rewritten_file import MadeFrames, rewritten_file
from app.services.transcoding import Transcoder
from storage.records import StoredInstance


async def transcode_instance(
    archive: Archive, transcoder: Transcoder, instance: StoredInstance, target_uid: str
) -> Content:
    """The file of an instance in the transfer syntax ``target_uid``: as it is kept, or as ``rewritten_file`` makes it.

    Raises TranscodingNotPossible, UndecodableFrame, ResourceNotFound.
    """
    if target_uid == instance.transfer_syntax_uid:
        return instance_content(archive, instance)
    if target_uid in NATIVE_SYNTAXES and instance.transfer_syntax_uid in NATIVE_SYNTAXES:
        return await rewritten_file(archive, instance, target_uid, None)
    ready = await frames_of_form(archive, instance, target_uid)
    if ready is not None:
        return instance_content(archive, ready.instance)
    frames = await _frames_of(archive, instance)
    pixels = await transcoder.describe(instance)
    made = MadeFrames(frames, pixels, partial(_frame, transcoder, frames, target_uid))
    return await rewritten_file(archive, instance, target_uid, made)


async def remembered_instance(
    archive: Archive, transcoder: Transcoder, instance: StoredInstance, target_uid: str
) -> Content:
    """The same, made once for all who ask for ranges of it, unless it is very long."""
    make = partial(transcode_instance, archive, transcoder, instance, target_uid)
    return await transcoder.instances.get((instance.blob_key, target_uid), make)


async def possible_instances(transcoder: Transcoder, instance: StoredInstance, targets: Collection[str]) -> set[str]:
    """The transfer syntaxes, of some, that an instance can be given in besides its own."""
    stored = instance.transfer_syntax_uid
    native = {uid for uid in targets if uid in NATIVE_SYNTAXES} if stored in NATIVE_SYNTAXES else set()
    made = await transcoder.possible(instance, set(targets) - native)
    return native | {uid for uid in made if is_lossless(uid)}


async def _frame(transcoder: Transcoder, frames: InstanceFrames, target_uid: str, number: int) -> Frame:
    """A frame; the first alone is remembered, which others ask for too."""
    make = transcoder.new_frame if number else transcoder.frame
    return await make(frames, number, target_uid)


async def _frames_of(archive: Archive, instance: StoredInstance) -> InstanceFrames:
    if await archive.index.frame_index(instance) == b"":
        raise TranscodingNotPossible("The instance has no frames that could be told apart.")
    frames = await find_frames(archive, instance.key)
    if frames.instance != instance:
        raise ResourceNotFound(f"no such instance any more: {instance.key.path}")
    return frames
