"""Runs pytest over variants of a task's repository in a sandbox."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.repository_tasks.task import Edit, Needs
from sandbox import Limits, SandboxError
from sandbox.workspace import Command, Quota, open_workspace

INSIDE = Path(__file__).with_name("inside.py")
META = ".meta"
LIMITS = Limits(cpu_s=3600, wall_s=7200, memory_mb=3072, output_bytes=64 << 20, processes=512)
"""Limits of all trials of one repository together."""

SMALL_TEST_S = 0.5
"""CPU seconds of one test of a small program."""


@dataclass(frozen=True)
class Trial:
    """One run of pytest over the repository with some files changed."""

    name: str
    changed: Edit
    arguments: tuple[str, ...]
    hang_ends: bool = False
    """Whether pytest ends with a test that takes too long: where it is enough to know that not all pass."""


@dataclass(frozen=True)
class Outcome:
    """The verdicts of a trial: `pass`, `fail` or `skip` by the JUnit name of a test; empty where nothing was run."""

    verdicts: Mapping[str, str]
    ended: bool
    """Whether pytest came to an end in time."""

    def passes(self, names: Sequence[str]) -> bool:
        """Whether every test of these names was run and passed."""
        return all(self.verdicts.get(name) == "pass" for name in names)


@dataclass(frozen=True)
class Bench:
    """How trials are run: the interpreter, and how long a test and a trial may take."""

    python: Path
    """An interpreter that has pytest and what the suites need."""
    test_s: float = 20.0
    """CPU seconds of one test."""
    wall_s: float = 180.0
    """Seconds of one trial."""
    plain: bool = False
    """Whether tests are functions without fixtures, which are called without pytest."""

    def quick(self) -> Bench:
        """For small programs, of which some tests, and many wrong versions, run for minutes."""
        return replace(self, test_s=SMALL_TEST_S, wall_s=60.0, plain=True)

    def readable(self) -> tuple[Path, ...]:
        """The folders that hold the interpreter, what it was made from, and the modules that it finds."""
        script = "import json, sys; print(json.dumps([sys.prefix, sys.base_prefix, *sys.path]))"
        said = subprocess.run([str(self.python), "-I", "-c", script], check=True, capture_output=True)
        folders = {Path(each) for each in json.loads(said.stdout) if Path(each).is_dir()}
        return tuple(sorted(folder for folder in folders if not folder.is_relative_to("/usr")))


async def run_trials(
    repository: Path, needs: Needs, trials: Sequence[Trial], bench: Bench, shared: Edit | None = None
) -> dict[str, Outcome]:
    """The outcome of each trial by its name. `shared` is changed in all trials, before their own changes.

    Raises SandboxError where the trials could not be run.
    """
    if not trials:
        return {}
    asked = {
        "trials": [asdict(each) for each in trials],
        "shared": {f"{META}/{path}": text for path, text in needs.metadata.items()} | dict(shared or {}),
        "env": dict(needs.env),
        "paths": [*needs.paths, META],
        "test_s": bench.test_s,
        "wall_s": bench.wall_s,
        "plain": bench.plain,
    }
    workspace = await open_workspace(
        repository, kind="bubblewrap", readable=bench.readable(), quota=Quota(disk_mb=512, limits=LIMITS)
    )
    command = (str(bench.python.absolute()), "-c", INSIDE.read_text(encoding="utf-8"))
    try:
        ran = await workspace.run(Command(command, LIMITS, stdin=json.dumps(asked).encode()))
    finally:
        await workspace.close()
    if ran.exit_code != 0:
        raise SandboxError(f"trials of {repository}: {ran.verdict} ({ran.reason}) {ran.stderr_tail.decode()[-2000:]}")
    return {name: Outcome(**said) for name, said in json.loads(ran.stdout).items()}
