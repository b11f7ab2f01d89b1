"""How often the command hands over a right patch, where answers of known truth are drawn at known rates.

    python -m benchmarks.repository_solved run --store STORE --python VENV/bin/python --out solved.jsonl
    python -m benchmarks.repository_solved table solved.jsonl

`run` builds each stored task's repository (see `benchmarks.repository_tasks`), draws a scripted engine's answers from
the task's pool, calls `cure-agent change`, and runs the hidden tests on the patch that was handed over. A quarter of
the seeds draws no right edit at all. Each task and seed gives one line of JSON: a second call goes on where an earlier
one ended.
With `--model` a real model answers instead. With `--keep FOLDER` the record of each run stays, in `TASK/SEED/run`, and
beside it `truth.json`: by candidate, whether its patch passes the hidden tests. `benchmarks.repository_confidence`
reads both.

`table` prints, per source: how often the patch is right where the coder's answers have a right one, how often a wrong
patch was called verified, how often the command abstained where no edit was right; with Wilson's 95 % intervals.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agent.runs.record import load_run
from agent.runs.store import find_run
from benchmarks.repository_tasks.build_pools import tasks_with_pools
from benchmarks.repository_tasks.environment import virtual_environment
from benchmarks.repository_tasks.patches import judge_patch
from benchmarks.repository_tasks.pools import Pool
from benchmarks.repository_tasks.scripted import Rates, Script, scripted
from benchmarks.repository_tasks.task import SOURCES, RepositoryTask
from benchmarks.repository_tasks.trials import Bench
from cure.metrics.intervals import wilson

Row = dict[str, Any]
_ENDED = (0, 1, 3, 4)
"""Exit codes of a run that came to an end; after any other, the next call tries again."""
_AT_ONCE = 2
"""Runs side by side, unless the command line says otherwise."""


@dataclass(frozen=True)
class Plan:
    """What is run."""

    out: Path
    bench: Bench
    rates: Rates
    n: int
    m: int
    rounds: int
    vaguer: bool
    model: str | None
    """A real model that answers in place of the script."""
    seconds: float
    at_once: int
    keep: Path | None
    """Folder of the records that are kept."""
    more: tuple[str, ...]


async def run(work: Sequence[tuple[RepositoryTask, Pool]], seeds: Sequence[int], plan: Plan) -> None:
    """Run every task and seed that has no line yet, `plan.at_once` at a time."""
    done = {(row["task"], row["seed"]) for row in read_rows(plan.out)}
    slots = asyncio.Semaphore(plan.at_once)

    async def one(task: RepositoryTask, pool: Pool, seed: int) -> None:
        async with slots:
            row = await _row(task, pool, seed, plan)
        if row["exit_code"] in _ENDED and row["status"]:
            with plan.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(row) + "\n")
        print(
            f"{task.id} seed {seed}: {row['status'] or 'failed'}, {'right' if row['right'] else 'not right'}",
            file=sys.stderr,
        )

    asked = [(task, pool, seed) for task, pool in work for seed in seeds if (task.id, seed) not in done]
    await asyncio.gather(*(one(*each) for each in asked))


async def _row(task: RepositoryTask, pool: Pool, seed: int, plan: Plan) -> Row:
    """Run one task with one seed and judge the patch."""
    has_right = plan.rates.has_right and seed % 4 != 3
    rates = Rates(plan.rates.candidates, plan.rates.tests, plan.rates.repairs, has_right)
    script = scripted(pool, rates, seed=seed)
    with tempfile.TemporaryDirectory() as folder:
        repository = await asyncio.to_thread(task.build, Path(folder) / "repository")
        await asyncio.to_thread(virtual_environment, task, repository, plan.bench.python)
        began = time.monotonic()
        code, said, errors = await _command(task, repository, script, seed, plan, Path(folder))
        seconds = time.monotonic() - began
        if plan.keep is not None and code in _ENDED:
            await _keep(Path(folder) / "state", task, plan.keep / task.id / str(seed), plan)
    bench = plan.bench if task.source == "repo_bench" else plan.bench.quick()
    patch = said.get("patch") or said.get("program") or ""
    judged = await judge_patch(task, patch, bench) if patch else None
    return {
        "task": task.id,
        "source": task.source,
        "seed": seed,
        "vaguer": plan.vaguer,
        "rates": [rates.candidates, rates.tests, rates.repairs],
        "drawn_right": script.has_right(plan.n) if plan.model is None else None,
        "may_be_right": has_right if plan.model is None else None,
        "exit_code": code,
        "status": said.get("status", ""),
        "confidence": said.get("confidence"),
        "candidates": len(said.get("candidates") or ()),
        "patch": patch,
        "applies": bool(judged and judged.applies),
        "right": bool(judged and judged.right),
        "seconds": round(seconds, 2),
        "errors": errors[-2000:] if code not in (0, 1, 3) else "",
    }


async def _keep(state: Path, task: RepositoryTask, place: Path, plan: Plan) -> None:
    """Move the record of the run, and write the truth about every patch in it."""
    run = find_run(None, state)
    record = load_run(run)
    texts = {name: record.blob(added.source) for name, added in record.state.candidates.items()}
    known = _truths(place.parent)
    bench = plan.bench if task.source == "repo_bench" else plan.bench.quick()
    for text in {text for text in texts.values() if text and text not in known}:
        known[text] = (await judge_patch(task, text, bench)).right
    _move(run, place, {name: known[text] for name, text in texts.items() if text})


def _move(run: Path, place: Path, truth: dict[str, bool]) -> None:
    place.mkdir(parents=True, exist_ok=True)
    shutil.rmtree(place / "run", ignore_errors=True)
    shutil.move(run, place / "run")
    (place / "truth.json").write_text(json.dumps(truth), encoding="utf-8")


def _truths(folder: Path) -> dict[str, bool]:
    """By patch, whether it is right, as found in earlier runs of the task."""
    found = {}
    for place in folder.glob("*/truth.json"):
        record = load_run(place.parent / "run")
        for name, right in json.loads(place.read_text(encoding="utf-8")).items():
            found[record.blob(record.state.candidates[name].source)] = right
    return found


async def _command(
    task: RepositoryTask, repository: Path, script: Script, seed: int, plan: Plan, folder: Path
) -> tuple[int, Row, str]:
    """Exit code, what the command printed as JSON, and its messages."""
    model = plan.model or f"scripted:{script.write(folder / 'script.json')}"
    words = (task.vaguer if plan.vaguer else None) or task.text
    command = [str(Path(sys.executable).with_name("cure-agent")), "change", words, "--repo", str(repository), "--json"]
    command += ["--model", model, "-n", str(plan.n), "-m", str(plan.m), "--rounds", str(plan.rounds)]
    command += ["--seed", str(seed), *plan.more]
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "CURE_AGENT_STATE": str(folder / "state")},
    )
    try:
        out, errors = await asyncio.wait_for(process.communicate(), plan.seconds)
    except TimeoutError:
        process.kill()
        await process.wait()
        return 4, {"status": "too long"}, ""
    try:
        said = json.loads(out)
    except ValueError:
        said = {}
    return process.returncode or 0, said if isinstance(said, dict) else {}, errors.decode(errors="replace")


def read_rows(path: Path) -> list[Row]:
    """The lines of earlier calls; a last line that was cut is left out."""
    found = []
    for line in path.read_text(encoding="utf-8").splitlines() if path.exists() else ():
        try:
            found.append(json.loads(line))
        except ValueError:
            continue
    return found


@dataclass(frozen=True)
class Share:
    """A share that the table shows."""

    name: str
    wanted: str
    among: Callable[[Row], bool]
    counts: Callable[[Row], bool]


SHARES = (
    Share("right patch, where an answer is right", "≥ 95 %", lambda r: r["drawn_right"], lambda r: r["right"]),
    Share(
        "wrong patch called verified", "≤ 2 %", lambda _: True, lambda r: r["status"] == "verified" and not r["right"]
    ),
    Share("wrong among the verified", "", lambda r: r["status"] == "verified", lambda r: not r["right"]),
    Share(
        "abstains, where none is right",
        "≥ 80 %",
        lambda r: r["may_be_right"] is False,
        lambda r: r["status"] != "verified",
    ),
    Share("no patch, where none is right", "", lambda r: r["may_be_right"] is False, lambda r: not r["patch"]),
    Share("right patch, all runs", "", lambda _: True, lambda r: r["right"]),
)


def table(rows: Sequence[Row]) -> str:
    """The shares of each source and of all, with intervals, and the median of seconds."""
    return "\n".join(_lines(rows))


def _lines(rows: Sequence[Row]) -> Iterator[str]:
    sources = [source for source in SOURCES if any(row["source"] == source for row in rows)]
    for source in (*sources, "all"):
        some = [row for row in rows if source in ("all", row["source"])]
        seconds = sorted(row["seconds"] for row in some)
        middle = seconds[len(seconds) // 2] if seconds else 0.0
        yield f"{source}: {len(some)} runs of {len({row['task'] for row in some})} tasks, {middle:.1f} s in the middle"
        for share in SHARES:
            among = [row for row in some if share.among(row)]
            yield f"  {share.name:40}{_share(sum(map(share.counts, among)), len(among)):32}{share.wanted}".rstrip()


def _share(count: int, total: int) -> str:
    if not total:
        return "no such run"
    low, high = wilson(count, total)
    return f"{100 * count / total:5.1f} % [{100 * low:.1f}, {100 * high:.1f}] of {total}"


def main() -> None:
    """Do what the command line says."""
    asked = _parser().parse_args()
    if asked.what == "table":
        print(table([row for path in asked.rows for row in read_rows(path)]))
        return
    rates = Rates(asked.candidates_right, asked.tests_right, asked.repairs_right)
    plan = Plan(
        asked.out, Bench(asked.python), rates, asked.n, asked.m, asked.rounds, asked.vaguer, asked.model, asked.seconds,
        asked.at_once, asked.keep, tuple(asked.more),
    )  # fmt: skip
    work = tasks_with_pools(asked.store, asked.sources.split(","), asked.limit)
    if not work:
        sys.exit(f"{asked.store} has no task with a pool: see python -m benchmarks.repository_tasks --help")
    asyncio.run(run(work, range(asked.seeds), plan))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="what", required=True)
    shown = parts.add_parser("table", help="print the shares")
    shown.add_argument("rows", type=Path, nargs="+")
    made = parts.add_parser("run", help="run tasks")
    made.add_argument("--store", type=Path, default=Path("runs/repository"))
    made.add_argument("--python", type=Path, default=Path(sys.executable), help="interpreter for the tests")
    made.add_argument("--out", type=Path, default=Path("runs/repository/solved.jsonl"))
    made.add_argument("--sources", default=",".join(SOURCES))
    made.add_argument("--limit", type=int, help="at most this many tasks of each source")
    made.add_argument("--seeds", type=int, default=4, help="how many seeds a task; every fourth draws no right edit")
    made.add_argument("-n", type=int, default=8)
    made.add_argument("-m", type=int, default=8)
    made.add_argument("--rounds", type=int, default=3)
    made.add_argument("--candidates-right", type=float, default=0.3)
    made.add_argument("--tests-right", type=float, default=0.6)
    made.add_argument("--repairs-right", type=float, default=0.5)
    made.add_argument("--vaguer", action="store_true", help="the vaguer wording of tasks that have one")
    made.add_argument("--model", help="a real model in place of drawn answers")
    made.add_argument("--seconds", type=float, default=600.0, help="bound of one run")
    made.add_argument("--at-once", type=int, default=_AT_ONCE, help="runs side by side; a model server wants more")
    made.add_argument("--keep", type=Path, help="folder in which the records of the runs stay")
    made.add_argument("more", nargs="*", help="further options of the command, after --")
    return parser


if __name__ == "__main__":
    main()
