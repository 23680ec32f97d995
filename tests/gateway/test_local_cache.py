import gc
import tracemalloc
from hashlib import sha256

import numpy as np

from gateway.answer_text import told
from gateway.contract import Content, Prediction, Seen
from gateway.local_cache import ENTRY_BYTES, LocalCache, LocalKey
from tests.gateway.test_contract import model


def key(number: int, tenant: str | None = None, version: str = "ab12cd34ef56") -> LocalKey:
    return LocalKey(tenant, "digits", version, sha256(str(number).encode()).digest())


def content(digit: int = 7) -> Content:
    return Content(digit, 0.99, (), (1, 2, 3, 4, 0), bytes(32), (b"before", b"after"))


def test_what_was_put_is_got_back() -> None:
    cache = LocalCache(10 * ENTRY_BYTES, 60)
    put = content()
    cache.put(key(1), put)
    assert cache.get(key(1)) is put
    assert cache.get(key(2)) is None


def test_another_tenant_and_another_version_see_nothing() -> None:
    cache = LocalCache(10 * ENTRY_BYTES, 60)
    cache.put(key(1, tenant="a"), content())
    assert cache.get(key(1, tenant="b")) is None
    assert cache.get(key(1, tenant="a", version="ab12cd34ef57")) is None


def test_the_least_recently_used_makes_room() -> None:
    cache = LocalCache(2 * ENTRY_BYTES, 60)
    cache.put(key(1), content())
    cache.put(key(2), content())
    cache.get(key(1))
    cache.put(key(3), content())
    assert cache.get(key(1)) is not None
    assert cache.get(key(2)) is None
    assert len(cache) == 2


def test_an_answer_too_old_is_forgotten() -> None:
    now = 0.0
    cache = LocalCache(2 * ENTRY_BYTES, 60, clock=lambda: now)
    cache.put(key(1), content())
    now = 59.9
    assert cache.get(key(1)) is not None
    now = 60.0
    assert cache.get(key(1)) is None
    assert len(cache) == 0


def test_no_bytes_means_no_memory() -> None:
    cache = LocalCache(0, 60)
    cache.put(key(1), content())
    assert cache.get(key(1)) is None


def test_an_entry_takes_no_more_memory_than_is_reckoned() -> None:
    entries = 2_000
    cache = LocalCache(entries * ENTRY_BYTES, 60)
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    for number in range(entries):
        [said] = Prediction.from_logits((np.linspace(0, 3, 10, dtype=np.float32) + number * np.float32(1e-3))[None])
        box, buckets = (number, 1000 + number, 2000, 3000 + number), tuple(number % bins for bins in (10, 8, 10, 10, 2))
        seen = Seen(28 + number, 2800 + number, True, box, ("several",))
        reasons = ("several", "low_confidence")
        cache.put(
            key(number),
            Content(said.digit, said.confidence, reasons, buckets, sha256(bytes(number)).digest(), told(said, seen, reasons, model())),
        )
    gc.collect()  # what waits for that is not the cache's
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert 0.9 * ENTRY_BYTES <= (after - before) / entries <= ENTRY_BYTES
