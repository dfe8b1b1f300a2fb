"""Whether a request is a HEAD, where routes see a GET."""

from typing import Final

from starlette.types import Scope

HEAD_MARK: Final = "fovea.head"
"""The key in the scope of a request that came as a HEAD."""


def is_head(scope: Scope) -> bool:
    """Whether the client asked for the head alone, so that the body need not be made."""
    return HEAD_MARK in scope
