"""Codecs: frames and files from one transfer syntax to another, pure and synchronous. Services may import it.

``frame`` is the door: ``transcode`` and ``decode``, which look into the tables ``DECODERS`` and ``ENCODERS``.
``rewriting`` writes the data set around the frames anew.

All compression is imagecodecs', which wraps one well-kept library for each family and lets go of the interpreter while
it works: two threads do twice as much, as with pydicom's plugins they do not. Milliseconds for a CT of 512 x 512 x 16,
one thread, encode / decode, and how many times as much two threads do:

===========  ==============  =====================  ==========================================================
RLE          imagecodecs     0.7 / 0.6 (1.0)        pylibjpeg-rle 4.7 / 0.4 (0.9)
JPEG         libjpeg-turbo   0.3 / - (1.5)          the only one that reads 12 bits of all files we know
lossless     libjpeg-turbo   - / 1.8 (2.3)          liblj92 3.1 (2.4), jpegsof3 4.4 (2.1)
JPEG-LS      CharLS          4.2 / 3.7 (1.9)        pyjpegls 4.4 / - (1.0), the same library
JPEG 2000    OpenJPEG        26 / 23 (1.9)          pylibjpeg-openjpeg 28 / 29 (1.0), the same library
HTJ2K        OpenJPH         1.7 / - (1.9)          encodes our own pixels only; see below
HTJ2K        OpenJPEG        - / 2.1 (1.9)          pylibjpeg-openjpeg 2.2 (0.7)
===========  ==============  =====================  ==========================================================

OpenJPH would decode in 1.0 ms, but damaged codestreams make it hang and crash, and its wrapper returns what it did not
write: it decodes nothing here. So 32-bit HTJ2K, which OpenJPEG does not read, is neither decoded nor encoded.

No decoder is called before the size that a codestream states has been held against the data set, and the pieces it is
cut into have been counted: memory is bounded by ``MAX_FRAME_BYTES`` and ``MAX_PIECES``, not by what a header claims.
A codestream whose bits are damaged within bounds may decode to other pixels; the formats have no checksums.
"""

import imagecodecs

CODECS_VERSION = f"imagecodecs {imagecodecs.__version__}".encode()
"""Of what is made by the codecs, the bytes may be others with another version: a part of every validator of it."""
