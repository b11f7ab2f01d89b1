"""Prints verdicts of EvalPlus' own execution; `evalplus_parity.py` calls this script with a Python that has `evalplus`.

python evalplus_verdicts.py humaneval|mbpp SET.jsonl SAMPLES.jsonl PROCESSES

Prints a line of JSON for each line of SAMPLES.jsonl, `[key of the sample, base status, plus status]`, as soon as the
sample's verdict is known. Where the base tests fail, the plus tests are not run, and the base status stands for both.
EvalPlus runs programs without isolation: start this script inside a namespace of its own.
"""

from __future__ import annotations

import json
import os
import sys
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from typing import Any


def main(dataset: str, problems_file: str, samples_file: str, processes: int) -> None:
    """Print the verdicts."""
    os.environ["HUMANEVAL_OVERRIDE_PATH"] = os.environ["MBPP_OVERRIDE_PATH"] = problems_file
    from evalplus.data import get_human_eval_plus, get_mbpp_plus
    from evalplus.eval import untrusted_check
    from evalplus.eval._special_oracle import MBPP_OUTPUT_NOT_NONE_TASKS
    from evalplus.gen.util import trusted_exec

    sys.set_int_max_str_digits(0)
    problems = get_human_eval_plus() if dataset == "humaneval" else get_mbpp_plus()
    samples = [json.loads(line) for line in Path(samples_file).read_text(encoding="utf-8").splitlines()]
    expected: dict[tuple[str, str], Any] = {}
    for task in dict.fromkeys(sample["task_id"] for sample in samples):
        problem = problems[task]
        for part in ("base", "plus"):
            expected[task, part] = trusted_exec(
                problem["prompt"] + problem["canonical_solution"],
                problem[f"{part}_input"],
                problem["entry_point"],
                record_time=True,
                output_not_none=dataset == "mbpp" and problem["entry_point"] in MBPP_OUTPUT_NOT_NONE_TASKS,
            )

    def check(sample: dict[str, Any]) -> tuple[str, str, str]:
        problem, statuses = problems[sample["task_id"]], []
        for part in ("base", "plus"):
            outputs, seconds = expected[sample["task_id"], part]
            inputs, entry = problem[f"{part}_input"], problem["entry_point"]
            status, _ = untrusted_check(
                dataset, sample["solution"], inputs, entry, outputs, problem["atol"], seconds, fast_check=True
            )
            statuses.append(status)
            if status != "pass":
                break
        return sample["key"], statuses[0], statuses[-1]

    with ThreadPoolExecutor(processes) as pool:
        for done in as_completed([pool.submit(check, sample) for sample in samples]):
            print(json.dumps(done.result()), flush=True)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
