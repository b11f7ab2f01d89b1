"""New objects get adjacent addresses once `fill_gaps` has filled the free memory between older objects."""

from __future__ import annotations

import os
import subprocess
import sys

from sandbox.runner.gaps import LARGEST, MOST, STEP

# This program makes gaps, then prints for how many sizes twenty new objects are not adjacent, before and after the gaps
# are filled, and the largest number of bytes that were filled for one size.
SOURCE = """
import sys
from sandbox.runner.gaps import LARGEST, STEP, fill_gaps
EMPTY = sys.getsizeof(b"")
SIZES = range(64, LARGEST + 1, STEP)
full = [[bytes(size - EMPTY) for _ in range(1000)] for size in SIZES]
for row in full:
    del row[::7]
def gaps():
    apart = 0
    for size in SIZES:
        places = sorted(id(new) for new in [bytes(size - EMPTY) for _ in range(20)])
        apart += places[-1] - places[0] > 19 * size
    return apart
before = gaps()
fillings = []
fill_gaps(fillings)
print(before, gaps(), max(size * sum(sys.getsizeof(new) == size for new in fillings) for size in SIZES))
"""


def _figures(**environment: str) -> tuple[int, int, int]:
    finished = subprocess.run(
        [sys.executable, "-c", SOURCE], env={**os.environ, **environment}, capture_output=True, text=True, check=True
    )
    before, after, most = map(int, finished.stdout.split())
    return before, after, most


def test_new_objects_lie_side_by_side() -> None:
    sizes = len(range(64, LARGEST + 1, STEP))
    before, after, most = _figures()
    assert before == sizes
    assert after <= sizes // 10
    assert 0 < most <= MOST


def test_it_ends_where_another_allocator_has_no_pools() -> None:
    assert _figures(PYTHONMALLOC="malloc")[2] <= MOST
