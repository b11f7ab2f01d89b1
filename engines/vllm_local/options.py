"""Options of vLLM in this process."""

from __future__ import annotations

from pydantic import Field

from settings.section import Section


class VllmOptions(Section):
    """Memory, context and GPUs of vLLM."""

    rows: int = Field(default=64, ge=1)
    """Samples decoded side by side. On a GPU take hundreds."""
    memory: float = Field(default=0.9, gt=0, le=1)
    """Share of a GPU's memory it takes, weights included. Less where a trainer lives on the same GPU."""
    context: int | None = Field(default=None, ge=1)
    """Most tokens of prompt and completion; without it what the model was built for."""
    dtype: str | None = None
    """`bfloat16`, `float16`, `float32`; without it the checkpoint's, as vLLM sees it, and `float32` on a CPU."""
    eager: bool = False
    """No CUDA graphs, which start slowly and run fast."""
    tensor_parallel: int = Field(default=1, ge=1)
    """GPUs that one model is spread over."""
    spmd: bool = False
    """This process was started by torchrun, with a process per GPU, each of which makes the same calls. With
    `tensor_parallel` above 1 the ranks of a group must ask for the same, one call at a time, and cancel nothing."""
