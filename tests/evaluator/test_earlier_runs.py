"""Evaluations written by an earlier version can still be opened; `earlier_run/` is one, made at commit caf8e6d
by this command:

    cure-agent eval sums.json --model scripted:model.json -n 4 -m 4 --max-tokens 64 --sandbox bubblewrap --price 1:2

The keys of its samples were replaced when the wording of the chat prompts changed: a key depends on the prompt.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evaluator.commands import evaluate

STORED = Path(__file__).with_name("earlier_run")
AGAIN = ("sums.json", "--model", "scripted:model.json", "-n", "4", "-m", "4", "--max-tokens", "64",
         "--sandbox", "bubblewrap", "--price", "1:2")  # fmt: skip


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the stored run below the working directory, where the same command finds it."""
    for name in ("sums.json", "model.json"):
        shutil.copy(STORED / name, tmp_path)
    monkeypatch.chdir(tmp_path)
    return shutil.copytree(STORED / "run", Path("outputs") / "scripted-model.json" / "sums" / "2026-11-30_14-26-28")


def said(*arguments: str) -> Any:
    result = CliRunner().invoke(evaluate, [*arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout) if "--json" in arguments else result.stdout


def what_it_knew(now: Any, before: Any) -> Any:
    """`now` without the fields and the selectors that the earlier version did not write.

    Reasons are sentences for people: where both versions give one, that of the earlier version stands.
    """
    if isinstance(before, list) and before and "selector" in before[0]:
        known = {point["selector"] for point in before}
        kept = [point for point in now if point["selector"] in known]
        return [what_it_knew(*pair) for pair in zip(kept, before, strict=True)]
    if not isinstance(before, dict):
        return now
    return {
        name: value if name == "reason" and value and now[name] else what_it_knew(now[name], value)
        for name, value in before.items()
        if name in now
    }


def test_its_report_is_written_with_numbers_equal_to_the_last_bit(run: Path) -> None:
    assert said("report", str(run), "--price", "1:2").strip() == f"{run / 'report.html'}"
    now, before = (json.loads((folder / "metrics.json").read_text()) for folder in (run, STORED / "run"))
    assert now["missing"]["complete"]
    assert what_it_knew(now, before) == before
    assert "sum-1" in (run / "report.html").read_text()


def test_it_is_scored_and_compared(run: Path) -> None:
    (scored,) = said("score", str(run), "--json")
    before = json.loads((STORED / "run" / "metrics.json").read_text())
    mu = before["standard"]["values"]["mu"]
    assert what_it_knew(scored["standard"]["values"]["mu"], mu) == mu
    compared = said("compare", str(run), str(run), "--json")
    assert compared["problems"] == 2 and not any(row["winner"] for row in compared["differences"])


@pytest.mark.bubblewrap
def test_the_command_goes_on_where_it_was_killed(run: Path) -> None:
    """The tester's answers to the second problem are gone, and the line of that problem's table is cut off."""
    samples, tables = run / "samples" / "tester.jsonl", run / "tables.jsonl"
    kept = samples.read_text().splitlines(keepends=True)[:4]
    samples.write_text("".join(kept))
    tables.write_text(tables.read_text().splitlines(keepends=True)[0] + '{"problem": 1, "na')
    said(*AGAIN)
    assert [path.name for path in run.parent.iterdir()] == [run.name], "no second run was begun"
    assert samples.read_text().startswith("".join(kept)) and len(samples.read_text().splitlines()) == 8
    now = [json.loads(line) for line in tables.read_text().splitlines()]
    before = [json.loads(line) for line in (STORED / "run" / "tables.jsonl").read_text().splitlines()]
    kept = before[0].keys() - {"cpu_s", "peak_kb"}
    assert [{key: table[key] for key in kept} for table in now] == [
        {key: table[key] for key in kept} for table in before
    ]


@pytest.mark.bubblewrap
def test_its_samples_serve_another_run(run: Path) -> None:
    metrics = said("sums.json", "--coder", f"run:{run}", "--tester", f"run:{run}", "-n", "4", "-m", "4", "--json",
                   "--sandbox", "bubblewrap", "--outputs", "others")  # fmt: skip
    before = json.loads((STORED / "run" / "metrics.json").read_text())
    assert metrics["verdicts"] == before["verdicts"]
    assert what_it_knew(metrics["standard"], before["standard"]) == before["standard"]
