"""Sizes, counts and durations in words."""

from __future__ import annotations

from trainer.plan.memory import GB


def size_text(size: int) -> str:
    """A number of bytes with three digits, such as `15.2 GB`, `731 MB`, `12.3 kB`."""
    for unit, factor in (("GB", GB), ("MB", 10**6)):
        if size >= factor:
            return f"{size / factor:.3g} {unit}" if size < 1000 * factor else f"{size / factor:,.0f} {unit}"
    return f"{size / 1000:.3g} kB"


def count_text(number: int, noun: str, plural: str = "") -> str:
    """A number with its noun, such as `1 step`, `1,024 steps`. `plural` is for nouns that take more than an s."""
    return f"{number:,} {noun if number == 1 else plural or noun + 's'}"


def duration_text(seconds: float) -> str:
    """The duration in words, such as `48 s`, `12 min`, `3.3 h`."""
    if seconds < 120:
        return f"{seconds:g} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
