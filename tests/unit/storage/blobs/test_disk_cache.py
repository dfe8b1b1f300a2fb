import os
from pathlib import Path

from storage.blobs.disk_cache import DiskCache
from storage.resource import ByteRange

CAPACITY = 1 << 20
BLOCK = bytes(range(256)) * 16  # as much as a file takes on the disk at the least


def get(cache: DiskCache, key: str, number: int) -> bytes | None:
    file = cache.open(key, number)
    return None if file is None else file.read(ByteRange(0, 2 * len(BLOCK)))


def used(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def age(folder: Path, name: str, seconds: int) -> None:
    """Let a file look as if it was used so many seconds before now."""
    path = folder / name
    then = path.stat().st_mtime - seconds
    os.utime(path, (then, then))


def test_a_block_is_kept_and_found_also_by_another_process(tmp_path: Path) -> None:
    DiskCache(tmp_path, CAPACITY).put("session/1.dcm", 3, BLOCK)
    other = DiskCache(tmp_path, CAPACITY)
    assert get(other, "session/1.dcm", 3) == BLOCK
    assert get(other, "session/1.dcm", 4) is None
    assert get(other, "session/2.dcm", 3) is None


def test_the_folder_stays_within_its_bounds_for_several_processes(tmp_path: Path) -> None:
    caches = [DiskCache(tmp_path, CAPACITY) for _ in range(4)]
    for number in range(CAPACITY // len(BLOCK) * 3):
        caches[number % 4].put(f"session-{number % 7}/{number}.dcm", 0, BLOCK)
        assert used(tmp_path) <= CAPACITY


def test_what_was_not_used_for_longest_makes_room(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, CAPACITY)
    half = CAPACITY // len(BLOCK) // 2
    for number in range(half):
        cache.put("session/1.dcm", number, BLOCK)
        age(tmp_path, f"session/1.dcm.{number}", 1000)
    assert get(cache, "session/1.dcm", 0) == BLOCK  # used again
    for number in range(half):
        cache.put("session/2.dcm", number, BLOCK)
    assert get(cache, "session/1.dcm", 0) == BLOCK
    gone = [number for number in range(half) if get(cache, "session/1.dcm", number) is None]
    assert len(gone) > half // 4
    assert all(get(cache, "session/2.dcm", number) == BLOCK for number in range(half))


def test_what_a_process_that_died_was_writing_goes_too(tmp_path: Path) -> None:
    (tmp_path / "session").mkdir()
    (tmp_path / "session" / "half").write_bytes(BLOCK)
    age(tmp_path, "session/half", 1000)
    cache = DiskCache(tmp_path, CAPACITY)
    for number in range(CAPACITY // len(BLOCK)):
        cache.put("other/1.dcm", number, BLOCK)
    assert not (tmp_path / "session").exists()


def test_a_key_is_forgotten_with_all_its_blocks_and_no_others(tmp_path: Path) -> None:
    cache = DiskCache(tmp_path, CAPACITY)
    for key in ("session/1.dcm", "session/11.dcm"):
        cache.put(key, 0, BLOCK)
        cache.put(key, 20, BLOCK)
    cache.forget(["session/1.dcm", "session/unknown.dcm"])
    assert [get(cache, "session/1.dcm", number) for number in (0, 20)] == [None, None]
    assert [get(cache, "session/11.dcm", number) for number in (0, 20)] == [BLOCK, BLOCK]


def test_a_folder_that_refuses_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_bytes(b"a file stands where the folder should be")
    cache = DiskCache(tmp_path / "cache", CAPACITY)
    cache.put("session/1.dcm", 0, BLOCK)
    assert get(cache, "session/1.dcm", 0) is None
    cache.forget(["session/1.dcm"])
