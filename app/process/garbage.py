"""The collector of reference cycles: what a server process does to be held up by it less."""

import gc

CONTAINERS_BETWEEN_COLLECTIONS = 20_000
"""New objects that may refer to others, before the youngest are looked through; a stored header makes some hundreds."""


def spare_what_stays() -> None:
    """Leave what is loaded by now out of every later collection, and collect less often.

    The modules of a server are hundreds of thousands of objects that live as long as it does. To look through them
    again and again takes a tenth of the time of a store request.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(CONTAINERS_BETWEEN_COLLECTIONS)
