"""What we offer: the one table of media types and transfer syntaxes for each kind of resource (PS3.18 8.7.3).

Offers are made from how an instance is stored; an offer that stands first is the answer to a client without wishes.
"""

from dataclasses import replace
from functools import lru_cache

from app.dicom.transfer_syntax import TRANSFER_SYNTAXES, TransferSyntax, transfer_syntax
from app.protocol.media_type import MediaType
from app.protocol.negotiation import Offer

DICOM = MediaType("application", "dicom")
DICOM_JSON = MediaType("application", "dicom+json")
DICOM_XML = MediaType("application", "dicom+xml")
JSON = MediaType("application", "json")
WADL = MediaType("application", "vnd.sun.wadl+xml")
XML = MediaType("application", "xml")
ZIP = MediaType("application", "zip")
OCTET_STREAM = MediaType("application", "octet-stream")

SYNTAXES_KEPT = 256
"""Transfer syntaxes whose offers are remembered; there are fewer, but for private ones."""

EXPLICIT_VR_LITTLE_ENDIAN = "1.2.840.10008.1.2.1"

DOCUMENT_OFFERS = (Offer(DICOM_JSON), Offer(JSON), Offer(DICOM_XML, multipart=True))
"""Metadata and search results (PS3.18 8.7.3.2); people and generic tools ask for plain JSON."""

CAPABILITIES_OFFERS = (Offer(WADL), Offer(XML), Offer(JSON))
"""The Capabilities Description (PS3.18 8.9.2.3)."""

REPORT_OFFERS = (Offer(DICOM_JSON), Offer(JSON), Offer(DICOM_XML), Offer(XML))
"""What became of the instances of a store request (PS3.18 10.5.3)."""


MULTIPART_DICOM = Offer(DICOM, multipart=True)
"""Instances in whatever transfer syntax, for the API description."""

ZIP_OFFER = Offer(ZIP, made=True)
"""Instances as files in one archive, as they are stored."""


DEFLATED, RLE, JPEG_BASELINE = "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.50"
JPEG_LS, JPEG_2000 = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.90"
HTJ2K, HTJ2K_RPCL = "1.2.840.10008.1.2.4.201", "1.2.840.10008.1.2.4.202"

MADE_INSTANCES = (EXPLICIT_VR_LITTLE_ENDIAN, DEFLATED, RLE, JPEG_LS, JPEG_2000, HTJ2K, HTJ2K_RPCL)
"""Transfer syntaxes that instances are transcoded to; all lossless."""

MADE_FRAMES = (
    Offer(OCTET_STREAM, transfer_syntax_uid=EXPLICIT_VR_LITTLE_ENDIAN, made=True),
    Offer(MediaType("image", "dicom-rle"), transfer_syntax_uid=RLE, made=True),
    Offer(MediaType("image", "jls"), transfer_syntax_uid=JPEG_LS, made=True),
    Offer(MediaType("image", "jp2"), transfer_syntax_uid=JPEG_2000, made=True),
    Offer(MediaType("image", "jphc"), transfer_syntax_uid=HTJ2K, made=True),
    Offer(MediaType("image", "jphc"), transfer_syntax_uid=HTJ2K_RPCL, default=False, made=True),
    Offer(MediaType("image", "jpeg"), transfer_syntax_uid=JPEG_BASELINE, default=False, made=True),
)
"""What frames are transcoded to. The lossy one goes only to clients that name its transfer syntax."""

_ENCODED_OCTETS = frozenset({"1.2.840.10008.1.2.1.98", "1.2.840.10008.1.2.8.1"})
"""Encapsulated transfer syntaxes that have no media type of their own, though frames of them can be decoded."""

_LOSSLESS = frozenset({"57", "58", "65", "66", "70", "80", "90", "92", "110", "201", "202"})
"""Last components of the compressed transfer syntaxes in which no pixel has lost anything."""


@lru_cache(maxsize=SYNTAXES_KEPT)
def stored_instance_offers(transfer_syntax_uid: str, *, alone: bool) -> tuple[Offer, ...]:
    """A whole instance as it is stored; ``alone`` when it is the only one of the answer."""
    offer = Offer(DICOM, multipart=True, transfer_syntax_uid=transfer_syntax_uid)
    return (offer, _as_single_part(offer), ZIP_OFFER) if alone else (offer, ZIP_OFFER)


