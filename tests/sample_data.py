"""Real DICOM files for the tests: pydicom's bundled ones, always there, and the sample collection where present."""

import csv
import os
from functools import cache
from pathlib import Path

import pydicom.data

COLLECTION = Path(os.environ.get("FOVEA_SAMPLE_DATA", Path(__file__).parents[2] / "shared" / "data"))
"""The folder of the sample collection, with a MANIFEST.csv that tells the truth about each file."""

COLLECTION_IS_MISSING = (
    f"the sample collection is not at {COLLECTION.name}/ beside the project (FOVEA_SAMPLE_DATA names it)"
)


@cache
def bundled_files() -> list[Path]:
    """Every file that lies in the package pydicom and may be DICOM: nothing is downloaded."""
    root = Path(pydicom.data.__file__).parent
    folders = root / "test_files", root / "charset_files", root / "palettes"
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file() and _may_be_dicom(path))


def _may_be_dicom(path: Path) -> bool:
    return path.suffix.lower() in {"", ".dcm"} and path.name != "README"


@cache
def collection_files() -> list[Path]:
    """Every file of the sample collection; empty where it is missing."""
    return [COLLECTION / row["path"] for row in manifest()]


@cache
def manifest() -> list[dict[str, str]]:
    """The rows of MANIFEST.csv; empty where the collection is missing."""
    path = COLLECTION / "MANIFEST.csv"
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
