"""Finds GGUF files in the Hugging Face hub's cache, and downloads missing ones into it.

The content comes by `engines.hub`, and is then handed to huggingface_hub, which names it in its cache.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from engines.errors import EngineError
from engines.gguf.reference import DEFAULT_QUANT, HubFile, choose, quants
from engines.hub import SHA256, TIMEOUT_S, RemoteFile, Report, cache_folder, fetch, http_error, words_of

_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Found:
    """A model's files on this machine."""

    paths: tuple[Path, ...]
    """The file, or the parts of a split model in order."""
    version: str
    """SHA-256 of the first file where the hub or the model reference gives it, else the repository's commit; empty for
    a local file."""


def find_in_cache(wanted: HubFile) -> Found | None:
    """The model in the hub's cache, without asking the hub; None where it is missing or incomplete."""
    folder = cache_folder(wanted.repo)
    commit, reference = wanted.revision, folder / "refs" / wanted.revision
    if not _COMMIT.fullmatch(commit) and reference.is_file():
        commit = reference.read_text().strip()
    snapshot = folder / "snapshots" / commit
    # If no quantisation is named, only the default is certain to be chosen: the hub may have files the cache lacks.
    names = [path.relative_to(snapshot).as_posix() for path in snapshot.glob("**/*.gguf") if path.is_file()]
    files = choose(names, wanted.quant or DEFAULT_QUANT)
    return _found(wanted, [snapshot / name for name in files]) if files else None


def download(spec: str, wanted: HubFile, report: Report, stop: threading.Event) -> Found:
    """The model, downloaded into the hub's cache; an interrupted download is continued.

    A file must have the SHA-256 that `wanted`, or else the hub, gives; without either it is not checked. Setting `stop`
    raises Stopped. Raises EngineError saying why there is no file.
    """
    from huggingface_hub.errors import (
        EntryNotFoundError,
        GatedRepoError,
        HFValidationError,
        RepositoryNotFoundError,
        RevisionNotFoundError,
    )

    try:
        return _download(spec, wanted, report, stop)
    except GatedRepoError:
        reason = f"accept its licence at https://huggingface.co/{wanted.repo}, then set HF_TOKEN"
    except RepositoryNotFoundError:
        reason = f"the hub has no repository {wanted.repo} (a private one needs HF_TOKEN)"
    except RevisionNotFoundError:
        reason = f"{wanted.repo} has no revision {wanted.revision}"
    except EntryNotFoundError:
        reason = f"{wanted.repo} has no file {wanted.quant} at revision {wanted.revision}"
    except HFValidationError as error:
        reason = words_of(error)
    except (http_error(), OSError) as error:
        reason = f"not in the hub's cache on this machine, and it cannot be downloaded: {words_of(error)}"
    raise EngineError(f"{spec}: {reason}")


def _download(spec: str, wanted: HubFile, report: Report, stop: threading.Event) -> Found:
    from huggingface_hub import HfApi, hf_hub_download

    names: Sequence[str] = [wanted.quant]
    if not wanted.sha256:
        listing = HfApi().model_info(wanted.repo, revision=wanted.revision, timeout=TIMEOUT_S)
        names = [file.rfilename for file in listing.siblings or ()]
    files = choose(names, wanted.quant)
    if not files:
        raise EngineError(f"{spec}: {_nothing_fits(wanted, names)}")
    for file in files:
        remote = RemoteFile(repo=wanted.repo, revision=wanted.revision, name=file, sha256=wanted.sha256)
        fetch(spec, remote, report, stop)
    # The blobs are there: this adds their names and the revision to the cache.
    return _found(wanted, [Path(hf_hub_download(wanted.repo, file, revision=wanted.revision)) for file in files])


def _nothing_fits(wanted: HubFile, names: Iterable[str]) -> str:
    if not (there := quants(names)):
        return f"{wanted.repo} has no .gguf file; look for a repository whose name ends in -GGUF"
    if not wanted.quant:
        return f"choose one of its files: {', '.join(f'gguf:{wanted.repo}:{quant}' for quant in there)}"
    return f"{wanted.repo} has no {wanted.quant}; it has {', '.join(there)}"


def _found(wanted: HubFile, paths: Sequence[Path]) -> Found:
    blob = paths[0].resolve().name
    commit = paths[0].relative_to(cache_folder(wanted.repo) / "snapshots").parts[0]
    return Found(tuple(paths), blob if SHA256.fullmatch(blob) else wanted.sha256 or commit)
