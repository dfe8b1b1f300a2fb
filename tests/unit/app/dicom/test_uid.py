import pytest

from app.dicom.uid import is_valid_uid


@pytest.mark.parametrize(
    "uid", ["1", "1.2.840.10008.1.2", "0.0", "9" * 64, "1.2.3.007", "2.25.329800735698586629295641978511506172918"]
)
def test_digits_and_dots_up_to_64_characters_are_a_uid(uid: str) -> None:
    assert is_valid_uid(uid)


@pytest.mark.parametrize(
    "uid", ["", ".", "1.", ".1", "1..2", "9" * 65, "1.2.a", "1.2 ", "1.2\n", "1.2\0", "1.2/3", "\u0661.\u0662", "-1.2"]
)
def test_all_else_is_none(uid: str) -> None:
    assert not is_valid_uid(uid)
