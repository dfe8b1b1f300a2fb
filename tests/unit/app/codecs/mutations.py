"""Decode damaged codestreams of one transfer syntax, in a process of its own that a decoder may bring down.

Arguments: the UID, and how many. Writes the slowest in seconds, and the greatest memory of the process in MB.
"""

import random
import sys
import time
from pathlib import Path

import imagecodecs

from app.codecs.errors import CannotTranscode
from app.codecs.frame import can_transcode, decode, transcode
from app.codecs.pixels import PixelDescription
from tests.unit.app.codecs.synthetic import pixels_of, samples_for

NATIVE = "1.2.840.10008.1.2.1"
PREFIX = "1.2.840.10008.1.2.4."
END_OF_IMAGE = b"\xff\xd9"


def sound(uid: str, pixels: PixelDescription) -> bytes:
    """A codestream without damage, by the encoder under test or, for what it does not write, by the library."""
    samples = samples_for(pixels)
    unsigned = samples.view(f"<u{samples.itemsize}")
    if uid == PREFIX + "51":
        return bytes(imagecodecs.jpeg8_encode(unsigned & 0xFFF, 80, bitspersample=12))
    if uid == PREFIX + "70":
        return bytes(imagecodecs.jpeg8_encode(unsigned, lossless=True, bitspersample=pixels.bits_allocated))
    if uid == PREFIX + "81":
        return bytes(imagecodecs.jpegls_encode(unsigned, 3))
    if uid == PREFIX + "91":
        return bytes(imagecodecs.jpeg2k_encode(samples, 40, codecformat="J2K", reversible=False))
    if uid == PREFIX + "203":
        return bytes(imagecodecs.htj2k_encode(samples, 0.01, planar=False, reversible=False))
    return transcode(samples.tobytes(), NATIVE, uid, pixels).data


def damaged(codestream: bytes, chance: random.Random) -> bytes:
    """Some bytes changed anywhere or among the first, some left out, some twice, or the end cut off."""
    data = bytearray(codestream)
    kind, position = chance.random(), chance.randrange(len(data))
    if kind < 0.8:
        reach = len(data) if kind < 0.4 else min(len(data), 220)
        for _ in range(chance.randint(1, 5)):
            data[chance.randrange(reach)] = chance.choice([0, 1, 2, 127, 128, 255, chance.randrange(256)])
    elif kind < 0.87:
        del data[position : position + chance.randint(1, 40)]
    elif kind < 0.94:
        data[position:position] = data[position : position + chance.randint(1, 60)]
    else:
        del data[position:]
    return bytes(data) + (END_OF_IMAGE if chance.random() < 0.5 else b"")


def main(uid: str, count: int) -> None:
    kinds = [pixels_of(8, 8), pixels_of(16, 12), pixels_of(16, 16, signed=True), pixels_of(8, 8, samples=3)]
    if uid == PREFIX + "51":
        kinds = kinds[1:2]
    encodable = [
        kind
        for kind in kinds
        if can_transcode(uid, NATIVE, kind) and (uid != PREFIX + "50" or kind.bits_allocated == 8)
    ]
    codestreams = [(sound(uid, pixels), pixels) for pixels in encodable]
    chance, slowest = random.Random(uid), 0.0
    for _ in range(count):
        codestream, pixels = chance.choice(codestreams)
        start = time.perf_counter()
        try:
            samples, _ = decode(damaged(codestream, chance), uid, pixels)
            assert samples.dtype.itemsize == pixels.sample_bytes
        except CannotTranscode:
            pass
        slowest = max(slowest, time.perf_counter() - start)
    sys.stdout.write(f"{slowest} {_most_megabytes()}\n")


def _most_megabytes() -> float:
    """The most memory that this program has had; what getrusage tells counts also the one that started it."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
