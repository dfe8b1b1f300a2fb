"""Work of codecs on stored frames, which can neither take the server down nor hold it up."""

from collections.abc import Callable
from typing import TypeVar

from app.codecs.errors import UndecodableFrame
from app.workers import CodecFailure, Pixels, run_codec
from storage.records import StoredInstance

R = TypeVar("R")


async def run_on_frame(instance: StoredInstance, frame: int, function: Callable[..., R], *args: object) -> R:
    """Run a function of a module, in a worker, in which codecs work on a frame, counted from 0.

    Raises what it raises, and UndecodableFrame when it crashed or hung before.
    """
    pixels = Pixels(f"{instance.sha256.hex()}-{frame}", f"frame {frame + 1} of {instance.key.path}")
    try:
        return await run_codec(pixels, function, *args)
    except CodecFailure as failure:
        raise UndecodableFrame(str(failure)) from failure
