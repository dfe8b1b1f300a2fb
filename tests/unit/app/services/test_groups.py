from dataclasses import dataclass

from app.services.groups import groups


@dataclass(frozen=True)
class Thing:
    size: int


def test_groups_keep_the_order_and_both_bounds_and_what_is_too_large_is_alone() -> None:
    sizes = [1, 2, 3, 50, 4, 4, 4, 1, 1, 1, 1]
    grouped = [[thing.size for thing in group] for group in groups([Thing(size) for size in sizes], 3, 10)]
    assert grouped == [[1, 2, 3], [50], [4, 4], [4, 1, 1], [1, 1]]
    assert list(groups([], 3, 10)) == []
