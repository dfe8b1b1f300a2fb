"""What the made-up requests of schemathesis are given of ours: instances that are stored, and bodies of stores.

Loaded by that program, in whose environment nothing of the project is.
"""

import json
import os
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import schemathesis

STORED: list[list[str]] = json.loads(os.environ["STORED_INSTANCES"])
EXAMPLE = Path(os.environ["EXAMPLE_FILE"]).read_bytes()

UIDS = ("study", "series", "instance")


@schemathesis.hook
def map_path_parameters(context: schemathesis.HookContext, path_parameters: dict[str, Any] | None) -> Any:
    """Of what does not delete, three in four requests name something that is stored."""
    if not path_parameters or context.operation.method.lower() == "delete":
        return path_parameters
    choice = zlib.crc32(repr(path_parameters).encode())
    if choice % 4 == 0:
        return path_parameters
    known = dict(zip(UIDS, STORED[choice % len(STORED)], strict=True))
    return {name: known.get(name, value) for name, value in path_parameters.items()}


@schemathesis.serializer("multipart/related")
def multipart_related(context: schemathesis.SerializationContext, value: object) -> Mapping[str, object]:
    """A part with a real file of which some bytes are others, or with anything."""
    media_type = context.case.media_type or "multipart/related"
    body = b"--part\r\nContent-Type: application/dicom\r\n\r\n" + _part(value) + b"\r\n--part--\r\n"
    return {"data": body, "headers": {"Content-Type": f"{media_type}; boundary=part"}}


@schemathesis.serializer("application/dicom")
def single_part(context: schemathesis.SerializationContext, value: object) -> Mapping[str, object]:
    """The same without a multipart around it."""
    return {"data": _part(value)}


def _part(value: object) -> bytes:
    made_up = _bytes(value)
    choice = zlib.crc32(made_up)
    if choice % 2:
        return made_up
    place = choice % len(EXAMPLE)
    return EXAMPLE[:place] + made_up + EXAMPLE[place + len(made_up) :]


def _bytes(value: object) -> bytes:
    """Anything that was made up, as bytes."""
    data = getattr(value, "data", value)
    return data if isinstance(data, bytes) else str(data).encode(errors="replace")
