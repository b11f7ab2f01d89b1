"""The models that can be used here: of running servers, downloadable by name, of OpenAI, bundled."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.models.probe import running_servers
from agent.models.servers import SERVERS, RunningServer, Server, gigabytes
from engines import NamedModel, is_downloaded, named_models

BUNDLED = "bundled"


@dataclass(frozen=True)
class Choice:
    """A model to choose, or a reason why a source of models has none."""

    source: str
    """Where the model comes from: the name of a kind of server, such as `Ollama`; `local`, `OpenAI`, or `bundled`."""
    model: str
    """The value of `--model`; empty where the source has none now."""
    detail: str = ""
    ready: bool = True
    """Whether the model answers without a download or another step."""
    remedy: str = ""
    """The step that is missing, in words; empty where none is."""


async def choices(servers: Sequence[Server] = SERVERS) -> list[Choice]:
    """Every model that can be used here, or why a source has none, running servers first.

    All `servers` are asked concurrently.
    """
    running = await running_servers(servers)
    found = [choice for server in running for choice in _served(server)]
    asleep = _installed(server for server in servers if server.name not in {choice.source for choice in found})
    return [*found, *asleep, *map(_named, named_models()), _openai(), _bundled()]


def with_ports(ports: Iterable[int]) -> list[Server]:
    """The usual servers, Ollama at the port in $OLLAMA_HOST, and a server of any kind at each of these ports."""
    ollama = os.environ.get("OLLAMA_HOST", "").rstrip("/").rpartition(":")[2]
    usual = [
        Server(server.name, int(ollama), server.path, server.program, server.start)
        if server.name == "Ollama" and ollama.isdecimal()
        else server
        for server in SERVERS
    ]
    return usual + [Server("server", port) for port in dict.fromkeys(ports)]


def _served(server: RunningServer) -> list[Choice]:
    if server.problem:
        return [Choice(server.name, "", server.url, ready=False, remedy=server.problem)]
    return [Choice(server.name, model.model, model.detail) for model in server.models]


def _installed(servers: Iterable[Server]) -> list[Choice]:
    """A choice for each of these servers, none of which answered, whose program is installed on this machine."""
    found = [server for server in servers if server.program and shutil.which(server.program)]
    return [Choice(server.name, "", "installed, not running", ready=False, remedy=server.start) for server in found]


def _named(model: NamedModel) -> Choice:
    solved = model.best_of_8
    measured = "" if solved is None else f"best of 8 programs solves {solved:.0%} of problems (docs/which-model.md)"
    parts = (gigabytes(model.size), f"{gigabytes(model.memory)} of memory", model.licence, measured)
    detail = ", ".join(filter(None, parts))
    if importlib.util.find_spec("xllamacpp") is None:
        return Choice("local", model.name, detail, ready=False, remedy=_install("gguf"))
    if not is_downloaded(model):
        return Choice("local", model.name, detail, ready=False, remedy="is downloaded when it is first used")
    return Choice("local", model.name, f"{detail}, downloaded")


def _openai() -> Choice:
    if not os.environ.get("OPENAI_API_KEY"):
        return Choice("OpenAI", "", "OPENAI_API_KEY is not set", ready=False, remedy="set it to use openai:NAME")
    base = os.environ.get("OPENAI_BASE_URL", "api.openai.com")
    return Choice("OpenAI", "openai:NAME", f"OPENAI_API_KEY is set ({base})")


def _bundled() -> Choice:
    detail = "knows one family of small problems only, see cure-agent demo"
    ready = importlib.util.find_spec("torch") is not None
    return Choice(BUNDLED, "micro", detail, ready, "" if ready else _install("local"))


def _install(extra: str) -> str:
    return f"pip install -e '.[{extra}]' in the project's folder"
