"""``fovea`` with a decoder of JPEG-LS that crashes, or does not end, where a codestream has a comment that says so.

To be run as a program: the processes that a server starts import it too, and so have the same decoder.
"""

import signal
import threading

from app.cli.main import main
from app.codecs.decoders import DECODERS
from app.codecs.pixels import PixelDescription
from app.codecs.samples import Samples

JPEG_LS = "1.2.840.10008.1.2.4.80"
CRASH, HANG = b"a codec crashes on this", b"a codec does not end with this"

_decode = DECODERS[JPEG_LS]


def _decode_or_die(data: bytes, pixels: PixelDescription) -> tuple[Samples, str]:
    if CRASH in data:
        signal.raise_signal(signal.SIGSEGV)
    if HANG in data:
        threading.Event().wait()
    return _decode(data, pixels)


DECODERS[JPEG_LS] = _decode_or_die

if __name__ == "__main__":
    main()
