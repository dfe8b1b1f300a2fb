"""What a client holds of a rendering is not sent again, and never taken for another one (RFC 9110 13)."""

from pathlib import Path

import numpy as np
import pytest

from app.settings import RetrieveSettings, Settings, StoreSettings
from storage.records import DuplicatePolicy
from tests.api.answers import store
from tests.api.in_process import InProcessClient, in_process
from tests.api.rendered.objects import flat, path, series_path
from tests.api.rendered.pictures import pixels
from tests.examples import COLOR_MULTI_FRAME, NATIVE, example

CT = example(NATIVE).url_path
RESOURCES = [
    f"{CT}/rendered",
    f"{CT}/rendered?window=40,400,linear&quality=70",
    f"{CT}/frames/1/rendered",
    f"{CT}/thumbnail",
    f"{CT.partition('/instances')[0]}/rendered",
    f"{CT.partition('/series')[0]}/thumbnail",
    f"{example(COLOR_MULTI_FRAME).url_path}/frames/2,3/rendered",
]


@pytest.mark.parametrize("path", RESOURCES)
def test_who_holds_a_rendering_is_told_that_nothing_has_changed(shown: InProcessClient, path: str) -> None:
    first = shown.get(path)
    again = shown.get(path, if_none_match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert again.headers["cache-control"] == first.headers["cache-control"] == "private, no-cache"
    assert first.headers["content-location"].endswith(path)


def test_each_rendering_has_a_tag_of_its_own(shown: InProcessClient) -> None:
    queries = [
        "",
        "?window=40,400,linear",
        "?window=41,400,linear",
        "?quality=10",
        "?viewport=9,9",
        "?accept=image/png",
    ]
    tags = [shown.get(f"{CT}/rendered{query}").headers["etag"] for query in queries]
    tags += [
        shown.get(f"{CT}/rendered", accept="image/gif").headers["etag"],
        shown.get(f"{CT}/thumbnail").headers["etag"],
    ]
    assert len(set(tags)) == len(tags)


def test_the_time_for_which_renderings_hold_is_a_setting(data_folder: Path) -> None:
    with in_process(Settings(data=data_folder, retrieve=RetrieveSettings(cache_seconds=60))) as client:
        data_set = flat(7)
        store(client, data_set)
        assert "max-age=60" in client.get(f"{path(data_set)}/rendered").headers["cache-control"]


def test_what_is_replaced_is_not_shown_any_more(data_folder: Path) -> None:
    settings = Settings(data=data_folder, store=StoreSettings(duplicates=DuplicatePolicy.REPLACE))
    with in_process(settings) as client:
        data_set = flat(50)
        store(client, data_set)
        resources = [
            f"{base}/{name}" for base in (path(data_set), series_path(data_set)) for name in ("rendered", "thumbnail")
        ]
        before = {resource: client.get(resource, accept="image/png") for resource in resources}
        data_set.PixelData = np.full((8, 8), 200, np.uint8).tobytes()
        store(client, data_set)
        for resource, answer in before.items():
            after = client.get(resource, accept="image/png", if_none_match=answer.headers["etag"])
            assert (int(pixels(answer).max()), int(pixels(after).max())) == (50, 200)


def test_what_is_deleted_is_not_shown_any_more(client: InProcessClient) -> None:
    data_set = flat(50)
    store(client, data_set)
    assert client.get(f"{path(data_set)}/rendered").status_code == 200
    client.request("DELETE", path(data_set))
    assert client.get(f"{path(data_set)}/rendered").status_code == 404


def test_ranges_of_a_rendering_fit_together(shown: InProcessClient) -> None:
    whole = shown.get(f"{CT}/rendered").content
    halves = [shown.get(f"{CT}/rendered", range=f"bytes={part}") for part in ("0-999", "1000-")]
    assert [half.status_code for half in halves] == [206, 206]
    assert b"".join(half.content for half in halves) == whole
