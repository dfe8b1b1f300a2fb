import pytest

from storage.name_words import prefixes, sound, words


def test_words_are_runs_of_letters_and_digits_each_once() -> None:
    assert words("o'brien-smith^mary  ann^^dr. smith_2") == ["o", "brien", "smith", "mary", "ann", "dr", "2"]
    assert words("山田^太郎") == ["山田", "太郎"]
    assert words("^ -") == []


@pytest.mark.parametrize(
    ("word", "code"),
    # Those of the American rules: H and W do not part letters of a kind, vowels do.
    [
        ("robert", "R163"),
        ("rupert", "R163"),
        ("ashcraft", "A261"),
        ("tymczak", "T522"),
        ("pfister", "P236"),
        ("lee", "L000"),
    ],
)
def test_words_that_sound_alike_have_the_same_code(word: str, code: str) -> None:
    assert sound(word) == code


@pytest.mark.parametrize("word", ["山田", "やまだ", "7", "", "иванов"])
def test_words_of_other_than_latin_letters_have_no_sound(word: str) -> None:
    assert sound(word) == ""


def test_beginnings_are_kept_up_to_a_length() -> None:
    assert prefixes("smith^john") == ["s", "sm", "smi", "smit", "smith", "smith^"]
    assert prefixes("李") == ["李"]
    assert prefixes("") == []
