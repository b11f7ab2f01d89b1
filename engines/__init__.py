"""Asks language models: OpenAI-compatible servers, transformers, prepared answers, the bundled micro model.

Requests go in, completions come out as each finishes. A model is named by a spec, the same everywhere:
`micro`, `openai:NAME`, `http://HOST/v1#NAME`, `hf:PATH_OR_ID`, `scripted:FILE`.
"""

from engines.errors import EngineError, ModelSpecError
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
from engines.spec import (
    EngineOptions,
    ModelSpec,
    check_model,
    default_style,
    open_engine,
    open_trainable_engine,
    parse_spec,
    style_of,
)

__all__ = [
    "ChatPrompt",
    "Completion",
    "Delta",
    "Engine",
    "EngineError",
    "EngineOptions",
    "Finish",
    "Message",
    "ModelSpec",
    "ModelSpecError",
    "Prompt",
    "Request",
    "Sampling",
    "TextPrompt",
    "TokenPrompt",
    "TrainableEngine",
    "Usage",
    "check_model",
    "default_style",
    "open_engine",
    "open_trainable_engine",
    "parse_spec",
    "style_of",
]
