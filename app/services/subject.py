"""What one picture shows, and how it is drawn: the work of a rendering, for worker threads."""

from dataclasses import dataclass, replace

from app.codecs.pixels import PixelDescription
from app.rendering.decoded_frame import decode_frame
from app.rendering.encode import encode
from app.rendering.icon import icon
from app.rendering.kind import Kind
from app.rendering.options import RenderOptions, Viewport
from app.rendering.picture import Picture
from app.rendering.pipeline import render, representative_frame
from app.rendering.presentation_state import ReferencedImage
from app.rendering.presented import render_presented
from app.rendering.report import read_report
from app.rendering.report_documents import report_html, report_text, report_xml
from app.rendering.waveform_sheet import render_waveform
from app.services.shown_instance import ShownInstance

PDF, XML = DOCUMENT_MEDIA_TYPES = ("application/pdf", "text/xml")
"""Encapsulated documents that are given as they are; XML is that of the Clinical Document Architecture."""

DOCUMENT_WRITERS = {"text/html": report_html, "text/plain": report_text, XML: report_xml}
"""By media type, the default first."""


@dataclass(frozen=True, slots=True)
class Subject:
    """What one picture shows: a frame, counted from 0, or with None a whole instance; ``state`` says how to show it."""

    shown: ShownInstance
    frame: int | None = None
    state: ShownInstance | None = None

    @property
    def digests(self) -> list[bytes]:
        """What identifies all that is shown."""
        return [each.instance.sha256 for each in (self.shown, self.state) if each is not None]

    @property
    def path(self) -> str:
        """The resource below the DICOMweb root."""
        path = self.shown.instance.key.path
        return path if self.frame is None else f"{path}/frames/{self.frame + 1}"

    @property
    def still(self) -> int:
        """The frame that is shown in a picture that does not move."""
        if self.frame is not None:
            return self.frame
        return representative_frame(self.shown.attributes(), max(self.shown.number_of_frames, 1))

    @property
    def detached(self) -> "Subject":
        """The same without the way to the archive, which another process cannot be given."""
        state = self.state and replace(self.state, frames=None)
        return Subject(replace(self.shown, frames=None), self.still, state)

    @property
    def name(self) -> tuple[str, int, str]:
        """By which results are remembered: a blob never changes, so neither does a picture of it."""
        return self.shown.instance.blob_key, self.still, self.state.instance.blob_key if self.state else ""


def each_frame(subject: Subject, most: int) -> list[Subject]:
    """Each frame that is shown by itself, the first ``most`` of them."""
    if subject.frame is not None:
        return [subject]
    count = min(subject.shown.number_of_frames, most)
    return [Subject(subject.shown, frame, subject.state) for frame in range(count)]


def presented_by(state: ShownInstance, shown: ShownInstance, reference: ReferencedImage) -> list[Subject]:
    """The frames of an image that a presentation state names, if there are such; else the whole image."""
    named = [number - 1 for number in reference.frames if 1 <= number <= shown.number_of_frames]
    return [Subject(shown, frame, state) for frame in named] or [Subject(shown, None, state)]


def document_media_types(shown: ShownInstance) -> tuple[str, ...]:
    """That of the document that an instance holds; none when it is one that not every reader shows."""
    media_type = shown.attributes().text("MIMETypeOfEncapsulatedDocument").strip().lower()
    return (media_type,) if media_type in DOCUMENT_MEDIA_TYPES else ()


def inline_document(shown: ShownInstance) -> bytes:
    """An encapsulated document that is so short that the metadata holds it; empty when it is bulk data."""
    attributes = shown.attributes()
    data = attributes.binary("EncapsulatedDocument")
    # The byte that makes a length even is no part of it (PS3.3 C.24.2).
    return data[: attributes.integer("EncapsulatedDocumentLength") or len(data)]


def picture_of(subject: Subject, data: bytes, options: RenderOptions) -> Picture:
    """The picture of a subject, whose stored frame is ``data``.

    Raises NotRenderable, CannotTranscode, InvalidRenderingParameter.
    """
    shown = subject.shown
    attributes = shown.attributes(subject.still)
    if shown.kind is Kind.WAVEFORM:
        return render_waveform(attributes, options)
    pixels = PixelDescription.from_metadata(shown.document)
    decoded = decode_frame(data, shown.instance.transfer_syntax_uid, pixels)
    if subject.state is not None:
        return render_presented(decoded, attributes, subject.state.attributes(), options)
    return render(decoded, attributes, options)


def draw(subject: Subject, data: bytes, media_type: str, options: RenderOptions) -> bytes:
    """The same, encoded."""
    return encode(picture_of(subject, data, options), media_type, options.quality)


def write_document(shown: ShownInstance, media_type: str, options: RenderOptions) -> bytes:
    """A report as text."""
    return DOCUMENT_WRITERS[media_type](read_report(shown.attributes()), options.charset)


def draw_icon(label: str, viewport: Viewport, media_type: str) -> bytes:
    """An icon, encoded."""
    return encode(icon(label, viewport), media_type)
