"""How long frames are shown, by the attributes of PS3.3 C.7.6.5."""

import pytest
from pydicom.dataset import Dataset

from app.rendering.frame_timing import frame_milliseconds
from tests.unit.app.rendering.instances import attributes_of


@pytest.mark.parametrize(
    ("attributes", "milliseconds"),
    [
        ({"FrameTime": 40}, [40, 40, 40]),
        ({"FrameTimeVector": [0, 55, 60]}, [55, 60, 60]),
        ({"FrameTimeVector": [0, 55, 60], "FrameTime": 40}, [55, 60, 60]),
        ({"RecommendedDisplayFrameRate": 25, "FrameTime": 33}, [40, 40, 40]),
        ({"CineRate": 5}, [200, 200, 200]),
        ({"CineRate": 5, "FrameTime": 33.3}, [33.3, 33.3, 33.3]),
        ({"FrameTime": 0}, [100, 100, 100]),
        ({"FrameTime": -5, "CineRate": -1}, [100, 100, 100]),
        ({"FrameTime": 0.001}, [1, 1, 1]),
        ({"FrameTime": 1e9}, [60_000, 60_000, 60_000]),
        ({"FrameTimeVector": [0, 55]}, [100, 100, 100]),
        ({"FrameTimeVector": [0, 0, 0], "FrameTime": 50}, [50, 50, 50]),
        ({"Modality": "US"}, [100, 100, 100]),
    ],
)
def test_frame_time(attributes: dict[str, object], milliseconds: list[float]) -> None:
    data_set = Dataset()
    for keyword, value in attributes.items():
        setattr(data_set, keyword, value)

    assert frame_milliseconds(attributes_of(data_set), 3) == milliseconds
