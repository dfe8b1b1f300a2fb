"""Codecs that crash or hang: what they worked on is kept apart, and what is innocent comes out right."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from app.workers import CodecFailure, Pixels, guarded_codecs, run_codec
from app.workers.suspects import Suspects

PIXELS = Pixels("3a7bd3e2-0", "frame 1 of studies/1.2")

DYING_SERVER = """
import asyncio, signal, sys
from pathlib import Path
from app.workers import Pixels, guarded_codecs, run_codec

async def main(folder):
    async with guarded_codecs(folder, 60):
        await asyncio.gather(*(run_codec(Pixels(digest, "a frame"), work, sys.argv[2]) for digest in sys.argv[3:]))

def work(how):
    together.wait()
    signal.raise_signal(int(how)) if how != "0" else None

from threading import Barrier
together = Barrier(len(sys.argv) - 3)
asyncio.run(main(Path(sys.argv[1])))
"""


def run_server(folder: Path, ended_by: int, *digests: str) -> None:
    """A process in which codecs work on several pixels when it ends by a signal, or with none in good order."""
    arguments = [str(folder), str(int(ended_by)), *digests]
    status = subprocess.run([sys.executable, "-c", DYING_SERVER, *arguments], timeout=60, check=False).returncode
    assert status == -ended_by


def crash() -> None:
    signal.raise_signal(signal.SIGSEGV)


def hang() -> None:
    threading.Event().wait()


def fail(text: str) -> None:
    raise LookupError(text)


def process_id() -> int:
    return os.getpid()


async def run_once(folder: Path, *call: object, seconds: float = 60) -> object:
    async with guarded_codecs(folder, seconds):
        return await run_codec(PIXELS, *call)  # type: ignore[arg-type]


@pytest.mark.parametrize("ended_by", [signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL])
def test_what_a_process_worked_on_when_it_died_is_suspect(tmp_path: Path, ended_by: int) -> None:
    run_server(tmp_path, ended_by, "one", "other")
    asyncio.run(run_once(tmp_path, process_id))
    assert [Suspects(tmp_path).verdict(digest) for digest in ("one", "other", "third")] == ["", "", None]


def test_what_a_process_has_done_is_not_suspect(tmp_path: Path) -> None:
    run_server(tmp_path, 0, "one", "other")
    assert list(tmp_path.iterdir()) == []


def test_the_dead_are_noticed_while_a_process_runs(tmp_path: Path) -> None:
    async def notice() -> None:
        async with guarded_codecs(tmp_path, 60), asyncio.timeout(30):
            await asyncio.to_thread(run_server, tmp_path, signal.SIGSEGV, "bad")
            while Suspects(tmp_path).verdict("bad") is None:
                await asyncio.sleep(0.01)

    asyncio.run(notice())


def test_what_is_not_suspect_is_worked_on_in_this_process(tmp_path: Path) -> None:
    assert asyncio.run(run_once(tmp_path, process_id)) == os.getpid()
    assert list(tmp_path.iterdir()) == []


def test_a_suspect_is_worked_on_in_a_process_of_its_own(tmp_path: Path) -> None:
    Suspects(tmp_path).suspect(PIXELS.digest)
    assert asyncio.run(run_once(tmp_path, process_id)) != os.getpid()
    assert asyncio.run(run_once(tmp_path, sum, [1, 2])) == 3
    with pytest.raises(LookupError, match="what the function raises"):
        asyncio.run(run_once(tmp_path, fail, "what the function raises"))


@pytest.mark.parametrize(("work", "reason"), [(crash, "Segmentation fault"), (hang, "longer than 0.5 seconds")])
def test_a_suspect_that_ends_its_process_is_not_touched_any_more(tmp_path: Path, work: object, reason: str) -> None:
    Suspects(tmp_path).suspect(PIXELS.digest)
    with pytest.raises(CodecFailure, match=reason):
        asyncio.run(run_once(tmp_path, work, seconds=0.5))
    with pytest.raises(CodecFailure, match=reason):
        asyncio.run(run_once(tmp_path, process_id))
    Suspects(tmp_path).suspect(PIXELS.digest)
    with pytest.raises(CodecFailure, match=reason):
        asyncio.run(run_once(tmp_path, process_id))


def test_a_suspect_cannot_take_all_memory(tmp_path: Path) -> None:
    Suspects(tmp_path).suspect(PIXELS.digest)
    with pytest.raises(MemoryError):
        asyncio.run(run_once(tmp_path, bytes, 5 << 30))
