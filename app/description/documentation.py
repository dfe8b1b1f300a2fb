"""What the API description says of answers: their media types, and what every request may ask for."""

from typing import Any, Final

from fastapi.routing import APIRoute

from app.protocol.negotiation import Offer

ACCEPT: Final[dict[str, Any]] = {
    "name": "accept",
    "in": "query",
    "description": "A media type in the place of the Accept header (PS3.18 8.3.3.1).",
    "schema": {"type": "string"},
}


def answering(description: str, *offers: Offer | str) -> dict[str, Any]:
    """What a route that answers GET says of itself: the media types of its answers."""
    content: dict[str, Any] = {str(offer): {} for offer in offers}
    responses: dict[int, Any] = {
        200: {"description": description, "content": content},
        304: {"description": "Nothing has changed since the answer that If-None-Match names."},
        412: {"description": "What is there now is not what If-Match names."},
    }
    return {"openapi_extra": {"parameters": [ACCEPT]}, "responses": responses}


def answering_bytes(description: str, *offers: Offer | str) -> dict[str, Any]:
    """The same for stored bytes, of which ranges can be had."""
    documented = answering(description, *offers)
    documented["responses"] |= {
        206: {
            "description": "The ranges of it that were asked for.",
            "content": documented["responses"][200]["content"],
        },
        416: {"description": "No range that was asked for lies within it."},
    }
    return documented


_UID: Final = {"type": "string", "maxLength": 64, "pattern": r"^[0-9]+(\.[0-9]+)*$"}
_IN_PATHS: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "study": ("StudyInstanceUID", _UID),
    "series": ("SeriesInstanceUID", _UID),
    "instance": ("SOPInstanceUID", _UID),
    "frames": ("Frame numbers, counted from 1, with commas between them", {"type": "string"}),
    "attribute": ("Tags and item numbers, as a BulkDataURI has them", {"type": "string"}),
}


def with_path_parameters(route: APIRoute) -> dict[str, Any] | None:
    """What a route says of itself beyond its signature, and the parameters of its path that it reads by itself."""
    declared = {parameter.alias for parameter in route.dependant.path_params}
    missing = [name for name in route.param_convertors if name not in declared and name in _IN_PATHS]
    if not missing:
        return route.openapi_extra
    parameters = [
        {"name": name, "in": "path", "required": True, "description": text, "schema": schema}
        for name, (text, schema) in ((name, _IN_PATHS[name]) for name in missing)
    ]
    extra = route.openapi_extra or {}
    return {**extra, "parameters": [*parameters, *extra.get("parameters", [])]}
