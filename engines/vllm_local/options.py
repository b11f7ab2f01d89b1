"""Options of vLLM in this process."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settings.marks import ShapesAnswers
from settings.section import Section


class VllmOptions(Section):
    """Batch size, memory, context and GPUs of vLLM in this process."""

    rows: int = Field(default=64, ge=1)
    """Maximum number of samples decoded in one batch; use hundreds on a GPU."""
    memory: float = Field(default=0.9, gt=0, le=1)
    """Share of a GPU's memory for vLLM, weights included; use less if a trainer shares the GPU."""
    context: Annotated[int | None, ShapesAnswers()] = Field(default=None, ge=1)
    """Maximum number of tokens of prompt and completion together; without it the model's own limit."""
    dtype: Annotated[str | None, ShapesAnswers()] = None
    """`bfloat16`, `float16` or `float32`; without it vLLM's choice for the checkpoint, and `float32` on a CPU."""
    eager: bool = False
    """Run without CUDA graphs: a faster start, but slower decoding."""
    tensor_parallel: int = Field(default=1, ge=1)
    """Number of GPUs over which one model is split."""
    spmd: bool = False
    """Set if torchrun started this process, one per GPU, and all processes make the same calls. With `tensor_parallel`
    above 1 the ranks of a group must make the same requests, one call at a time, and cancel none."""
