"""How much one received file may ask of the reader."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ParseLimits:
    """Bounds that keep reading a hostile file quick and small; real files stay far below them."""

    max_depth: int = 64
    """Sequences inside sequences. Structured reports, the deepest real objects, stay below 20."""
    max_elements: int = 4_000_000
    """Data elements and items, all levels together. A sparse slide of 100,000 frames has about 2,500,000."""
    max_elements_per_data_set: int = 65_536
    """Different data elements held in memory at once, of one level."""
    max_fragments: int = 4_000_000
    """Fragments of encapsulated Pixel Data; each takes 12 bytes of the frame index."""
    max_value_length: int = 16 * 1024 * 1024
    """Bytes of a value that has to be read because it cannot be bulk data (PS3.18 F.2.2), such as a PN."""
    max_metadata: int = 512 * 1024 * 1024
    """Bytes of such values in all, and of the DICOM JSON of all items, those of inner items counted at each level."""
    max_inflated: int = 1024 * 1024 * 1024
    """Bytes of a deflated data set after inflating."""
    max_inflate_restarts: int = 8
    """How often a deflated data set may be inflated anew to look back at what has passed."""


DEFAULT_LIMITS = ParseLimits()
"""What a server allows that says nothing else."""
