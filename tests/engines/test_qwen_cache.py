"""The cache that works in place holds what plain tensors, copied each time, would hold."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch", reason="needs torch and transformers (extra: local)")
from torch.nn.functional import pad  # noqa: E402

from engines.local.qwen import QwenCache, Shape  # noqa: E402

SHAPE = Shape(
    layers=2,
    heads=2,
    kv_heads=1,
    head_dim=4,
    hidden=8,
    context=512,
    rope_theta=1e4,
    epsilon=1e-6,
    vocabulary=10,
    tied=False,
)
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.integers(1, 4), st.integers(1, 30)),
        st.tuples(st.just("extend"), st.integers(1, 150), st.just(0)),
        st.tuples(st.just("keep"), st.integers(0, 2**6), st.just(0)),
        st.tuples(st.just("trim"), st.integers(0, 40), st.just(0)),
    ),
    max_size=12,
)


@pytest.fixture(autouse=True)
def memory_that_nobody_has_written_is_nan():
    torch.use_deterministic_algorithms(True)
    yield
    torch.use_deterministic_algorithms(False)


def lengthened(cache: QwenCache, rows: int, new: int):
    """Write random numbers to `new` more positions of every row.

    Returns these numbers, and all keys and values then in the cache. Both tensors have the shape (2 for keys and
    values, layers, rows, kv_heads, positions, head_dim).
    """
    keys, values = cache.extend(SHAPE, torch.empty(rows, 1, 8), new)
    written = torch.randn(2, 2, rows, 1, new, 4)
    keys[:, :, :, -new:], values[:, :, :, -new:] = written
    return written, torch.stack([keys, values])


@settings(deadline=None)
@given(STEPS)
def test_rows_that_come_go_and_grow_in_place_are_those_of_copied_tensors(steps):
    cache, expected = QwenCache(), torch.zeros(2, 2, 0, 1, 0, 4)
    for what, one, other in steps:
        rows, length = expected.shape[2], expected.shape[4]
        if what == "join":
            joining = QwenCache()
            written, _ = lengthened(joining, one, other)
            chosen = torch.tensor([*range(one), 0])
            cache.join(joining, chosen)
            longest = max(length, other)
            parts = [expected, written[:, :, chosen]]
            expected = torch.cat([pad(part, (0, 0, longest - part.shape[4], 0)) for part in parts], 2)
        elif what == "extend" and rows:
            written, seen = lengthened(cache, rows, one)
            expected = torch.cat([expected, written], 4)
            assert torch.equal(seen, expected)
        elif what == "keep" and rows:
            # Some rows leave; the last ones take their places.
            left = [row for row in range(rows) if one >> row % 6 & 1] or [0]
            movers = [row for row in left if row >= len(left)]
            order = [row if row in left else movers.pop() for row in range(len(left))]
            cache.keep(torch.tensor(order))
            expected = expected[:, :, order]
        elif what == "trim" and rows:
            cache.trim(min(one, length - 1))
            expected = expected[..., min(one, length - 1) :, :]
    if expected.shape[2]:
        written, seen = lengthened(cache, expected.shape[2], 1)
        assert torch.equal(seen, torch.cat([expected, written], 4))
