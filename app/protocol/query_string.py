"""The query component of a URL as names and values."""

from urllib.parse import quote, unquote_to_bytes

from app.protocol.errors import MalformedRequest

_URL_CHARACTERS = "!$&'()*+,;=:@/?%"
"""What may stand in a query beside letters and digits (RFC 3986 3.4), and the sign of what is encoded already."""


def parse_query_string(query: bytes) -> list[tuple[str, str]]:
    """Names and values in order, repeats kept, percent-encoding and ``+`` decoded as UTF-8 (PS3.18 8.3.1).

    Raises MalformedRequest for what is not UTF-8 and for the character NUL, which no value of DICOM can hold.
    """
    pairs = (parameter.partition(b"=") for parameter in query.split(b"&") if parameter)
    return [(_decoded(name), _decoded(value)) for name, _, value in pairs]


def next_page(query: bytes, offset: int) -> str:
    """The same query with another ``offset``, fit to stand in a URL; what clients send unencoded is encoded."""
    kept = [parameter for parameter in query.split(b"&") if parameter and _name(parameter) != "offset"]
    return quote(b"&".join((*kept, b"offset=%d" % offset)), safe=_URL_CHARACTERS)


def _name(parameter: bytes) -> str:
    return _decoded(parameter.partition(b"=")[0])


def _decoded(text: bytes) -> str:
    try:
        decoded = unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The query of the URL is not UTF-8: {text.decode('ascii', 'replace')}") from error
    if "\0" in decoded:
        raise MalformedRequest("The query of the URL holds the character NUL")
    return decoded
