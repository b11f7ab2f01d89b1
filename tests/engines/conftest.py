"""Engines and servers that several tests share."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

import pytest

from engines import BUNDLED
from engines.scripted import Entry, Prepared, ScriptedEngine
from tests.engines.faulty_server import FaultyServer
from tests.engines.gguf_files import convert
from tests.engines.tiny import TEMPLATE, make_checkpoint

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def tiny(tmp_path_factory) -> Path:
    """A random Qwen2 checkpoint with a chat template."""
    pytest.importorskip("torch", reason="needs torch and transformers (extra: local)")
    return make_checkpoint(tmp_path_factory.mktemp("tiny") / "qwen2")


@pytest.fixture(scope="session")
def checkpoints(tiny, tmp_path_factory) -> dict[str, Path]:
    """Checkpoints by name: Qwen2, Qwen3 and Qwen3 with tied embeddings for this project's own decoder, and sharded
    copies of the first and the last.

    The engine leaves sharded weights to transformers, even those of a single shard.
    """
    folder = tmp_path_factory.mktemp("checkpoints")
    tied = make_checkpoint(folder / "tied", "qwen3", tied=True)
    return {
        "qwen2": tiny,
        "qwen3": make_checkpoint(folder / "qwen3", "qwen3"),
        "tied": tied,
        "transformers": _sharded(tiny, folder / "sharded"),
        "transformers-tied": _sharded(tied, folder / "sharded-tied"),
    }


def _sharded(checkpoint: Path, directory: Path) -> Path:
    from safetensors import safe_open

    shutil.copytree(checkpoint, directory)
    shard = (directory / "model.safetensors").rename(directory / "model-00001-of-00001.safetensors")
    with safe_open(shard, "pt") as weights:
        index = {"metadata": {}, "weight_map": dict.fromkeys(weights.keys(), shard.name)}
    (directory / "model.safetensors.index.json").write_text(json.dumps(index))
    return directory


@contextlib.contextmanager
def serving(*arguments: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The URL that a `cure-agent serve` process printed, and the process, which gets no API keys."""
    code = "from engines.serve.command import serve; serve()"
    command = [sys.executable, "-c", code, "--port", "0", *arguments]
    environment = {key: value for key, value in os.environ.items() if not key.endswith("API_KEY")}
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as process:
        assert process.stderr is not None
        line = process.stderr.readline()
        try:
            assert line.startswith("serving "), line + process.stderr.read()
            yield line.split()[-1], process
        finally:
            process.terminate()


@pytest.fixture(scope="session")
def served(tiny) -> Iterator[str]:
    """The model spec of the tiny checkpoint, served by `cure-agent serve`."""
    with serving("--model", f"hf:{tiny}", "--name", "tiny") as (url, _):
        yield f"{url}#tiny"


@pytest.fixture(scope="module")
def faulty() -> Iterator[FaultyServer]:
    """A server that answers every prompt with seven words, in seven pieces, and fails as the path of its URL says."""
    said = Prepared("one two three four five six seven", delay_s=0.05, deltas=7)
    with FaultyServer(ScriptedEngine([Entry((said,), repeat=True)])) as server:
        yield server


def needs_llama(require: Callable[[str, str], NoReturn]) -> None:
    """Skip the test where llama.cpp, gguf or safetensors is missing; fail it where the environment requires them."""
    if any(find_spec(package) is None for package in ("xllamacpp", "gguf", "safetensors")):
        require("gguf", "needs llama.cpp, and gguf and safetensors to write files (extras: gguf, dev, local)")


@pytest.fixture(scope="session")
def tiny_gguf(tmp_path_factory, require) -> Path:
    """The bundled model as a GGUF file, with a chat template."""
    needs_llama(require)
    return convert(BUNDLED["micro"], tmp_path_factory.mktemp("gguf") / "tiny.gguf", TEMPLATE)
