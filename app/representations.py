"""What we offer: the one table of media types and transfer syntaxes for each kind of resource (PS3.18 8.7.3).

Offers are made from how an instance is stored; an offer that stands first is the answer to a client without wishes.
"""

from app.dicom.transfer_syntax import TransferSyntax
from app.protocol.media_type import MediaType
from app.protocol.negotiation import Offer

DICOM = MediaType("application", "dicom")
DICOM_JSON = MediaType("application", "dicom+json")
DICOM_XML = MediaType("application", "dicom+xml")
JSON = MediaType("application", "json")
XML = MediaType("application", "xml")
OCTET_STREAM = MediaType("application", "octet-stream")

EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"

DOCUMENT_OFFERS = (Offer(DICOM_JSON), Offer(JSON))
"""Metadata, search results and reports (PS3.18 8.7.3.2); people and generic tools ask for plain JSON."""


REPORT_OFFERS = (*DOCUMENT_OFFERS, Offer(DICOM_XML), Offer(XML))
"""What became of the instances of a store request (PS3.18 10.5.3)."""


def instance_offers(transfer_syntax_uid: str, *, alone: bool) -> list[Offer]:
    """A whole instance as it is stored (PS3.18 Table 8.7.3-2); ``alone`` when it is the only one of the answer.

    Also for a client that names no transfer syntax: the standard would have Explicit VR Little Endian then, and the
    stored bytes are what every client of ours can read.
    """
    offer = Offer(DICOM, multipart=True, transfer_syntax_uid=transfer_syntax_uid)
    return [offer, _as_single_part(offer)] if alone else [offer]


def frame_offers(stored: TransferSyntax, *, alone: bool) -> list[Offer]:
    """Frames as they are stored (PS3.18 Tables 8.7.3-4 and 8.7.3-5).

    Native frames are little endian and named so, whatever the data set around them is. A compressed frame may also go
    out as application/octet-stream, but only to a client that asks for its transfer syntax or for any: without that,
    the media type promises native pixels.
    """
    media_type = MediaType.parse(stored.media_type)
    if not stored.encapsulated:
        offers = [Offer(OCTET_STREAM, multipart=True, transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN)]
    else:
        offers = [
            Offer(media_type, multipart=True, transfer_syntax_uid=stored.uid),
            Offer(OCTET_STREAM, multipart=True, transfer_syntax_uid=stored.uid, default=False),
        ]
    return offers + [_as_single_part(offer) for offer in offers] if alone else offers


def bulk_data_offers() -> list[Offer]:
    """The value of an attribute as uncompressed bytes (PS3.18 8.7.3.3)."""
    offer = Offer(OCTET_STREAM, multipart=True)
    return [offer, _as_single_part(offer)]


def _as_single_part(offer: Offer) -> Offer:
    return Offer(offer.media_type, False, offer.transfer_syntax_uid, offer.default)
