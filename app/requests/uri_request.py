"""A request of the URI service, read as a whole from its query (PS3.18 9.1.2, 9.4.1.2, 9.5.1.2)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from app.dicom.uid import is_valid_uid
from app.protocol.accept import MediaRange, parse_accept
from app.protocol.errors import MalformedRequest
from app.protocol.media_type import WILDCARD, MediaType, split_list
from app.rendering.errors import InvalidRenderingParameter
from app.rendering.uri_parameters import UriRendering, parse_uri_rendering, whole_number
from storage.resource import ResourceKey

URI_PARAMETERS: Final = {
    "requestType": "WADO (PS3.18 9.1.2.1).",
    "studyUID": "StudyInstanceUID.",
    "seriesUID": "SeriesInstanceUID.",
    "objectUID": "SOPInstanceUID.",
    "contentType": "Media types with commas between them, in the place of the Accept header (PS3.18 9.1.2.2.1).",
    "transferSyntax": "Of application/dicom: a UID, or * for the stored one (PS3.18 9.4.1.2).",
    "charset": "The character set of text documents (PS3.18 9.1.2.2.2).",
    "frameNumber": "The frame shown, counted from 1 (PS3.18 9.5.1.2.1).",
    "annotation": "patient, technique, or both with a comma between: text and overlays drawn (PS3.18 9.5.1.2.2).",
    "imageQuality": "From 1 to 100, of lossy media types (PS3.18 9.5.1.2.3).",
    "rows": "Height of the picture at most (PS3.18 9.5.1.2.4).",
    "columns": "Width of the picture at most (PS3.18 9.5.1.2.4).",
    "region": "left,top,right,bottom, each from 0 to 1: the region shown (PS3.18 9.5.1.2.5).",
    "windowCenter": "With windowWidth (PS3.18 9.5.1.2.6).",
    "windowWidth": "With windowCenter (PS3.18 9.5.1.2.6).",
    "presentationSeriesUID": "The series of the presentation state (PS3.18 9.5.1.2.7).",
    "presentationUID": "The presentation state to show the image with (PS3.18 9.5.1.2.7).",
}
"""By name, what the parameters mean."""

MAX_FRAME = 999_999_999
_OF_THE_STATE = ("region", "windowCenter", "windowWidth")
"""What a presentation state decides (PS3.18 9.5.1.2.5, 9.5.1.2.6)."""


@dataclass(frozen=True, slots=True)
class UriRequest:
    """What is asked for. ``accepted`` is empty where the query says nothing; ``frame`` counts from 0.

    ``state`` is the presentation state to be shown with.
    """

    key: ResourceKey
    accepted: tuple[MediaRange, ...]
    transfer_syntax: str | None
    frame: int | None
    state: ResourceKey | None
    rendering: UriRendering

    def of_dicom(self, accepted: Sequence[MediaRange]) -> list[MediaRange]:
        """What is accepted, as one part and in the transfer syntax that the query names."""
        named = None if self.transfer_syntax is None else (self.transfer_syntax,)
        return [replace(each, multipart=False, transfer_syntaxes=named or each.transfer_syntaxes) for each in accepted]


def parse_uri_request(parameters: Sequence[tuple[str, str]], *, overlays: bool) -> UriRequest:
    """Read the decoded names and values of a query; unknown ones are ignored, of repeated ones the last counts.

    Raises InvalidRenderingParameter, which names the parameter.
    """
    given = dict(parameters)
    if given.get("requestType") != "WADO":
        raise InvalidRenderingParameter("requestType", given.get("requestType", ""), "it is WADO")
    if "anonymize" in given:
        problem = "data sets are not anonymized here; nothing is given instead"
        raise InvalidRenderingParameter("anonymize", given["anonymize"], problem)
    study = _uid(given, "studyUID")
    frame = whole_number(given, "frameNumber", MAX_FRAME)
    return UriRequest(
        key=ResourceKey(study, _uid(given, "seriesUID"), _uid(given, "objectUID")),
        accepted=_content_types(given.get("contentType")),
        transfer_syntax=_transfer_syntax(given.get("transferSyntax")),
        frame=None if frame is None else frame - 1,
        state=_state(given, study),
        rendering=parse_uri_rendering(given, overlays=overlays),
    )


def _uid(given: Mapping[str, str], name: str) -> str:
    uid = given.get(name, "")
    if not is_valid_uid(uid):
        raise InvalidRenderingParameter(name, uid, "it is a UID")
    return uid


def _content_types(text: str | None) -> tuple[MediaRange, ...]:
    if not text:
        return ()
    for media_type in split_list(text):
        try:
            MediaType.parse(media_type)
        except MalformedRequest as error:
            raise InvalidRenderingParameter("contentType", text, str(error)) from None
    return parse_accept(None, text)


def _transfer_syntax(text: str | None) -> str | None:
    if text and text != WILDCARD and not is_valid_uid(text):
        raise InvalidRenderingParameter("transferSyntax", text, "it is a UID or *")
    return text or None


def _state(given: Mapping[str, str], study: str) -> ResourceKey | None:
    if "presentationUID" not in given and "presentationSeriesUID" not in given:
        return None
    taken = next((name for name in _OF_THE_STATE if name in given), None)
    if taken is not None:
        raise InvalidRenderingParameter(taken, given[taken], "the presentation state decides it")
    return ResourceKey(study, _uid(given, "presentationSeriesUID"), _uid(given, "presentationUID"))
