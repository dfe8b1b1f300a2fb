"""How long each frame of a moving picture is shown (PS3.3 C.7.6.5)."""

from app.rendering.attributes import Attributes

_DEFAULT_MILLISECONDS = 100.0
_SHORTEST_MILLISECONDS, _LONGEST_MILLISECONDS = 1.0, 60_000.0
"""What lies beyond is a slip of the writer, or nothing that anybody would watch."""


def frame_milliseconds(attributes: Attributes, number_of_frames: int) -> list[float]:
    """How long each frame is shown: as it is recommended for display, else as the frames were taken."""
    times = [_of_rate(attributes, "RecommendedDisplayFrameRate")] * number_of_frames
    if not any(times):
        times = _increments(attributes, number_of_frames)
    if not any(times):
        same = attributes.number("FrameTime") or _of_rate(attributes, "CineRate")
        times = [same if same > 0 else _DEFAULT_MILLISECONDS] * number_of_frames
    return [min(max(time, _SHORTEST_MILLISECONDS), _LONGEST_MILLISECONDS) for time in times]


def _of_rate(attributes: Attributes, name: str) -> float:
    """The milliseconds between frames of which so many come in a second; 0 when nothing is said."""
    rate = attributes.number(name) or 0
    return 1000 / rate if rate > 0 else 0


def _increments(attributes: Attributes, number_of_frames: int) -> list[float]:
    """By FrameTimeVector, which has the time from the frame before each; the last frame stays as long as that."""
    vector = attributes.numbers("FrameTimeVector")
    return [*vector[1:], vector[-1]] if len(vector) == number_of_frames > 1 else []
