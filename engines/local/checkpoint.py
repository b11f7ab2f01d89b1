"""Finds checkpoints on this machine, and downloads missing ones from the Hugging Face hub."""

from __future__ import annotations

import hashlib
import threading
from pathlib import Path
from typing import Any

from engines.errors import EngineError, ModelSpecError
from engines.hub import TIMEOUT_S, RemoteFile, download_bars, fetch, http_error

_FILES = ("*.json", "*.safetensors", "*.txt", "*.model", "*.jinja")
_SMALL_BYTES = 100_000_000


def find_checkpoint(spec: str, name: str, stop: threading.Event | None = None) -> Path:
    """The directory of the checkpoint `name`, which is a path or an id of the Hugging Face hub.

    When offline, checkpoints of the hub are taken from the local cache. Weights come with a progress bar, and an
    interrupted download is continued; setting `stop` raises Stopped. Raises EngineError saying why there is no
    checkpoint. The network is never used for a local path.
    """
    directory = Path(name).expanduser()
    if directory.is_dir():
        if not (directory / "config.json").is_file():
            raise ModelSpecError(f"{spec}: {directory} is not a checkpoint: it has no config.json")
        return directory
    if name.startswith((".", "/", "~")) or name.count("/") != 1:
        raise ModelSpecError(
            f"{spec}: no directory {directory}, and not OWNER/NAME, the form of an id of the Hugging Face hub"
        )
    return _download(spec, name, stop or threading.Event())


def _download(spec: str, name: str, stop: threading.Event) -> Path:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, LocalEntryNotFoundError, RepositoryNotFoundError
    from huggingface_hub.utils.tqdm import tqdm

    class SlowBar(tqdm):
        """A progress bar for real downloads; a cached snapshot shows none."""

        def __init__(self, *arguments: Any, **options: Any) -> None:
            super().__init__(*arguments, **{**options, "delay": 2})  # type: ignore[no-untyped-call]  # tqdm is untyped

    try:
        _fetch_weights(spec, name, stop)
        return Path(snapshot_download(name, allow_patterns=list(_FILES), tqdm_class=SlowBar))
    except GatedRepoError:
        reason = f"accept its licence at https://huggingface.co/{name}, then set HF_TOKEN"
    except RepositoryNotFoundError:
        reason = "the hub has no such model (a private one needs HF_TOKEN), and no such directory exists"
    except LocalEntryNotFoundError:
        reason = "no such directory, not in the hub's cache on this machine, and the hub cannot be reached"
    except (HfHubHTTPError, http_error(), OSError, ValueError) as error:
        reason = " ".join(str(error).split())[:300]
    raise EngineError(f"{spec}: {reason}")


def _fetch_weights(spec: str, name: str, stop: threading.Event) -> None:
    """Download the weights that the hub's cache lacks. Does nothing where the hub cannot be asked for its files."""
    from huggingface_hub import HfApi, try_to_load_from_cache

    try:
        listing = HfApi().model_info(name, timeout=TIMEOUT_S)
    except (http_error(), OSError, ValueError):
        return  # what is the matter, and what the cache has, is found by snapshot_download
    revision = listing.sha or "main"
    with download_bars() as report:
        for file in (each.rfilename for each in listing.siblings or ()):
            is_cached = isinstance(try_to_load_from_cache(name, file, revision=revision), str)
            if file.endswith(".safetensors") and not is_cached:
                fetch(spec, RemoteFile(repo=name, revision=revision, name=file), report, stop)


def weights_version(directory: Path) -> str:
    """The version of the weights: the SHA-256 of `model.safetensors` if the file is small, since hashing a large file
    is slow; else the commit, for a checkpoint from the hub; else an empty string."""
    weights = directory / "model.safetensors"
    if weights.is_file() and weights.stat().st_size <= _SMALL_BYTES:
        return hashlib.sha256(weights.read_bytes()).hexdigest()
    return directory.name if directory.parent.name == "snapshots" else ""
