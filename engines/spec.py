"""Model specs: what `--model` may say, and the engine each one opens."""

from __future__ import annotations

import asyncio
import difflib
import re
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Literal, cast
from urllib.parse import unquote, urlsplit

from engines.errors import EngineError, ModelSpecError
from engines.protocol import Engine, TrainableEngine

Kind = Literal["bundled", "openai", "http", "hf", "vllm", "scripted"]
Style = Literal["micro", "release", "chat"]

BUNDLED = {"micro": "micro", "micro-base": "micro-base"}
"""Names of the bundled models, each with its directory under `engines/`."""

TRAINABLE = ("bundled", "hf", "vllm")
"""Kinds of specs whose engine is a TrainableEngine."""

FORMS = ("micro", "openai:NAME", "http://HOST:PORT/v1#NAME", "hf:PATH_OR_ID", "scripted:FILE", "vllm:NAME")
_USER = re.compile(r"^[a-z]+://[^/?]*@", re.IGNORECASE)
_PREFIXES = ("openai", "hf", "scripted", "vllm")


@dataclass(frozen=True)
class ModelSpec:
    """A model spec taken apart."""

    kind: Kind
    name: str
    """Model name, path or file; empty for an http server asked for the only model it has."""
    url: str = ""
    """Base URL of an `http` spec, ending in `/v1` where the user wrote so."""
    text: str = ""
    """The spec as written."""


@dataclass(frozen=True)
class EngineOptions:
    """How an engine works, whatever it is asked. Each engine uses the fields that concern it."""

    concurrency: int = 32
    """HTTP: requests under way at once."""
    per_request: int = 8
    """HTTP: samples asked for in one request; a larger n is split, so that first results come earlier."""
    rpm: float | None = None
    """HTTP: requests a minute at most, evenly spaced; None is as many as `concurrency` allows."""
    tpm: float | None = None
    """HTTP: tokens a minute at most, of prompts and completions together."""
    connect_s: float = 10.0
    first_token_s: float = 300.0
    """HTTP: seconds from the request to the first sign of life; a busy server queues."""
    idle_s: float = 90.0
    """HTTP: seconds between two pieces of a stream."""
    retries: int = 5
    """HTTP: how often a sample is asked for again after a passing failure."""
    backoff_s: float = 0.5
    """HTTP: the first pause before a retry; doubled each time, with jitter, unless the server names one."""
    max_backoff_s: float = 30.0
    patience_s: float = 600.0
    """HTTP: nothing is asked for again later than this after it was first asked for."""
    logprobs: bool = False
    """HTTP: ask for log-probabilities; without it they are kept where a server sends them unasked."""
    api_key: str | None = None
    """HTTP: overrides the environment's key."""
    rows: int = 64
    """Transformers and vLLM: samples decoded side by side. For vLLM on a GPU take hundreds."""
    device: str | None = None
    """Transformers: `cpu`, `cuda`, `cuda:1`; None takes CUDA where there is one."""
    threads: int | None = None
    """Transformers: CPU threads of the decoding thread; None is one for a small model, else torch's default."""
    memory: float = 0.9
    """vLLM: share of a GPU's memory it takes, weights included. Less where a trainer lives on the same GPU."""
    context: int | None = None
    """vLLM: most tokens of prompt and completion; None is what the model was built for."""
    dtype: str | None = None
    """vLLM: `bfloat16`, `float16`, `float32`; None is the checkpoint's, as vLLM sees it, and `float32` on a CPU."""
    eager: bool = False
    """vLLM: no CUDA graphs, which start slowly and run fast."""
    tensor_parallel: int = 1
    """vLLM: GPUs that one model is spread over."""
    spmd: bool = False
    """vLLM: this process was started by torchrun, with a process per GPU, each of which makes the same calls. With
    `tensor_parallel` above 1 the ranks of a group must ask for the same, one call at a time, and cancel nothing."""


def parse_spec(text: str) -> ModelSpec:
    """The spec taken apart; raises ModelSpecError naming the nearest valid form."""
    spec = text.strip()
    if spec in BUNDLED:
        return ModelSpec("bundled", spec, text=spec)
    prefix, colon, name = spec.partition(":")
    if _USER.search(spec.partition("#")[0]):
        # Specs go into records and messages: neither may hold a password, this message included.
        raise ModelSpecError(
            "a model spec may not hold a user name or password before '@': leave them out of the URL and give the "
            "server's key in CURE_AGENT_API_KEY"
        )
    if prefix in ("http", "https"):
        return _parse_url(spec)
    if colon and prefix in _PREFIXES:
        if not name.strip():
            raise ModelSpecError(f"model spec {spec!r} lacks a name after the colon: {_form(prefix)}")
        return ModelSpec(cast(Kind, prefix), name.strip(), text=spec)
    raise ModelSpecError(f"unknown model spec {spec!r}: {_nearest(spec)}")


def _parse_url(spec: str) -> ModelSpec:
    try:
        parts = urlsplit(spec)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ModelSpecError(f"model spec {spec!r} is not a URL ({error}); write {_form('http')}") from None
    if not host or not spec.startswith((f"{parts.scheme}://",)):
        raise ModelSpecError(f"model spec {spec!r} names no host; write {_form('http')}")
    url = parts._replace(fragment="").geturl().rstrip("/")
    for ending in ("/chat/completions", "/completions"):
        url = url.removesuffix(ending)
    return ModelSpec("http", unquote(parts.fragment), url=url, text=spec)


