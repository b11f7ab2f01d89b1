"""Parses what follows `gguf:`, and chooses among the GGUF files of a repository."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from engines.errors import ModelSpecError
from engines.gguf.models import named_model

DEFAULT_QUANT = "q4_k_m"
"""Taken where a spec names no quantisation: about a third of the size at nearly the quality of 16-bit weights."""

_REPO = re.compile(r"^(?P<repo>[\w.-]+/[\w.-]+)(?:@(?P<revision>[\w./-]+))?(?::(?P<quant>[^:]+))?$")
_PART = re.compile(r"-(\d{5})-of-(\d{5})$")
_QUANT = re.compile(r"(?:^|[-._])((?:UD-)?(?:I?Q\d\w*|TQ\d\w*|MXFP\d\w*|BF16|F16|F32))$", re.IGNORECASE)
_NO_MODEL = re.compile(r"mmproj|imatrix", re.IGNORECASE)
"""Files beside the model: image encoders and the statistics that quantisations are made from."""


@dataclass(frozen=True)
class LocalFile:
    """A file on this machine."""

    path: Path


@dataclass(frozen=True)
class HubFile:
    """Files of one model in a repository of the Hugging Face hub."""

    repo: str
    revision: str = "main"
    quant: str = ""
    """Quantisation or file name; empty for the default."""
    sha256: str = ""
    """Checksum of the file, where it is known beforehand."""


def parse_reference(spec: str, name: str) -> LocalFile | HubFile:
    """What `name`, the text after `gguf:` or a named model, refers to.

    Raises ModelSpecError for a path without a file and for text that is neither a path nor a repository.
    """
    if model := named_model(name):
        return HubFile(model.repo, model.revision, model.file, model.sha256)
    path = Path(name).expanduser()
    if path.is_file():
        return LocalFile(path)
    if path.is_dir():
        files = sorted(file.name for file in path.glob("*.gguf"))
        holds = f"it holds {', '.join(files)}" if files else "it holds no .gguf file"
        raise ModelSpecError(f"{spec}: {path} is a directory; name a file ({holds})")
    form = _REPO.match(name)
    if name.startswith((".", "/", "~")) or not form or form["repo"].lower().endswith(".gguf"):
        raise ModelSpecError(
            f"{spec}: there is no file {path}, and a repository of the hub has the form OWNER/NAME:QUANT, "
            f"such as Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF:{DEFAULT_QUANT}"
        )
    return HubFile(form["repo"], form["revision"] or "main", form["quant"] or "")


def choose(names: Iterable[str], quant: str) -> tuple[str, ...]:
    """The files of one model among a repository's files, in order: several where the model is split.

    `quant` is a quantisation or a file name, in small or capital letters; an empty one chooses DEFAULT_QUANT, or the
    only model there is. The result is empty where no file fits.
    """
    models = _models(names)
    wanted = quant.lower()
    if wanted.endswith(".gguf"):
        fitting = [files for files in models.values() if any(wanted in (f.lower(), _base(f)) for f in files)]
    else:
        ending = re.compile(rf"(^|[-._/]){re.escape(wanted or DEFAULT_QUANT)}$")
        fitting = [files for stem, files in models.items() if ending.search(stem.lower())]
        if not fitting and not wanted and len(models) == 1:
            fitting = list(models.values())
    # The fewest files, then the shortest name: variants of a quantisation, such as UD-Q4_K_M of Q4_K_M, end alike but
    # have longer names.
    return min(fitting, key=lambda files: (len(files), len(files[0]), files), default=())


def parts_of(path: Path) -> tuple[Path, ...]:
    """All parts, in order, of the split model that the file belongs to; else, or where a part is missing, the file."""
    return tuple(
        path.parent / name for name in choose((file.name for file in path.parent.glob("*.gguf")), path.name)
    ) or (path,)


def quants(names: Iterable[str]) -> list[str]:
    """What may be given as a quantisation for these files: their quantisations, or their names where they have none."""
    found = {match[1] if (match := _QUANT.search(stem)) else f"{Path(stem).name}.gguf" for stem in _models(names)}
    return sorted(found, key=str.lower)


def _models(names: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Complete models: their files by the common part of the files' names."""
    parts: dict[tuple[str, int], list[str]] = {}
    for name in sorted(names):
        if not name.lower().endswith(".gguf") or _NO_MODEL.search(name):
            continue
        stem = name[: -len(".gguf")]
        part = _PART.search(stem)
        parts.setdefault((stem[: part.start()], int(part[2])) if part else (stem, 0), []).append(name)
    # Whole files last: they replace a split model of the same name.
    complete = {key: files for key, files in parts.items() if len(files) == max(1, key[1])}
    return {stem: tuple(files) for (stem, _), files in sorted(complete.items(), reverse=True)}


def _base(file: str) -> str:
    return Path(file).name.lower()
