"""Rendered resources and thumbnails in the API description."""

from typing import Any, Final

from app.description.documentation import answering_bytes

THUMBNAIL_PARAMETERS: Final = {
    "viewport": "vw,vh or vw,vh,sx,sy,sw,sh: the size of the picture at most, and the region shown (PS3.18 8.3.5.1.3).",
}
"""By name, what the query parameters of a thumbnail mean."""

RENDERED_PARAMETERS: Final = THUMBNAIL_PARAMETERS | {
    "window": "center,width,function, the function being linear, linear-exact or sigmoid (PS3.18 8.3.5.1.4).",
    "quality": "From 1 to 100, of lossy media types (PS3.18 8.3.5.1.2).",
    "annotation": "patient, technique, or both with a comma between: text and overlays drawn (PS3.18 8.3.5.1.1).",
    "iccprofile": "no, yes, srgb, adobergb, rommrgb or displayp3: the color space, and its profile (PS3.18 8.3.5.1.5).",
    "charset": "The character set of text documents (PS3.18 8.3.3.2).",
}
"""By name, what the query parameters of a rendered resource mean."""


def answering_pictures(description: str, parameters: dict[str, str], *media_types: str) -> dict[str, Any]:
    """What a route says of itself that answers with one of these media types."""
    documented = answering_bytes(description, *media_types)
    described = [
        {"name": name, "in": "query", "description": text, "schema": {"type": "string"}}
        for name, text in parameters.items()
    ]
    extra = documented["openapi_extra"]
    return {**documented, "openapi_extra": {**extra, "parameters": [*extra["parameters"], *described]}}
