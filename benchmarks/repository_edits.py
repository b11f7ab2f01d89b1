"""Which share of a model's answers becomes an applicable edit, and which share a right one?

The tasks are bugs with tests: QuixBugs (40 functions), HumanEvalPack (every fifth of 164 functions), and real bugs of
PyPI packages (12 of `repo_bench`, built by its `rebuild.py`). The functions that the fix changes are given as places,
so that only reading and splicing are measured, not the search for places.

    python -m benchmarks.repository_edits sample --model http://localhost:8000/v1 --n 2 --out answers.jsonl
    python -m benchmarks.repository_edits read answers.jsonl --refused         # applicable, and why others are not
    python -m benchmarks.repository_edits judge answers.jsonl --python VENV/bin/python     # right ones, in the sandbox
    python -m benchmarks.repository_edits store answers.jsonl --to tests/data/real_edits/answers.json.gz

`--form` asks for another form than rewritten definitions: `whole` or `search`. A second call of `sample` asks only for
what is missing in its file.
"""

from __future__ import annotations

import argparse
import asyncio
import difflib
import gzip
import json
import shutil
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from agent.repository.edit import FORMATS, Edits, Format, Place, Refusal, read_edits
from agent.repository.edit.definitions import Defined, definitions
from agent.repository.files import blob_name
from agent.repository.prompts import ShownCode, edit_prompt
from engines import HttpOptions, Request, Sampling, open_engine
from sandbox import Limits, Verdict
from sandbox.workspace import Command, open_workspace

CHOSEN = (
    "boltons-atomicsaver-pathlike",
    "boltons-indexedset-slice",
    "boltons-singularize-double-s",
    "h11-chunk-footer",
    "marshmallow-constant-none",
    "mistune-abbr-escaped-text",
    "parse-time-timezone",
    "prettytable-empty-add-rows",
    "prettytable-osc8-width",
    "slugify-word-boundary-delimiters",
    "sqlparse-strip-comments-hints",
    "wcwidth-hyperlink-trailing-text",
)
"""Tasks of `repo_bench` whose changed functions a model can repeat in 700 tokens."""

MAX_TOKENS = 700
PATIENT = HttpOptions(first_token_s=3_600, idle_s=3_600, patience_s=3_600, concurrency=12, per_request=2)
TEST_LIMITS = Limits(cpu_s=60, wall_s=120, memory_mb=1024, output_bytes=1 << 20, processes=64)
Record = dict[str, Any]


@dataclass(frozen=True)
class Held:
    """Files in memory."""

    contents: Mapping[str, bytes]

    @property
    def paths(self) -> Sequence[str]:
        return sorted(self.contents)

    def read(self, path: str) -> bytes:
        return self.contents[path]

    def blob(self, path: str) -> str:
        return blob_name(self.contents[path])


@dataclass(frozen=True, kw_only=True)
class Task:
    """A bug, the functions that its fix changes, and how a change is judged."""

    source: str
    name: str
    words: str
    files: Held
    places: tuple[Place, ...]
    around: tuple[Path, ...] = ()
    """Folders whose files, later ones over earlier ones, surround the changed files when tests run."""
    tests: tuple[str, ...] = ()
    """Arguments of pytest."""

    @property
    def shown(self) -> list[ShownCode]:
        """The places with their code."""
        found = []
        for place in self.places:
            lines = self.files.read(place.path).decode().splitlines(keepends=True)
            found.append(ShownCode(place, "".join(lines[place.first - 1 : place.last])))
        return found


def quixbugs(data: Path) -> Iterator[Task]:
    """The 40 functions of QuixBugs that have pytest files; their comments say what they should do."""
    folder = data / "quixbugs"
    for tests in sorted((folder / "python_testcases").glob("test_*.py")):
        name = tests.stem.removeprefix("test_")
        path = f"python_programs/{name}.py"
        files = Held({path: (folder / path).read_bytes()})
        comment = [part for part in files.read(path).decode().split('"""')[1::2] if part.strip()]
        words = f"{name} has a bug in one line and gives wrong results, or does not end. Fix it.\n\n"
        yield Task(
            source="quixbugs",
            name=name,
            words=(words + (comment[-1].strip() if comment else "")).strip(),
            files=files,
            places=_outer(files, path),
            around=(folder,),
            tests=(f"python_testcases/test_{name}.py",),
        )


def humanevalpack(data: Path) -> Iterator[Task]:
    """Every fifth problem: a function with a bug, and words that say what it should do."""
    lines = (data / "humanevalpack" / "humanevalpack-python.jsonl").read_text(encoding="utf-8").splitlines()
    for row in map(json.loads, lines[::5]):
        path = f"snippets/{row['entry_point']}.py"
        files = Held({path: (row["declaration"] + row["buggy_solution"]).encode()})
        places = tuple(place for place in _outer(files, path) if place.name == row["entry_point"])
        words = (
            f"{row['entry_point']} gives wrong results. Fix the bug. What it should do:\n\n{row['docstring'].strip()}"
        )
        yield Task(
            source="humanevalpack",
            name=row["task_id"],
            words=words,
            files=files,
            places=places,
            tests=(f"from snippets.{row['entry_point']} import *\n{row['test']}",),
        )


