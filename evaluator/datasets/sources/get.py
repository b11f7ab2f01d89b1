"""Gets a problem set from the Hugging Face hub at a pinned commit, or from a file, and verifies its checksum."""

from __future__ import annotations

import shutil
from pathlib import Path

from evaluator.datasets.errors import DatasetError
from evaluator.datasets.sources.catalogue import known_set
from evaluator.datasets.sources.hub import download
from evaluator.datasets.sources.store import Record, arriving, folder_of, keep, sha256_of, stored, verified


def get(name: str, revision: str | None = None, source: Path | None = None, sha256: str | None = None) -> Record:
    """The record of the set, after getting and storing the set.

    A stored set is only verified, unless another revision or a file is given: without `revision`, no commit newer than
    the stored one is fetched. Raises DatasetError where the set is unknown, cannot be downloaded, copied or stored, or
    has another checksum than `sha256`, and ProblemError where the file is no problem set.
    """
    item = known_set(name)
    before = stored(item)
    if before is not None and source is None and revision in (None, before.revision):
        if _differs(before.sha256, sha256):
            raise DatasetError(
                f"{item.name}: the stored set has the checksum {before.sha256}, expected {sha256}; "
                f"--revision or --from gets another file in its place"
            )
        verified(item, before)
        return before
    with arriving(item) as folder:
        commit = None
        if source is not None:
            file = _copied(source, folder / source.name)
            origin = str(source.absolute())
        else:
            file, commit = download(item, revision, folder)
            origin = f"hub:{item.hub}"
        found = sha256_of(file)
        if _differs(found, sha256):
            raise DatasetError(
                f"{item.name}: the checksum is {found}, expected {sha256}; nothing was stored. "
                f"Get the set from elsewhere, or leave out --sha256 if the new file is right"
            )
        if before is not None and commit is not None and commit == before.revision and _differs(found, before.sha256):
            raise DatasetError(
                f"{item.name}: the file at commit {commit} has the checksum {found}, and the stored one "
                f"{before.sha256}, though a commit never changes; the stored set was kept. "
                f"Try again later, or remove {folder_of(item)} first if the new file is right"
            )
        return keep(item, file, folder, origin, commit)


def _copied(source: Path, target: Path) -> Path:
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise DatasetError(f"{source}: {reason}; --from takes a file with the set's problems") from error
    return target


def _differs(found: str, expected: str | None) -> bool:
    return expected is not None and found != expected.lower()
