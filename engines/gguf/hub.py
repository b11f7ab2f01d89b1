"""Finds GGUF files in the Hugging Face hub's cache, and downloads missing ones into it.

huggingface_hub itself deletes the data of an interrupted download, so the transfer is done here: into a partial file in
the cache, which the next call continues. The complete file is checked against the published checksum, where there is
one, and only then handed to huggingface_hub.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engines.errors import EngineError
from engines.gguf.reference import DEFAULT_QUANT, HubFile, choose, quants

_COMMIT = re.compile(r"[0-9a-f]{40}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_PIECE_BYTES = 1 << 20
_TIMEOUT_S = 10.0
_TRIES = 5
"""Number of consecutive requests without a new byte after which a transfer is given up."""

Report = Callable[[str, int, int], None]
"""Called with a file's name, the bytes that have arrived, and the bytes of the whole file."""


class Stopped(Exception):
    """The caller stopped the download; what has arrived is kept."""


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
    folder = _folder(wanted)
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
        reason = _words(error)
    except (_http_error(), OSError) as error:
        reason = f"not in the hub's cache on this machine, and it cannot be downloaded: {_words(error)}"
    raise EngineError(f"{spec}: {reason}")


def _download(spec: str, wanted: HubFile, report: Report, stop: threading.Event) -> Found:
    from huggingface_hub import HfApi, hf_hub_download

    names: Sequence[str] = [wanted.quant]
    if not wanted.sha256:
        listing = HfApi().model_info(wanted.repo, revision=wanted.revision, timeout=_TIMEOUT_S)
        names = [file.rfilename for file in listing.siblings or ()]
    files = choose(names, wanted.quant)
    if not files:
        raise EngineError(f"{spec}: {_nothing_fits(wanted, names)}")
    for file in files:
        _fetch(spec, wanted, file, report, stop)
    # The blobs are there: this adds their names and the revision to the cache.
    return _found(wanted, [Path(hf_hub_download(wanted.repo, file, revision=wanted.revision)) for file in files])


def _nothing_fits(wanted: HubFile, names: Iterable[str]) -> str:
    if not (there := quants(names)):
        return f"{wanted.repo} has no .gguf file; look for a repository whose name ends in -GGUF"
    if not wanted.quant:
        return f"choose one of its files: {', '.join(f'gguf:{wanted.repo}:{quant}' for quant in there)}"
    return f"{wanted.repo} has no {wanted.quant}; it has {', '.join(there)}"


def _fetch(spec: str, wanted: HubFile, file: str, report: Report, stop: threading.Event) -> None:
    """Put the file's content into the cache as a checked blob, unless it is there."""
    from filelock import FileLock, Timeout
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(wanted.repo, file, revision=wanted.revision)
    metadata = get_hf_file_metadata(url, timeout=_TIMEOUT_S)
    if metadata.etag is None or metadata.size is None:
        raise OSError(f"{url} answers without ETag and size, so it is no Hugging Face hub")
    published = metadata.etag if _SHA256.fullmatch(metadata.etag) else ""
    if wanted.sha256 and published and published != wanted.sha256:
        raise EngineError(
            f"{spec}: the hub publishes {file} with SHA-256 {published}, not the known {wanted.sha256}: not downloaded"
        )
    folder = _folder(wanted)
    blob, partial = folder / "blobs" / metadata.etag, folder / "blobs" / f"{metadata.etag}.partial"
    blob.parent.mkdir(parents=True, exist_ok=True)
    # The lock that huggingface_hub takes for the same blob.
    locks = folder.parent / ".locks" / folder.name
    locks.mkdir(parents=True, exist_ok=True)
    lock = FileLock(locks / f"{metadata.etag}.lock")
    while True:
        try:
            lock.acquire(timeout=0.5)
            break
        except Timeout:  # another process downloads the same file
            _check(stop)
    try:
        if not blob.exists():
            _transfer(url, partial, metadata.size, lambda got: report(file, got, metadata.size or 0), stop)
            if expected := wanted.sha256 or published:
                _verify(spec, file, partial, expected, stop)
            partial.replace(blob)
    finally:
        lock.release()


def _transfer(url: str, partial: Path, size: int, report: Callable[[int], None], stop: threading.Event) -> None:
    """Append to the partial file what it lacks, and continue a broken transfer as long as new bytes arrive."""
    from huggingface_hub.errors import HfHubHTTPError

    have = partial.stat().st_size if partial.exists() else 0
    if have > size:
        partial.unlink()
        have = 0
    free = shutil.disk_usage(partial.parent).free
    if free < size - have:
        raise OSError(f"it needs {_gigabytes(size - have)} of disk, and {partial.parent} has {_gigabytes(free)}")
    failures = 0
    while have < size:
        before = have
        problem: Exception = OSError(f"the server ended the transfer at {have:,} of {size:,} bytes")
        try:
            for arrived in _append(url, partial, before, stop):
                report(arrived)
        except HfHubHTTPError:
            raise
        except _http_error() as error:
            problem = error
        have = partial.stat().st_size
        if have < size:
            failures = 0 if have > before else failures + 1
            if failures >= _TRIES:
                raise problem
            stop.wait(min(2**failures, 8) * 0.5)
            _check(stop)


def _append(url: str, partial: Path, have: int, stop: threading.Event) -> Iterable[int]:
    """The size in bytes of the partial file after each piece that one request has appended."""
    from huggingface_hub import get_session, hf_raise_for_status
    from huggingface_hub.utils import build_hf_headers  # type: ignore[attr-defined]  # has no explicit export

    headers = {**build_hf_headers(), "Accept-Encoding": "identity", "Range": f"bytes={have}-"}
    with get_session().stream("GET", url, headers=headers, timeout=_TIMEOUT_S, follow_redirects=True) as response:
        hf_raise_for_status(response)
        whole = response.status_code == 200  # a server that ignores ranges begins anew
        with partial.open("wb" if whole else "ab") as file:
            for piece in response.iter_bytes(_PIECE_BYTES):
                file.write(piece)
                file.flush()
                yield file.tell()
                _check(stop)


def _http_error() -> type[Exception]:
    """The base of the HTTP library's errors: httpx before huggingface_hub 2, httpx2 since."""
    from huggingface_hub.errors import HTTPError  # type: ignore[attr-defined]  # without an explicit export

    return HTTPError


def _verify(spec: str, file: str, path: Path, expected: str, stop: threading.Event) -> None:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while piece := content.read(_PIECE_BYTES):
            digest.update(piece)
            _check(stop)
    if digest.hexdigest() != expected:
        path.unlink()
        raise EngineError(
            f"{spec}: {file} arrived with SHA-256 {digest.hexdigest()} instead of {expected}: nothing kept, try again"
        )


def _found(wanted: HubFile, paths: Sequence[Path]) -> Found:
    blob = paths[0].resolve().name
    commit = paths[0].relative_to(_folder(wanted) / "snapshots").parts[0]
    return Found(tuple(paths), blob if _SHA256.fullmatch(blob) else wanted.sha256 or commit)


def _folder(wanted: HubFile) -> Path:
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=wanted.repo, repo_type="model")


def _check(stop: threading.Event) -> None:
    if stop.is_set():
        raise Stopped


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB"


def _words(error: Any) -> str:
    return " ".join(str(error).split())[:300] or type(error).__name__