def repo_bench(data: Path, built: Path, cache: Path) -> Iterator[Task]:
    """Real bugs; the places are the functions in which the fixed release differs."""
    for name in CHOSEN:
        row = json.loads((data / "repo_bench" / f"{name}.json").read_text(encoding="utf-8"))
        repo = built / name / "repo"
        if not repo.is_dir():
            continue
        files = Held({path: (repo / path).read_bytes() for path in row["files_changed"]})
        fixed = {path: (cache / row["package"] / row["fixed"] / path).read_text() for path in row["files_changed"]}
        places = [place for path in row["files_changed"] for place in _changed(files, path, fixed[path])]
        yield Task(
            source="repo_bench",
            name=name,
            words=row["task"],
            files=files,
            places=tuple(places),
            around=(repo, built / name / "hidden"),
            tests=tuple(row["failing_tests"]),
        )


def _outer(files: Held, path: str) -> tuple[Place, ...]:
    found = definitions(files.read(path).decode().splitlines())
    return tuple(Place(path, each.name, each.first, each.last) for each in found if not each.owner)


def _changed(files: Held, path: str, fixed: str) -> list[Place]:
    """The outermost functions in which the file differs from the fixed one."""
    lines = files.read(path).decode().splitlines()
    every = definitions(lines)
    found: list[Defined] = []
    for kind, start, end, _, _ in difflib.SequenceMatcher(
        None, lines, fixed.splitlines(), autojunk=False
    ).get_opcodes():
        inside = [each for each in every if each.first <= start + 1 and max(end, start + 1) <= each.last]
        functions = [
            each for each in inside if each.kind == "function" and (kind != "insert" or each.first < start + 1)
        ]
        if kind != "equal" and functions and functions[0] not in found:
            found.append(functions[0])
    return [Place(path, each.name, each.first, each.last) for each in found]


def all_tasks(data: Path, built: Path | None = None, cache: Path | None = None) -> dict[tuple[str, str], Task]:
    """Every task by source and name; those of `repo_bench` where it is built."""
    found = [*quixbugs(data), *humanevalpack(data)]
    cache = cache or Path("~/.cache/repo_bench").expanduser()
    found += repo_bench(data, built, cache) if built else ()
    return {(task.source, task.name): task for task in found}


async def sample(tasks: Sequence[Task], form: Format, model: str, n: int, out: Path) -> None:
    """Append to `out` the answers that it lacks: `n` for each task, drawn with temperature 0.8."""
    have = Counter((row["source"], row["task"], row["form"]) for row in records(out))
    engine = await open_engine(model, PATIENT)
    sampling = Sampling(temperature=0.8, top_p=0.95, max_tokens=MAX_TOKENS)
    requests = {}
    for task in tasks:
        missing = n - have[task.source, task.name, form]
        prompt = edit_prompt(task.words, "", task.shown, format=form, budget=5_000)
        if missing > 0:
            requests[f"{task.source}/{task.name}"] = (
                task,
                Request(f"{task.source}/{task.name}", prompt, missing, sampling),
            )
    try:
        with out.open("a", encoding="utf-8") as file:
            async with aclosing(engine.complete([request for _, request in requests.values()])) as completions:
                async for done in completions:
                    task = requests[done.key][0]
                    row = {
                        "model": engine.model.rpartition("#")[2],
                        "source": task.source,
                        "task": task.name,
                        "form": form,
                    }
                    row |= {"index": done.index, "finish": done.finish, "tokens": done.usage.completion_tokens}
                    if done.finish == "error":
                        print(done.key, done.error, file=sys.stderr)
                        continue
                    file.write(json.dumps(row | {"text": done.text}, ensure_ascii=False) + "\n")
                    file.flush()
    finally:
        await engine.close()


def records(path: Path) -> list[Record]:
    """The answers in a file of JSON lines, packed or not; none where there is no file."""
    if not path.exists():
        return []
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def reading(row: Record, tasks: Mapping[tuple[str, str], Task]) -> Edits | Refusal | None:
    """What an answer is read as; None where its task is not here."""
    task = tasks.get((row["source"], row["task"]))
    if task is None:
        return None
    cut = row["finish"] == "length"
    return read_edits(row["text"], task.files, task.places, format=cast(Format, row["form"]), cut=cut)


