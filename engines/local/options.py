"""Options of a model decoded in this process."""

from __future__ import annotations

from pydantic import Field

from settings.section import Section


class LocalOptions(Section):
    """Batch size, device and threads of a model decoded in this process."""

    rows: int = Field(default=64, ge=1)
    """Maximum number of samples decoded in one batch."""
    device: str | None = None
    """`cpu`, `cuda` or `cuda:1`; without it CUDA where available, else the CPU."""
    threads: int | None = Field(default=None, ge=1)
    """CPU threads of torch's operators; without it one for a small model, torch's default for others."""
