"""Values of files that all parts of work in a repository exchange."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from agent.repository.files import ChangedFiles, blob_name


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


BASE = Held({"a.py": b"a = 1\n", "b/c.txt": b"c\n", "z": b""})


def test_changed_files_have_new_ones_and_lack_deleted_ones() -> None:
    files = ChangedFiles(BASE, {"a.py": b"a = 2\n", "new/d.py": b"d\n", "z": None})
    assert files.paths == ["a.py", "b/c.txt", "new/d.py"]
    assert files.read("a.py") == b"a = 2\n" and files.read("b/c.txt") == b"c\n"
    assert files.blob("a.py") != BASE.blob("a.py") and files.blob("b/c.txt") == BASE.blob("b/c.txt")


@pytest.mark.parametrize("path", ["z", "nowhere.py"])
def test_a_file_that_is_not_there_is_a_key_error(path: str) -> None:
    files = ChangedFiles(BASE, {"z": None})
    with pytest.raises(KeyError):
        files.read(path)
    with pytest.raises(KeyError):
        files.blob(path)


def test_contents_have_the_name_that_git_gives_them(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"some\r\ncontents\0")
    named = subprocess.run(
        ["git", "hash-object", "--no-filters", tmp_path / "file"], capture_output=True, text=True, check=True
    )
    assert blob_name(b"some\r\ncontents\0") == named.stdout.strip()
