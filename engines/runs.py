"""Runs of consecutive numbers: a server draws sample i of a request with its seed + i."""

from __future__ import annotations

from collections.abc import Iterable


def consecutive(numbers: Iterable[int]) -> list[tuple[int, int]]:
    """The numbers, which ascend, as (first, count) of each run of consecutive ones."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        if found and number == sum(found[-1]):
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((number, 1))
    return found
