"""Asks a real model with several forms of prompts on the fixed set of real problems, and measures what comes back.

    python -m benchmarks.real_prompts sample tester first chat --model http://localhost:8001/v1#NAME --out RUNS
    python -m benchmarks.real_prompts sample coder first chat --model http://localhost:8001/v1#NAME --out RUNS
    python -m benchmarks.real_prompts merge RUNS/NAME/coder-first RUNS/NAME/coder-chat --to RUNS/NAME/coder-both
    python -m benchmarks.real_prompts join RUNS/NAME/coder-both RUNS/NAME/tester-chat --out RUNS
    python -m benchmarks.real_prompts table RUNS/NAME/tester-first RUNS/NAME/tester-chat
    python -m benchmarks.real_prompts store RUNS/NAME/tester-first RUNS/NAME/tester-chat --to answers.jsonl.gz
    python -m benchmarks.real_prompts problems --to problems.json
    python -m benchmarks.real_prompts share RUNS/NAME/coder-chat RUNS/NAME/tester-chat --to COMPARISON/answers
    python -m benchmarks.real_prompts share-stored answers.jsonl.gz --model SPEC --name NAME --tokenizer FOLDER \
        --to COMPARISON/answers

`sample` asks a model for the samples that a run lacks and executes them, `merge` puts the samples of several runs of a
role into one, `join` evaluates the programs of one run with the tests of another, `table` prints figures of runs
and the paired differences of the first two, `store` writes answers to one file. `problems` writes the problems to one
file, and `share` puts the samples of runs into the folder of `cure-agent eval problems.json --strategy NAMES`;
`share-stored` does so with those answers in a file of `store` that are of one model and one type of numbers. The
problems are read from `--data`; `benchmarks/real_prompts/problem_set.py` has the rule by which they are chosen.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from benchmarks.real_prompts.figures import differences, figures_of, table
from benchmarks.real_prompts.forms import FORMS
from benchmarks.real_prompts.problem_set import Row, fixed_set, tuning_set
from benchmarks.real_prompts.run import join, merge, sample
from benchmarks.real_prompts.share import share, share_stored
from benchmarks.real_prompts.store import store, stored
from engines import ChatPrompt
from evaluator.run.directory import RunDirectory
from evaluator.run.execute import Progress
from evaluator.run.settings import RoleSettings


def main() -> None:
    given = _parser().parse_args()
    if given.command == "table":
        runs = [figures_of(RunDirectory(path)) for path in given.runs]
        print(table(runs))
        if len(runs) > 1:
            print(f"\n{differences(runs[0], runs[1])}")
        return
    if given.command == "store":
        runs = [RunDirectory(path) for path in given.runs]
        print(f"{store(runs, given.to, dtype=given.dtype, add=given.add)} answers")
        return
    if given.command == "problems":
        rows = fixed_set(given.data)[: given.limit]
        given.to.write_text(json.dumps(rows, ensure_ascii=False) + "\n", encoding="utf-8")
        return
    if given.command == "share":
        print(f"{share(fixed_set(given.data), [RunDirectory(path) for path in given.runs], given.to)} answers")
        return
    if given.command == "share-stored":
        print(f"{_share_stored(given)} answers")
        return
    if given.command == "merge":
        print(merge([RunDirectory(path) for path in given.runs], given.to).path)
        return
    rows = (tuning_set(given.data) if given.tuning else fixed_set(given.data))[: given.limit]
    asyncio.run(_sample(given, rows) if given.command == "sample" else _join(given, rows))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(dest="command", required=True)
    asking = commands.add_parser("sample", help="ask for one role's samples with these forms of prompts")
    asking.add_argument("role", choices=("coder", "tester"))
    asking.add_argument("forms", nargs="+", choices=list(FORMS))
    asking.add_argument("--model", required=True, help="model spec, such as http://localhost:8001/v1#NAME")
    asking.add_argument("--samples", type=int, default=8)
    asking.add_argument("--temperature", type=float, default=0.8)
    asking.add_argument("--max-tokens", type=int, default=512)
    asking.add_argument("--seed", type=int, default=0)
    joining = commands.add_parser("join", help="evaluate the programs of one run with the tests of another")
    joining.add_argument("coder", type=Path)
    joining.add_argument("tester", type=Path)
    for command in (asking, joining):
        command.add_argument("--data", type=Path, default=Path("../shared/data"))
        command.add_argument("--out", type=Path, required=True)
        command.add_argument("--tuning", action="store_true", help="the tuning set in place of the fixed set")
        command.add_argument("--limit", type=int, metavar="N", help="only the first N problems")
        command.add_argument("--sandbox", default="auto")
    showing = commands.add_parser("table", help="figures of runs, and differences of the first two")
    showing.add_argument("runs", nargs="+", type=Path)
    merging = commands.add_parser("merge", help="put the samples of several runs of one role into one run")
    merging.add_argument("runs", nargs="+", type=Path)
    merging.add_argument("--to", type=Path, required=True)
    writing = commands.add_parser("problems", help="write the problems to one file")
    writing.add_argument("--data", type=Path, default=Path("../shared/data"))
    writing.add_argument("--to", type=Path, required=True)
    writing.add_argument("--limit", type=int, help="only the first N problems", metavar="N")
    sharing = commands.add_parser("share", help="put samples into the folder of a comparison of strategies")
    sharing.add_argument("runs", nargs="+", type=Path)
    sharing.add_argument("--data", type=Path, default=Path("../shared/data"))
    sharing.add_argument("--to", type=Path, required=True)
    again = commands.add_parser("share-stored", help="the same with stored answers")
    again.add_argument("answers", type=Path)
    again.add_argument("--model", required=True, help="model spec of the comparison")
    again.add_argument("--name", required=True, help="the model's name in the stored answers")
    again.add_argument("--dtype", default="bfloat16", help="type of the numbers that the model computed with")
    again.add_argument("--tokenizer", type=Path, required=True, help="folder of the model's tokenizer")
    again.add_argument("--data", type=Path, default=Path("../shared/data"))
    again.add_argument("--to", type=Path, required=True)
    storing = commands.add_parser("store", help="write the answers of runs to one file")
    storing.add_argument("runs", nargs="+", type=Path)
    storing.add_argument("--to", type=Path, required=True)
    storing.add_argument("--dtype", default="float32", help="type of the numbers that the models computed with")
    storing.add_argument("--add", action="store_true", help="keep the answers that the file has")
    return parser


def _share_stored(given: argparse.Namespace) -> int:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(given.tokenizer)

    def count_tokens(prompt: ChatPrompt) -> int:
        messages = [{"role": message.role, "content": message.content} for message in prompt.messages]
        return len(
            tokenizer(tokenizer.apply_chat_template(messages, add_generation_prompt=True, tokenize=False)).input_ids
        )

    records = [each for each in stored(given.answers) if (each["model"], each["dtype"]) == (given.name, given.dtype)]
    return share_stored(fixed_set(given.data), records, given.to, model=given.model, count_tokens=count_tokens)


async def _sample(given: argparse.Namespace, rows: Sequence[Row]) -> None:
    asking = RoleSettings(
        model=given.model,
        samples=given.samples,
        style="chat",
        temperature=given.temperature,
        top_p=1.0,
        max_tokens=given.max_tokens,
        seed=given.seed,
    )
    for form in given.forms:
        made = await sample(
            rows, given.role, form, FORMS[form], asking, given.out, sandbox=given.sandbox, on_progress=_show
        )
        print(made.path)


async def _join(given: argparse.Namespace, rows: Sequence[Row]) -> None:
    coder, tester = RunDirectory(given.coder), RunDirectory(given.tester)
    made = await join(rows, coder, tester, given.out, sandbox=given.sandbox, on_progress=_show)
    print(made.path)


def _show(progress: Progress) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{progress.samples}/{progress.of_samples} samples, {progress.tables} tables ")


if __name__ == "__main__":
    main()
