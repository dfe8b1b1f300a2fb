"""Rendered resources and thumbnails as clients ask for them: dicomweb-client, OHIF, Weasis, curl."""

from collections.abc import Mapping
from io import BytesIO

import numpy as np
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from PIL import Image

from tests.examples import COLOR_MULTI_FRAME, NATIVE, example
from tests.live_server import LiveServer
from tests.multipart_answers import read_parts

CT, CINE = example(NATIVE), example(COLOR_MULTI_FRAME)
CT_UIDS = CT.study, CT.series, CT.instance
CINE_UIDS = CINE.study, CINE.series, CINE.instance

IMG = "image/avif,image/webp,image/apng,image/svg+xml,image/*,*/*;q=0.8"


def shown(content: bytes) -> Image.Image:
    image = Image.open(BytesIO(content))
    image.load()
    return image


def fetch(server: LiveServer, path: str, headers: Mapping[str, str | None]) -> requests.Response:
    """A GET with these headers and no others: ``None`` takes away what the library would send."""
    return requests.get(f"{server.root}{path}", headers={"Accept": None, **headers}, timeout=30)


def test_dicomweb_client_retrieves_a_rendered_png(example_client: DICOMwebClient) -> None:
    png = shown(example_client.retrieve_instance_rendered(*CT_UIDS, media_types=("image/png",)))
    assert (png.format, png.size) == ("PNG", (128, 128))


def test_dicomweb_client_retrieves_a_jpeg_of_high_quality_with_a_profile(example_client: DICOMwebClient) -> None:
    params = {"quality": 95, "iccprofile": "yes"}
    for uids in (CT_UIDS, CINE_UIDS):
        content = example_client.retrieve_instance_rendered(*uids, media_types=("image/jpeg",), params=params)
        jpeg = shown(content)
        assert (jpeg.format, jpeg.mode) == ("JPEG", "RGB")
        assert jpeg.info["icc_profile"]


def test_dicomweb_client_retrieves_rendered_frames_and_series(example_client: DICOMwebClient) -> None:
    plain = shown(example_client.retrieve_instance_rendered(*CT_UIDS))
    frame = shown(
        example_client.retrieve_instance_frames_rendered(*CINE_UIDS, frame_numbers=[2], media_types=("image/png",))
    )
    series = shown(example_client.retrieve_series_rendered(*CT_UIDS[:2], media_types=("image/jpeg",)))
    assert (plain.format, frame.format, series.format) == ("JPEG", "PNG", "JPEG")
    assert np.asarray(frame).shape == CINE.data_set().pixel_array.shape[1:]


@pytest.mark.parametrize("headers", [{}, {"Accept": "*/*"}, {"Accept": IMG}, {"Accept": "image/jpeg"}])
@pytest.mark.parametrize("resource", ["rendered", "thumbnail", "frames/1/rendered", "frames/1/thumbnail"])
def test_ohif_shows_it_in_an_image_element(
    example_server: LiveServer, resource: str, headers: Mapping[str, str]
) -> None:
    answer = fetch(example_server, f"{CT.url_path}/{resource}", headers)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "image/jpeg")
    assert shown(answer.content).format == "JPEG"


@pytest.mark.parametrize("resource", ["rendered", "thumbnail"])
def test_ohif_reads_it_as_bulk_data(example_server: LiveServer, resource: str) -> None:
    headers = {"Accept": 'multipart/related; type="application/octet-stream"'}
    [part] = read_parts(fetch(example_server, f"{CT.url_path}/{resource}", headers))
    assert shown(part.body).format == "JPEG"


def test_ohif_asks_for_thumbnails_of_each_level_from_another_origin(example_server: LiveServer) -> None:
    for path in (f"/studies/{CT.study}", f"/studies/{CT.study}/series/{CT.series}", CT.url_path):
        answer = fetch(example_server, f"{path}/thumbnail", {"Accept": IMG, "Origin": "http://localhost:3000"})
        assert answer.headers["Access-Control-Allow-Origin"] in {"*", "http://localhost:3000"}
        assert shown(answer.content).size == (256, 256)


@pytest.mark.parametrize("path", [f"/studies/{CT.study}/series/{CT.series}/thumbnail", f"{CT.url_path}/rendered"])
def test_weasis_encodes_the_comma_of_the_viewport(example_server: LiveServer, path: str) -> None:
    answer = fetch(example_server, f"{path}?viewport=96%2C64", {"Accept": "image/jpeg"})
    assert shown(answer.content).size == (64, 64)


def test_curl_takes_whatever_comes(example_server: LiveServer) -> None:
    answer = fetch(example_server, f"{CINE.url_path}/rendered", {"Accept": "*/*", "User-Agent": "curl/8.0"})
    assert shown(answer.content).size == (320, 240)


def test_viewers_together_and_one_after_the_other_see_the_same(example_server: LiveServer) -> None:
    path = f"{CINE.url_path}/frames/7/rendered?window=100,200,linear"
    with requests.Session() as session:
        answers = [session.get(f"{example_server.root}{path}", timeout=30) for _ in range(5)]
        held = session.get(
            f"{example_server.root}{path}", headers={"If-None-Match": answers[0].headers["ETag"]}, timeout=30
        )
    assert len({answer.content for answer in answers}) == 1
    assert (held.status_code, held.content) == (304, b"")
