"""Frames as a video, held against the pictures of the same frames (PS3.18 8.7.4, PS3.3 C.7.6.5)."""

from io import BytesIO

import av
import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from pydicom.dataset import Dataset
from pydicom.uid import generate_uid

from app.services import rendering
from tests.api.answers import assert_problem, store
from tests.api.in_process import InProcessClient, PlannedRequest
from tests.api.rendered.objects import flat, image, new_series, path, presentation_state, series_path, study_path
from tests.api.rendered.pictures import picture, pixels
from tests.examples import COLOR_MULTI_FRAME, ECG, example
from tests.multipart_answers import boundary_of, split_parts

MP4 = "video/mp4"
VIDEO_ELEMENT = "video/webm,video/ogg,video/*;q=0.9,application/ogg;q=0.7,audio/*;q=0.6,*/*;q=0.5"
"""What browsers send for a ``<video>``."""

SIZE = 64
MEAN_TOLERANCE, TOLERANCE = 3, 24
"""Levels of 255: the loss of the codec at the default quality, and of colors at half the resolution at edges."""


def moving(count: int = 6, **attributes: object) -> Dataset:
    """A ramp that moves to the right, 16 bits for each pixel, with a shutter around it."""
    ramp = np.tile(np.linspace(0, 60_000, SIZE).astype(np.uint16), (SIZE, 1))
    frames = np.concatenate([np.roll(ramp, 5 * number, axis=1) for number in range(count)])
    shutter = {"ShutterShape": "CIRCULAR", "CenterOfCircularShutter": [32, 32], "RadiusOfCircularShutter": 30}
    window = {"WindowCenter": 30_000, "WindowWidth": 50_000}
    return image(frames, count, **(window | shutter | attributes))


