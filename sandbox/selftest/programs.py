"""The hostile programs by name, in the order in which they run."""

from __future__ import annotations

from sandbox.selftest import (
    files,
    host,
    leftovers,
    machine,
    memory,
    network,
    patterns,
    plain,
    privileges,
    processes,
    reach,
    signals,
    source,
    streams,
)
from sandbox.selftest.hostile import Hostile

THEMES = (
    processes,
    signals,
    reach,
    privileges,
    host,
    machine,
    network,
    files,
    leftovers,
    memory,
    source,
    streams,
    plain,
    patterns,
)

PROGRAMS: dict[str, Hostile] = {program.name: program for theme in THEMES for program in theme.PROGRAMS}
