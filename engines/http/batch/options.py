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
    """State file, provider limits and retries of the batch API, which engines use if given these options."""

    state: Path
    """File that records unfinished batches; with it, repeated requests are not paid for twice."""
    lines: int = Field(default=50_000, ge=1)
    """Maximum number of requests in a batch."""
    size: int = Field(default=190_000_000, ge=1)
    """Maximum number of bytes in a batch's file; OpenAI accepts 200 MB."""
    per_line: int = Field(default=128, ge=1)
    """Maximum number of samples that one line requests, where the server accepts n."""
    rounds: int = Field(default=3, ge=1)
    """Failed requests for a sample after which it is given up."""
    first_pause_s: float = 2.0
    """Seconds between the first two status checks; grows by half each time."""
    most_pause_s: float = 60.0
    """Longest pause between two status checks in seconds."""
    patience_s: float = 3600.0
    """Seconds for which calls to a failing server are retried; its batches go on meanwhile."""
    backoff_s: float = 1.0
    """Seconds before a failed call is retried; doubled each time, with jitter."""
    idle_s: float = 120.0
    """Maximum number of seconds without data during one call."""
    on_progress: Callable[[BatchProgress], None] = Field(default=lambda _: None, exclude=True)
    """Called with the progress after each change and each status check."""
    on_notice: Callable[[str], None] = Field(default=_to_stderr, exclude=True)
    """Called if sampling ends early, with a message on the batches that go on and how to collect them."""
