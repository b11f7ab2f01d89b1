"""Downloads files of the Hugging Face hub into its cache; an interrupted download is continued.

huggingface_hub itself deletes the data of an interrupted download, so the transfer is done here: into a partial file in
the cache, which the next call continues. The complete file is checked against the published checksum, where there is
one, and only then handed to huggingface_hub.
"""

from __future__ import annotations

import hashlib
import re
import shutil
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engines.errors import EngineError

if TYPE_CHECKING:
    from rich.progress import TaskID

SHA256 = re.compile(r"[0-9a-f]{64}")
TIMEOUT_S = 10.0
_PIECE_BYTES = 1 << 20
_TRIES = 5
"""Number of consecutive requests without a new byte after which a transfer is given up."""

Report = Callable[[str, int, int], None]
"""Called with a file's name, the bytes that have arrived, and the bytes of the whole file."""


class Stopped(Exception):
    """The caller stopped the download; what has arrived is kept."""


@dataclass(frozen=True, kw_only=True)
class RemoteFile:
    """A file of a repository of the hub."""

    repo: str
    revision: str
    name: str
    sha256: str = ""
    """The SHA-256 that the file must have; empty for that which the hub publishes, if it does."""


def fetch(spec: str, wanted: RemoteFile, report: Report, stop: threading.Event) -> None:
    """Put the file's content into the cache as a checked blob, unless it is there.

    Setting `stop` raises Stopped. Raises EngineError for a file with another checksum, and the errors of
    huggingface_hub and its HTTP library where the file cannot be had.
    """
    from filelock import FileLock, Timeout
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    url = hf_hub_url(wanted.repo, wanted.name, revision=wanted.revision)
    metadata = get_hf_file_metadata(url, timeout=TIMEOUT_S)
    if metadata.etag is None or metadata.size is None:
        raise OSError(f"{url} answers without ETag and size, so it is no Hugging Face hub")
    published = metadata.etag if SHA256.fullmatch(metadata.etag) else ""
    if wanted.sha256 and published and published != wanted.sha256:
        raise EngineError(
            f"{spec}: the hub publishes {wanted.name} with SHA-256 {published}, not the known {wanted.sha256}: "
            f"not downloaded"
        )
    folder = cache_folder(wanted.repo)
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
            _transfer(url, partial, metadata.size, lambda got: report(wanted.name, got, metadata.size or 0), stop)
            if expected := wanted.sha256 or published:
                _verify(spec, wanted.name, partial, expected, stop)
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
        except http_error() as error:
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
    with get_session().stream("GET", url, headers=headers, timeout=TIMEOUT_S, follow_redirects=True) as response:
        hf_raise_for_status(response)
        whole = response.status_code == 200  # a server that ignores ranges begins anew
        with partial.open("wb" if whole else "ab") as file:
            for piece in response.iter_bytes(_PIECE_BYTES):
                file.write(piece)
                file.flush()
                yield file.tell()
                _check(stop)


def http_error() -> type[Exception]:
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


def cache_folder(repo: str) -> Path:
    """The folder of the repository in the hub's cache, which may not exist."""
    from huggingface_hub import constants
    from huggingface_hub.file_download import repo_folder_name

    return Path(constants.HF_HUB_CACHE) / repo_folder_name(repo_id=repo, repo_type="model")


@contextmanager
def download_bars() -> Iterator[Report]:
    """A report that draws a progress bar for each file on standard error."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn())
    with Progress(*columns, TransferSpeedColumn(), TimeRemainingColumn(), console=Console(stderr=True)) as bars:
        tasks: dict[str, TaskID] = {}

        def report(file: str, have: int, size: int) -> None:
            if file not in tasks:
                tasks[file] = bars.add_task(f"downloading {file}", total=size, completed=have)
            bars.update(tasks[file], completed=have)

        yield report


def _check(stop: threading.Event) -> None:
    if stop.is_set():
        raise Stopped


def _gigabytes(size: float) -> str:
    return f"{size / 1e9:.1f} GB"


def words_of(error: Any) -> str:
    """The error in one line."""
    return " ".join(str(error).split())[:300] or type(error).__name__
