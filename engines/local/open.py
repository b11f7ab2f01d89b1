"""Opens engines over models in this process; torch is imported in a thread."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec

from engines.errors import EngineError
from engines.local.options import LocalOptions
from engines.options import own_options
from engines.protocol import Engine
from engines.registry import BUNDLED
from engines.spec import ModelSpec
from settings.section import Section


async def open_checkpoint(spec: ModelSpec, options: Sequence[Section]) -> Engine:
    """The engine of a checkpoint, which is a directory or an id of the Hugging Face hub.

    Raises EngineError if a package that it needs is not installed, or the checkpoint cannot be loaded.
    """
    needed = ("torch", "transformers", "tokenizers", "safetensors")
    if missing := [package for package in needed if find_spec(package) is None]:
        raise EngineError(f"{spec.text} needs {', '.join(missing)}: pip install 'cure-agent[local]'")

    stop = threading.Event()

    def load() -> Engine:
        from engines.local.engine import LocalEngine

        return LocalEngine.load(spec.text, spec.name, own_options(LocalOptions, options), stop)

    try:
        return await asyncio.to_thread(load)
    except asyncio.CancelledError:
        stop.set()
        raise


async def open_bundled(spec: ModelSpec, options: Sequence[Section]) -> Engine:
    """The engine of a model that comes with the package; raises EngineError if its files cannot be loaded."""
    directory = BUNDLED[spec.name]
    if not (directory / "config.json").is_file():
        raise EngineError(f"{spec.text}: the bundled checkpoint is missing in {directory}; install cure-agent again")
    return await open_checkpoint(replace(spec, name=str(directory)), options)