def shares(rows: Iterable[Record], tasks: Mapping[tuple[str, str], Task]) -> dict[str, Counter[str]]:
    """How many answers of each form and source are applicable, and how many refused for each reason."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for row in rows:
        result = reading(row, tasks)
        if result is not None:
            kind = "applicable" if isinstance(result, Edits) else str(result.reason)
            found[f"{row['form']} {row['source']}"][kind] += 1
    return dict(sorted(found.items()))


def show(rows: Sequence[Record], tasks: Mapping[tuple[str, str], Task], *, refused: bool) -> None:
    """Print the shares, and each refused answer if asked for."""
    for row in rows if refused else ():
        result = reading(row, tasks)
        if isinstance(result, Refusal):
            print(f"=== {row['form']} {row['source']} {row['task']} {row['index']} ({row['finish']}): {result.words}")
            print(row["text"], "\n")
    for kind, counts in shares(rows, tasks).items():
        total = sum(counts.values())
        others = ", ".join(f"{reason} {count}" for reason, count in counts.most_common() if reason != "applicable")
        print(f"{kind}: {counts['applicable']} of {total} applicable ({counts['applicable'] / total:.1%}); {others}")


async def judge(rows: Sequence[Record], tasks: Mapping[tuple[str, str], Task], python: str, work: Path) -> None:
    """Run the tests of each task on its applicable edits, and print the shares of right ones."""
    right: dict[str, Counter[bool]] = defaultdict(Counter)
    by_task: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for row in rows:
        by_task[row["source"], row["task"]].append(row)
    for key, answers in by_task.items():
        task = tasks.get(key)
        if task is None:
            continue
        verdicts: dict[str, bool] = {}
        for row in answers:
            edits = reading(row, tasks)
            ok = False
            if isinstance(edits, Edits):
                name = repr(sorted(edits.changed.items()))
                ok = verdicts[name] if name in verdicts else await _passes(task, edits, python, work)
                verdicts[name] = ok
            right[f"{row['form']} {row['source']}"][ok] += 1
    for kind, counts in sorted(right.items()):
        print(f"{kind}: {counts[True]} of {sum(counts.values())} right ({counts[True] / sum(counts.values()):.1%})")


async def _passes(task: Task, edits: Edits, python: str, work: Path) -> bool:
    """Whether the tests of the task pass with these edits."""
    folder = _tree(task, edits, work / "tree")
    if task.source == "humanevalpack":
        argv: tuple[str, ...] = (python, "check.py")
    else:
        options = ("-q", "-x", "-o", "addopts=", "-o", "filterwarnings=", "-p", "no:cacheprovider")
        argv = (python, "-m", "pytest", *options, *task.tests)
    env = {"PYTHONPATH": f"{folder}/src:{folder}", "PYTHONDONTWRITEBYTECODE": "1", "WCWIDTH_PYTHON": "1"}
    workspace = await open_workspace(folder, readable=_readable(python), say=lambda _: None)
    try:
        return (await workspace.run(Command(argv, TEST_LIMITS, env=env))).verdict is Verdict.OK
    finally:
        await workspace.close()


def _readable(python: str) -> list[Path]:
    """The folders of an interpreter and of its virtual environment."""
    return [Path(python).absolute().parents[1], Path(python).resolve().parents[1]]


def _tree(task: Task, edits: Edits, folder: Path) -> Path:
    """The folder, filled with what surrounds the task and with its files after the edits."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for source in task.around:
        shutil.copytree(source, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns(".git"))
    for path, data in {**task.files.contents, **edits.changed}.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data or b"")
    if task.source == "humanevalpack":
        (folder / "check.py").write_text(task.tests[0])
    return folder


def main() -> None:
    """Run the command in `sys.argv`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["sample", "read", "judge", "store"])
    parser.add_argument("answers", type=Path, nargs="*")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"))
    parser.add_argument(
        "--built", type=Path, help="where rebuild.py has built repo_bench; its tasks are left out without"
    )
    parser.add_argument("--source", help="only the tasks of this source")
    parser.add_argument("--model", default="http://localhost:8000/v1")
    parser.add_argument("--form", choices=FORMATS, default="rewrite")
    parser.add_argument("--n", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("answers.jsonl"))
    parser.add_argument("--refused", action="store_true", help="print each refused answer")
    parser.add_argument("--python", default=sys.executable, help="interpreter with what the suites need")
    parser.add_argument("--work", type=Path, default=Path("/tmp/repository_edits"))
    parser.add_argument("--to", type=Path, default=Path("tests/data/real_edits/answers.json.gz"))
    given = parser.parse_args()
    tasks = all_tasks(given.data, given.built)
    chosen = [task for task in tasks.values() if given.source in (None, task.source)]
    rows = [row for path in given.answers for row in records(path)]
    rows = [row for row in rows if given.source in (None, row["source"])]
    if given.what == "sample":
        asyncio.run(sample(chosen, given.form, given.model, given.n, given.out))
    elif given.what == "read":
        show(rows, tasks, refused=given.refused)
    elif given.what == "judge":
        asyncio.run(judge(rows, tasks, given.python, given.work))
    else:
        lines = sorted(json.dumps(row, ensure_ascii=False, sort_keys=True) + "\n" for row in rows)
        given.to.parent.mkdir(parents=True, exist_ok=True)
        given.to.write_bytes(gzip.compress("".join(lines).encode(), mtime=0))


if __name__ == "__main__":
    main()
