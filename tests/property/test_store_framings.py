"""However a store request is framed, the same instances are stored (RFC 2046 5.1, PS3.18 8.6.1.2)."""

from collections.abc import AsyncIterable, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.settings import Settings
from tests.api.answers import stored_uids
from tests.api.in_process import InProcessClient, in_process
from tests.examples import new_instance, part10
from tests.multipart_requests import RequestPart
from tests.separate_parts import taken_apart

BOUNDARY = "frontier"

# New UIDs each time, small files: with them a part ends and begins in every piece.
INSTANCES = [new_instance(PixelData=bytes(range(number + 2)), Rows=1, Columns=1) for number in range(3)]
FILES = [part10(instance) for instance in INSTANCES]
UIDS = [instance.SOPInstanceUID for instance in INSTANCES]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcessClient]:
    """A server that holds the instances: with other bytes than these a request fails with a duplicate."""
    with in_process(Settings(data=tmp_path_factory.mktemp("framings") / "data")) as client:
        yield client


any_case = st.sampled_from([str.lower, str.upper, str.title, str.swapcase])
padding = st.text(" \t", max_size=3)
other_headers = st.lists(
    st.sampled_from(["MIME-Version: 1.0", "Content-Transfer-Encoding: binary", "X-Empty:", "Content-ID: <1@x>"]),
    max_size=3,
    unique=True,
)
preambles = st.sampled_from(["", "\r\n", "a preamble\r\n", "--frontie\r\n", "--frontierx--\r\n", "\r\n\r\n"])
epilogues = st.sampled_from(["", "\r\n", "\r\nan epilogue", "\r\n--frontier\r\n\r\nno part", " \t\r\n"])


@st.composite
def heads(draw: st.DrawFn, content_type: str, more: Sequence[str] = ()) -> bytes:
    """The header lines of a part, the blank line included, in any order and case."""
    space = draw(padding), draw(padding)
    lines = [f"{draw(any_case)('Content-Type')}:{space[0]}{content_type}{space[1]}"]
    ordered = draw(st.permutations([*lines, *more, *draw(other_headers)]))
    return "".join(f"{line}\r\n" for line in [*ordered, ""]).encode()


@st.composite
def framed(draw: st.DrawFn, parts: Sequence[tuple[bytes, bytes]]) -> bytes:
    """Heads and bodies of parts, with preamble, padding and epilogue."""
    framed_parts = [f"--{BOUNDARY}{draw(padding)}\r\n".encode() + head + body + b"\r\n" for head, body in parts]
    end = f"--{BOUNDARY}--{draw(padding)}{draw(epilogues)}"
    return draw(preambles).encode() + b"".join(framed_parts) + end.encode()


@st.composite
def content_types(draw: st.DrawFn, root: str) -> str:
    """The Content-Type of the request: parameters in any order, quoted where they need not be, ``type`` or none."""
    boundary = draw(st.sampled_from([f"boundary={BOUNDARY}", f'boundary="{BOUNDARY}"', f'BOUNDARY="{BOUNDARY}"']))
    kind = draw(st.sampled_from([f'type="{root}"', f"type={root}", f'Type="{root.upper()}"', None]))
    parameters = draw(st.permutations([each for each in (boundary, kind) if each]))
    separator = draw(st.sampled_from([";", "; ", " ; "]))
    return separator.join([draw(any_case)("multipart/related"), *parameters])


@st.composite
def pieces_of(draw: st.DrawFn, content: bytes) -> list[bytes]:
    """The body cut at any places."""
    cuts = sorted(draw(st.lists(st.integers(0, len(content)), max_size=12)))
    return [content[start:stop] for start, stop in zip([0, *cuts], [*cuts, len(content)], strict=True)]


async def arriving(pieces: Sequence[bytes]) -> AsyncIterable[bytes]:
    for piece in pieces:
        if piece:
            yield piece


@settings(max_examples=120, deadline=None)
@given(data=st.data())
def test_files_are_stored_alike(client: InProcessClient, data: st.DataObject) -> None:
    parts = [(data.draw(heads("application/dicom")), file) for file in FILES]
    content = data.draw(framed(parts))
    headers = {"Content-Type": data.draw(content_types("application/dicom"))}
    answer = client.post("/studies", arriving(data.draw(pieces_of(content))), headers)
    assert answer.status_code == 200, answer.text
    assert stored_uids(answer) == UIDS
    # Stored once as they are here, and the same ever since.
    assert [stored_bytes(client, number) for number in range(len(FILES))] == FILES


def stored_bytes(client: InProcessClient, number: int) -> bytes:
    instance = INSTANCES[number]
    uids = instance.StudyInstanceUID, instance.SeriesInstanceUID, instance.SOPInstanceUID
    return client.get("/studies/{}/series/{}/instances/{}".format(*uids), Accept="application/dicom").content


SEPARATE = new_instance()
APART = taken_apart(SEPARATE)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_metadata_and_bulk_data_are_stored_alike(client: InProcessClient, data: st.DataObject) -> None:
    bulk = [(data.draw(heads(*headers_of(part))), part.body) for part in APART.bulk]
    metadata = (data.draw(heads("application/dicom+json")), APART.as_json().body)
    # The first part is the root, which tells what the request is when the parameter ``type`` is missing.
    content = data.draw(framed([metadata, *data.draw(st.permutations(bulk))]))
    headers = {"Content-Type": data.draw(content_types("application/dicom+json"))}
    answer = client.post("/studies", arriving(data.draw(pieces_of(content))), headers)
    # A second time with other bytes would be a duplicate.
    assert answer.status_code == 200, answer.text
    assert stored_uids(answer) == [SEPARATE.SOPInstanceUID]


def headers_of(part: RequestPart) -> tuple[str, list[str]]:
    """The media type of a part, and its other header lines."""
    content_type, *others = part.headers.decode().splitlines()
    return content_type.removeprefix("Content-Type: "), others
