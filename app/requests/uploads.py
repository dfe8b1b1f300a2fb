"""The bodies of store requests, read as they arrive and handed to a StoreRequest (PS3.18 10.5.1, 8.6.1.2)."""

from collections.abc import AsyncIterator, Mapping

import orjson

from app.dicom.errors import UnusableInstance
from app.dicom.xml_reader import read_xml
from app.protocol.errors import MalformedRequest, PayloadTooLarge, UnsupportedMediaType
from app.protocol.media_type import MediaType
from app.protocol.multipart_reader import Event, MultipartLimits, MultipartReader, PartBegin, PartData, PartEnd
from app.representations import DICOM, DICOM_JSON, DICOM_XML
from app.services.store import StoreRequest
from app.services.store_metadata import BulkData, SeparateInstances
from app.services.unzip import UnpackedBytes, is_zip, store_members
from app.settings import LimitsSettings
from app.workers import run_cpu
from storage.blobs.protocol import StagedBlob

MULTIPART_RELATED = "multipart/related"
FORM_DATA = "multipart/form-data"
_DOCUMENTS = {DICOM_JSON.essence, DICOM_XML.essence}
_TAKEN = f"{DICOM}, or {MULTIPART_RELATED} of type {DICOM}, {DICOM_JSON} or {DICOM_XML}"

MAX_JSON_VALUES = 4_000_000
"""Values in one metadata part: each takes up to a hundred bytes of memory, however short it is. A structure set with
a million points has three million."""
_BEFORE_JSON_VALUES = b"{", b"[", b","


async def receive(body: AsyncIterator[bytes], content_type: str, storing: StoreRequest, limits: LimitsSettings) -> None:
    """Read a body to its end. Raises UnsupportedMediaType, MalformedRequest, PayloadTooLarge."""
    media_type = _parsed(content_type)
    if media_type.essence == DICOM.essence:
        await _receive_file(body, storing)
    elif media_type.essence == MULTIPART_RELATED:
        receiver = _PartReceiver(media_type, storing, limits)
        async for event in events(body, _reader(media_type, limits)):
            await receiver.take(event)
        await receiver.finish()
    else:
        raise UnsupportedMediaType(f"StoreInstances takes {_TAKEN}, not {content_type!r}")


def _reader(media_type: MediaType, limits: LimitsSettings) -> MultipartReader:
    multipart_limits = MultipartLimits(parts=limits.parts, header_bytes_per_part=limits.part_header_bytes)
    return MultipartReader(media_type, multipart_limits)


async def events(body: AsyncIterator[bytes], reader: MultipartReader) -> AsyncIterator[Event]:
    """The events of a multipart body as it arrives."""
    async for piece in body:
        for event in reader.feed(piece):
            yield event
    reader.close()


async def _receive_file(body: AsyncIterator[bytes], storing: StoreRequest) -> None:
    blob = storing.stage()
    async for piece in body:
        await blob.write(piece)
    if blob.size:
        await storing.end_instance(blob)


class _PartReceiver:
    """Takes the parts of a request: files; or documents, and bulk data that they point to."""

    def __init__(self, root: MediaType, storing: StoreRequest, limits: LimitsSettings) -> None:
        self._storing = storing
        self._separate = SeparateInstances(storing, limits.body_bytes)
        self._documents: list[tuple[bytes, MediaType]] = []
        self._document_bytes_left = limits.metadata_bytes
        self._documents_left = limits.parts
        named = root.parameter("type")
        self._root = _parsed(named).essence if named else None
        if self._root not in {None, DICOM.essence, *_DOCUMENTS}:
            raise UnsupportedMediaType(f"StoreInstances takes {_TAKEN}, not parts of type {self._root!r}")
        self._part = DICOM
        self._document = bytearray()
        self._blob: StagedBlob | None = None
        self._bulk: BulkData | None = None

    async def take(self, event: Event) -> None:
        """One event of the reader."""
        match event:
            case PartBegin(headers):
                self._begin(headers)
            case PartData(data) if target := self._blob or self._bulk:
                await target.write(data)
            case PartData(data):
                self._collect(data)
            case PartEnd() if self._blob is not None:
                await self._storing.end_instance(self._blob)
            case PartEnd() if self._bulk is None:
                self._documents.append((bytes(self._document), self._part))

    async def finish(self) -> None:
        """All parts are there. Metadata are read now, part by part: as objects they take many times their length."""
        for data, media_type in self._documents:
            documents = await run_cpu(_documents, data, media_type)
            self._documents_left -= len(documents)
            if self._documents_left < 0:
                raise PayloadTooLarge("The request describes more instances than it may have parts")
            for document in documents:
                await self._separate.store(document)

    def _begin(self, headers: Mapping[str, str]) -> None:
        self._part = _parsed(headers.get("content-type") or self._root or DICOM.essence)
        if self._root is None:
            self._root = self._part.essence  # RFC 2387 3.2: the first part is the root
        self._blob = self._bulk = None
        if self._part.essence == DICOM.essence:
            self._blob = self._storing.stage()
        elif self._part.essence in _DOCUMENTS:
            self._document.clear()
        elif self._root in _DOCUMENTS:
            self._bulk = self._begin_bulk(headers)
        else:
            raise UnsupportedMediaType(f"StoreInstances takes {_TAKEN}, not a part of type {self._part.essence!r}")

    def _begin_bulk(self, headers: Mapping[str, str]) -> BulkData:
        location = headers.get("content-location")
        if not location:
            raise MalformedRequest("A bulk data part has no Content-Location, so that no BulkDataURI can name it")
        return self._separate.begin_bulk(location, self._part.essence, self._part.parameter("transfer-syntax"))

    def _collect(self, data: bytes) -> None:
        self._document_bytes_left -= len(data)
        if self._document_bytes_left < 0:
            raise PayloadTooLarge("The metadata parts of the request are longer than the server reads")
        self._document += data


