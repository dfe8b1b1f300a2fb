"""What is stored, and what answers look like."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, Field

from app.services.ingest_transcoding import INGEST_TRANSFER_SYNTAXES, IngestTranscoding, OriginalPolicy
from app.services.store import Validation
from app.settings.section import DOCUMENTED
from storage.records import DuplicatePolicy


def _ingest_transfer_syntax(name: str | None) -> str | None:
    """The UID of a transfer syntax that an archive may be kept in."""
    uid = INGEST_TRANSFER_SYNTAXES.get(name or "", name)
    if uid and uid not in INGEST_TRANSFER_SYNTAXES.values():
        names = ", ".join(f"{name} ({uid})" for name, uid in INGEST_TRANSFER_SYNTAXES.items())
        raise ValueError(f"an archive may be kept in one of these transfer syntaxes: {names}")
    return uid or None


class StoreSettings(BaseModel):
    """What is accepted to be stored."""

    model_config = DOCUMENTED

    duplicates: DuplicatePolicy = DuplicatePolicy.REJECT
    """What to do with an instance whose SOPInstanceUID is stored with other bytes: ``reject`` it, ``replace`` what is
    stored, or ``keep`` what is stored and answer with a warning."""

    validation: Validation = Validation.LENIENT
    """``lenient``: the identity of an instance must be right. ``strict``: also VR, VM and values of its attributes, and
    the required attributes of patient, study, series and image."""

    transfer_syntax: Annotated[str | None, AfterValidator(_ingest_transfer_syntax)] = None
    """The lossless transfer syntax that instances are brought into when they are stored, by its UID or as
    ``explicit-vr-little-endian``, ``rle``, ``jpeg-ls``, ``jpeg-2000``, ``htj2k`` or ``htj2k-rpcl``. What is lossy
    compressed, or cannot be transcoded without any change of a pixel, stays as it came. Default: everything does."""

    original: OriginalPolicy = OriginalPolicy.REPLACE
    """What becomes of the files that are transcoded: ``replace`` stores the new file in their place; ``keep`` stores
    them as they came, with the new file beside, out of which answers in its transfer syntax are read."""

    @property
    def transcoding(self) -> IngestTranscoding | None:
        """What is done with instances when they are stored; None where they stay as they come."""
        return IngestTranscoding(self.transfer_syntax, self.original) if self.transfer_syntax else None


class RetrieveSettings(BaseModel):
    """What answers to clients that retrieve look like."""

    model_config = DOCUMENTED

    bulk_data_uris: Literal["absolute", "relative"] = "absolute"
    """How metadata names bulk data: by URLs that begin with the scheme and host, which every client takes, or
    ``relative``, with the path alone, which stays right whatever a proxy makes of the host."""

    cache_seconds: Annotated[int, Field(ge=0)] = 0
    """Seconds for which a client may use instances, frames, bulk data and metadata again without asking whether they
    are still the same. 0: it always asks, which costs a short request. More suits an archive in which nothing is
    replaced or deleted."""

    cache_bytes: Annotated[int, Field(ge=0)] = 128 << 20
    """Bytes of frames in other transfer syntaxes than the stored ones that each server process remembers."""


class RenderingSettings(BaseModel):
    """Rendered instances and thumbnails."""

    model_config = DOCUMENTED

    cache_bytes: Annotated[int, Field(ge=0)] = 128 << 20
    """Bytes of pictures and documents that each server process remembers, for who asks for the same again."""

    held_bytes: Annotated[int, Field(ge=0)] = 64 << 20
    """Bytes of memory in which each server process keeps attributes, palettes and overlays of instances that were shown
    a short while ago, about: 64 MB are some 500 slices of CT."""

    animation_frames: Annotated[int, Field(gt=0)] = 1000
    """Frames of one animation (image/gif)."""

    animation_pixels: Annotated[int, Field(gt=0)] = 1 << 26
    """Pixels of one animation, all frames together: it is made in memory, where each takes up to three bytes."""

    video_frames: Annotated[int, Field(gt=0)] = 2000
    """Frames of one video (video/mp4) that is made of images."""

    video_pixels: Annotated[int, Field(gt=0)] = 1 << 29
    """Pixels of one such video, all frames together: 2048 frames of 512 x 512 pixels, which take some ten seconds."""

    overlays: bool = False
    """Draw overlays also for who does not ask for annotations."""
