"""Stored documents with their URLs made absolute."""

import orjson
from hypothesis import given
from hypothesis import strategies as st

from app.responses.documents import FEW_BACKSLASHES, absolute
from storage.records import BASE_URL_MARK

URL = "http://pacs.example/dicom-web"
hard_texts = st.text(st.sampled_from('\\"/\n\x7fab\\"/'), max_size=40)


@given(st.lists(st.tuples(hard_texts, st.booleans()), max_size=8))
def test_marks_and_nothing_else_become_urls(values: list[tuple[str, bool]]) -> None:
    """Texts full of quotes, backslashes and slashes stay what they are, beside URLs below the root."""
    mark = orjson.Fragment(BASE_URL_MARK + b'studies/1"')
    stored = orjson.dumps([mark if is_url else text for text, is_url in values])
    expected = [f"{URL}/studies/1" if is_url else text for text, is_url in values]
    assert orjson.loads(absolute(stored, URL)) == expected


def test_a_document_full_of_backslashes_is_treated_alike() -> None:
    text = '\\"/' * FEW_BACKSLASHES
    stored = orjson.dumps([text, orjson.Fragment(BASE_URL_MARK + b'studies/1"'), text])
    assert orjson.loads(absolute(stored, URL)) == [text, f"{URL}/studies/1", text]
