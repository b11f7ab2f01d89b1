"""Fills the gaps between the interpreter's objects, so that what a forked child allocates lies together.

In a gap it lies beside objects that are there already, and the page they share must be copied for the child: one here,
one there. In memory that holds nothing yet, a page is copied for as much as goes into it.
"""

from __future__ import annotations

import sys

POOL = 1 << 14
"""Bytes that CPython's allocator takes at a time for objects of one size, see `POOL_SIZE` in its obmalloc.c."""
POOL_HEAD = 48
"""Bytes of it that come before the first object."""
STEP, LARGEST = 16, 512
"""Between its sizes, and the largest of them; what is larger it leaves to malloc."""
MOST = 1 << 17
"""Bytes to fill at most among those of one size: another allocator may have no pools to come to the end of."""
ENOUGH = 8
"""Objects side by side from the beginning of a pool on, which show that it was empty."""


def fill_gaps(fillings: list[bytes]) -> None:
    """Fill them with objects that are added to `fillings`, and stay filled as long as those live."""
    empty = sys.getsizeof(b"")
    for size in range((empty // STEP + 1) * STEP, LARGEST + 1, STEP):
        # They are given back, and with them the pool.
        in_new_pool: list[bytes] = []
        for _ in range(MOST // size):
            filling = bytes(size - empty)
            if in_new_pool and id(filling) == id(in_new_pool[-1]) + size:
                in_new_pool.append(filling)
                if len(in_new_pool) == ENOUGH:
                    break
                continue
            fillings += in_new_pool
            in_new_pool = [filling] if id(filling) % POOL == POOL_HEAD else []
            if not in_new_pool:
                fillings.append(filling)
