"""The Capabilities Description: what each resource can do, told by the server itself (PS3.18 8.9, Annex H).

It is made from the API description, which is made from the routes, so it cannot fall behind them.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypedDict
from xml.sax.saxutils import quoteattr

import orjson

WADL_NAMESPACE = "http://wadl.dev.java.net/2009/02"


class _Content(TypedDict, total=False):
    content: dict[str, object]


class Operation(TypedDict, total=False):
    """One method of a path in an OpenAPI document, as far as it is looked into here."""

    operationId: str
    summary: str
    parameters: list[dict[str, str]]
    requestBody: _Content
    responses: dict[str, _Content]


Paths = Mapping[str, Mapping[str, Operation]]
"""The operations of each path template by method in lower case, as OpenAPI has them."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A resource by its path template below its parent."""

    path: str
    operations: dict[str, Operation] = field(default_factory=dict)
    children: dict[str, "Resource"] = field(default_factory=dict)


def methods_of(paths: Paths, path: str) -> list[str]:
    """Every method of the resource at a path, in capitals, for the header Allow (RFC 9110 10.2.1)."""
    methods = {
        method.upper()
        for template, operations in paths.items()
        if re.fullmatch(re.sub(r"\{[^}]*\}", "[^/]+", template), path)
        for method in operations
    }
    implied = {"OPTIONS"} | ({"HEAD"} if "GET" in methods else set())
    return sorted(methods | implied) if methods else []


def describe(paths: Paths, root: str, target: str) -> Resource:
    """The resource at the path template ``target`` below ``root``, with all that is below it."""
    top = Resource("")
    for template, operations in paths.items():
        if template.startswith(f"{root}/"):
            resource = top
            for name in template.removeprefix(f"{root}/").split("/"):
                resource = resource.children.setdefault(name, Resource(name))
            resource.operations.update(operations)
    for name in filter(None, target.split("/")):
        top = top.children[name]
    return Resource(target.strip("/"), top.operations, top.children)


def write_wadl(resource: Resource, base_url: str) -> bytes:
    """The description as a WADL document, whose one element ``resources`` holds the resource."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<application xmlns={quoteattr(WADL_NAMESPACE)}>"]
    lines += [f"<resources base={quoteattr(base_url)}>", *_wadl_resource(resource), "</resources>", "</application>"]
    return "\n".join(lines).encode()


def write_json(resource: Resource, base_url: str) -> bytes:
    """The same in JSON: an object for each element of WADL, its attributes and the lists of its elements by name."""
    return orjson.dumps({"application": {"resources": {"base": base_url, "resource": [_json_resource(resource)]}}})


def _wadl_resource(resource: Resource) -> Iterator[str]:
    yield f"<resource path={quoteattr(resource.path)}>"
    for name in _templates(resource.path):
        yield f'<param name={quoteattr(name)} style="template" required="true"/>'
    for method, operation in resource.operations.items():
        yield f"<method name={quoteattr(method.upper())} id={quoteattr(operation['operationId'])}>"
        yield f"<doc title={quoteattr(operation['summary'])}/>"
        yield "<request>"
        for name, style, options in _parameters(operation):
            yield f"<param name={quoteattr(name)} style={quoteattr(style)}>"
            yield from (f"<option value={quoteattr(option)}/>" for option in options)
            yield "</param>"
        yield from _wadl_representations(operation.get("requestBody", {}))
        yield "</request>"
        for status, response in _responses(operation):
            yield f"<response status={quoteattr(status)}>"
            yield from _wadl_representations(response)
            yield "</response>"
        yield "</method>"
    for child in resource.children.values():
        yield from _wadl_resource(child)
    yield "</resource>"


def _wadl_representations(described: _Content) -> Iterator[str]:
    return (f"<representation mediaType={quoteattr(name)}/>" for name in described.get("content", {}))


def _json_resource(resource: Resource) -> dict[str, object]:
    return {
        "path": resource.path,
        "param": [{"name": name, "style": "template", "required": True} for name in _templates(resource.path)],
        "method": [_json_method(method, operation) for method, operation in resource.operations.items()],
        "resource": [_json_resource(child) for child in resource.children.values()],
    }


def _json_method(method: str, operation: Operation) -> dict[str, object]:
    return {
        "name": method.upper(),
        "id": operation["operationId"],
        "doc": {"title": operation["summary"]},
        "request": {
            "param": [
                {"name": name, "style": style, "option": [{"value": option} for option in options]}
                for name, style, options in _parameters(operation)
            ],
            "representation": _json_representations(operation.get("requestBody", {})),
        },
        "response": [
            {"status": status, "representation": _json_representations(response)}
            for status, response in _responses(operation)
        ],
    }


def _json_representations(described: _Content) -> list[dict[str, str]]:
    return [{"mediaType": name} for name in described.get("content", {})]


def _templates(path: str) -> list[str]:
    """The parts of a path that stand for something."""
    return re.findall(r"\{([^}]*)\}", path)


def _parameters(operation: Operation) -> Iterator[tuple[str, str, Sequence[str]]]:
    """Name, style and options of the parameters that are not in the path; Accept has the media types of success."""
    media_types = dict.fromkeys(name for _, response in _responses(operation) for name in response.get("content", {}))
    if media_types:
        yield "Accept", "header", list(media_types)
    for parameter in operation.get("parameters", []):
        if parameter["in"] != "path":
            yield parameter["name"], parameter["in"], ()


def _responses(operation: Operation) -> Iterator[tuple[str, _Content]]:
    return ((status, response) for status, response in operation["responses"].items() if status.isdecimal())
