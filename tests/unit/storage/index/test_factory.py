from pathlib import Path

import pytest

from storage.index.factory import open_index
from tests.contract.records import key, record


async def test_an_absolute_path_names_a_file_that_is_made_with_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "a folder" / "index%20#1.sqlite"
    index = await open_index(f"sqlite:///{path}")
    await index.close()
    assert path.is_file()


async def test_a_relative_path_is_below_the_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    index = await open_index("sqlite:///index.sqlite")
    await index.close()
    assert (tmp_path / "index.sqlite").is_file()


async def test_what_was_stored_is_there_when_the_index_opens_again(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/index.sqlite"
    index = await open_index(url)
    await index.add([record()])
    await index.close()
    index = await open_index(url)
    assert await index.instance(key(1, 1, 1)) is not None
    await index.close()


async def test_a_database_of_postgresql_is_named_by_a_url_as_well(postgresql_url: str) -> None:
    for url in (postgresql_url, postgresql_url.replace("postgresql:", "postgres:", 1)):
        index = await open_index(url, connections=3)
        assert await index.instance(key(1, 1, 1)) is None
        await index.close()


@pytest.mark.parametrize("url", ["", "index.sqlite", "sqlite:///", "sqlite://host/index", "mysql://host/index"])
async def test_any_other_url_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="sqlite:///"):
        await open_index(url)
