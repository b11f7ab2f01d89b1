"""Opens a GGUF model; downloading and loading happen in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

from engines.errors import EngineError, ModelSpecError
from engines.gguf.header import Header, HeaderError, read_header
from engines.gguf.hub import Found, download, find_in_cache
from engines.gguf.machine import free_memory, physical_cores
from engines.gguf.memory import estimate
from engines.gguf.options import GgufOptions
from engines.gguf.reference import HubFile, LocalFile, parse_reference, parts_of, quants
from engines.gguf.server import Capacity, LlamaServer, has_gpu
from engines.hub import download_bars
from engines.options import own_options
from engines.protocol import Engine
from engines.spec import ModelSpec
from settings.section import Section


async def open_gguf(spec: ModelSpec, options: Sequence[Section]) -> Engine:
    """The engine of a local GGUF file, or of a hub repository's file, which is downloaded if the cache lacks it.

    Raises ModelSpecError for a local file that is missing and for a file that cannot be read as GGUF, EngineError for
    what cannot be downloaded or loaded.
    """
    reference = parse_reference(spec.text, spec.name)
    if find_spec("xllamacpp") is None:
        raise EngineError(f"{spec.text} needs llama.cpp: pip install 'cure-agent[gguf]'")
    stop = threading.Event()
    try:
        return await asyncio.to_thread(_open, spec, reference, own_options(GgufOptions, options), stop)
    except asyncio.CancelledError:
        stop.set()
        raise


def _open(spec: ModelSpec, reference: LocalFile | HubFile, options: GgufOptions, stop: threading.Event) -> Engine:
    from rich.console import Console

    from engines.gguf.engine import GgufEngine, Loaded

    try:
        import_module("xllamacpp")
    except ImportError as error:
        # The wheel does not bring libgomp.so.1, which minimal images lack (Debian: libgomp1).
        raise EngineError(f"{spec.text}: llama.cpp cannot be loaded: {error}") from error
    found = _find(spec.text, reference, stop)
    header = _header(spec.text, found.paths[0])
    capacity = _capacity(header, options)
    if options.check_memory and options.gpu_layers in (0, None):
        _check_memory(spec.text, header, sum(path.stat().st_size for path in found.paths), capacity)
    with Console(stderr=True).status(f"loading {spec.text}"):
        server = LlamaServer(spec.text, found.paths[0], capacity)
    model = _model(spec.text, reference, found)
    return GgufEngine(spec.text, Loaded(model, found.version, header, capacity, server), options.logprobs)


def _find(spec: str, reference: LocalFile | HubFile, stop: threading.Event) -> Found:
    if isinstance(reference, LocalFile):
        return Found(parts_of(reference.path), "")
    if found := find_in_cache(reference):
        return found
    with download_bars() as report:
        return download(spec, reference, report, stop)


def _header(spec: str, path: Path) -> Header:
    try:
        return read_header(path)
    except HeaderError as error:
        raise ModelSpecError(f"{spec}: {path} is not a GGUF file: {error}") from error
    except OSError as error:
        raise ModelSpecError(f"{spec}: {path} cannot be read: {error.strerror or error}") from error


def _capacity(header: Header, options: GgufOptions) -> Capacity:
    context = min(options.context, header.context or options.context)
    return Capacity(options.threads or physical_cores(), options.parallel, context, options.gpu_layers)


def _check_memory(spec: str, header: Header, file_bytes: int, capacity: Capacity) -> None:
    """Raise EngineError if the model needs more memory than is free; an accelerator's memory is left to llama.cpp."""
    need, free = estimate(header, file_bytes, capacity.parallel, capacity.context), free_memory()
    if free is None or need.total <= free or (capacity.gpu_layers is None and has_gpu()):
        return
    raise EngineError(
        f"{spec} needs about {need.total / 1e9:.1f} GB of memory ({need.weights / 1e9:.1f} GB weights, "
        f"{need.cache / 1e9:.1f} GB for {capacity.parallel} samples of {capacity.context} tokens) and "
        f"{free / 1e9:.1f} GB are free: take a smaller quantisation or model, set gguf.parallel or gguf.context lower, "
        f"or gguf.check_memory to false"
    )


def _model(spec: str, reference: LocalFile | HubFile, found: Found) -> str:
    """The spec, with the chosen quantisation added if the spec names none."""
    if isinstance(reference, LocalFile) or reference.quant:
        return spec
    return f"{spec}:{quants([found.paths[0].name])[0]}"
