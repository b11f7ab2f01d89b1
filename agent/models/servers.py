"""Kinds of model servers, and how their lists of models are read; no request is sent here.

Sources: docs.ollama.com/api/tags, lmstudio.ai/docs/developer/rest/endpoints, llama.cpp's tools/server/README.md,
docs.vllm.ai (OpenAI-compatible server).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from engines import ModelSpecError, parse_spec


@dataclass(frozen=True)
class Server:
    """A kind of model server with the port that it listens on unless told otherwise."""

    name: str
    port: int
    path: str = "/v1/models"
    """Path of the request that lists the server's models."""
    program: str = ""
    """Program whose presence shows that the server is installed."""
    start: str = ""
    """Command that starts the server."""


SERVERS = (
    Server("Ollama", 11434, "/api/tags", "ollama", "ollama serve"),
    Server("llama.cpp", 8080, program="llama-server", start="llama-server -m FILE.gguf"),
    Server("LM Studio", 1234, "/api/v0/models", "lms", "lms server start"),
    Server("vLLM", 8000, program="vllm", start="vllm serve NAME"),
)

_OWNERS = {
    "cure-agent": "cure-agent serve",
    "llamacpp": "llama.cpp",
    "library": "Ollama",
    "organization_owner": "LM Studio",
    "vllm": "vLLM",
}
"""Name of the server by the field `owned_by` of the models it lists."""
_EMBEDDING_FAMILIES = ("bert", "nomic-bert")


@dataclass(frozen=True)
class RunningModel:
    """A model that a running server offers."""

    model: str
    """Model spec: the value of `--model`."""
    detail: str = ""
    """Number of parameters, quantisation, size of the file, maximum number of tokens of prompt and completion, and
    whether the model is still to be loaded, as far as the server says."""


@dataclass(frozen=True)
class RunningServer:
    """A model server that listens on this machine."""

    name: str
    url: str
    models: tuple[RunningModel, ...] = ()
    problem: str = ""
    """Why the server cannot be used as it is, with a remedy; empty where it can be used."""


def read_answer(server: Server, url: str, status: int, body: bytes) -> RunningServer | None:
    """The server at the base URL `url` and its models, read from its answer to a request for `server.path`.

    None for an answer that is not a model server's. The server's name comes from the owner of the models in the answer,
    else from `server`.
    """
    if status in (401, 403):
        return RunningServer(server.name, url, problem="it needs a key: set CURE_AGENT_API_KEY and name its model")
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict):
        return None
    if status == 503 and "loading" in str(value.get("error", "")).lower():
        return RunningServer(server.name, url, problem="it is loading its model; try again in a moment")
    listed = value.get("models" if server.path == "/api/tags" else "data")
    if status != 200 or not isinstance(listed, list):
        return None
    rows = [row for row in listed if isinstance(row, dict) and _name(row)]
    owners = {_OWNERS[owner] for row in rows if (owner := str(row.get("owned_by"))) in _OWNERS}
    name = owners.pop() if len(owners) == 1 else server.name
    models = tuple(
        RunningModel(spec, _detail(row)) for row in rows if not _embeds(row) and (spec := _spec(url, _name(row)))
    )
    return RunningServer(name, url, models, "" if models else "it has no model that writes text")


def _name(row: dict[str, Any]) -> str:
    return next((name for key in ("id", "name", "model") if isinstance(name := row.get(key), str) and name), "")


def _spec(url: str, name: str) -> str:
    """The model spec; empty for a name that no spec can hold."""
    spec = f"{url}#{quote(name, safe='/:@+,=~!')}"
    try:
        return spec if parse_spec(spec).name == name else ""
    except ModelSpecError:
        return ""


def _embeds(row: dict[str, Any]) -> bool:
    """Whether the model makes vectors and writes no text."""
    details = row.get("details")
    family = details.get("family") if isinstance(details, dict) else ""
    return row.get("type") == "embeddings" or family in _EMBEDDING_FAMILIES


def _detail(row: dict[str, Any]) -> str:
    nested = [part for key in ("details", "meta") if isinstance(part := row.get(key), dict)]
    fields = {key: value for part in (*nested, row) for key, value in part.items()}
    size, context = fields.get("size"), fields.get("max_model_len") or fields.get("n_ctx_train")
    context = context or fields.get("max_context_length")
    parts = [
        str(fields.get("parameter_size") or ""),
        str(fields.get("quantization_level") or fields.get("quantization") or ""),
        gigabytes(size) if isinstance(size, int) and size > 0 else "",
        f"context {context}" if isinstance(context, int) else "",
        "not loaded yet" if fields.get("state") == "not-loaded" else "",
    ]
    return ", ".join(filter(None, parts))


def gigabytes(size: int) -> str:
    """A number of bytes in GB (10^9 bytes), with one digit after the point."""
    return f"{size / 1e9:.1f} GB"
