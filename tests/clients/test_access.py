"""Clients that log in: by the ways that they have for it."""

import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from dicomweb_client.session_utils import create_session_from_auth, create_session_from_user_pass
from requests.auth import HTTPBasicAuth

from app.access.scopes import DICOM_SCOPES, AccessScope
from app.access.tokens import Allowance, create_token
from app.access.users import add_user
from tests.certificates import new_certificate
from tests.examples import NATIVE, example, new_instance
from tests.live_server import FOVEA, LiveServer, free_port, live_server, plain_environment
from tests.source_frames import source_frames

PASSWORD = "correct horse"


@pytest.fixture(scope="module")
def guarded_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with the user ``alice`` and one instance."""
    data = tmp_path_factory.mktemp("guarded") / "data"
    add_user(data / "users.htpasswd", "alice", PASSWORD, DICOM_SCOPES)
    with live_server(data, workers=2) as server:
        session = create_session_from_user_pass(username="alice", password=PASSWORD)
        DICOMwebClient(server.root, session=session)._http_post_multipart_application_dicom(
            f"{server.root}/studies", [example(NATIVE).path.read_bytes()]
        )
        yield server
        server.assert_without_fault()


def _token(server: LiveServer, *scopes: AccessScope, studies: frozenset[str] | None = None) -> str:
    return create_token(server.data / "tokens.json", Allowance(frozenset(scopes), studies))


@pytest.mark.parametrize("way", ["user and password", "requests", "header", "token as password"])
def test_dicomweb_client_logs_in(guarded_server: LiveServer, way: str) -> None:
    root, token = guarded_server.root, _token(guarded_server, *DICOM_SCOPES)
    match way:
        case "user and password":
            session = create_session_from_user_pass(username="alice", password=PASSWORD)
            client = DICOMwebClient(root, session=session)
        case "requests":  # 3D Slicer's DICOMUtils.importFromDICOMWeb(auth=HTTPBasicAuth(...)) does this
            client = DICOMwebClient(root, session=create_session_from_auth(HTTPBasicAuth("alice", PASSWORD)))
        case "header":  # and its accessToken=... this
            client = DICOMwebClient(root, headers={"Authorization": f"Bearer {token}"})
        case _:
            client = DICOMwebClient(root, session=create_session_from_user_pass("token", token))
    source, instance = example(NATIVE), new_instance()
    assert client.store_instances([instance]).ReferencedSOPSequence
    assert client.search_for_series(source.study)
    assert client.retrieve_series(source.study, source.series)[0] == source.data_set()
    frames = client.retrieve_instance_frames(source.study, source.series, source.instance, [1])
    assert frames == source_frames(source.data_set())
    client.delete_study(instance.StudyInstanceUID)
    assert client.search_for_studies(search_filters={"StudyInstanceUID": instance.StudyInstanceUID}) == []


def test_dicomweb_client_is_told_why_it_is_not_let_in(guarded_server: LiveServer) -> None:
    for session in (None, create_session_from_user_pass("alice", "wrong")):
        with pytest.raises(requests.HTTPError) as error:
            DICOMwebClient(guarded_server.root, session=session).search_for_studies()
        assert error.value.response.status_code == 401
        assert "Basic" in error.value.response.headers["WWW-Authenticate"]


def test_a_share_link_shows_its_study_alone(guarded_server: LiveServer) -> None:
    source = example(NATIVE)
    writer = DICOMwebClient(guarded_server.root, session=create_session_from_user_pass("alice", PASSWORD))
    other = new_instance()
    writer.store_instances([other])
    token = _token(guarded_server, AccessScope.READ, studies=frozenset({source.study}))
    link = guarded_server.root.replace("://", f"://token:{token}@")
    [row] = requests.get(f"{link}/studies", timeout=5).json()
    assert row["0020000D"]["Value"] == [source.study]
    assert requests.get(f"{link}/studies/{other.StudyInstanceUID}/metadata", timeout=5).status_code == 404
    assert token not in guarded_server.log.read_text()


def test_a_proxy_s_word_is_not_taken_from_strangers(guarded_server: LiveServer) -> None:
    headers = {"X-Forwarded-Host": "evil.example", "X-Forwarded-For": "192.0.2.1"}
    answer = requests.get(f"{guarded_server.root}/studies", headers=headers, auth=("alice", PASSWORD), timeout=5)
    assert "evil.example" not in answer.text


def test_figures_are_those_of_all_worker_processes(guarded_server: LiveServer) -> None:
    headers = {"Authorization": f"Bearer {_token(guarded_server, AccessScope.METRICS)}"}
    for _ in range(10):
        requests.get(f"{guarded_server.root}/series", timeout=5)
    text = requests.get(f"{guarded_server.origin}/metrics", headers=headers, timeout=5).text
    assert 'fovea_requests_total{status="401",transaction="SearchForSeries"} 10.0' in text


def has_begun(process: subprocess.Popen[str], port: int) -> bool:
    """Wait until a server takes connections; False when it ended."""
    while process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return True
        time.sleep(0.05)
    return False


def test_https_with_and_without_certificates_of_clients(tmp_path: Path) -> None:
    certificate, key = new_certificate(tmp_path)
    port = free_port()
    options = ("--ssl-certfile", str(certificate), "--ssl-keyfile", str(key), "--ssl-ca-certs", str(certificate))
    command = [FOVEA, "serve", "--workers", "1", "--port", str(port), "--data", str(tmp_path / "data"), *options]
    with subprocess.Popen(command, env=plain_environment(), stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        try:
            assert has_begun(process, port)
            url = f"https://127.0.0.1:{port}/dicom-web/studies"
            assert requests.get(url, verify=str(certificate), cert=(str(certificate), str(key)), timeout=5).json() == []
            with pytest.raises((requests.exceptions.SSLError, requests.ConnectionError, ssl.SSLError)):
                requests.get(url, verify=str(certificate), timeout=5)
        finally:
            process.terminate()
            process.stderr.read()
