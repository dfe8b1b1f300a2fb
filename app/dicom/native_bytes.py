"""Native pixel and bulk bytes as the web has them: little endian, each frame from a byte boundary (PS3.18 8.7.3.3)."""

from storage.resource import ByteRange


def cut_bits(data: bytes, first: int, count: int) -> bytes:
    """``count`` bits from bit ``first`` on, moved to a byte boundary, unused bits of the last byte zero.

    Bits are counted from the least significant of the first byte, as PS3.5 8.1.1 packs them.
    """
    bits = int.from_bytes(data, "little") >> first & ((1 << count) - 1)
    return bits.to_bytes((count + 7) // 8, "little")


def swap_words(data: bytes | bytearray, word_size: int) -> bytes:
    """The bytes of each word reversed; ``word_size`` is 1, 2, 4 or 8. A rest shorter than a word stays as it is."""
    stop = len(data) - len(data) % word_size
    swapped = bytearray(data)
    for place in range(word_size):
        swapped[place:stop:word_size] = data[word_size - 1 - place : stop : word_size]
    return bytes(swapped)


def whole_words(byte_range: ByteRange, start: int, word_size: int) -> ByteRange:
    """The words that a range touches, for words that are counted from ``start`` on."""
    first = (byte_range.start - start) // word_size
    last = -(-(byte_range.stop - start) // word_size)
    return ByteRange(start + first * word_size, start + last * word_size)
