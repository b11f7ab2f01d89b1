"""Downloads one file of a set from the Hugging Face hub, at one commit; runs no code of the repository."""

from __future__ import annotations

import os
from pathlib import Path

from evaluator.datasets.errors import DatasetError
from evaluator.datasets.sources.catalogue import PaperSet


def download(item: PaperSet, revision: str | None, folder: Path) -> tuple[Path, str]:
    """The file of the set, downloaded into `folder`, and its commit; raises DatasetError if the download fails.

    `revision` is a commit, a branch or a tag; None is the branch `main`. The environment variable HF_ENDPOINT names
    another hub.
    """
    try:
        from huggingface_hub import get_hf_file_metadata, hf_hub_download, hf_hub_url
    except ImportError:
        raise DatasetError(
            f"getting {item.name} from the hub needs huggingface_hub: pip install huggingface_hub, "
            f"or give a file with --from PATH"
        ) from None
    from huggingface_hub import errors

    endpoint = os.environ.get("HF_ENDPOINT") or None
    place = f"{item.hub} on {endpoint or 'https://huggingface.co'}"
    try:
        url = hf_hub_url(item.hub, item.file, repo_type="dataset", revision=revision, endpoint=endpoint)
        commit = get_hf_file_metadata(url, timeout=10, endpoint=endpoint).commit_hash or revision or "main"
        path = hf_hub_download(
            item.hub, item.file, repo_type="dataset", revision=commit, endpoint=endpoint, local_dir=folder
        )
    except errors.RevisionNotFoundError as error:
        raise DatasetError(f"{place} has no revision {revision!r}; leave out --revision for the newest") from error
    except errors.EntryNotFoundError as error:
        raise DatasetError(f"{place} has no file {item.file} at revision {revision or 'main'}") from error
    except errors.RepositoryNotFoundError as error:
        raise DatasetError(f"{place} does not exist or is not public; give a file with --from PATH") from error
    except errors.HfHubHTTPError as error:
        raise DatasetError(f"{place} answered {_first_line(error)}; try again later, or use --from PATH") from error
    except Exception as error:
        raise DatasetError(
            f"{place} cannot be reached ({_first_line(error)}); check the network, "
            f"or run `cure-agent datasets get {item.name} --from PATH` with a copy of {item.file}"
        ) from error
    return Path(path), commit


def _first_line(error: Exception) -> str:
    text = str(error).strip()
    return text.splitlines()[0][:200] if text else type(error).__name__
