from execution.bounded_cache import BoundedCache


def test_the_least_used_goes_when_there_are_too_many() -> None:
    cache: BoundedCache[str, int] = BoundedCache(max_entries=2, max_size=100)
    cache.keep("a", 1, 1)
    cache.keep("b", 2, 1)
    assert cache.get("a") == 1
    cache.keep("c", 3, 1)
    assert [cache.get(key) for key in "abc"] == [1, None, 3]
    assert len(cache) == 2


def test_as_many_go_as_make_room() -> None:
    cache: BoundedCache[str, int] = BoundedCache(max_entries=10, max_size=10)
    for key in "abc":
        cache.keep(key, 0, 3)
    cache.keep("d", 0, 7)
    assert [cache.get(key) for key in "abcd"] == [None, None, 0, 0]
    cache.keep("e", 0, 11)  # too large by itself
    assert len(cache) == 0


def test_a_value_that_is_kept_again_counts_once() -> None:
    cache: BoundedCache[str, int] = BoundedCache(max_entries=10, max_size=10)
    for value in range(20):
        cache.keep("a", value, 4)
    cache.keep("b", 0, 6)
    assert [cache.get(key) for key in "ab"] == [19, 0]
