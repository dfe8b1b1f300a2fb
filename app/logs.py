"""The log of the process: one line a message, on standard error."""

import logging


def configure(level: str) -> None:
    """Set up logging; called once in every process."""
    logging.basicConfig(level=level.upper(), format="%(asctime)s %(levelname)-7s %(name)s  %(message)s", force=True)
    # Every request has a line of ours; the HTTP client's own lines would repeat it.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    # A malformed body is the client's fault, and its answer says so.
    logging.getLogger("python_multipart").setLevel(logging.ERROR)
