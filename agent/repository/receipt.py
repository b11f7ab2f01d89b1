"""The evidence of a patch for those who maintain the repository: what was run, before and after, and what it cost."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from agent.repository.cells import passed_on_base
from agent.repository.judged import repeated, vacuous
from agent.repository.patches import BASE
from agent.repository.record import TaskRecord
from agent.runs.outcome import Outcome


def receipt(record: TaskRecord, outcome: Outcome) -> dict[str, Any]:
    """The evidence as JSON values. Every statement about a test stands for an execution in the run."""
    state, table, chosen, result = outcome.state, outcome.table, outcome.chosen, outcome.result
    patch = outcome.program
    whole = state.whole_suites.get(chosen) if chosen else None
    weak = {*vacuous(table), *repeated(table)}
    existing = {
        test.stimulus: {
            "passed_before": len(passed_on_base(table.cells[BASE, name])),
            "kept": table.passes(chosen, name) if chosen else None,
        }
        for name, test in table.tests.items()
        if test.trusted and (BASE, name) in table.cells
    }
    generated = [
        {
            "name": name,
            "sha256": hashlib.sha256(test.stimulus.encode(errors="replace")).hexdigest(),
            "fails_before": not table.passes(BASE, name) and table.known(BASE, name),
            "passes_after": table.passes(chosen, name) if chosen else None,
            "counted": name not in weak,
            "probability": None if state.ranking is None else state.ranking.validity.get(name),
        }
        for name, test in table.tests.items()
        if not test.trusted
    ]
    started = state.started
    settings = {} if started is None else started.settings
    return {
        "run": outcome.run,
        "task": record.task,
        "head": record.head,
        "snapshot": record.commit,
        "left_out": dict(record.left_out),
        "status": result.status,
        "why": result.why,
        "candidate": chosen,
        "confidence": result.confidence,
        "patch_sha256": None if patch is None else hashlib.sha256(patch.encode(errors="surrogateescape")).hexdigest(),
        "existing_tests": existing,
        "whole_suite": None if whole is None else {"passed": whole.passed, "broken": whole.broken},
        "generated_tests": generated,
        "candidates": len(table.candidates) - (BASE in table.candidates),
        "models": {role: settings.get(role) for role in ("coder", "tester")},
        "limits": {name: settings.get(name) for name in ("n", "m", "rounds", "budget", "max_tokens", "temperature")},
        "tokens": result.tokens,
        "seconds": result.seconds,
        "dollars": result.dollars,
    }


def receipt_json(record: TaskRecord, outcome: Outcome) -> str:
    """The evidence as JSON."""
    return json.dumps(receipt(record, outcome), indent=2, ensure_ascii=False)


def receipt_markdown(record: TaskRecord, outcome: Outcome) -> str:
    """The evidence as a page in Markdown."""
    said = receipt(record, outcome)
    lines = [
        f"# {record.name}",
        "",
        f"- Status: **{said['status']}** ({said['why']})",
        f"- Run {said['run']}, snapshot `{said['snapshot'][:12]}` of commit `{(said['head'] or 'none')[:12]}`",
        f"- Patch {said['candidate']} of {said['candidates']}, sha256 `{(said['patch_sha256'] or 'none')[:16]}`",
        f"- Models: {said['models']['coder']} (patches), {said['models']['tester']} (tests)",
        f"- Cost: {said['tokens']} tokens, {said['seconds']:.0f} s"
        + ("" if said["dollars"] is None else f", ${said['dollars']:.4g}"),
        "",
        "| existing tests | passed before | all kept |",
        "|---|---|---|",
        *(
            f"| `{path}` | {each['passed_before']} | {_yes(each['kept'])} |"
            for path, each in said["existing_tests"].items()
        ),
        "",
        _whole_suite(said["whole_suite"]),
        "",
        "| generated test | fails before | passes after | counted |",
        "|---|---|---|---|",
        *(
            f"| {each['name']} | {' | '.join(_yes(each[key]) for key in ('fails_before', 'passes_after', 'counted'))} |"
            for each in said["generated_tests"]
        ),
        "",
        "```diff",
        (outcome.program or "").rstrip("\n"),
        "```",
        "",
    ]
    return "\n".join(lines)


def _whole_suite(whole: dict[str, Any] | None) -> str:
    if whole is None:
        return "The whole suite was not run."
    return f"Whole suite: {whole['passed']} pass, broken: {_list(whole['broken'])}."


def _yes(value: bool | None) -> str:
    return "–" if value is None else "yes" if value else "no"


def _list(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "none"
