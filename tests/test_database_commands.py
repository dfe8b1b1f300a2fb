"""``fovea db``, as people and start scripts call it."""

from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from app.cli.main import app
from app.settings import IndexSettings
from storage.index.migrations import latest
from tests.postgresql_server import PostgresqlServer


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["db", *arguments])


def test_the_tables_are_made_and_then_up_to_date(data_folder: Path) -> None:
    before = run("current", "--data", str(data_folder))
    assert before.exit_code == 1
    assert "no tables" in before.output
    assert not data_folder.exists()
    assert run("upgrade", "--data", str(data_folder)).output.split() == [latest()]
    after = run("current", "--data", str(data_folder))
    assert (after.exit_code, after.output) == (0, f"{latest()} (up to date)\n")


def test_the_same_in_postgresql(postgresql: PostgresqlServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOVEA_INDEX__URL", postgresql.new_database("template0"))
    assert run("current").exit_code == 1
    assert run("upgrade").output.split() == [latest()]
    assert run("upgrade").output.split() == [latest()]
    assert run("current").exit_code == 0


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("postgresql://nobody:secret@127.0.0.1:1/nothing", "does not answer"),
        ("mysql://host/index", "postgres"),
    ],
)
def test_what_cannot_be_reached_is_told_without_a_traceback(
    url: str, told: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOVEA_INDEX__URL", url)
    for command in ("current", "upgrade"):
        result = run(command)
        assert result.exit_code == 2
        assert told in result.output
        assert "secret" not in result.output


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://fovea:pass%40word@db:5432/fovea", "postgresql://fovea:***@db:5432/fovea"),
        ("postgresql://fovea@db:5432/fovea", "postgresql://fovea@db:5432/fovea"),
        ("sqlite:////data/a:b@c/index.sqlite", "sqlite:////data/a:b@c/index.sqlite"),
    ],
)
def test_settings_that_are_printed_hide_the_password(url: str, shown: str) -> None:
    settings = IndexSettings(url=url)
    assert settings.model_dump()["url"] == shown
    assert settings.url == url
