"""What answers must look like."""

import re
from http import HTTPStatus
from pathlib import Path
from typing import Any

import httpx
from pydicom.dataset import Dataset

from tests.api.in_process import InProcessClient
from tests.examples import part10
from tests.multipart_requests import CONTENT_TYPE, store_body

_PROJECT = re.escape(str(Path(__file__).parents[2]))
_INTERNALS = re.compile(
    rf"Traceback|\.py\b|{_PROJECT}|/(?:tmp|home|root|usr|var)/|sqlite|<[a-z]+ object|0x[0-9a-f]{{6,}}", re.IGNORECASE
)
"""What a client must never read: code, paths of the server, its engines, addresses in memory."""


def assert_problem(answer: httpx.Response, status: int, *mentioned: str) -> None:
    """The answer is a problem (RFC 9457) of this status whose detail mentions what the client can act on."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem.keys() - {"offered"} == {"title", "status", "detail", "request_id"}
    assert problem["title"] == HTTPStatus(status).phrase
    assert problem["status"] == status
    assert re.fullmatch(r"[0-9a-f]{16}", problem["request_id"])
    assert problem["detail"]
    for text in mentioned:
        assert text in problem["detail"]
    assert not _INTERNALS.search(answer.text), answer.text


def store(
    client: InProcessClient, *instances: Dataset | bytes, study: str | None = None, **headers: str
) -> httpx.Response:
    """Store data sets, or whatever bytes stand for them, with one request."""
    files = [part10(each) if isinstance(each, Dataset) else each for each in instances]
    path = "/studies" if study is None else f"/studies/{study}"
    return client.post(path, content=store_body(files), headers={"Content-Type": CONTENT_TYPE} | headers)


def stored_uids(answer: httpx.Response) -> list[str]:
    """The SOPInstanceUIDs that the answer says are stored."""
    return [item["00081155"]["Value"][0] for item in _items(answer, "00081199")]


def failures(answer: httpx.Response) -> list[tuple[str | None, int]]:
    """The SOPInstanceUID, as far as it is known, and the FailureReason of each instance that is not stored."""
    return [
        (item["00081155"].get("Value", [None])[0], item["00081197"]["Value"][0]) for item in _items(answer, "00081198")
    ]


def _items(answer: httpx.Response, sequence: str) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = answer.json().get(sequence, {}).get("Value", [])
    return items
