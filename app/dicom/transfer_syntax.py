"""The table of transfer syntaxes: how a data set is encoded, and what a frame is called on the web."""

from dataclasses import dataclass

OCTET_STREAM = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class TransferSyntax:
    """One transfer syntax (PS3.5 chapter 10, PS3.6 Table A-1).

    ``media_type`` is that of one frame as it is stored: application/octet-stream where frames are native (PS3.18 Table
    8.7.3-4), else that of the codestream (Table 8.7.3-5).
    """

    uid: str
    name: str
    explicit_vr: bool = True
    little_endian: bool = True
    encapsulated: bool = True
    deflated: bool = False
    media_type: str = OCTET_STREAM
    one_fragment_per_frame: bool = False
    """Whether each frame is one fragment by definition (PS3.5 A.4.2, A.4.13)."""

    @property
    def is_video(self) -> bool:
        """Whether Pixel Data is one stream for all frames, so that no frame can be had alone."""
        return self.media_type.startswith("video/")


def _native(
    uid: str, name: str, *, explicit: bool = True, little: bool = True, deflated: bool = False
) -> TransferSyntax:
    return TransferSyntax(uid, name, explicit, little, encapsulated=False, deflated=deflated)


def _family(media_type: str, prefix: str, names: dict[str, str]) -> list[TransferSyntax]:
    return [TransferSyntax(prefix + suffix, name, media_type=media_type) for suffix, name in names.items()]


_COMPRESSED = "1.2.840.10008.1.2.4."

