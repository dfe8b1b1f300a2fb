"""The benchmark's index is one as storing studies makes it."""

from pathlib import Path

from sqlalchemy import text

from benchmarks.index_scale import QUESTIONS, fill, kinds, measure, studies
from storage.index.migrations import upgrade
from storage.index.sqlite_connections import writing_engine
from tests.unit.storage.index.first_step import undo_later_steps

COUNT = 60


def test_values_of_studies_are_those_that_the_migration_derives(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    fill(path, COUNT)
    every = text("SELECT * FROM study_value ORDER BY keyword, value, study_row")
    with writing_engine(path).begin() as connection:
        filled = connection.execute(every).all()
        undo_later_steps(connection)
        upgrade(connection)
        assert connection.execute(every).all() == filled
        assert connection.execute(text("PRAGMA foreign_key_check")).all() == []


def test_every_kind_of_question_is_measured(tmp_path: Path) -> None:
    path = tmp_path / "index.sqlite"
    fill(path, COUNT)
    assert QUESTIONS < COUNT
    assert set(measure(path, COUNT)) == set(kinds(next(studies(COUNT)), 0))
