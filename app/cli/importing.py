"""Bring files and folders into an archive: straight into its data folder, or through a server's STOW-RS."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiofiles
import httpx
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from app.dicom.store_report import FailedInstance, FailureReason, StoreReport
from app.main import open_archive, store_policy
from app.protocol.multipart_writer import MultipartLayout, Part, multipart_related, new_boundary
from app.representations import DICOM
from app.services.archive import Archive
from app.services.store import StorePolicy, StoreRequest
from app.settings import Settings
from storage.blobs.protocol import CHUNK_BYTES
from storage.errors import StorageError

BATCH_FILES = 64
"""Files that are stored together, and committed together."""

BATCH_BYTES = 256 << 20
"""Bytes in one batch, unless a single file is larger."""

DICOM_SUFFIXES = {".dcm", ".dicom", ".ima"}
PREFIX_AT = 128

_SERVER_TIMEOUT_SECONDS = 300


@dataclass(slots=True)
class Tally:
    """What became of the files."""

    stored: int = 0
    skipped: int = 0
    failures: list[str] = field(default_factory=list)

    def add(self, batch: Sequence[Path], failures: Sequence[str | None]) -> None:
        """Count the files of a batch, given for each why it failed, or None."""
        for path, failure in zip(batch, failures, strict=True):
            if failure is None:
                self.stored += 1
            else:
                self.failures.append(f"{path}: {failure}")

    def describe(self) -> str:
        """A few lines for people."""
        lines = [f"{self.stored} stored, {len(self.failures)} failed, {self.skipped} not DICOM", *self.failures]
        return "\n".join(lines)


async def import_into_archive(paths: Sequence[Path], settings: Settings) -> Tally:
    """Store into the archive that the settings name; a server may be using it at the same time."""
    archive = await open_archive(settings)
    try:
        policy = store_policy(settings)
        return await _import(paths, lambda batch: _store_in_archive(archive, policy, batch))
    finally:
        await archive.close()


async def import_into_server(paths: Sequence[Path], url: str) -> Tally:
    """Store into a DICOMweb server, given its root."""
    async with httpx.AsyncClient(timeout=_SERVER_TIMEOUT_SECONDS) as client:
        return await _import(paths, lambda batch: _store_on_server(client, url.rstrip("/"), batch))


async def _import(paths: Sequence[Path], store: Callable[[Sequence[Path]], Awaitable[list[str | None]]]) -> Tally:
    """Store batch by batch; ``store`` gives for each file why it failed, or None, or raises when none can be stored."""
    tally = Tally()
    files = list(_files(paths))
    chosen = [path for path in files if _may_be_dicom(path)]
    tally.skipped = len(files) - len(chosen)
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        task = progress.add_task("storing", total=len(chosen))
        try:
            for batch in _batches(chosen):
                tally.add(batch, await store(batch))
                progress.advance(task, len(batch))
        except (StorageError, httpx.HTTPError, httpx.InvalidURL) as error:
            tally.failures.append(f"stopped: {error}")
    return tally


async def _store_in_archive(archive: Archive, policy: StorePolicy, batch: Sequence[Path]) -> list[str | None]:
    async with StoreRequest(archive, policy=policy) as request:
        for path in batch:
            blob = request.stage()
            async for chunk in _chunks(path):
                await blob.write(chunk)
            await request.end_instance(blob)
        report: StoreReport = await request.commit()
    return ["; ".join(outcome.details) if isinstance(outcome, FailedInstance) else None for outcome in report.outcomes]


async def _store_on_server(client: httpx.AsyncClient, url: str, batch: Sequence[Path]) -> list[str | None]:
    """One request a batch; where not all was stored, one a file, to learn which failed."""
    status, detail = await _post(client, url, batch)
    if status == httpx.codes.OK:
        return [None] * len(batch)
    if len(batch) == 1:
        return [detail]
    return [failure for path in batch for failure in await _store_on_server(client, url, [path])]


async def _post(client: httpx.AsyncClient, url: str, batch: Sequence[Path]) -> tuple[int, str]:
    layout = MultipartLayout(new_boundary(), [Part(DICOM, path.stat().st_size) for path in batch])
    headers = {
        "Content-Type": str(multipart_related(DICOM, layout.boundary)),
        "Content-Length": str(layout.content_length),
        "Accept": "application/dicom+json",
    }
    try:
        answer = await client.post(f"{url}/studies", content=_body(layout, batch), headers=headers)
    except httpx.HTTPError as error:
        raise httpx.HTTPError(f"{url} cannot be reached: {error}") from error
    return answer.status_code, _explain(answer)


async def _body(layout: MultipartLayout, batch: Sequence[Path]) -> AsyncIterator[bytes]:
    for head, path in zip(layout.heads, batch, strict=True):
        yield head
        async for chunk in _chunks(path):
            yield chunk
    yield layout.tail


def _explain(answer: httpx.Response) -> str:
    """Why a request was not a full success, as far as its answer says."""
    try:
        told: dict[str, Any] = answer.json()
    except ValueError:
        return f"the server answered {answer.status_code}"
    reasons = [item["00081197"]["Value"][0] for item in told.get("00081198", {}).get("Value", ())]
    if reasons:
        return f"the server answered {answer.status_code}, FailureReason 0x{reasons[0]:04X}{_name(reasons[0])}"
    return f"the server answered {answer.status_code} {told.get('detail', '')}".rstrip()


def _name(reason: int) -> str:
    """What a FailureReason is called, where it is one that we know."""
    return f" ({FailureReason(reason).name.lower().replace('_', ' ')})" if reason in set(FailureReason) else ""


async def _chunks(path: Path) -> AsyncIterator[bytes]:
    async with aiofiles.open(path, "rb") as file:
        while chunk := await file.read(CHUNK_BYTES):
            yield chunk


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    """The files named, and those in the folders named, in a stable order; hidden ones are left out."""
    for path in paths:
        if path.is_file():
            yield path
        else:
            yield from sorted(inner for inner in path.rglob("[!.]*") if inner.is_file())


def _may_be_dicom(path: Path) -> bool:
    """Whether a file says by its content or its name that it is DICOM; a DICOMDIR is an index, not an instance."""
    if path.name.upper() == "DICOMDIR":
        return False
    if path.suffix.lower() in DICOM_SUFFIXES:
        return True
    with path.open("rb") as file:
        file.seek(PREFIX_AT)
        return file.read(4) == b"DICM"


def _batches(paths: Sequence[Path]) -> Iterator[list[Path]]:
    batch: list[Path] = []
    size = 0
    for path in paths:
        if batch and (len(batch) == BATCH_FILES or size + path.stat().st_size > BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(path)
        size += path.stat().st_size
    if batch:
        yield batch
