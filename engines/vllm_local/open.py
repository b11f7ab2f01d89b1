"""Opens vLLM in this process; a thread imports it and loads the model, so that the event loop is not blocked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from importlib.util import find_spec

from engines.errors import EngineError
from engines.options import own_options
from engines.protocol import Engine
from engines.spec import ModelSpec
from engines.vllm_local.options import VllmOptions
from settings.section import Section


async def open_vllm(spec: ModelSpec, options: Sequence[Section]) -> Engine:
    """The engine of a checkpoint, given as a directory or an id on the Hugging Face Hub.

    Raises EngineError if vLLM is not installed, or cannot load the checkpoint.
    """
    if find_spec("vllm") is None:
        raise EngineError(
            f"{spec.text} needs vLLM: pip install 'cure-agent[gpu]', or run `vllm serve {spec.name}` elsewhere "
            f"and use http://HOST:8000/v1#{spec.name}"
        )

    def load() -> Engine:
        from engines.vllm_local.engine import VllmEngine

        return VllmEngine.load(spec.text, spec.name, own_options(VllmOptions, options))

    return await asyncio.to_thread(load)