TRANSFER_SYNTAXES: dict[str, TransferSyntax] = {
    syntax.uid: syntax
    for syntax in (
        _native("1.2.840.10008.1.2", "Implicit VR Little Endian", explicit=False),
        _native("1.2.840.10008.1.2.1", "Explicit VR Little Endian"),
        _native("1.2.840.10008.1.2.1.99", "Deflated Explicit VR Little Endian", deflated=True),
        _native("1.2.840.10008.1.2.2", "Explicit VR Big Endian (retired)", little=False),
        _native("1.2.840.10008.1.20", "Papyrus 3 Implicit VR Little Endian (retired)", explicit=False),
        TransferSyntax("1.2.840.10008.1.2.1.98", "Encapsulated Uncompressed Explicit VR Little Endian"),
        TransferSyntax(
            "1.2.840.10008.1.2.5", "RLE Lossless", media_type="image/dicom-rle", one_fragment_per_frame=True
        ),
        TransferSyntax("1.2.840.10008.1.2.8.1", "Deflated Image Frame Compression", one_fragment_per_frame=True),
        *_family(
            "image/jpeg",
            _COMPRESSED,
            {
                "50": "JPEG Baseline (Process 1)",
                "51": "JPEG Extended (Process 2 and 4)",
                "52": "JPEG Extended (Process 3 and 5) (retired)",
                "53": "JPEG Spectral Selection, Non-Hierarchical (Process 6 and 8) (retired)",
                "54": "JPEG Spectral Selection, Non-Hierarchical (Process 7 and 9) (retired)",
                "55": "JPEG Full Progression, Non-Hierarchical (Process 10 and 12) (retired)",
                "56": "JPEG Full Progression, Non-Hierarchical (Process 11 and 13) (retired)",
                "57": "JPEG Lossless, Non-Hierarchical (Process 14)",
                "58": "JPEG Lossless, Non-Hierarchical (Process 15) (retired)",
                "59": "JPEG Extended, Hierarchical (Process 16 and 18) (retired)",
                "60": "JPEG Extended, Hierarchical (Process 17 and 19) (retired)",
                "61": "JPEG Spectral Selection, Hierarchical (Process 20 and 22) (retired)",
                "62": "JPEG Spectral Selection, Hierarchical (Process 21 and 23) (retired)",
                "63": "JPEG Full Progression, Hierarchical (Process 24 and 26) (retired)",
                "64": "JPEG Full Progression, Hierarchical (Process 25 and 27) (retired)",
                "65": "JPEG Lossless, Hierarchical (Process 28) (retired)",
                "66": "JPEG Lossless, Hierarchical (Process 29) (retired)",
                "70": "JPEG Lossless, Non-Hierarchical, First-Order Prediction (Process 14 Selection Value 1)",
            },
        ),
        *_family("image/jls", _COMPRESSED, {"80": "JPEG-LS Lossless", "81": "JPEG-LS Near-Lossless"}),
        *_family("image/jp2", _COMPRESSED, {"90": "JPEG 2000 (Lossless Only)", "91": "JPEG 2000"}),
        *_family(
            "image/jpx",
            _COMPRESSED,
            {
                "92": "JPEG 2000 Part 2 Multi-component (Lossless Only)",
                "93": "JPEG 2000 Part 2 Multi-component",
            },
        ),
        *_family(
            "image/jphc",
            _COMPRESSED,
            {
                "201": "High-Throughput JPEG 2000 (Lossless Only)",
                "202": "High-Throughput JPEG 2000 with RPCL Options (Lossless Only)",
                "203": "High-Throughput JPEG 2000",
            },
        ),
        *_family(
            "image/jxl",
            _COMPRESSED,
            {"110": "JPEG XL Lossless", "111": "JPEG XL JPEG Recompression", "112": "JPEG XL"},
        ),
        *_family(
            "video/mpeg",
            _COMPRESSED,
            {
                "100": "MPEG2 Main Profile / Main Level",
                "100.1": "Fragmentable MPEG2 Main Profile / Main Level",
                "101": "MPEG2 Main Profile / High Level",
                "101.1": "Fragmentable MPEG2 Main Profile / High Level",
            },
        ),
        *_family(
            "video/mp4",
            _COMPRESSED,
            {
                "102": "MPEG-4 AVC/H.264 High Profile / Level 4.1",
                "102.1": "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.1",
                "103": "MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1",
                "103.1": "Fragmentable MPEG-4 AVC/H.264 BD-compatible High Profile / Level 4.1",
                "104": "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video",
                "104.1": "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 2D Video",
                "105": "MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video",
                "105.1": "Fragmentable MPEG-4 AVC/H.264 High Profile / Level 4.2 For 3D Video",
                "106": "MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2",
                "106.1": "Fragmentable MPEG-4 AVC/H.264 Stereo High Profile / Level 4.2",
            },
        ),
        *_family(
            "video/H265",
            _COMPRESSED,
            {"107": "HEVC/H.265 Main Profile / Level 5.1", "108": "HEVC/H.265 Main 10 Profile / Level 5.1"},
        ),
        # Pixel data elsewhere: these data sets hold a URL in the place of Pixel Data (PS3.5 A.6 to A.8).
        _native("1.2.840.10008.1.2.4.94", "JPIP Referenced"),
        _native("1.2.840.10008.1.2.4.95", "JPIP Referenced Deflate", deflated=True),
        _native("1.2.840.10008.1.2.4.204", "JPIP HTJ2K Referenced"),
        _native("1.2.840.10008.1.2.4.205", "JPIP HTJ2K Referenced Deflate", deflated=True),
    )
}
"""By UID. SMPTE ST 2110, RFC 2557 and XML are absent: no stored file is encoded in them (PS3.22; PS3.5 retired them).
"""


def transfer_syntax(uid: str) -> TransferSyntax:
    """The transfer syntax of a UID; a private or unknown one reads as Explicit VR Little Endian with opaque frames.

    PS3.5 A.4 builds every encapsulated syntax, the future ones too, on Explicit VR Little Endian, so such a data set
    can be indexed and given back as it came. What its frames hold nobody here knows: they are application/octet-stream.
    """
    return TRANSFER_SYNTAXES.get(uid) or TransferSyntax(uid, f"Unknown transfer syntax {uid}")
