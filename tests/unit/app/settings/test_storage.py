from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import IndexSettings, Settings, StorageSettings


@pytest.mark.parametrize("url", ["http://bucket", "s3://", "bucket", "file:///tmp"])
def test_what_is_no_object_store_is_refused(url: str) -> None:
    with pytest.raises(ValidationError):
        StorageSettings(url=url)


def test_bytes_are_kept_in_one_place() -> None:
    with pytest.raises(ValidationError, match="not both"):
        StorageSettings(url="s3://bucket", location="folder")


def test_an_object_store_is_set_up_by_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_STORAGE__URL", "s3://bucket/prefix")
    monkeypatch.setenv("FOVEA_STORAGE__OPTIONS", '{"secret_access_key": "hidden", "server_side_encryption": "AES256"}')
    settings = Settings()
    assert settings.blob_location == "s3://bucket/prefix"
    assert settings.object_store.client == {"secret_access_key": "hidden", "server_side_encryption": "AES256"}
    assert settings.object_store.folder == settings.data / "cache"
    assert "hidden" not in settings.model_dump_json()


def test_the_place_of_an_archive_in_a_folder_is_the_folder(tmp_path: Path) -> None:
    assert Settings(data=tmp_path / "a" / ".." / "data").archive_place == str(tmp_path / "data")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://fovea@db/fovea", "postgresql://fovea@db/fovea"),
        ("postgresql://fovea:p%40ss@db:5432/fovea", "postgresql://fovea:***@db:5432/fovea"),
        ("postgresql://fovea:p@ss:word@a:1,b:2/fovea?port=5", "postgresql://fovea:***@a:1,b:2/fovea?port=5"),
        (
            "postgresql:///fovea?user=fovea&password=p@ss&host=/run",
            "postgresql:///fovea?user=fovea&password=***&host=/run",
        ),
    ],
)
def test_the_place_of_an_archive_elsewhere_is_told_without_passwords(url: str, told: str) -> None:
    settings = Settings(index=IndexSettings(url=url), storage=StorageSettings(url="s3://bucket/prefix"))
    assert settings.archive_place == f"s3://bucket/prefix (index: {told})"
    assert settings.index.model_dump()["url"] == told


def test_an_index_beside_an_object_store_is_told_as_well(tmp_path: Path) -> None:
    settings = Settings(data=tmp_path, storage=StorageSettings(url="s3://bucket"))
    assert settings.archive_place == f"s3://bucket (index: sqlite:///{tmp_path}/index.sqlite)"
