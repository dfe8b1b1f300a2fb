"""CPU time of renderings, without the server: from native pixels and attributes to the bytes of the answer.

Run with ``python -m benchmarks.rendering``.
"""

import time
from collections.abc import Callable

import numpy as np
import orjson

from app.codecs.pixels import PixelDescription
from app.rendering.attributes import FrameAttributes
from app.rendering.decoded_frame import decode_frame
from app.rendering.encode import encode
from app.rendering.options import RenderOptions, Viewport
from app.rendering.pipeline import render

SECONDS = 1.0
EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"


def cpu_milliseconds(action: Callable[[], object]) -> float:
    """CPU time of one call, of all threads of this process."""
    action()
    start, calls = time.process_time(), 0
    while time.process_time() - start < SECONDS:
        action()
        calls += 1
    return (time.process_time() - start) / calls * 1000


def main() -> None:
    print("| rendering | CPU ms |\n|---|---|")
    for name, action in scenarios().items():
        print(f"| {name} | {cpu_milliseconds(action):.2f} |")


def scenarios() -> dict[str, Callable[[], object]]:
    ct = metadata(512, 512, bits=16, center=40, width=400, signed=True)
    unset = {tag: ct[tag] for tag in ct if tag not in {"00281050", "00281051"}}
    mg = metadata(4096, 3328, bits=12, center=2048, width=4096)
    ultrasound = metadata(600, 800, bits=8, samples=3, photometric="RGB")
    small = RenderOptions(viewport=Viewport(256, 256))
    return {
        "CT 512 x 512, JPEG": rendering(ct, body(512, 512), "image/jpeg"),
        "CT 512 x 512 without window, JPEG": rendering(unset, body(512, 512), "image/jpeg"),
        "CT 512 x 512, PNG": rendering(ct, body(512, 512), "image/png"),
        "CT 512 x 512, thumbnail": rendering(ct, body(512, 512), "image/jpeg", small),
        "US 800 x 600, RGB, JPEG": rendering(ultrasound, np.repeat(body(600, 800) >> 4, 3).astype("u1"), "image/jpeg"),
        "MG 3328 x 4096, JPEG": rendering(mg, body(4096, 3328) & 0xFFF, "image/jpeg"),
        "MG 3328 x 4096, thumbnail": rendering(mg, body(4096, 3328) & 0xFFF, "image/jpeg", small),
    }


def metadata(
    rows: int,
    columns: int,
    *,
    bits: int,
    samples: int = 1,
    photometric: str = "MONOCHROME2",
    center: float | None = None,
    width: float | None = None,
    signed: bool = False,
) -> dict[str, dict[str, object]]:
    """DICOM JSON of the Image Pixel Module; stored values of a CT are HU + 1024."""
    values: dict[str, object] = {
        "00280002": samples,
        "00280004": photometric,
        "00280010": rows,
        "00280011": columns,
        "00280100": 8 if bits == 8 else 16,
        "00280101": bits,
        "00280102": bits - 1,
        "00280103": int(signed),
        "00281050": center,
        "00281051": width,
        "00281052": -1024 if signed else 0,
        "00281053": 1,
        "00080060": "CT" if signed else "MG",
    }
    return {tag: {"vr": "", "Value": [value]} for tag, value in values.items() if value is not None}


def body(rows: int, columns: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint16]]:
    """A phantom: air, an ellipse of soft tissue with noise, and bone within."""
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    noise = np.random.default_rng(1).normal(0, 12, (rows, columns))
    hounsfield = np.where(x**2 / 0.7 + y**2 < 0.6, 40 + 60 * np.sin(8 * x) * np.cos(9 * y), -1000)
    hounsfield = np.where(x**2 + (y - 0.4) ** 2 < 0.02, 700, hounsfield)
    return np.clip(hounsfield + noise + 1024, 0, 4095).astype(np.uint16)


def rendering(
    document: dict[str, dict[str, object]],
    samples: np.ndarray[tuple[int, ...], np.dtype[np.generic]],
    media_type: str,
    options: RenderOptions | None = None,
) -> Callable[[], bytes]:
    stored, native, chosen = orjson.dumps(document), samples.tobytes(), options or RenderOptions()

    def act() -> bytes:
        described = orjson.loads(stored)
        frame = FrameAttributes(described, no_bulk_data, 0)
        pixels = PixelDescription.from_metadata(described)
        decoded = decode_frame(native, EXPLICIT_VR_LITTLE_ENDIAN, pixels)
        return encode(render(decoded, frame, chosen), media_type, chosen.quality)

    return act


def no_bulk_data(uri: str) -> bytes:
    raise LookupError(uri)


if __name__ == "__main__":
    main()
