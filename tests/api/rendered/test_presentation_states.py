"""Presentation states, shown with the images that they are for (PS3.18 10.4.1.1.3, PS3.4 N.2)."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient
from tests.api.rendered.objects import image, new_series, path, presentation_state, series_path
from tests.api.rendered.pictures import picture, pixels
from tests.multipart_answers import boundary_of, split_parts

RAMP = np.tile(np.arange(256, dtype=np.uint8), (4, 1))


@pytest.fixture(scope="module")
def images() -> list[Dataset]:
    series = new_series()
    return [image(RAMP + offset, **series) for offset in (0, 0)]


@pytest.fixture(scope="module")
def state(images: list[Dataset]) -> Dataset:
    return presentation_state(*images, center=100.5, width=101)


@pytest.fixture(scope="module")
def held(shown: InProcessClient, images: list[Dataset], state: Dataset) -> InProcessClient:
    assert store(shown, *images, state).status_code == 200
    return shown


def expected() -> list[int]:
    """The window from 50 to 150, as PS3.3 C.11.2.1.2.1 has it."""
    return [int(min(max(value - 50, 0), 100) / 100 * 255 + 0.5) for value in range(256)]


def test_the_image_is_shown_as_the_state_wants_it(held: InProcessClient, state: Dataset) -> None:
    levels = pixels(held.get(f"{path(state)}/rendered", accept="image/png"))
    assert np.abs(levels[0].astype(int) - expected()).max() <= 1


def test_all_of_its_images_are_parts_for_who_asks(held: InProcessClient, state: Dataset) -> None:
    answer = held.get(f"{path(state)}/rendered", accept='multipart/related; type="image/png"')
    parts = split_parts(answer.content, boundary_of(answer.headers["content-type"]))
    assert len(parts) == 2
    for part in parts:
        assert np.abs(np.asarray(picture(part.body))[0].astype(int) - expected()).max() <= 1


def test_it_has_a_thumbnail_of_its_own(held: InProcessClient, state: Dataset, images: list[Dataset]) -> None:
    state_thumbnail = held.get(f"{path(state)}/thumbnail", accept="image/png")
    assert not np.array_equal(
        pixels(state_thumbnail), pixels(held.get(f"{path(images[0])}/thumbnail", accept="image/png"))
    )
    assert held.get(f"{series_path(state)}/thumbnail", accept="image/png").content == state_thumbnail.content


def test_without_its_images_there_is_nothing_to_be_shown(client: InProcessClient, state: Dataset) -> None:
    store(client, state)
    assert_problem(client.get(f"{path(state)}/rendered"), 404, "none of the images")
    assert client.get(f"{path(state)}/thumbnail").headers["content-type"] == "image/jpeg"


def test_images_of_other_studies_are_none_of_its(client: InProcessClient, images: list[Dataset]) -> None:
    elsewhere = presentation_state(*images, center=100, width=10, StudyInstanceUID=generate_uid())
    store(client, *images, elsewhere)
    assert_problem(client.get(f"{path(elsewhere)}/rendered"), 404)


def test_a_pseudo_color_state_colors_the_gray_levels(client: InProcessClient) -> None:
    """Its tables are so long that they are bulk data."""
    store(client, data_set := image(RAMP))
    state = presentation_state(data_set, center=128, width=256)
    state.SOPClassUID = state.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.11.3"
    rising = np.linspace(0, 0xFFFF, 1024).astype("<u2")
    for color, entries in (("Red", rising), ("Green", rising * 0), ("Blue", rising[::-1])):
        state.add_new(f"{color}PaletteColorLookupTableDescriptor", "US", [1024, 0, 16])
        state.add_new(f"{color}PaletteColorLookupTableData", "OW", entries.tobytes())
    store(client, state)
    colors = pixels(client.get(f"{path(state)}/rendered", accept="image/png"))[0].astype(int)
    levels = np.arange(256)
    assert np.abs(colors - np.stack([levels, levels * 0, 255 - levels], axis=-1)).max() <= 1


def test_a_color_state_turns_an_image_of_colors(client: InProcessClient) -> None:
    data_set = image(RAMP)
    data_set.SamplesPerPixel, data_set.PhotometricInterpretation, data_set.PlanarConfiguration = 3, "RGB", 0
    colors = np.stack([RAMP, 255 - RAMP, RAMP // 2], axis=-1)
    data_set.PixelData = colors.tobytes()
    state = presentation_state(data_set, center=1, width=1, ImageRotation=180, ImageHorizontalFlip="N")
    state.SOPClassUID = state.file_meta.MediaStorageSOPClassUID = "1.2.840.10008.5.1.4.1.1.11.2"
    del state.SoftcopyVOILUTSequence
    store(client, data_set, state)
    answer = client.get(f"{path(state)}/rendered", accept="image/png")
    assert np.array_equal(pixels(answer), colors[::-1, ::-1])
