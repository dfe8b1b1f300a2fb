"""The hand-made archive behind a server, and searches of it."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx

from app.settings import LimitsSettings, Settings
from tests.api.answers import store
from tests.api.in_process import InProcessClient, in_process
from tests.reference.archive import INSTANCE, SERIES, STUDY, Entity, Parameters, found_uids, studies_of
from tests.reference.hand_made import ROOT, hand_made_archive, hand_made_files

UID_TAG = {STUDY: "0020000D", SERIES: "0020000E", INSTANCE: "00080018"}


@contextmanager
def serving_the_hand_made_archive(folder: Path, limits: LimitsSettings | None = None) -> Iterator[InProcessClient]:
    """A server with every study of the archive, stored one after the other."""
    with in_process(Settings(data=folder, limits=limits or LimitsSettings())) as client:
        for files in hand_made_files():
            answer = store(client, *files)
            assert answer.status_code == 200, answer.text
        yield client


def parameters_of(query: str) -> Parameters:
    """A query as people write it, not percent-encoded but for the ``&`` within a value."""
    pairs = (parameter.partition("=") for parameter in query.split("&") if parameter)
    return [(name, value.replace("%26", "&")) for name, _, value in pairs]


def target(level: str, study: str = "", series: str = "") -> str:
    """The path of a search resource (PS3.18 10.6.1)."""
    return (f"/studies/{study}" if study else "") + (f"/series/{series}" if series else "") + f"/{level}"


def search(
    client: InProcessClient, level: str, parameters: Parameters, study: str = "", series: str = ""
) -> httpx.Response:
    """Send a search, percent-encoded as Python's clients do."""
    return client.get(f"{target(level, study, series)}?{urlencode(parameters)}")


def uids_in(answer: httpx.Response, level: str) -> list[str]:
    """What was found, in order."""
    assert answer.status_code == 200, answer.text
    rows: list[dict[str, Any]] = answer.json()
    return [row[UID_TAG[level]]["Value"][0] for row in rows]


def shortened(uids: list[str]) -> list[str]:
    """UIDs of the archive as the numbers of studies, series and instances in it."""
    return [uid.removeprefix(f"{ROOT}.") for uid in uids]


def expected(level: str, parameters: Parameters, study: str = "", series: str = "") -> list[str]:
    """What the matcher finds in the archive, in the documented order."""
    return found_uids(_hand_made_studies(), level, parameters, study, series)


@cache
def _hand_made_studies() -> list[Entity]:
    return studies_of(hand_made_archive())
