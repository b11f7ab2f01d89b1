"""Which form of edits a model masters is found out by asking, and remembered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from agent.repository.edit import Edits, Place, read_edits
from agent.repository.edit.probe import FormatShare, ProbeResult, probe, remember, remembered
from agent.repository.edit.probe_tasks import PATH, TASKS, ProbeTask
from engines import open_engine
from sandbox import open_sandbox
from tests.agent.conftest import Desk

RIGHT = {
    "function": "def last(items, count):\n    return items[-count:] if count else []\n",
    "method": "def withdraw(self, amount):\n    if amount > self.balance:\n        raise ValueError(amount)\n"
    '    self.balance -= amount\n    self.history.append(("withdraw", amount))\n',
    "import": 'import re\n\n\ndef slug(name):\n    return re.sub(r"\\s+", "-", cleaned(name).strip())\n',
}
"""A right answer to each task, as a rewritten definition."""


def script(folder: Path) -> str:
    """A model that rewrites definitions rightly, gives whole files with a wrong function, and talks in place of blocks
    of SEARCH/REPLACE.
    """
    entries: list[dict[str, object]] = [
        {"key": f"edit/rewrite/{name}", "text": f"```python\n{code}```", "repeat": True} for name, code in RIGHT.items()
    ]
    for task in TASKS:
        wrong = task.source.replace("self.balance -= amount", "pass").replace("return items[-count:]", "return []")
        wrong = wrong.replace('.replace(" ", "-")', "")
        entries.append({"key": f"edit/whole/{task.name}", "text": f"```python\n{wrong}```", "repeat": True})
    entries.append({"key": "edit/search/*", "text": "I would change the slice.", "repeat": True})
    path = folder / "answers.json"
    path.write_text(json.dumps(entries))
    return f"scripted:{path}"


async def test_the_form_with_most_right_edits_is_chosen(tmp_path: Path) -> None:
    engine = await open_engine(script(tmp_path))
    sandbox = await open_sandbox("none")
    try:
        found = await probe(engine, sandbox)
    finally:
        await sandbox.close()
    assert found.shares == (
        FormatShare("rewrite", 6, 6, 6),
        FormatShare("whole", 6, 6, 0),
        FormatShare("search", 6, 0, 0),
    )
    assert found.best == "rewrite"
    assert found.words.startswith("rewrite: 6 of 6 applicable, 6 right; whole: 6 of 6 applicable, 0 right")


async def test_without_a_sandbox_applicable_edits_decide(tmp_path: Path) -> None:
    found = await probe(await open_engine(script(tmp_path)), None, samples=1)
    assert [(each.applicable, each.right) for each in found.shares] == [(3, None), (3, None), (0, None)]
    assert "right" not in found.words and found.best == "rewrite"


def test_results_are_remembered_for_each_model(tmp_path: Path) -> None:
    first = ProbeResult("a", (FormatShare("rewrite", 6, 1, 0), FormatShare("whole", 6, 5, 4)))
    second = ProbeResult("b", (FormatShare("rewrite", 6, 6, None),))
    folder = tmp_path / "state"
    assert remembered("a", folder) is None
    remember(first, folder)
    remember(second, folder)
    assert remembered("a", folder) == first and first.best == "whole"
    assert remembered("b", folder) == second and remembered("c", folder) is None


@pytest.mark.parametrize("text", ["", "[]", '{"a": {}}', '{"a": {"tasks": "x", "shares": []}}'])
def test_what_is_broken_or_about_other_tasks_is_forgotten(text: str, tmp_path: Path) -> None:
    (tmp_path / "edit_forms.json").write_text(text)
    assert remembered("a", tmp_path) is None
    remember(ProbeResult("a", ()), tmp_path)
    assert remembered("a", tmp_path) == ProbeResult("a", ())


@pytest.mark.parametrize("task", TASKS, ids=lambda task: task.name)
def test_the_checks_of_a_task_fail_before_and_pass_after_a_right_edit(task: ProbeTask) -> None:
    with pytest.raises((AssertionError, IndexError)):
        exec(task.source + task.checks, {})
    place: Place = task.place(whole=False)
    found = read_edits(f"```python\n{RIGHT[task.name]}```", task, [place])
    assert isinstance(found, Edits)
    exec((found.changed[PATH] or b"").decode() + task.checks, {})


def test_doctor_prints_and_keeps_the_result(desk: Desk) -> None:
    model = script(desk.folder)
    done = desk.run("doctor", "--edit-probe", "--model", model, "--json")
    finding = json.loads(done.stdout)[-1]
    assert finding["name"] == f"edits by {model}" and finding["ok"]
    assert finding["detail"].startswith("rewrite: 6 of 6 applicable") and finding["detail"].endswith(
        "asks for: rewrite"
    )
    kept = remembered(model, desk.folder)
    assert kept is not None and kept.best == "rewrite"


def test_the_probe_needs_a_model(desk: Desk) -> None:
    done = desk.run("doctor", "--edit-probe")
    assert done.code == 2 and "--model SPEC" in done.stderr
