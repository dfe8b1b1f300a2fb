import pytest

from app.dicom.person_name import fold, groups


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", ("Yamada^Tarou", "山田^太郎", "やまだ^たろう")),
        ("Adams^John", ("Adams^John", "", "")),
        ("=山田", ("", "山田", "")),
        ("", ("", "", "")),
        ("a=b=c=d", ("a", "b", "c")),
    ],
)
def test_groups_are_three(text: str, expected: tuple[str, str, str]) -> None:
    assert groups(text) == expected


@pytest.mark.parametrize(
    ("stored", "searched"),
    [
        ("Äneas^Rüdiger", "aneas^rudiger"),
        ("Buc^Jérôme", "BUC^JEROME"),
        ("Adams^John^^^", "adams^john"),
        ("Adams^John^ ^", "adams^john"),
        ("Van  der   Berg", "van der berg"),
        ("  Adams ", "ADAMS"),
        ("STRASSE", "Straße"),
        ("Жуков", "ЖУКОВ"),
        ("Διονυσιος", "ΔΙΟΝΥΣΙΟΣ"),
        ("Dionýsios", "Dionysios"),
    ],
)
def test_names_that_differ_in_case_accents_and_padding_fold_alike(stored: str, searched: str) -> None:
    assert fold(stored) == fold(searched)


def test_folding_keeps_components_and_wildcards() -> None:
    assert fold("A*^J?hn") == "a*^j?hn"


def test_folding_twice_changes_nothing() -> None:
    for name in ("İstanbul", "ﬁnn^Ångström^ ", "山田^太郎", "김^희중"):
        assert fold(fold(name)) == fold(name)
