"""Which kind of stream stored video pixel data is: told by its first bytes, for DICOM leaves the container open.

MPEG-2 comes as a program or elementary stream, H.264 and HEVC in an MP4 file or a transport stream, or bare (PS3.5
8.2.5 to 8.2.8, A.4.5 to A.4.9). Bare H.264 and HEVC no player takes, so it has no media type here.
"""

VIDEO_HEAD_BYTES = 377
"""Bytes by which a stream is told: two packets of a transport stream and the first byte of a third."""

VIDEO_MEDIA_TYPES = MP4, MPEG, TRANSPORT_STREAM = ("video/mp4", "video/mpeg", "video/mp2t")
"""Those of an MP4 file, of MPEG-2, and of a transport stream."""

_TRANSPORT_PACKET = 188
_TRANSPORT_SYNC = 0x47
_MPEG_STARTS = (b"\0\0\1\xba", b"\0\0\1\xb3")
"""Start codes of a pack of a program stream, and of a sequence header of MPEG-2 video (ISO/IEC 13818)."""


def video_media_type(head: bytes) -> str | None:
    """The media type of a stream, from its first VIDEO_HEAD_BYTES; None when it is none that is given out."""
    if head[4:8] == b"ftyp":
        return MP4
    if head.startswith(_MPEG_STARTS):
        return MPEG
    syncs = head[::_TRANSPORT_PACKET]
    is_transport_stream = len(syncs) > 1 and all(byte == _TRANSPORT_SYNC for byte in syncs)
    return TRANSPORT_STREAM if is_transport_stream else None