def decoded(answer: httpx.Response) -> list[NDArray[np.uint8]]:
    """The frames of an answer that must be a video, in RGB."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == MP4
    frames = av.open(BytesIO(answer.content)).decode(video=0)
    return [frame.to_ndarray(format="rgb24") for frame in frames]


def milliseconds(content: bytes) -> list[float]:
    container = av.open(BytesIO(content))
    base = container.streams.video[0].time_base
    assert base is not None
    return [float((packet.duration or 0) * base * 1000) for packet in container.demux() if packet.size]


def assert_like(frame: NDArray[np.uint8], still: NDArray[np.uint8]) -> None:
    exact = still if still.ndim == 3 else np.repeat(still[..., np.newaxis], 3, axis=2)
    difference = np.abs(frame.astype(int) - exact)
    assert difference.mean() < MEAN_TOLERANCE
    assert np.percentile(difference, 99) < TOLERANCE


def test_each_frame_is_the_picture_of_it(client: InProcessClient) -> None:
    store(client, data_set := moving())
    query = "?window=20000,30000,linear&viewport=48%2C48"
    for parameters in ("", query):
        frames = decoded(client.get(f"{path(data_set)}/rendered{parameters}", accept=MP4))
        assert len(frames) == 6
        for number, frame in enumerate(frames):
            still = client.get(f"{path(data_set)}/frames/{number + 1}/rendered{parameters}", accept="image/png")
            assert_like(frame, pixels(still))


def test_colors_are_those_of_the_pictures(shown: InProcessClient) -> None:
    source = example(COLOR_MULTI_FRAME)
    answer = shown.get(f"{source.url_path}/rendered", accept=VIDEO_ELEMENT)
    frames = decoded(answer)
    assert len(frames) == 30
    for number in (1, 16, 30):
        still = shown.get(f"{source.url_path}/frames/{number}/rendered", accept="image/png")
        assert_like(frames[number - 1], pixels(still))
    assert np.abs(np.subtract(milliseconds(answer.content), float(source.data_set().FrameTime))).max() < 0.1


def test_frames_are_shown_as_long_as_the_data_set_says(client: InProcessClient) -> None:
    store(client, data_set := moving(5, FrameTimeVector=[0, 40, 250, 33.3, 20]))
    answer = client.get(f"{path(data_set)}/rendered", accept=MP4)
    assert np.abs(np.subtract(milliseconds(answer.content), [40, 250, 33.3, 20, 20])).max() < 0.1


def test_a_series_is_played_in_the_order_of_its_numbers(client: InProcessClient) -> None:
    series = new_series()
    images = [flat(level, SIZE, **series, InstanceNumber=level) for level in (120, 40, 80)]
    store(client, *images)
    for base in (series_path(images[0]), study_path(images[0])):
        frames = decoded(client.get(f"{base}/rendered", accept=MP4))
        assert np.abs(np.subtract([frame.mean() for frame in frames], [40, 80, 120])).max() < 2


def test_the_images_of_a_presentation_state_are_played_as_it_wants_them(client: InProcessClient) -> None:
    store(client, data_set := moving(3), state := presentation_state(data_set, center=1, width=2))
    frames = decoded(client.get(f"{series_path(state)}/rendered", accept=MP4))
    assert all(frame[SIZE // 2, 20:50].min() > 200 for frame in frames)


def test_a_state_for_some_frames_shows_those(client: InProcessClient) -> None:
    store(client, data_set := moving(5), state := presentation_state(data_set, center=30_000, width=60_000))
    state.ReferencedSeriesSequence[0].ReferencedImageSequence[0].ReferencedFrameNumber = [2, 4, 99]
    state.SOPInstanceUID = state.file_meta.MediaStorageSOPInstanceUID = generate_uid()
    store(client, state)
    answer = client.get(f"{path(state)}/rendered", accept='multipart/related; type="image/png"')
    parts = split_parts(answer.content, boundary_of(answer.headers["content-type"]))
    stills = [picture(part.body) for part in parts]
    assert [part.headers["content-location"].rpartition("/instances/")[2] for part in parts] == [
        f"{data_set.SOPInstanceUID}/frames/{number}/rendered" for number in (2, 4)
    ]
    ramp = data_set.pixel_array[[1, 3], 8].astype(float)
    assert np.abs(np.array(stills)[:, 8] - np.clip(ramp / 60_000 * 255, 0, 255)).max() <= 1


def test_a_state_for_a_whole_image_moves(client: InProcessClient) -> None:
    store(client, data_set := moving(4), state := presentation_state(data_set, center=30_000, width=60_000))
    assert len(decoded(client.get(f"{path(state)}/rendered", accept=MP4))) == 4


def test_pieces_and_held_copies_are_those_of_other_answers(client: InProcessClient) -> None:
    store(client, data_set := moving())
    url = f"{path(data_set)}/rendered"
    whole = client.get(url, accept=MP4)
    piece = client.get(url, accept=MP4, range="bytes=0-99")
    assert (piece.status_code, piece.content) == (206, whole.content[:100])
    assert client.get(url, accept=MP4, if_none_match=whole.headers["etag"]).status_code == 304
    parts = client.get(url, accept=f'multipart/related; type="{MP4}"')
    [part] = split_parts(parts.content, boundary_of(parts.headers["content-type"]))
    assert (part.headers["content-type"], part.body) == (MP4, whole.content)


def test_many_viewers_cost_one_video(client: InProcessClient, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    picture_of = rendering.picture_of

    def counted(*arguments: object) -> object:
        drawn.append(1)
        return picture_of(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(rendering, "picture_of", counted)
    store(client, data_set := moving(4))
    planned = PlannedRequest("GET", f"{path(data_set)}/rendered", {"Accept": MP4})
    assert len({answer.content for answer in client.together([planned] * 12)}) == 1
    assert len(drawn) == 4


def test_a_picture_that_does_not_move_is_no_video(client: InProcessClient) -> None:
    store(client, still := flat(9), several := moving(3))
    for base in (path(still), series_path(still), f"{path(several)}/frames/2"):
        assert_problem(client.get(f"{base}/rendered", accept=MP4), 406, "image/jpeg")
        assert client.get(f"{base}/rendered", accept=VIDEO_ELEMENT).headers["content-type"] == "image/jpeg"
    assert client.get(f"{path(several)}/rendered").headers["content-type"] == "image/jpeg"


def test_a_waveform_is_no_video(shown: InProcessClient) -> None:
    assert_problem(shown.get(f"{example(ECG).url_path}/rendered", accept=MP4), 406, "image/jpeg")


def test_without_the_library_there_is_no_video(client: InProcessClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendering, "CINE_MEDIA_TYPES", (rendering.GIF,))
    store(client, data_set := moving(3))
    for base in (path(data_set), series_path(data_set)):
        assert_problem(client.get(f"{base}/rendered", accept=MP4), 406, "image/gif")
