"""Which share of a model's answers becomes an applicable edit, and which share a right one?

The tasks are bugs with tests: QuixBugs (40 functions), HumanEvalPack (every fifth of 164 functions), and real bugs of
PyPI packages (12 of `repo_bench`, built by its `rebuild.py`). The functions that the fix changes are given as places,
so that only reading and splicing are measured, not the search for places.

    python -m benchmarks.repository_edits sample --model http://localhost:8000/v1 --n 2 --out answers.jsonl
    python -m benchmarks.repository_edits read answers.jsonl --refused         # applicable, and why others are not
    python -m benchmarks.repository_edits judge answers.jsonl --python VENV/bin/python     # right ones, in the sandbox
    python -m benchmarks.repository_edits store answers.jsonl --to tests/data/real_edits/answers.json.gz

`--form` asks for another form than rewritten definitions: `whole` or `search`; `--form test` asks for a test in place
of an edit. A second call of `sample` asks only for what is missing in its file.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from agent.repository.edit import FORMATS
from benchmarks.repository_edits.answers import TEST, records, sample, show, store
from benchmarks.repository_edits.judge import judge
from benchmarks.repository_edits.tasks import all_tasks


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
    parser.add_argument("--form", choices=[*FORMATS, TEST], default="rewrite")
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
        store(rows, given.to)


if __name__ == "__main__":
    main()
