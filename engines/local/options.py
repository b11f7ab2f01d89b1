"""Options of a model that torch decodes in this process: an `hf:` model or a bundled one."""

from __future__ import annotations

from pydantic import Field

from settings.section import Section


class LocalOptions(Section):
    """Batch size, device and threads of a model that torch decodes in this process: an `hf:` model or a bundled one."""

    rows: int = Field(default=64, ge=1)
    """Maximum number of samples decoded in one batch."""
    device: str | None = None
    """`cpu`, `cuda` or `cuda:1`; without it CUDA where available, else the CPU."""
    threads: int | None = Field(default=None, ge=1)
    """CPU threads of torch's operators; without it one for a Qwen2 or Qwen3 model of at most 100 MB, torch's default
    for others."""