def _documents(data: bytes, media_type: MediaType) -> list[Mapping[str, object]]:
    """The DICOM JSON objects of a metadata part (PS3.18 F.2.1), or the one of a Native DICOM Model.

    Raises MalformedRequest, PayloadTooLarge.
    """
    if media_type.essence == DICOM_XML.essence:
        try:
            return [read_xml(data)]
        except UnusableInstance as error:
            raise MalformedRequest(f"A metadata part is not a Native DICOM Model: {error}") from error
    if sum(map(data.count, _BEFORE_JSON_VALUES)) > MAX_JSON_VALUES:
        raise PayloadTooLarge(f"A metadata part has more than {MAX_JSON_VALUES} values")
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise MalformedRequest(f"A metadata part is not JSON: {error}") from error
    documents = told if isinstance(told, list) else [told]
    if not all(isinstance(document, dict) for document in documents):
        raise MalformedRequest("A metadata part is not an array of DICOM JSON objects")
    return documents


def _parsed(text: str) -> MediaType:
    """A media type of the request. Raises UnsupportedMediaType for what is none."""
    try:
        return MediaType.parse(text)
    except MalformedRequest as error:
        raise UnsupportedMediaType(f"StoreInstances takes {_TAKEN}, not {text!r}") from error


async def receive_form(
    body: AsyncIterator[bytes], content_type: str, storing: StoreRequest, limits: LimitsSettings
) -> list[str]:
    """Read the files of a form (RFC 7578) to its end; their names, in the order of the instances.

    A zip archive stands for the files in it. Raises UnsupportedMediaType, MalformedRequest, PayloadTooLarge,
    UnreadableArchive, ArchiveTooLarge.
    """
    media_type = _form_type(content_type)
    names: list[str] = []
    unpacked = UnpackedBytes(limits.body_bytes)
    file_name, blob = "", storing.stage()
    async for event in events(body, _reader(media_type, limits)):
        match event:
            case PartBegin(headers):
                file_name, blob = _file_name(headers), storing.stage()
            case PartData(data) if file_name:
                await blob.write(data)
            case PartEnd() if file_name and is_zip(blob):
                names += await store_members(storing, blob, limits.parts - len(names), unpacked)
            case PartEnd() if file_name:
                names.append(file_name)
                await storing.end_instance(blob)
    return names


def _form_type(content_type: str) -> MediaType:
    """The media type of a form. Raises UnsupportedMediaType for any other."""
    try:
        media_type = MediaType.parse(content_type)
    except MalformedRequest:
        media_type = None
    if media_type is None or media_type.essence != FORM_DATA:
        raise UnsupportedMediaType(f"A form is sent as {FORM_DATA}, not {content_type!r}")
    return media_type


def _file_name(headers: Mapping[str, str]) -> str:
    """The name of the file in a part of a form; empty for a field that is none.

    Browsers write it in UTF-8 (RFC 7578 5.1.3), and headers are read as Latin-1.
    """
    disposition = headers.get("content-disposition", "").encode("latin-1").decode("utf-8", "replace")
    _, _, parameters = disposition.partition(";")
    return MediaType.parse(f"form/data;{parameters}").parameter("filename") or ""
