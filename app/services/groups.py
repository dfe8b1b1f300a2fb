"""Things of known size in groups that are handled together."""

from collections.abc import Iterator, Sequence
from typing import Protocol, TypeVar


class Sized(Protocol):
    """What takes ``size`` bytes."""

    @property
    def size(self) -> int:
        """Bytes."""


_Sized = TypeVar("_Sized", bound=Sized)


def groups(things: Sequence[_Sized], most: int, most_bytes: int) -> Iterator[list[_Sized]]:
    """The things in their order, at ``most`` so many together, of ``most_bytes`` unless a single one is larger."""
    group: list[_Sized] = []
    size = 0
    for thing in things:
        if group and (len(group) == most or size + thing.size > most_bytes):
            yield group
            group, size = [], 0
        group.append(thing)
        size += thing.size
    if group:
        yield group
