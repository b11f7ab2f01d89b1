"""Widths from which screens have another layout."""

from __future__ import annotations

BREAKPOINTS = [(0, "-small"), (80, "-medium"), (150, "-large")]
"""Least width in cells, and the class of the screen from that width on."""
