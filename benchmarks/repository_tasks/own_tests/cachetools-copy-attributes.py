import copy

from cachetools import Cache, FIFOCache, LFUCache, LRUCache, RRCache, TTLCache


def test_an_attribute_of_a_cache_is_shared():
    class Own(Cache):
        pass

    cache = Own(maxsize=2)
    cache.extra = []
    assert copy.copy(cache).extra is cache.extra


def test_an_attribute_of_a_lru_cache_is_shared():
    class Own(LRUCache):
        pass

    cache = Own(maxsize=2)
    cache.extra = {"a": [1]}
    assert copy.copy(cache).extra is cache.extra


def test_an_attribute_of_a_fifo_cache_is_shared():
    class Own(FIFOCache):
        pass

    cache = Own(maxsize=2)
    cache.extra = [object()]
    assert copy.copy(cache).extra is cache.extra


def test_an_attribute_of_a_lfu_cache_is_shared():
    class Own(LFUCache):
        pass

    cache = Own(maxsize=2)
    cache[1] = 2
    cache.extra = set()
    assert copy.copy(cache).extra is cache.extra


def test_an_attribute_that_cannot_be_copied_is_shared():
    class Own(RRCache):
        pass

    class Single:
        def __deepcopy__(self, memo):
            raise TypeError("there is only one")

    cache = Own(maxsize=2)
    cache.extra = Single()
    assert copy.copy(cache).extra is cache.extra


def test_an_attribute_of_a_ttl_cache_is_shared():
    class Own(TTLCache):
        pass

    cache = Own(maxsize=2, ttl=60)
    cache.extra = []
    assert copy.copy(cache).extra is cache.extra
