"""Values by the handful, for statements that name each of them."""

from collections.abc import Collection, Iterator
from itertools import islice
from typing import TypeVar

CHUNK_SIZE = 500
"""Values that one statement names: well below the number of parameters that any database or driver allows."""

_Value = TypeVar("_Value")


def chunks(values: Collection[_Value]) -> Iterator[list[_Value]]:
    """The values in their order, in lists of at most CHUNK_SIZE; none is empty."""
    remaining = iter(values)
    while chunk := list(islice(remaining, CHUNK_SIZE)):
        yield chunk
