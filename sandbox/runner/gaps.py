"""Fills gaps between the interpreter's objects, so that objects of a forked child lie together on new pages.

An object in a gap shares its page with older objects, and the child must copy that page. Objects in many gaps cost many
copies; on empty pages the same objects cost few.
"""

from __future__ import annotations

import sys

POOL = 1 << 14
"""Bytes that CPython's allocator takes at a time for objects of one size, see `POOL_SIZE` in its obmalloc.c."""
POOL_HEAD = 48
"""Bytes of a pool that come before its first object."""
STEP, LARGEST = 16, 512
"""Bytes between the allocator's size classes, and the largest class; larger objects come from malloc."""
MOST = 1 << 17
"""Maximum bytes to fill in one size class: with an allocator without pools, filling would never end."""
ENOUGH = 8
"""Adjacent objects at the beginning of a pool that show that the pool was empty."""


def fill_gaps(fillings: list[bytes]) -> None:
    """Fill gaps with objects, which are added to `fillings`; gaps stay filled as long as these live."""
    empty = sys.getsizeof(b"")
    for size in range((empty // STEP + 1) * STEP, LARGEST + 1, STEP):
        # Dropped at the end, which frees the new pool again.
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
