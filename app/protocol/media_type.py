"""Media types (RFC 9110 8.3.1), read as tolerantly as clients write them."""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

from app.protocol.errors import MalformedRequest

REMEMBERED_TEXTS = 256
"""Header values whose meaning is remembered: clients send the same few again and again."""

WILDCARD = "*"
"""Stands for any type or any subtype in a media range."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LIST_ITEM = re.compile(r'(?:[^,"]|"(?:[^"\\]|\\.)*+"?)+')
_PARAMETER = re.compile(r'(?:[^;"]|"(?:[^"\\]|\\.)*+"?)+')
_QUOTED_PAIR = re.compile(r"\\(.)")


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type or media range: type, subtype and parameter names in lower case, values as they were sent.

    ``parameters`` keeps order and repeats.
    """

    type: str
    subtype: str
    parameters: tuple[tuple[str, str], ...] = ()

    @classmethod
    @lru_cache(maxsize=REMEMBERED_TEXTS)
    def parse(cls, text: str) -> Self:
        """Read a media type or media range. Raises MalformedRequest.

        Forgiven, because clients send them: ``*`` for ``*/*``, ``image/`` for ``image/*``, unquoted values with a
        slash, white space anywhere, empty parameters and parameters without a value, and a space within the subtype,
        which is a ``+`` that was decoded once too often (``application/dicom json``).
        """
        name, *parameters = [piece.strip() for piece in _PARAMETER.findall(text)] or [""]
        type_, slash, subtype = name.lower().partition("/")
        if name == WILDCARD:
            return cls(WILDCARD, WILDCARD, _parse_parameters(parameters))
        type_, subtype = type_.strip(), "+".join(subtype.split()) or WILDCARD
        if not (slash and _TOKEN.fullmatch(type_) and _TOKEN.fullmatch(subtype)):
            raise MalformedRequest(f"This is not a media type: {text!r}")
        return cls(type_, subtype, _parse_parameters(parameters))

    @property
    def essence(self) -> str:
        """The media type without its parameters."""
        return f"{self.type}/{self.subtype}"

    def parameter(self, name: str) -> str | None:
        """The first value of the parameter, or None where it is missing."""
        return next((value for key, value in self.parameters if key == name), None)

    def parameter_values(self, name: str) -> tuple[str, ...]:
        """All values of the parameter, in order."""
        return tuple(value for key, value in self.parameters if key == name)

    def with_parameter(self, name: str, value: str) -> Self:
        """This media type with one more parameter at its end."""
        return type(self)(self.type, self.subtype, (*self.parameters, (name, value)))

    def matches(self, other: "MediaType") -> bool:
        """Whether both can mean the same representation: wildcards on either side match, parameters do not count."""
        return _same(self.type, other.type) and _same(self.subtype, other.subtype)

    def __str__(self) -> str:
        return "; ".join((self.essence, *(f"{name}={_quoted(value)}" for name, value in self.parameters)))


def split_list(text: str) -> list[str]:
    """The elements of a comma-separated header (RFC 9110 5.6.1); commas within quotes do not separate."""
    return [item for piece in _LIST_ITEM.findall(text) if (item := piece.strip())]


def _parse_parameters(texts: list[str]) -> tuple[tuple[str, str], ...]:
    pairs = (text.partition("=") for text in texts)
    return tuple((name.strip().lower(), _unquoted(value.strip())) for name, equals, value in pairs if equals)


def _unquoted(value: str) -> str:
    if not value.startswith('"'):
        return value
    return _QUOTED_PAIR.sub(r"\1", value[1:].removesuffix('"'))


def _quoted(value: str) -> str:
    if _TOKEN.fullmatch(value):
        return value
    return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _same(one: str, other: str) -> bool:
    return one == other or WILDCARD in {one, other}