def _form(prefix: str) -> str:
    return next(form for form in FORMS if form.startswith(prefix))


def _nearest(spec: str) -> str:
    """What the user may have meant, as the end of a sentence."""
    prefix, colon, rest = spec.partition(":")
    meant = ""
    if colon and rest and not rest.partition("/")[0].isdigit():
        close = difflib.get_close_matches(prefix.lower(), (*_PREFIXES, "http", "https"), n=1)
        meant = f"{close[0]}:{rest}" if close else ""
    elif colon and rest:
        meant = f"http://{spec}" if "/" in rest else f"http://{spec}/v1"
    elif close := difflib.get_close_matches(spec.lower(), BUNDLED, n=1):
        meant = close[0]
    elif spec and Path(spec).is_dir():
        meant = f"hf:{spec}"
    elif Path(spec).is_file():
        meant = f"scripted:{spec}"
    elif spec.startswith(("gpt-", "o1", "o3", "o4", "chatgpt-")):
        meant = f"openai:{spec}"
    elif spec.count("/") == 1:
        meant = f"hf:{spec}"
    valid = ", ".join(FORMS)
    return f"did you mean {meant}? (valid forms: {valid})" if meant else f"write one of {valid}"


def default_style(spec: str) -> Style:
    """The prompt style the model was trained on, judged by its name: bundled, published CURE, or any chat model."""
    parsed = parse_spec(spec)
    if parsed.kind == "bundled":
        return "micro"
    if parsed.kind in ("openai", "scripted"):
        return "chat"
    if parsed.kind == "http" and parsed.name in BUNDLED:
        return "micro"
    return "release" if "reasonflux-coder-" in parsed.name.lower() else "chat"


def style_of(engine: Engine) -> Style:
    """The prompt style of an open engine: of the model its server named where the spec left that open."""
    from engines.http.engine import HttpEngine

    return default_style(engine.full_spec if isinstance(engine, HttpEngine) else engine.spec)


async def open_engine(spec: str, options: EngineOptions = EngineOptions()) -> Engine:
    """The engine a spec names, ready to be asked; close it after use.

    Raises ModelSpecError for a spec that names nothing, EngineError where the model cannot be had: a missing file,
    torch not installed, a server that cannot say which model it serves.
    """
    parsed = parse_spec(spec)
    if parsed.kind == "scripted":
        from engines.scripted import ScriptedEngine

        return ScriptedEngine.from_file(parsed.name)
    if parsed.kind == "bundled":
        directory = Path(__file__).parent / BUNDLED[parsed.name]
        if not (directory / "config.json").is_file():
            raise EngineError(f"{spec}: the bundled checkpoint is missing in {directory}; install cure-agent again")
        return await _open_local(parsed, str(directory), options)
    if parsed.kind == "hf":
        return await _open_local(parsed, parsed.name, options)
    if parsed.kind in ("http", "openai"):
        from engines.http.engine import HttpEngine

        engine = HttpEngine(parsed, options)
        await engine.choose_model()
        return engine
    return await _open_vllm(parsed, options)


async def open_trainable_engine(spec: str, options: EngineOptions = EngineOptions()) -> TrainableEngine:
    """The engine a spec names, for a trainer; raises as `open_engine`, and where the weights cannot be replaced."""
    if parse_spec(spec).kind not in TRAINABLE:
        raise ModelSpecError(f"{spec} cannot be given new weights: training takes hf:PATH_OR_ID, vllm:NAME or micro")
    engine = await open_engine(spec, options)
    assert isinstance(engine, TrainableEngine)
    return engine


async def check_model(spec: str, options: EngineOptions = EngineOptions()) -> str:
    """One line saying that the model can be asked; raises EngineError saying why not.

    A server is asked for its models and must answer in three seconds; a local model is loaded.
    """
    engine = await open_engine(spec, options)
    try:
        if parse_spec(spec).kind in ("http", "openai"):
            from engines.http.engine import HttpEngine

            assert isinstance(engine, HttpEngine)
            return await engine.check()
        return f"{spec} is loaded"
    finally:
        await engine.close()


async def _open_local(parsed: ModelSpec, name: str, options: EngineOptions) -> Engine:
    missing = [
        package for package in ("torch", "transformers", "tokenizers", "safetensors") if find_spec(package) is None
    ]
    if missing:
        raise EngineError(f"{parsed.text} needs {', '.join(missing)}: pip install 'cure-agent[local]'")

    def load() -> Engine:
        from engines.local.engine import LocalEngine

        return LocalEngine.load(parsed.text, name, options.rows, options.device, options.threads)

    return await asyncio.to_thread(load)


async def _open_vllm(parsed: ModelSpec, options: EngineOptions) -> Engine:
    if find_spec("vllm") is None:
        raise EngineError(
            f"{parsed.text} needs vLLM: pip install 'cure-agent[gpu]', or run `vllm serve {parsed.name}` elsewhere "
            f"and use http://HOST:8000/v1#{parsed.name}"
        )

    def load() -> Engine:
        from engines.vllm_local.engine import VllmEngine

        return VllmEngine.load(parsed.text, parsed.name, options)

    return await asyncio.to_thread(load)
