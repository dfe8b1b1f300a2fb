"""Softcopy Presentation States: how somebody wants images to be shown (PS3.3 A.33.1 to A.33.3, PS3.4 N.2)."""

from collections.abc import Iterator
from dataclasses import dataclass

from app.rendering.attributes import Attributes, FrameAttributes
from app.rendering.grayscale import GrayscaleStages
from app.rendering.modality_lut import modality_lut
from app.rendering.overlays import OVERLAY_GROUPS, shutter_group
from app.rendering.presentation_lut import presentation_lut
from app.rendering.voi_lut import voi_lut


@dataclass(frozen=True, slots=True)
class ReferencedImage:
    """An image that a presentation state is for; ``frames`` count from 1, and are all frames when there are none."""

    series_instance_uid: str
    sop_instance_uid: str
    frames: tuple[int, ...]

    def includes(self, sop_instance_uid: str, frame_number: int) -> bool:
        """Whether a frame, counted from 1, of an instance is meant."""
        return self.sop_instance_uid == sop_instance_uid and (not self.frames or frame_number in self.frames)


def referenced_images(state: Attributes) -> list[ReferencedImage]:
    """The images that a presentation state is for, in its order; all of its own study (PS3.3 C.11.11)."""
    return [
        image
        for series in state.items("ReferencedSeriesSequence")
        for image in _images(series, series.text("SeriesInstanceUID"))
    ]


def _images(item: Attributes, series_instance_uid: str = "") -> Iterator[ReferencedImage]:
    for reference in item.items("ReferencedImageSequence"):
        frames = tuple(map(int, reference.numbers("ReferencedFrameNumber")))
        yield ReferencedImage(series_instance_uid, reference.text("ReferencedSOPInstanceUID"), frames)


class PresentationState:
    """What a presentation state says of one frame of one of its images."""

    def __init__(self, attributes: FrameAttributes, frame: FrameAttributes) -> None:
        self.attributes = attributes
        self._sop_instance_uid = frame.text("SOPInstanceUID")
        self._frame_number = frame.frame + 1

    def items(self, name: str) -> list[Attributes]:
        """The items of a sequence that are for the frame: those that name it, and those that name no image."""
        return [item for item in self.attributes.items(name) if self._is_for_frame(item)]

    def overlay_groups(self, *, of_image: bool) -> tuple[list[int], list[int]]:
        """The groups of the overlays that are drawn: of the state's own, and of those of the image (PS3.3 C.11.7).

        An overlay is drawn that has a layer; of one that the state says nothing of, its own always, and that of the
        image by ``of_image``.
        """
        own: list[int] = []
        others: list[int] = []
        for group in OVERLAY_GROUPS:
            is_own, layer = f"{group:04X}3000" in self.attributes, f"{group:04X}1001"
            drawn = bool(self.attributes.text(layer)) if layer in self.attributes else is_own or of_image
            if drawn and group != shutter_group(self.attributes):
                (own if is_own else others).append(group)
        return own, others

    def _is_for_frame(self, item: Attributes) -> bool:
        images = list(_images(item))
        return not images or any(image.includes(self._sop_instance_uid, self._frame_number) for image in images)

    def stages(self) -> GrayscaleStages:
        """The look-up tables of the state.

        The polarity is its own, also of MONOCHROME1 (PS3.4 N.2.1.3). Where the state has no modality or VOI LUT those
        of the image are taken: for the latter PS3.4 N.2.1.2 has no transformation, which shows nothing of a CT.
        """
        attributes = self.attributes
        has_modality_lut = "ModalityLUTSequence" in attributes or "RescaleSlope" in attributes
        windows = (voi_lut(item) for item in self.items("SoftcopyVOILUTSequence"))
        return GrayscaleStages(
            modality=modality_lut(attributes) if has_modality_lut else None,
            voi=next(windows, None),
            presentation=presentation_lut(attributes, "MONOCHROME2"),
        )
