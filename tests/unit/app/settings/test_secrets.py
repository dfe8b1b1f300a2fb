from pathlib import Path

import pytest
from pydantic import ValidationError

from app.settings import Settings


@pytest.fixture
def secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of secrets, as Docker and Kubernetes make it, with a file that is none of ours."""
    monkeypatch.setenv("FOVEA_SECRETS", str(tmp_path))
    (tmp_path / "postgres_password").write_text("hidden")
    return tmp_path


def test_settings_may_be_files(secrets: Path) -> None:
    (secrets / "fovea_index__url").write_text("postgresql://fovea:hidden@db.example.org/fovea\n")
    (secrets / "FOVEA_STORAGE__OPTIONS").write_text('{"secret_access_key": "hidden"}\n')
    settings = Settings()
    assert settings.index_url == "postgresql://fovea:hidden@db.example.org/fovea"
    assert settings.object_store.client == {"secret_access_key": "hidden"}
    assert "hidden" not in settings.model_dump_json()


def test_a_variable_goes_before_a_file_and_groups_come_from_both(
    secrets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (secrets / "fovea_storage__url").write_text("s3://of-the-file/prefix")
    (secrets / "fovea_storage__options").write_text('{"secret_access_key": "hidden"}')
    monkeypatch.setenv("FOVEA_STORAGE__URL", "s3://of-the-variable/prefix")
    settings = Settings()
    assert settings.blob_location == "s3://of-the-variable/prefix"
    assert settings.object_store.client == {"secret_access_key": "hidden"}


def test_a_folder_of_secrets_that_is_not_there_is_refused(secrets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_SECRETS", str(secrets / "missing"))
    with pytest.raises(ValidationError, match="directory"):
        Settings()


def test_the_file_of_tokens_may_be_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert Settings(data=tmp_path).token_file == tmp_path / "tokens.json"
    monkeypatch.setenv("FOVEA_AUTH__TOKEN_FILE", str(tmp_path / "shared" / "tokens.json"))
    assert Settings(data=tmp_path).token_file == tmp_path / "shared" / "tokens.json"
