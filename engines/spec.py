"""Parses model specs, the values of `--model`."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from engines.errors import ModelSpecError
from engines.gguf.models import named_model, named_models
from engines.registry import BUNDLED, ENGINES

_USER = re.compile(r"^[a-z]+://[^/?]*@", re.IGNORECASE)


@dataclass(frozen=True)
class ModelSpec:
    """A parsed model spec."""

    kind: str
    """Which engine answers: a key of `engines.registry.ENGINES`."""
    name: str
    """Model name, path or file; empty for an `http` spec that names no model: the server's only one is then used."""
    url: str = ""
    """Base URL of an `http` spec, query included. The path ends in `/v1` only where the spec as written has `/v1`."""
    text: str = ""
    """The spec as written."""


def parse_spec(text: str) -> ModelSpec:
    """The parsed spec; raises ModelSpecError saying what is wrong with an invalid one and what to write instead."""
    spec = text.strip()
    if spec in BUNDLED:
        return ModelSpec("bundled", spec, text=spec)
    if named_model(spec):
        return ModelSpec("gguf", spec, text=spec)
    prefix, _, name = spec.partition(":")
    if _USER.search(spec.partition("#")[0]):
        # Specs are written into records and messages, which must not hold a password; nor must this message.
        raise ModelSpecError(
            "a model spec may not hold a user name or password before '@': leave them out of the URL and give the "
            "server's key in CURE_AGENT_API_KEY"
        )
    if prefix in ("http", "https"):
        return _parse_url(spec)
    if prefix in _prefixes() and prefix != spec:
        if not name.strip():
            raise ModelSpecError(f"model spec {spec!r} lacks a name after the colon: {ENGINES[prefix].form}")
        return ModelSpec(prefix, name.strip(), text=spec)
    raise ModelSpecError(f"unknown model spec {spec!r}: {_nearest(spec)}")


def _prefixes() -> list[str]:
    """Prefixes of specs, without the colon."""
    return [kind for kind, engine in ENGINES.items() if engine.form.startswith(f"{kind}:")]


def _parse_url(spec: str) -> ModelSpec:
    form = ENGINES["http"].form
    try:
        parts = urlsplit(spec)
        host, _ = parts.hostname, parts.port
    except ValueError as error:
        raise ModelSpecError(f"model spec {spec!r} is not a URL ({error}); write {form}") from None
    if not host or not spec.startswith((f"{parts.scheme}://",)):
        raise ModelSpecError(f"model spec {spec!r} names no host; write {form}")
    path = parts.path.rstrip("/")
    for ending in ("/chat/completions", "/completions"):
        path = path.removesuffix(ending)
    url = parts._replace(path=path, fragment="").geturl()
    return ModelSpec("http", unquote(parts.fragment), url=url, text=spec)


def _nearest(spec: str) -> str:
    """A suggestion of what the user may have meant, as the end of an error message."""
    prefix, colon, rest = spec.partition(":")
    names = (*BUNDLED, *(model.name for model in named_models()))
    meant = ""
    if colon and rest and not rest.partition("/")[0].isdigit():
        close = difflib.get_close_matches(prefix.lower(), (*_prefixes(), "https"), n=1)
        meant = f"{close[0]}:{rest}" if close else ""
    elif colon and rest:
        meant = f"http://{spec}" if "/" in rest else f"http://{spec}/v1"
    elif close := difflib.get_close_matches(spec.lower(), names, n=1):
        meant = close[0]
    elif spec and Path(spec).is_dir():
        meant = f"hf:{spec}"
    elif spec.lower().endswith(".gguf") or ("/" in spec and spec.lower().endswith("-gguf")):
        meant = f"gguf:{spec}"
    elif Path(spec).is_file():
        meant = f"scripted:{spec}"
    elif spec.startswith(("gpt-", "o1", "o3", "o4", "chatgpt-")):
        meant = f"openai:{spec}"
    elif spec.count("/") == 1:
        meant = f"hf:{spec}"
    valid = ", ".join(engine.form for engine in ENGINES.values())
    return f"did you mean {meant}? (valid forms: {valid})" if meant else f"write one of {valid}"
