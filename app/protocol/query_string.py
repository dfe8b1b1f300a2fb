"""The query component of a URL as names and values."""

from urllib.parse import unquote_to_bytes

from app.protocol.errors import MalformedRequest


def parse_query_string(query: bytes) -> list[tuple[str, str]]:
    """Names and values in order, repeats kept, percent-encoding and ``+`` decoded as UTF-8 (PS3.18 8.3.1).

    Raises MalformedRequest for what is not UTF-8 and for the character NUL, which no value of DICOM can hold.
    """
    pairs = (parameter.partition(b"=") for parameter in query.split(b"&") if parameter)
    return [(_decoded(name), _decoded(value)) for name, _, value in pairs]


def _decoded(text: bytes) -> str:
    try:
        decoded = unquote_to_bytes(text.replace(b"+", b" ")).decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedRequest(f"The query of the URL is not UTF-8: {text.decode('ascii', 'replace')}") from error
    if "\0" in decoded:
        raise MalformedRequest("The query of the URL holds the character NUL")
    return decoded
