"""Options of a GGUF model run in this process."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from settings.marks import ShapesAnswers
from settings.section import Section


class GgufOptions(Section):
    """Threads, batch size, context and memory of a GGUF model run in this process."""

    threads: int | None = Field(default=None, ge=1)
    """CPU threads; without it the physical cores that this process may use."""
    parallel: int = Field(default=8, ge=1, le=256)
    """Maximum number of samples decoded side by side; each takes memory for `context` tokens."""
    context: Annotated[int, ShapesAnswers()] = Field(default=4096, ge=64)
    """Maximum number of tokens of prompt and completion of one sample; never more than the model was trained for."""
    gpu_layers: int | None = Field(default=None, ge=0)
    """Layers on the GPU, 0 for none; without it as many as fit, if the installed llama.cpp supports the GPU."""
    check_memory: bool = True
    """Refuse to load a model that needs more memory than is free."""
    logprobs: bool = False
    """Report token ids and log-probabilities; at a temperature other than 0 and 1, or with top_p or top_k, this costs a
    sort of the vocabulary for every token."""
