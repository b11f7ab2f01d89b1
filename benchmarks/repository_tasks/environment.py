"""The virtual environment of a task's repository, as one that works on the package would have it."""

from __future__ import annotations

import subprocess
from pathlib import Path

from benchmarks.repository_tasks.task import RepositoryTask

FOLDER = ".venv"


def virtual_environment(task: RepositoryTask, repository: Path, python: Path) -> Path:
    """Make `.venv` in the repository, with the package in it as `pip install --editable` leaves it; returns its python.

    Other distributions are those of `python`. Git is told to overlook the folder, by the repository's own list.
    """
    folder = repository / FOLDER
    subprocess.run([str(python), "-m", "venv", "--without-pip", "--symlinks", str(folder)], check=True)
    theirs = _said(python, "import sys; print(*(path for path in sys.path if path.endswith('-packages')), sep='\\n')")
    own = Path(_said(folder / "bin/python", "import sysconfig; print(sysconfig.get_path('purelib'))"))
    paths = [
        str((repository / path).resolve()) for path in task.needs.paths if path != "." or len(task.needs.paths) == 1
    ]
    (own / "task.pth").write_text("\n".join([*paths, theirs]) + "\n", encoding="utf-8")
    for path, text in task.needs.metadata.items():
        place = own / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8")
    with (repository / ".git/info/exclude").open("a", encoding="utf-8") as file:
        file.write(f"{FOLDER}/\n")
    return folder / "bin/python"


def _said(python: Path, script: str) -> str:
    return subprocess.run([str(python), "-c", script], check=True, capture_output=True, text=True).stdout.strip()
