"""Every test file that names itself, and what a server must make of each when they are stored in this order."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cache

from dicomweb_client.api import DICOMwebClient
from pydicom.dataset import Dataset

from tests.live_server import LiveServer
from tests.sample_data import bundled_files, collection_files
from tests.sources import Source, read_source

FILES_IN_A_REQUEST = 64


@dataclass(frozen=True, slots=True)
class Library:
    """A server that has been given every source, and what it answered to each request."""

    server: LiveServer
    client: DICOMwebClient
    answers: Sequence[Dataset] = field(repr=False)

    @property
    def root(self) -> str:
        """The DICOMweb root."""
        return self.server.root


@cache
def sources() -> list[Source]:
    """Every file with valid UIDs, in the order in which they are stored."""
    return [source for path in bundled_files() + collection_files() if (source := read_source(path)) is not None]


@cache
def stored() -> list[Source]:
    """Of the sources that share a SOPInstanceUID the first, as a server keeps it."""
    first: dict[str, Source] = {}
    for source in sources():
        first.setdefault(source.instance, source)
    return list(first.values())


@cache
def refused() -> list[Source]:
    """The sources whose SOPInstanceUID an earlier one has, with other bytes."""
    first = {source.instance: source.sha256 for source in stored()}
    return [source for source in sources() if source.sha256 != first[source.instance]]


def by_study(instances: Iterable[Source]) -> dict[str, list[Source]]:
    """Sources by StudyInstanceUID."""
    studies: dict[str, list[Source]] = {}
    for source in instances:
        studies.setdefault(source.study, []).append(source)
    return studies


def by_series(instances: Iterable[Source]) -> dict[tuple[str, str], list[Source]]:
    """Sources by StudyInstanceUID and SeriesInstanceUID."""
    series: dict[tuple[str, str], list[Source]] = {}
    for source in instances:
        series.setdefault((source.study, source.series), []).append(source)
    return series


def fill(server: LiveServer) -> Library:
    """Store every source as the Python client does, a bounded number in each request."""
    client = DICOMwebClient(server.root)
    batches = [sources()[start : start + FILES_IN_A_REQUEST] for start in range(0, len(sources()), FILES_IN_A_REQUEST)]
    answers = [
        # The public method writes the data set anew; here the bytes of the file are what is to be stored.
        client._http_post_multipart_application_dicom(f"{server.root}/studies", [s.path.read_bytes() for s in batch])
        for batch in batches
    ]
    return Library(server, client, answers)
