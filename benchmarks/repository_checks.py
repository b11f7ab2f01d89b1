"""Tests of real packages, found, prepared and run without help: `python benchmarks/repository_checks.py BENCH`.

BENCH is made by `rebuild.py build BENCH` of the repository benchmark (`--data`: `../shared/data/repo_bench`);
`rebuild.py` also gives the fixed files, with its own cache of source distributions. For every task, in a line: how the
tests are run and in which environment; seconds until a checker is open for the first time and again, and of the base
run; whether the hidden tests that must fail do fail on the unchanged code and pass with the fixed files; how many tests
pass both times, in the files that the task names. `--path` is the PATH in which Python is looked for.
"""

from __future__ import annotations

import argparse
import asyncio
import importlib.util
import json
import os
import subprocess
import tempfile
import time
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from agent.repository.checks import Checker, Report, establish, open_checker
from agent.repository.checks.ids import junit_name
from agent.repository.errors import RepositoryError
from agent.repository.files import Changed, blob_name
from sandbox import Limits

LIMITS = Limits(cpu_s=900, wall_s=3600, memory_mb=4096, output_bytes=4 << 20, processes=256)


@dataclass(frozen=True)
class Folder:
    """The tracked files of a git checkout."""

    root: Path

    @cached_property
    def paths(self) -> list[str]:
        said = subprocess.run(["git", "-C", self.root, "ls-files", "-z"], capture_output=True, check=True).stdout
        return sorted(path for path in said.decode().split("\0") if path and (self.root / path).is_file())

    def read(self, path: str) -> bytes:
        if not (self.root / path).is_file():
            raise KeyError(path)
        return (self.root / path).read_bytes()

    def blob(self, path: str) -> str:
        return blob_name(self.read(path))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bench", type=Path)
    parser.add_argument("tasks", nargs="*", help="ids of tasks; by default all")
    parser.add_argument("--data", type=Path, default=Path(__file__).parents[2] / "shared" / "data" / "repo_bench")
    parser.add_argument("--cache", type=Path, default=Path("~/.cache/repo_bench").expanduser())
    parser.add_argument("--path", default="/usr/bin:/bin")
    parser.add_argument("--keep-environments", action="store_true", help="use prepared ones of earlier runs")
    wanted = parser.parse_args()
    os.environ["PATH"] = wanted.path
    for name in ("VIRTUAL_ENV", "CONDA_PREFIX", "UV_PROJECT_ENVIRONMENT", "PYENV_VERSION"):
        os.environ.pop(name, None)
    spec = importlib.util.spec_from_file_location("rebuild", wanted.data / "rebuild.py")
    assert spec is not None and spec.loader is not None
    rebuild = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(rebuild)
    with tempfile.TemporaryDirectory() as place:
        if not wanted.keep_environments:
            os.environ["XDG_CACHE_HOME"] = place
        for file in sorted(wanted.data.glob("*.json")):
            task = json.loads(file.read_text())
            if not wanted.tasks or task["id"] in wanted.tasks:
                asyncio.run(one(task, wanted.bench / task["id"], rebuild, wanted.cache))


async def one(task: dict[str, Any], place: Path, rebuild: Any, cache: Path) -> None:
    """Print what became of one task."""
    files = Folder(place / "repo")
    row: dict[str, Any] = {"task": task["id"]}
    started = time.perf_counter()
    try:
        async with await open_checker(files.root, files, limits=LIMITS) as checker:
            row["cold_s"] = round(time.perf_counter() - started, 1)
            row["environment"] = checker.place.environment.reason
        started = time.perf_counter()
        async with await open_checker(files.root, files, limits=LIMITS, slots=1) as checker:
            row["warm_s"] = round(time.perf_counter() - started, 2)
            started = time.perf_counter()
            base = await establish(checker)
            row["base_s"] = round(time.perf_counter() - started, 1)
            row |= {"base_cpu_s": round(base.report.cpu_s, 1), "suite": base.suite.words, "why": base.suite.reason}
            row |= {"tests": len(base.report.tests), "passed": len(base.stable), "flaky": sorted(base.flaky)}
            row["trouble"] = base.report.trouble[:300]
            row |= await verdicts(task, checker, place / "hidden", rebuild.sdist(task, task["fixed"], cache))
    except RepositoryError as error:
        row["error"] = str(error)
    print(json.dumps(row), flush=True)


async def verdicts(task: dict[str, Any], checker: Checker, hidden: Path, fixed: Path) -> dict[str, Any]:
    """Whether the hidden tests say of the unchanged and of the fixed code what the task says."""
    tests = contents(hidden)
    source: Changed = {name: (fixed / name).read_bytes() for name in task["files_changed"]}
    options = task["run"][task["run"].index("-k") :] if "-k" in task["run"] else []
    suite = replace(checker.suite, arguments=(*checker.suite.arguments, *options))
    unchanged = await checker.run(tests, suite=suite)
    patched = await checker.run({**tests, **source}, suite=suite)
    before, after = by_junit_name(unchanged), by_junit_name(patched)
    wanted = task["failing_test_ids"]
    in_run = [path.removesuffix(".py").replace("/", ".") for path in task["run"] if not path.startswith("-")]
    both = [
        name
        for name, passed in before.items()
        if passed and after.get(name) and any(name.startswith((f"{path}.", f"{path}::")) for path in in_run)
    ]
    return {
        "fail_to_pass": f"{sum(not before.get(name) and bool(after.get(name)) for name in wanted)}/{len(wanted)}",
        "pass_to_pass": f"{len(both)}/{task['pass_to_pass']}",
        "regressed": sorted(unchanged.passed - patched.passed),
    }


def contents(folder: Path) -> dict[str, bytes]:
    """The files below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def by_junit_name(report: Report) -> dict[str, bool]:
    """Whether each test passed, by the name that the tasks use."""
    return {"::".join(junit_name(result.id)): name in report.passed for name, result in report.tests.items()}


if __name__ == "__main__":
    main()
