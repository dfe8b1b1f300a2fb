import pytest
from pydantic import ValidationError

from app.settings import Settings, StorageSettings


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
