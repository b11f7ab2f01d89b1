"""Checks of this machine: one finding per part (Python, sandbox, models, disk), with a remedy for a missing part."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import platform
import shutil
import sys
from collections.abc import Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from agent.models.choices import BUNDLED, Choice, choices
from agent.models.servers import SERVERS, Server
from agent.runs.place import STATE_VARIABLE, state_folder
from engines import EngineError, check_model
from sandbox import probe

SANDBOX, MODEL = "sandbox", "model"


@dataclass(frozen=True)
class Finding:
    """State of one part of the machine."""

    name: str
    ok: bool
    detail: str
    remedy: str = ""
    needed: bool = False
    """Whether `solve` needs the part."""


async def examine(
    models: tuple[str, ...] = (), servers: Sequence[Server] = SERVERS, *, edit_probe: bool = False
) -> list[Finding]:
    """Findings on Python, sandboxes, models and what they need, git, the runs' folder, and the model of each spec in
    `models`, which is sent a request, and with `edit_probe` also asked for small edits.

    `servers` are the model servers looked for.
    """
    sandboxes, found = await asyncio.gather(_sandboxes(), choices(servers))
    findings = [_python(), *sandboxes, _local_models(), _gpu(), _extra("vllm"), _extra("deepspeed")]
    findings += [_choice(choice) for choice in found if choice.source != BUNDLED]
    findings += [_git(), _state()]
    findings += [await _model(spec) for spec in models]
    return findings + [await _edits(spec) for spec in models if edit_probe]


def exit_code(findings: list[Finding]) -> int:
    """0 when every needed part works, 6 without a sandbox, 5 when a model does not answer, 2 otherwise."""
    missing = [finding.name for finding in findings if finding.needed and not finding.ok]
    if not missing:
        return 0
    if SANDBOX in missing:
        return 6
    return 5 if any(name.startswith(MODEL) for name in missing) else 2


def _python() -> Finding:
    return Finding("python", sys.version_info >= (3, 11), platform.python_version(), "install Python 3.11", True)


async def _sandboxes() -> list[Finding]:
    statuses = await probe()
    findings = [Finding(status.name, status.usable, status.detail, status.remedy) for status in statuses]
    usable = [status.name for status in statuses if status.usable]
    remedy = "; ".join(status.remedy for status in statuses if status.remedy)
    return [*findings, Finding(SANDBOX, bool(usable), usable[0] if usable else "none works here", remedy, True)]


def _installed(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return ""


def _local_models() -> Finding:
    missing = [name for name in ("torch", "transformers") if importlib.util.find_spec(name) is None]
    if missing:
        remedy = "pip install -e '.[local]' in the project's folder"
        return Finding("local models", False, f"{' and '.join(missing)} missing", remedy)
    return Finding("local models", True, f"torch {_installed('torch')}, transformers {_installed('transformers')}")


def _gpu() -> Finding:
    if importlib.util.find_spec("torch") is None:
        return Finding("gpu", False, "not looked for: torch is missing")
    import torch

    if torch.cuda.is_available():
        return Finding("gpu", True, f"{torch.cuda.device_count()} x {torch.cuda.get_device_name(0)}")
    return Finding("gpu", False, "no CUDA GPU; models run on the CPU or behind an API")


def _choice(choice: Choice) -> Finding:
    detail = f"--model {choice.model}  {choice.detail}" if choice.model else choice.detail
    return Finding(choice.source, choice.ready, detail.strip(), choice.remedy)


def _extra(package: str) -> Finding:
    found = _installed(package)
    remedy = "pip install -e '.[gpu]' in the project's folder, on a GPU machine"
    return Finding(package, bool(found), found or "not installed", remedy)


def _git() -> Finding:
    path = shutil.which("git")
    return Finding("git", path is not None, path or "not found", "install git")


def _state() -> Finding:
    folder = state_folder()
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free // (1 << 20)
    ok = os.access(existing, os.W_OK) and free > 100
    return Finding("runs", ok, f"{folder} ({free} MB free)", f"free some space or set {STATE_VARIABLE}", True)


async def _model(spec: str) -> Finding:
    try:
        answer = await check_model(spec)
    except EngineError as error:
        return Finding(f"{MODEL} {spec}", False, str(error), needed=True)
    return Finding(f"{MODEL} {spec}", True, answer, needed=True)


async def _edits(spec: str) -> Finding:
    """What became of the edits that a model was asked for; the best form is remembered."""
    from agent.repository.edit.probe import probe as probe_edits
    from agent.repository.edit.probe import remember
    from engines import open_engine
    from sandbox import SandboxError, open_sandbox

    name = f"edits by {spec}"
    try:
        engine = await open_engine(spec)
        try:
            async with AsyncExitStack() as stack:
                try:
                    sandbox = await open_sandbox("auto")
                    stack.push_async_callback(sandbox.close)
                except SandboxError:
                    sandbox = None
                found = await probe_edits(engine, sandbox)
        finally:
            await engine.close()
        remember(found, state_folder())
    except (EngineError, OSError) as error:
        return Finding(name, False, str(error))
    return Finding(name, any(share.applicable for share in found.shares), found.words)
