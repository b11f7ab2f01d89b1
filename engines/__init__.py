"""Engines that sample from language models: OpenAI servers, batch APIs, llama.cpp, vLLM, torch, prepared answers.

Requests go in, completions come out as each finishes (`engines.protocol`). A model is named by a spec, the same
everywhere: `micro`, a named model such as `qwen2.5-coder-1.5b`, `openai:NAME`, `http://HOST/v1#NAME`,
`gguf:FILE_OR_REPO[:QUANT]`, `hf:PATH_OR_ID`, `vllm:PATH_OR_ID`, `scripted:FILE` (`engines.registry`, a line for each
kind of engine). Each engine has its own options class, imported on first access because importing pydantic is slow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from engines.errors import EngineError, ModelSpecError
from engines.files import write_atomically
from engines.gguf.models import NamedModel, is_downloaded, named_models
from engines.http.batch.progress import BatchProgress
from engines.open import check_model, open_engine, open_trainable_engine
from engines.protocol import (
    ChatPrompt,
    Completion,
    Delta,
    Engine,
    Finish,
    Message,
    Prompt,
    Request,
    Sampling,
    TextPrompt,
    TokenPrompt,
    TrainableEngine,
    Usage,
)
from engines.registry import BUNDLED
from engines.runs import consecutive
from engines.spec import ModelSpec, parse_spec
from engines.text import prompt_text

if TYPE_CHECKING:
    from engines.gguf.options import GgufOptions
    from engines.http.batch.options import BatchOptions
    from engines.http.batch.state import refuse_under_way
    from engines.http.options import HttpOptions
    from engines.local.options import LocalOptions
    from engines.vllm_local.options import VllmOptions

_LATER = {
    "BatchOptions": "engines.http.batch.options",
    "GgufOptions": "engines.gguf.options",
    "HttpOptions": "engines.http.options",
    "LocalOptions": "engines.local.options",
    "VllmOptions": "engines.vllm_local.options",
    "refuse_under_way": "engines.http.batch.state",
}

__all__ = [
    "BUNDLED",
    "BatchOptions",
    "BatchProgress",
    "ChatPrompt",
    "Completion",
    "Delta",
    "Engine",
    "EngineError",
    "Finish",
    "GgufOptions",
    "HttpOptions",
    "LocalOptions",
    "Message",
    "ModelSpec",
    "ModelSpecError",
    "NamedModel",
    "Prompt",
    "Request",
    "Sampling",
    "TextPrompt",
    "TokenPrompt",
    "TrainableEngine",
    "Usage",
    "VllmOptions",
    "check_model",
    "consecutive",
    "is_downloaded",
    "named_models",
    "open_engine",
    "open_trainable_engine",
    "parse_spec",
    "prompt_text",
    "refuse_under_way",
    "write_atomically",
]


def __getattr__(name: str) -> Any:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(_LATER[name]), name)
