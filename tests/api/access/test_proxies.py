"""Proxies and names: the URLs we emit lead back the way the client came, and nobody else is believed."""

from pathlib import Path

import httpx
import pytest

from app.settings import ProxySettings, Settings
from tests.api.answers import assert_problem, store
from tests.api.in_process import in_process
from tests.examples import new_instance

pytestmark = pytest.mark.archive_in_folder("heads of requests are read before any store is")

NEAR = ["127.0.0.0/8"]
"""Where requests of these tests come from."""


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        ({}, "http://testserver/dicom-web"),
        ({"X-Forwarded-Proto": "https"}, "https://testserver/dicom-web"),
        ({"X-Forwarded-Proto": "https", "X-Forwarded-Host": "pacs.example"}, "https://pacs.example/dicom-web"),
        (
            {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "pacs.example:8443"},
            "https://pacs.example:8443/dicom-web",
        ),
        (
            {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "pacs.example", "X-Forwarded-Port": "8443"},
            "https://pacs.example:8443/dicom-web",
        ),
        ({"X-Forwarded-Host": "pacs.example", "X-Forwarded-Prefix": "/pacs/"}, "http://pacs.example/pacs/dicom-web"),
        ({"Forwarded": 'for=192.0.2.7;proto=https;host="pacs.example:444"'}, "https://pacs.example:444/dicom-web"),
        ({"Forwarded": "For=192.0.2.7; Proto=HTTPS; Host=pacs.example"}, "https://pacs.example/dicom-web"),
        (
            {"Forwarded": "for=evil;host=evil.example;proto=http, for=192.0.2.7;host=pacs.example;proto=https"},
            "https://pacs.example/dicom-web",
        ),
        ({"X-Forwarded-Proto": "gopher", "X-Forwarded-Host": "pacs.example"}, "http://pacs.example/dicom-web"),
    ],
)
def test_urls_lead_back_through_a_trusted_proxy(tmp_path: Path, headers: dict[str, str], base: str) -> None:
    settings = Settings(data=tmp_path / "data", proxy=ProxySettings(trusted=NEAR), hosts=["testserver", "pacs.example"])
    with in_process(settings) as client:
        instance = new_instance()
        store(client, instance)
        [row] = client.request("GET", "/studies", headers).json()
    assert row["00081190"]["Value"] == [f"{base}/studies/{instance.StudyInstanceUID}"]


@pytest.mark.parametrize("trusted", [[], ["192.0.2.0/24"]])
def test_nobody_else_is_believed(tmp_path: Path, trusted: list[str]) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "https", "Forwarded": "host=evil.example"}
    with in_process(Settings(data=tmp_path / "data", proxy=ProxySettings(trusted=trusted))) as client:
        answer = store(client, new_instance(), **headers)
    assert "evil" not in answer.text
    assert "http://testserver/dicom-web/" in answer.text


def test_a_root_path_of_the_settings_comes_before_all_urls(tmp_path: Path) -> None:
    with in_process(Settings(data=tmp_path / "data", proxy=ProxySettings(root_path="pacs/"))) as client:
        assert "http://testserver/pacs/dicom-web/studies/" in store(client, new_instance()).text


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "localhost.evil.example", "127.0.0.1.evil.example", "evil."]
)
def test_an_open_server_is_called_by_no_name_that_others_can_give(tmp_path: Path, host: str) -> None:
    """DNS rebinding: a page of that name would be of the same origin for the browser."""
    with in_process(Settings(data=tmp_path / "data")) as client:
        answer = client.get("/studies", host=host, origin="http://localhost:3000")
        assert_problem(answer, 421, "FOVEA_HOSTS")
        assert answer.headers["access-control-allow-origin"]


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8080", "127.0.0.1", "[::1]:8080", "192.168.1.7:8080", "laptop", "app.localhost"]
)
def test_it_is_called_by_addresses_and_names_of_this_machine(tmp_path: Path, host: str) -> None:
    with in_process(Settings(data=tmp_path / "data")) as client:
        assert client.get("/studies", host=host).status_code == 200


def test_the_name_in_the_public_url_is_ours(tmp_path: Path) -> None:
    with in_process(Settings(data=tmp_path / "data", public_url="https://pacs.example/dicom-web")) as client:
        assert client.get("/studies", host="PACS.example").status_code == 200
        assert_problem(client.get("/studies", host="evil.example"), 421)


def test_names_that_are_set_are_the_only_ones_beside_loopback(tmp_path: Path) -> None:
    with in_process(Settings(data=tmp_path / "data", hosts=["pacs.example"])) as client:
        assert client.get("/studies", host="pacs.example:8080").status_code == 200
        assert client.get("/studies", host="127.0.0.1:8080").status_code == 200
        assert_problem(client.get("/studies", host="laptop"), 421)


def test_a_request_names_one_host(tmp_path: Path) -> None:
    """RFC 9112 3.2: of two names, the server and what stands before it might take different ones."""
    with in_process(Settings(data=tmp_path / "data")) as client:
        two = httpx.Headers([("Host", "localhost"), ("Host", "evil.example")])
        assert_problem(client.request("GET", "/studies", two), 400, "Host")
