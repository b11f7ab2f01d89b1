"""Asks a real model with several forms of prompts on the fixed set of real problems, and measures what comes back.

    python -m benchmarks.real_prompts sample tester chat --model http://localhost:8001/v1#NAME --out RUNS
    python -m benchmarks.real_prompts sample coder chat --model http://localhost:8001/v1#NAME --out RUNS

The problems are read from `--data`; `benchmarks/real_prompts/problem_set.py` has the rule by which they are chosen.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path

from benchmarks.real_prompts.forms import FORMS
from benchmarks.real_prompts.problem_set import fixed_set, tuning_set
from benchmarks.real_prompts.run import sample
from evaluator.run.execute import Progress
from evaluator.run.settings import RoleSettings


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    asking = commands.add_parser("sample", help="sample one role with these forms of prompts")
    asking.add_argument("role", choices=("coder", "tester"))
    asking.add_argument("forms", nargs="+", choices=list(FORMS))
    asking.add_argument("--model", required=True, help="model spec, such as http://localhost:8001/v1#NAME")
    asking.add_argument("--samples", type=int, default=8)
    asking.add_argument("--temperature", type=float, default=0.8)
    asking.add_argument("--max-tokens", type=int, default=512)
    asking.add_argument("--seed", type=int, default=0)
    asking.add_argument("--data", type=Path, default=Path("../shared/data"))
    asking.add_argument("--out", type=Path, required=True)
    asking.add_argument("--tuning", action="store_true", help="the tuning set in place of the fixed set")
    asking.add_argument("--limit", type=int, help="only so many problems, the first of the set")
    asking.add_argument("--sandbox", default="auto")
    given = parser.parse_args()
    rows = tuning_set(given.data) if given.tuning else fixed_set(given.data)
    rows = rows[: given.limit]
    for form in given.forms:
        role = RoleSettings(
            model=given.model,
            samples=given.samples,
            style="chat",
            temperature=given.temperature,
            top_p=1.0,
            max_tokens=given.max_tokens,
            seed=given.seed,
        )
        made = asyncio.run(
            sample(rows, given.role, form, FORMS[form], role, given.out, sandbox=given.sandbox, on_progress=_show)
        )
        print(made.path)


def _show(progress: Progress) -> None:
    sys.stderr.write(f"\r{progress.samples}/{progress.of_samples} samples, {progress.tables} tables ")


if __name__ == "__main__":
    main()
