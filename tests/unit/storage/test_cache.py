"""What was used last is remembered, within bounds."""

from storage.cache import RecentlyUsed


def test_the_value_not_used_for_longest_makes_room() -> None:
    cache: RecentlyUsed[str, int] = RecentlyUsed(2)
    cache.put("a", 1)
    cache.put("b", 2)
    assert cache.get("a") == 1
    cache.put("c", 3)
    assert [cache.get(key) for key in "abc"] == [1, None, 3]


def test_weights_are_what_is_bounded() -> None:
    cache: RecentlyUsed[str, int] = RecentlyUsed(10)
    for value, key in enumerate("abcd"):
        cache.put(key, value, weight=3)
    assert [cache.get(key) for key in "abcd"] == [None, 1, 2, 3]
    cache.put("e", 4, weight=9)
    assert [cache.get(key) for key in "abcde"] == [None, None, None, None, 4]


def test_what_weighs_too_much_alone_is_not_remembered() -> None:
    cache: RecentlyUsed[str, int] = RecentlyUsed(10)
    cache.put("a", 1, weight=11)
    assert cache.get("a") is None
    cache.put("b", 2, weight=10)
    assert cache.get("b") == 2


def test_a_value_put_again_counts_once() -> None:
    cache: RecentlyUsed[str, int] = RecentlyUsed(10)
    for value in range(5):
        cache.put("a", value, weight=6)
    cache.put("b", 2, weight=4)
    assert (cache.get("a"), cache.get("b")) == (4, 2)


def test_what_is_forgotten_weighs_nothing() -> None:
    cache: RecentlyUsed[str, int] = RecentlyUsed(10)
    cache.put("a", 1, weight=10)
    cache.forget("a")
    cache.forget("a")
    cache.put("b", 2, weight=10)
    assert cache.get("b") == 2
    cache.clear()
    cache.put("c", 3, weight=10)
    assert (cache.get("b"), cache.get("c")) == (None, 3)
