"""Studies and series: all of it as parts, or one picture that stands for it (PS3.18 10.4.1.1.3, 10.4.1.1.4)."""

from collections.abc import Sequence

import numpy as np
import pytest
from pydicom.dataset import Dataset

from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient
from tests.api.rendered.objects import (
    RAW_DATA,
    flat,
    image,
    instance,
    new_series,
    new_study,
    path,
    report,
    series_path,
    study_path,
)
from tests.api.rendered.pictures import BROWSER_IMAGE, BROWSER_PAGE, picture, pixels
from tests.multipart_answers import AnswerPart, boundary_of, split_parts

LEVELS = {1: 10, 5: 50, 3: 30, 2: 20, 4: 40}
"""InstanceNumber and gray level, in the order of storing."""


@pytest.fixture(scope="module")
def study() -> Sequence[Dataset]:
    """A report, then raw data, then a segmentation, then five images, all in series of their own."""
    common = new_study()
    segments = flat(200, **common, Modality="SEG")
    series = new_series() | common
    images = [flat(level, **series, InstanceNumber=number, Modality="MR") for number, level in LEVELS.items()]
    return [report(**common), instance(RAW_DATA, **common), segments, *images]


@pytest.fixture(scope="module")
def held(shown: InProcessClient, study: Sequence[Dataset]) -> InProcessClient:
    """The server that holds it."""
    for data_set in study:
        assert store(shown, data_set).status_code == 200
    return shown


def parts_of(client: InProcessClient, path: str, accept: str) -> list[AnswerPart]:
    answer = client.get(path, accept=accept)
    assert answer.status_code == 200, answer.text
    return split_parts(answer.content, boundary_of(answer.headers["content-type"]))


@pytest.mark.parametrize("accept", ["image/png", "image/*;q=0.9", BROWSER_IMAGE, BROWSER_PAGE])
@pytest.mark.parametrize("resource", ["rendered", "thumbnail"])
def test_who_takes_one_picture_gets_the_middle_one(
    held: InProcessClient, study: Sequence[Dataset], accept: str, resource: str
) -> None:
    for base in (study_path(study[-1]), series_path(study[-1])):
        levels = np.asarray(picture(held.get(f"{base}/{resource}", accept=accept).content))
        assert np.abs(levels.astype(int) - 30).max() <= 1


@pytest.mark.parametrize("accept", ["*/*", "multipart/related", 'multipart/related; type="image/jpeg"'])
def test_who_takes_parts_gets_all_of_a_series(held: InProcessClient, study: Sequence[Dataset], accept: str) -> None:
    parts = parts_of(held, f"{series_path(study[-1])}/rendered", accept)
    assert [int(np.asarray(picture(part.body)).mean() + 0.5) for part in parts] == list(LEVELS.values())
    for part, data_set in zip(parts, study[3:], strict=True):
        assert part.headers["content-type"] == "image/jpeg"
        assert part.headers["content-location"].endswith(f"{path(data_set)}/rendered")


def test_parts_of_a_study_are_each_in_a_media_type_of_their_kind(
    held: InProcessClient, study: Sequence[Dataset]
) -> None:
    parts = parts_of(held, f"{study_path(study[0])}/rendered", "*/*")
    types = [part.headers["content-type"] for part in parts]
    assert types == ["text/html; charset=utf-8", *["image/jpeg"] * 6], "raw data cannot be shown"


def test_parts_are_only_of_the_media_type_that_is_asked_for(held: InProcessClient, study: Sequence[Dataset]) -> None:
    images = parts_of(held, f"{study_path(study[0])}/rendered", 'multipart/related; type="image/png"')
    texts = parts_of(held, f"{study_path(study[0])}/rendered", 'multipart/related; type="text/plain"')
    assert [part.headers["content-type"] for part in images] == ["image/png"] * 6
    assert [part.headers["content-type"] for part in texts] == ["text/plain; charset=utf-8"]


def test_a_series_moves_as_gif_in_the_order_of_its_numbers(held: InProcessClient, study: Sequence[Dataset]) -> None:
    for base in (study_path(study[-1]), series_path(study[-1])):
        answer = held.get(f"{base}/rendered", accept="image/gif")
        animation = picture(answer.content)
        levels = []
        for frame in range(getattr(animation, "n_frames", 1)):
            animation.seek(frame)
            levels.append(int(np.asarray(animation.convert("L")).max()))
        assert levels == [10, 20, 30, 40, 50]


def test_pictures_of_another_size_are_left_out_of_an_animation(client: InProcessClient) -> None:
    series = new_series()
    for number, (level, size) in enumerate([(20, 16), (10, 8), (30, 8)]):
        store(client, flat(level, size, **series, InstanceNumber=number))
    animation = picture(client.get(f"/studies/{series['StudyInstanceUID']}/rendered", accept="image/gif").content)
    assert (animation.size, getattr(animation, "n_frames", 1)) == ((8, 8), 2)


def test_a_later_instance_may_be_the_middle_one(client: InProcessClient) -> None:
    series = new_series()
    seen = []
    for number, level in enumerate((10, 20, 30)):
        store(client, data_set := flat(level, **series, InstanceNumber=number))
        seen.append(int(pixels(client.get(f"{series_path(data_set)}/thumbnail", accept="image/png")).max()))
    assert seen == [10, 20, 20]


def test_a_series_of_one_instance_is_that_instance(client: InProcessClient) -> None:
    store(client, data_set := flat(77))
    alone = client.get(f"{series_path(data_set)}/rendered")
    assert alone.headers["content-type"] == "image/jpeg"
    assert alone.content == client.get(f"{path(data_set)}/rendered").content


def test_where_nothing_can_be_shown_the_answer_says_so(client: InProcessClient) -> None:
    common = new_study()
    store(client, first := instance(RAW_DATA, **common), instance(RAW_DATA, **common))
    for base in (study_path(first), path(first)):
        for accept in ("*/*", "image/jpeg", "multipart/related"):
            assert_problem(client.get(f"{base}/rendered", accept=accept), 406)
        assert client.get(f"{base}/thumbnail").headers["content-type"] == "image/jpeg"


def test_a_damaged_instance_among_others_has_no_part(client: InProcessClient) -> None:
    series = new_series()
    damaged = flat(10, **series)
    damaged.BitsAllocated, damaged.BitsStored, damaged.HighBit = 24, 24, 23
    store(client, damaged, flat(20, **series), flat(30, **series))
    assert len(parts_of(client, f"{series_path(damaged)}/rendered", "*/*")) == 2


def test_frames_of_one_instance_are_one_part_of_a_series(client: InProcessClient) -> None:
    series = new_series()
    frames = np.repeat(np.arange(3, dtype=np.uint8), 8)[:, np.newaxis].repeat(8, axis=1) * 40
    store(client, cine := image(frames, 3, **series), flat(200, **series))
    parts = parts_of(client, f"{series_path(cine)}/rendered", 'multipart/related; type="image/png"')
    assert [int(np.asarray(picture(part.body)).max()) for part in parts] == [40, 200]
