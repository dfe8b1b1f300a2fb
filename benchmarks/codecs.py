"""Measure each codec on one slice of 512 x 512 x 16 bit, with one thread and with two: ``python -m benchmarks.codecs``.

The slice is a DICOM file that is named as an argument, such as a real CT, or else one made here, which is noisier.
"""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import orjson
import pydicom

from app.codecs.encoders import ENCODERS
from app.codecs.frame import can_transcode, transcode
from app.codecs.pixels import PixelDescription
from app.dicom.byte_source import BytesSource
from app.dicom.frame_index import FrameIndex
from app.dicom.part10 import parse
from app.services.archive import Archive
from app.services.frames import find_frames
from app.services.store import StoreRequest
from app.services.transcoding import Transcoder
from benchmarks.data import ct_series
from storage.blobs.local import LocalBlobStore
from storage.index.sqlite import SqliteIndex

NATIVE = "1.2.840.10008.1.2.1"
HTJ2K_RPCL = "1.2.840.10008.1.2.4.202"
SECONDS = 1.0


def main(path: Path | None) -> None:
    file = path.read_bytes() if path else ct_series(1)[0].data
    stored_uid, pixels, stored = first_frame(file)
    native = transcode(stored, stored_uid, NATIVE, pixels).data
    print("| | CPU ms | frames/s, one thread | two threads |\n|---|---|---|---|")
    for uid in ENCODERS:
        if not can_transcode(NATIVE, uid, pixels):
            continue
        compressed = transcode(native, NATIVE, uid, pixels).data
        name = pydicom.uid.UID(uid).name
        print_row(f"native to {name}", lambda uid=uid: transcode(native, NATIVE, uid, pixels))
        print_row(f"{name} to native", lambda uid=uid, data=compressed: transcode(data, uid, NATIVE, pixels))
    asyncio.run(measure_cache(file))


def first_frame(file: bytes) -> tuple[str, PixelDescription, bytes]:
    parsed = parse(BytesSource(file))
    pixels = PixelDescription.from_metadata(orjson.loads(parsed.metadata))
    ranges = FrameIndex.from_bytes(parsed.frame_index).ranges(0)
    return parsed.transfer_syntax_uid, pixels, b"".join(file[each.start : each.stop] for each in ranges)


def print_row(name: str, run: Callable[[], object]) -> None:
    run()
    one, milliseconds = rate(run)
    with ThreadPoolExecutor(2) as threads:
        two = sum(each for each, _ in threads.map(rate, [run, run]))
    print(f"| {name} | {milliseconds:.2f} | {one:,.0f} | {two:,.0f} |", flush=True)


def rate(run: Callable[[], object]) -> tuple[float, float]:
    """Runs a second, and milliseconds of this thread's CPU time for each."""
    start, cpu_start, count = time.perf_counter(), time.thread_time(), 0
    while time.perf_counter() - start < SECONDS:
        run()
        count += 1
    return count / (time.perf_counter() - start), 1000 * (time.thread_time() - cpu_start) / count


async def measure_cache(file: bytes) -> None:
    """The first HTJ2K frame asked of an archive, and the same again."""
    with tempfile.TemporaryDirectory() as folder:
        archive = Archive(LocalBlobStore(Path(folder)), await SqliteIndex.open(Path(folder) / "index.sqlite"))
        async with StoreRequest(archive) as request:
            blob = request.stage()
            await blob.write(file)
            await request.end_instance(blob)
            [outcome] = (await request.commit()).outcomes
        frames, transcoder = await find_frames(archive, outcome.key), Transcoder(archive)
        for name, count in (("first", 1), ("repeated", 1000)):
            start = time.perf_counter()
            for _ in range(count):
                await transcoder.frame(frames, 0, HTJ2K_RPCL)
            milliseconds = 1000 * (time.perf_counter() - start) / count
            print(f"{name} frame in HTJ2K RPCL from an archive: {milliseconds:.3f} ms")
        await archive.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
