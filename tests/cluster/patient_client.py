"""A client of a cluster as it should be: what breaks, or is answered 502 or 503, it asks for again."""

import time
from collections.abc import Collection
from typing import Any, Self

import requests
from pydicom.dataset import Dataset

from tests.cluster.polling import PATIENCE_SECONDS, PAUSE_SECONDS
from tests.examples import part10
from tests.multipart_answers import read_parts
from tests.multipart_requests import CONTENT_TYPE, store_body

ASK_AGAIN = frozenset({502, 503})
ANSWER_SECONDS = 20

STORED_BYTES = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}

_BROKEN = (requests.ConnectionError, requests.exceptions.ChunkedEncodingError)


class PatientClient:
    """Asks the servers behind ``origin``; ``retries`` counts how often it had to ask again. For one thread."""

    def __init__(self, origin: str, certificate: str | bool = True, user: tuple[str, str] | None = None) -> None:
        self._root = f"{origin}/dicom-web"
        self._session = requests.Session()
        self._session.verify = certificate
        self._session.auth = user
        self._session.trust_env = False  # or a variable would name other certificates
        self.retries = 0
        self.refusals: list[requests.Response] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._session.close()

    def ask_once(self, method: str, path: str, **options: Any) -> requests.Response:
        """An answer, whatever it is."""
        return self._session.request(method, self._root + path, timeout=ANSWER_SECONDS, **options)

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        """An answer that is neither 502 nor 503; raises TimeoutError when there is none for long."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            try:
                answer = self.ask_once(method, path, **options)
            except requests.exceptions.SSLError:
                raise
            except _BROKEN:
                pass
            else:
                if answer.status_code not in ASK_AGAIN:
                    return answer
                self.refusals.append(answer)
            self.retries += 1
            time.sleep(PAUSE_SECONDS)
        raise TimeoutError(f"no answer to {method} {path}")

    def store(self, *instances: Dataset) -> None:
        """Store instances, which must be acknowledged in the end."""
        body = store_body(part10(instance) for instance in instances)
        answer = self.ask("POST", "/studies", data=body, headers={"Content-Type": CONTENT_TYPE})
        assert answer.status_code == 200, answer.text

    def assert_holds(self, instance: Dataset) -> None:
        """An instance is there byte for byte, and so are its first frame and its metadata."""
        path = path_of(instance)
        assert [part.body for part in read_parts(self.ask("GET", path, headers=STORED_BYTES))] == [part10(instance)]
        assert [part.body for part in read_parts(self.ask("GET", f"{path}/frames/1"))] == [instance.PixelData]
        [document] = self.ask("GET", f"{path}/metadata").json()
        assert document["00100020"]["Value"] == [instance.PatientID]

    def assert_counts(self, instances: Collection[Dataset]) -> None:
        """These instances and no others are found, each once, and the counts of studies are right."""
        found = [row["00080018"]["Value"][0] for row in self.ask("GET", "/instances").json()]
        assert sorted(found) == sorted(str(instance.SOPInstanceUID) for instance in instances)
        counted = {row["0020000D"]["Value"][0]: row["00201208"]["Value"] for row in self.ask("GET", "/studies").json()}
        studies = [str(instance.StudyInstanceUID) for instance in instances]
        assert counted == {study: [studies.count(study)] for study in studies}


def path_of(instance: Dataset) -> str:
    """The path of an instance below the DICOMweb root."""
    uids = instance.StudyInstanceUID, instance.SeriesInstanceUID, instance.SOPInstanceUID
    return "/studies/{}/series/{}/instances/{}".format(*uids)
