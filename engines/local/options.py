"""Options of a model decoded in this process."""

from __future__ import annotations

from pydantic import Field

from settings.section import Section


class LocalOptions(Section):
    """Size and place of a local model's decoder."""

    rows: int = Field(default=64, ge=1)
    """Samples decoded side by side."""
    device: str | None = None
    """`cpu`, `cuda`, `cuda:1`; without it CUDA where there is one."""
    threads: int | None = Field(default=None, ge=1)
    """CPU threads of the decoding thread; without it one for a small model, else torch's default."""
