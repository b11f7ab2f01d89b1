"""How long work in a repository takes: snapshot, patch, worktree, apply and undo, with few changes among many files.

python benchmarks/repository_git.py [FILES]
"""

from __future__ import annotations

import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from agent.repository.git.applying import apply_patch, redo, undo
from agent.repository.git.opened import open_repository
from agent.repository.git.snapshot import take_snapshot
from agent.repository.git.worktree import worktree

Times = dict[str, list[tuple[float, float]]]


def make_repository(root: Path, files: int) -> None:
    """A committed and packed repository with four changed and three new files."""
    for number in range(files):
        place = root / f"package{number // 50}" / f"module{number}.py"
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(f"def function{number}():\n    return {number}\n" * 20)
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "first"], ["gc", "-q"], ["status"]):
        who = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", "-c", "gc.auto=0"]
        subprocess.run(["git", *who, *command], cwd=root, check=True, capture_output=True)
    for number in (0, 51, files // 2, files - 1):
        (root / f"package{number // 50}" / f"module{number}.py").write_text(f"changed = {number}\n")
    for number in range(3):
        (root / f"new{number}.py").write_text(f"new = {number}\n")


def seconds_of_cpu() -> float:
    """CPU seconds of this process and of the commands it has run."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def timed(times: Times, name: str, work: Callable[[], object]) -> object:
    """What `work` returns, after noting its wall and CPU seconds."""
    wall, cpu = time.perf_counter(), seconds_of_cpu()
    result = work()
    times.setdefault(name, []).append((time.perf_counter() - wall, seconds_of_cpu() - cpu))
    return result


def measure(root: Path, folder: Path, rounds: int) -> Times:
    """Wall and CPU seconds of each kind of work, once a round."""
    times: Times = {}
    with open_repository(root):
        pass  # the first one imports GitPython
    changed = {"package3/module150.py": b"patched = 1\n", "package4/made.py": b"made = 1\n"}
    for number in range(rounds):
        run = f"run{number}"
        timed(times, "open and close", lambda: open_and_close(root))
        with open_repository(root) as repository:
            timed(times, "snapshot", lambda: take_snapshot(repository, run))  # noqa: B023 (called at once)
            snapshot = take_snapshot(repository, run)
            timed(times, "first reading of files", lambda: snapshot.files.read("package3/module150.py"))  # noqa: B023
            patch = snapshot.patch(changed)
            timed(times, "patch of two files", lambda: snapshot.patch(changed))  # noqa: B023
            timed(times, "apply", lambda: apply_patch(snapshot, patch))  # noqa: B023
            timed(times, "undo", lambda: undo(repository, run))  # noqa: B023
            timed(times, "redo", lambda: redo(repository, run))  # noqa: B023
            undo(repository, run)
            timed(times, "worktree, made and removed", lambda: check_out(snapshot, folder / "worktree"))  # noqa: B023
            snapshot.files.close()
    return times


def open_and_close(root: Path) -> None:
    """Open the repository."""
    with open_repository(root):
        pass


def check_out(snapshot: object, folder: Path) -> None:
    """Make a worktree and remove it."""
    with worktree(snapshot, folder):  # type: ignore[arg-type]  # a Snapshot
        pass


def main(files: int = 5000, rounds: int = 9) -> None:
    with TemporaryDirectory() as folder:
        root = Path(folder) / "tree"
        make_repository(root, files)
        times = measure(root, Path(folder), rounds)
    print(f"milliseconds, {files} files, {rounds} rounds")
    print(f"{'':28} {'median':>7} {'best':>7} {'CPU, best':>10}")
    for name, taken in times.items():
        wall, cpu = [1000 * each for each, _ in taken], [1000 * each for _, each in taken]
        print(f"{name:28} {statistics.median(wall):7.0f} {min(wall):7.0f} {min(cpu):10.0f}")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
