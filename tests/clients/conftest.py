"""The servers and the client that the tests of this folder share."""

import logging
import warnings
from collections.abc import Iterator

import pytest
from dicomweb_client.api import DICOMwebClient

from tests.clients.library import Library, fill
from tests.examples import examples, new_instance
from tests.live_server import LiveServer, live_server


@pytest.fixture(autouse=True)
def quiet_pydicom() -> Iterator[None]:
    """Files that bend the rules are the point here, so pydicom's warnings about them are not."""
    logging.getLogger("pydicom").setLevel(logging.ERROR)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pydicom")
        yield


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """A server with every source; tests only read from it."""
    with live_server(tmp_path_factory.mktemp("library") / "data") as server, warnings.catch_warnings():
        warnings.filterwarnings("ignore", module="pydicom")
        yield fill(server)
        server.assert_without_fault()


@pytest.fixture
def client(server: LiveServer) -> DICOMwebClient:
    """The Python client of DICOMweb, for the server that everybody may store to."""
    return DICOMwebClient(server.root)


@pytest.fixture(scope="session")
def example_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server that holds the examples and nothing else; tests only read from it."""
    with live_server(tmp_path_factory.mktemp("examples") / "data") as server:
        DICOMwebClient(server.root)._http_post_multipart_application_dicom(
            f"{server.root}/studies", [source.path.read_bytes() for source in examples()]
        )
        yield server
        server.assert_without_fault()


@pytest.fixture
def example_client(example_server: LiveServer) -> DICOMwebClient:
    """The Python client of DICOMweb, for the server that holds the examples."""
    return DICOMwebClient(example_server.root)


@pytest.fixture(scope="session")
def server_behind_proxy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    """A server with one study that clients know by another address."""
    folder = tmp_path_factory.mktemp("proxy") / "data"
    with live_server(folder, FOVEA_PUBLIC_URL="https://pacs.example/dicom-web/") as server:
        DICOMwebClient(server.root).store_instances([new_instance()])
        yield server
