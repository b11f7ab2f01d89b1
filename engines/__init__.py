"""Asks language models: OpenAI-compatible servers, transformers, prepared answers, the bundled micro model.

Requests go in, completions come out as each finishes. A model is named by a spec, the same everywhere:
`micro`, `openai:NAME`, `http://HOST/v1#NAME`, `hf:PATH_OR_ID`, `scripted:FILE`.
"""

from engines.errors import EngineError, ModelSpecError
from engines.protocol import (
    ChatPrompt,
    Completion,
    Engine,
    Finish,
    Message,
    Prompt,
    Request,
    Sampling,
    TextPrompt,
    TokenPrompt,
    Usage,
)

__all__ = [
    "ChatPrompt",
    "Completion",
    "Engine",
    "EngineError",
    "Finish",
    "Message",
    "ModelSpecError",
    "Prompt",
    "Request",
    "Sampling",
    "TextPrompt",
    "TokenPrompt",
    "Usage",
]
