"""Options of the batch API."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from pydantic import Field

from engines.http.batch.progress import BatchProgress
from settings.section import Section


def _to_stderr(text: str) -> None:
    sys.stderr.write(text + "\n")


class BatchOptions(Section):
    """State file, limits of the provider and patience with it; among the options, they have a server asked by batch."""

    state: Path
    """File that says which batches are under way; the same requests asked again with it are not paid twice."""
    lines: int = Field(default=50_000, ge=1)
    """Requests in a batch."""
    size: int = Field(default=190_000_000, ge=1)
    """Bytes in a batch's file; OpenAI takes 200 MB."""
    per_line: int = Field(default=128, ge=1)
    """Samples that one line asks for, where the server takes n."""
    rounds: int = Field(default=3, ge=1)
    """Times that a sample is asked for in vain before it is given up."""
    first_pause_s: float = 2.0
    """Seconds between looking and looking again; grows by half each time."""
    most_pause_s: float = 60.0
    """Longest pause between two looks in seconds."""
    patience_s: float = 3600.0
    """Seconds that a server may be out of order. Its batches go on meanwhile."""
    backoff_s: float = 1.0
    """Seconds before a failed call is made again; doubled each time, with jitter."""
    idle_s: float = 120.0
    """Seconds between two signs of life of one call."""
    on_progress: Callable[[BatchProgress], None] = Field(default=lambda _: None, exclude=True)
    """Told whenever the batches were looked at."""
    on_notice: Callable[[str], None] = Field(default=_to_stderr, exclude=True)
    """Told, when asking ends early, what goes on at the provider and how to come back to it."""
