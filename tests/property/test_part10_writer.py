"""What clients send as metadata is stored or refused; what was read from a file makes a file that reads the same."""

import json
from contextlib import suppress
from copy import deepcopy

import orjson
from hypothesis import given, settings
from hypothesis import strategies as st

from app.dicom.bulk_part import BulkPart
from app.dicom.errors import UnusableInstance
from app.dicom.part10 import BytesSource, parse
from app.dicom.part10_writer import write_part10
from tests.property.dicom_json import Attributes, documents
from tests.unit.app.dicom.store_parts import put_together
from tests.unit.app.dicom.test_part10_writer import IDENTITY

PARTS = [BulkPart(BytesSource(b"some bytes"))]


class AnyPart(dict[str, list[BulkPart]]):
    """Every URI names a part."""

    def get(self, uri: str, default: object = None) -> list[BulkPart]:
        return PARTS


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["vr", "Value", "00100020"]), inner),
    max_leaves=6,
)


def spoiled(document: Attributes, place: int, value: object) -> dict[str, object]:
    """The document with something else at one of its places."""
    changed = deepcopy(document)
    places: list[tuple[dict[str, object] | list[object], str | int]] = []

    def visit(node: object) -> None:
        children = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
        for key, child in children:
            places.append((node, key))  # type: ignore[arg-type]
            visit(child)

    visit(changed)
    if places:
        node, key = places[place % len(places)]
        node[key] = value  # type: ignore[index]
    return changed  # type: ignore[return-value]


@settings(max_examples=100, deadline=None)
@given(documents, st.integers(0, 1000), json_values)
def test_any_document_makes_a_readable_file_or_is_refused(document: Attributes, place: int, value: object) -> None:
    with suppress(UnusableInstance):
        parse(BytesSource(put_together(write_part10(spoiled(document, place, value) | IDENTITY, AnyPart()))))


@settings(max_examples=100, deadline=None)
@given(documents)
def test_what_was_read_from_a_file_is_written_so_that_it_reads_the_same(document: Attributes) -> None:
    try:
        first = parse(BytesSource(put_together(write_part10(document | IDENTITY, AnyPart()))))
    except UnusableInstance:
        return
    metadata = orjson.loads(first.metadata)
    again = parse(BytesSource(put_together(write_part10(metadata, AnyPart()))))
    assert json.loads(again.metadata) == metadata
