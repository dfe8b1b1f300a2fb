"""Documents made from the code, or listing what is in it, have not fallen behind."""

import re
from pathlib import Path

import yaml

from app.dicom.store_report import FailureReason
from app.main import create_app
from app.settings import Settings
from app.settings.table import settings_table
from storage.attributes import INDEXED_ATTRIBUTES

ROOT = Path(__file__).parents[2]
CONFORMANCE = (ROOT / "openapi" / "CONFORMANCE.md").read_text(encoding="utf-8")


def test_the_api_description_is_that_of_the_code() -> None:
    exported = yaml.safe_load((ROOT / "openapi" / "openapi.yaml").read_text(encoding="utf-8"))
    assert exported == create_app(Settings()).openapi()


def test_every_setting_is_documented() -> None:
    assert (ROOT / "docs" / "settings.md").read_text(encoding="utf-8").rstrip() == settings_table().rstrip()


def test_every_matching_key_is_in_the_conformance_statement() -> None:
    words = set(re.findall(r"[\w.]+", CONFORMANCE))
    assert set(INDEXED_ATTRIBUTES) <= words


def test_every_failure_reason_is_in_the_conformance_statement() -> None:
    assert {int(reason, 16) for reason in re.findall(r"^\| 0x([0-9A-F]{4}) ", CONFORMANCE, re.MULTILINE)} == set(
        FailureReason
    )


def test_every_make_command_of_the_readme_exists() -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"^make ([a-z]+)", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)) <= targets
