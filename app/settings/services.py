"""What is stored, and what answers look like."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from app.services.store import Validation
from app.settings.section import DOCUMENTED
from storage.records import DuplicatePolicy


class StoreSettings(BaseModel):
    """What is accepted to be stored."""

    model_config = DOCUMENTED

    duplicates: DuplicatePolicy = DuplicatePolicy.REJECT
    """What to do with an instance whose SOPInstanceUID is stored with other bytes: ``reject`` it, ``replace`` what is
    stored, or ``keep`` what is stored and answer with a warning."""

    validation: Validation = Validation.LENIENT
    """``lenient``: the identity of an instance must be right. ``strict``: also VR, VM and values of its attributes, and
    the required attributes of patient, study, series and image."""


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

    animation_frames: Annotated[int, Field(gt=0)] = 1000
    """Frames of one animation (image/gif)."""

    animation_pixels: Annotated[int, Field(gt=0)] = 1 << 26
    """Pixels of one animation, all frames together: it is made in memory, where each takes up to three bytes."""

    overlays: bool = False
    """Draw overlays also for who does not ask for annotations."""
