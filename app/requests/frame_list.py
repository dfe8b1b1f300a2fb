"""The frame list of a path, such as ``1`` or ``3,1,2`` (PS3.18 10.4.1.1.6)."""

import re

from app.protocol.errors import MalformedRequest

_FRAME_LIST = re.compile(r"[1-9][0-9]{0,9}(,[1-9][0-9]{0,9})*")


def frame_numbers(text: str, most: int) -> list[int]:
    """The frames of a frame list, counted from 0. Raises MalformedRequest."""
    if not _FRAME_LIST.fullmatch(text):
        raise MalformedRequest(f"{text[:80]!r} is not a list of frame numbers, which count from 1")
    numbers = text.split(",")
    if len(numbers) > most:
        raise MalformedRequest(f"{len(numbers)} frames were asked for, {most} at once is the most")
    return [int(number) - 1 for number in numbers]
