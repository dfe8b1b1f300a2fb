"""The judge of the JSON writer: pydicom's own DICOM JSON of every file that both can read.

Files without UIDs of their own are judged too: identity is not what this test is about.
"""

from io import BytesIO
from pathlib import Path

import orjson
import pydicom
import pytest
from pydicom.errors import InvalidDicomError

from app.dicom import part10
from app.dicom.errors import UnusableInstance
from app.dicom.part10 import BytesSource, parse
from tests.pydicom_json import ANY_KEY, READ_BY_US_ONLY, expected_json
from tests.sample_data import bundled_files, collection_files


def _files() -> list[Path]:
    return bundled_files() + collection_files()


@pytest.fixture(autouse=True)
def _any_identity(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(part10, "_identity", lambda attributes: ANY_KEY)


pytestmark = pytest.mark.usefixtures("quiet_pydicom")


@pytest.mark.parametrize("path", _files(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_metadata_is_what_pydicom_writes(path: Path) -> None:
    data = path.read_bytes()
    try:
        data_set = pydicom.dcmread(BytesIO(data), force=True)
        parsed = parse(BytesSource(data))
    except (UnusableInstance, InvalidDicomError):
        pytest.skip("not an instance that is stored")
    if path.name in READ_BY_US_ONLY:
        pytest.skip("read by us only")
    metadata = orjson.loads(parsed.metadata)
    available = metadata.pop("00083002")
    assert available == {"vr": "UI", "Value": [parsed.transfer_syntax_uid]}
    expected = expected_json(data_set, path.name)
    expected.pop("00083002", None)
    assert metadata == expected


def test_the_files_read_by_us_only_are_empty_for_pydicom() -> None:
    paths = [path for path in _files() if path.name in READ_BY_US_ONLY]
    for path in paths:
        assert not pydicom.dcmread(path, force=True)
        assert orjson.loads(parse(BytesSource(path.read_bytes())).metadata)["00080018"]
