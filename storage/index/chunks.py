"""Values by the handful, for statements that name each of them."""

from collections.abc import Collection, Iterator
from itertools import islice
from typing import TypeVar

CHUNK_SIZE = 512
"""Values that one statement names: well below the number of parameters that any database or driver allows."""

_Value = TypeVar("_Value")


def chunks(values: Collection[_Value]) -> Iterator[list[_Value]]:
    """The values in their order, in lists of at most CHUNK_SIZE; none is empty.

    The last value of a list is repeated until their number is a power of two, so that statements that differ in it only
    are few, and a database has most of them prepared.
    """
    remaining = iter(values)
    while chunk := list(islice(remaining, CHUNK_SIZE)):
        missing = (1 << (len(chunk) - 1).bit_length()) - len(chunk)
        yield chunk + chunk[-1:] * missing
