"""Files of a repository as the tests write them: in memory, or below a folder."""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

from agent.repository.files import blob_name


@dataclass(frozen=True)
class Held:
    """Files held in memory."""

    contents: dict[str, bytes]

    @property
    def paths(self) -> list[str]:
        return sorted(self.contents)

    def read(self, path: str) -> bytes:
        return self.contents[path]

    def blob(self, path: str) -> str:
        return blob_name(self.contents[path])


def files_of(contents: dict[str, str]) -> Held:
    """Files with these texts, whose common indentation is taken away."""
    return Held({path: textwrap.dedent(text).lstrip("\n").encode() for path, text in contents.items()})


def laid_out(folder: Path, contents: dict[str, str]) -> Held:
    """Files with these texts, which are also written below the folder."""
    files = files_of(contents)
    for path in files.paths:
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(files.read(path))
    return files