@lru_cache(maxsize=SYNTAXES_KEPT)
def instance_offers(transfer_syntax_uid: str, *, alone: bool) -> tuple[Offer, ...]:
    """A whole instance as it is stored, and as it can be made (PS3.18 Table 8.7.3-2).

    Who names no transfer syntax means Explicit VR Little Endian. Where pixels are at hand in a lossy form only, that is
    what such a client gets (PS3.18 8.7.3).
    """
    keeps = transfer_syntax_uid == EXPLICIT_VR_LITTLE_ENDIAN or _is_lossy(transfer_syntax(transfer_syntax_uid))
    stored = Offer(DICOM, multipart=True, transfer_syntax_uid=transfer_syntax_uid, default=keeps)
    made = [
        Offer(DICOM, True, uid, default=uid == EXPLICIT_VR_LITTLE_ENDIAN and not keeps, made=True)
        for uid in MADE_INSTANCES
        if uid != transfer_syntax_uid
    ]
    offers = [stored, *made]
    return (*offers, *map(_as_single_part, offers), ZIP_OFFER) if alone else (*offers, ZIP_OFFER)


def _is_lossy(stored: TransferSyntax) -> bool:
    return stored.media_type.startswith(("image/j", "video/")) and stored.uid.rpartition(".")[2] not in _LOSSLESS


FRAME_MEDIA_TYPES = tuple(
    str(Offer(MediaType.parse(name), multipart=multipart))
    for name in dict.fromkeys(syntax.media_type for syntax in TRANSFER_SYNTAXES.values())
    for multipart in (True, False)
)
"""All media types that frames may have, for the API description."""


@lru_cache(maxsize=SYNTAXES_KEPT)
def frame_offers(stored: TransferSyntax, *, alone: bool) -> tuple[Offer, ...]:
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
    return (*offers, *map(_as_single_part, offers)) if alone else tuple(offers)


@lru_cache(maxsize=SYNTAXES_KEPT)
def all_frame_offers(stored: TransferSyntax, *, alone: bool) -> tuple[Offer, ...]:
    """Frames as they are stored, and as they can be made; of each media type the stored form first.

    But application/octet-stream means native pixels also where what is stored has no other media type.
    """
    as_stored = frame_offers(stored, alone=alone)
    if stored.uid in _ENCODED_OCTETS:
        as_stored = tuple(replace(offer, default=False) for offer in as_stored)
    taken = {(offer.media_type, offer.transfer_syntax_uid) for offer in as_stored}
    own_types = {offer.media_type for offer in as_stored if offer.default}
    made = [
        replace(offer, multipart=True, default=offer.default and offer.media_type not in own_types)
        for offer in MADE_FRAMES
        if (offer.media_type, offer.transfer_syntax_uid) not in taken
    ]
    return (*as_stored, *made, *map(_as_single_part, made)) if alone else (*as_stored, *made)


def stored_frames_uid(stored: TransferSyntax) -> str:
    """The transfer syntax in which frames go out as they are stored: native ones always in little endian."""
    return stored.uid if stored.encapsulated else EXPLICIT_VR_LITTLE_ENDIAN


BULK_DATA_OFFERS = (Offer(OCTET_STREAM, multipart=True), Offer(OCTET_STREAM))
"""The value of an attribute as uncompressed bytes (PS3.18 8.7.3.3)."""

SHOWN_DOCUMENTS = frozenset({"application/pdf", "model/stl", "model/obj", "model/mtl", "application/sla"})
"""Encapsulated documents that are given as what they are to clients without wishes, such as a browser's frame."""

GIVEN_DOCUMENTS = frozenset({"text/xml"})
"""Those that are given as what they are only to clients that ask for it: a browser would run what is in them."""


def document_offers(media_type: str | None) -> tuple[Offer, ...]:
    """An encapsulated document by its MIMETypeOfEncapsulatedDocument (PS3.3 C.24.2); another value by None."""
    essence = (media_type or "").strip().lower()
    if essence not in SHOWN_DOCUMENTS | GIVEN_DOCUMENTS:
        return BULK_DATA_OFFERS
    named = MediaType.parse(essence)
    own = Offer(named), Offer(named, multipart=True)
    return (*own, *BULK_DATA_OFFERS) if essence in SHOWN_DOCUMENTS else (*BULK_DATA_OFFERS, *own)


def bulk_part_offers(syntax: TransferSyntax | None, *, alone: bool) -> tuple[Offer, ...]:
    """A bulk value, or a frame in its transfer syntax, among others."""
    if syntax is not None:
        return frame_offers(syntax, alone=alone)
    return BULK_DATA_OFFERS if alone else BULK_DATA_OFFERS[:1]


def _as_single_part(offer: Offer) -> Offer:
    return replace(offer, multipart=False)
