"""What becomes of the patch of a run: printed, applied, asked about, or committed to a branch."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console
from rich.text import Text

from agent.repository.git.applying import apply_patch, check_patch
from agent.repository.git.branching import commit_patch
from agent.repository.git.hunks import hunks, select_hunks
from agent.repository.receipt import receipt_json, receipt_markdown
from agent.show.outcome import outcome_json, program_view, show_outcome
from cure.plain import visible

if TYPE_CHECKING:
    from agent.commands.changing import Change

_ANSWERS = {"y": "y", "yes": "y", "n": "n", "no": "n", "h": "h", "hunks": "h"}
NOT_ACCEPTED = 1
"""Exit code where a patch was found and not accepted."""


class NotAccepted(Exception):
    """The user said in words what is wrong with a patch, so that another one is looked for."""

    def __init__(self, patch: str, words: str) -> None:
        super().__init__(words)
        self.patch, self.words = patch, words


def accept(
    console: Console,
    change: Change,
    mode: str,
    branch: str | None,
    *,
    as_json: bool = False,
    out: Path | None = None,
    receipt: Path | None = None,
    again: bool = False,
) -> int:
    """The exit code, after showing the outcome and doing with its patch what the mode says.

    The user's files change only in the mode `ask` after a yes, and in the mode `auto` where the patch is verified;
    with a branch, a commit is made in place of that. With `again` the user may answer in words what is wrong: then
    NotAccepted is raised.
    """
    outcome = change.outcome
    patch = outcome.program
    if receipt is not None:
        receipt.with_suffix(".md").write_text(receipt_markdown(change.record, outcome), encoding="utf-8")
        receipt.with_suffix(".json").write_text(receipt_json(change.record, outcome) + "\n", encoding="utf-8")
    if out is not None and patch is not None:
        out.write_bytes(patch.encode(errors="surrogateescape"))
    if as_json:
        click.echo(json.dumps(outcome_json(outcome), indent=2))
    else:
        show_outcome(console, outcome, change.record.name)
    if patch is None:
        return outcome.result.exit_code
    if mode == "plan" and branch is None:
        if not as_json and out is None:
            click.echo(patch.encode(errors="surrogateescape"), nl=False)
        return outcome.result.exit_code
    return _apply(console, change, patch, mode, branch, again)


def _apply(console: Console, change: Change, patch: str, mode: str, branch: str | None, again: bool) -> int:
    verified = change.outcome.result.exit_code == 0
    if mode == "auto" and not verified:
        _say(
            console, "The patch is not verified, so that it is not applied; `--mode ask` asks, `--mode plan` prints it."
        )
        return change.outcome.result.exit_code
    accepted = hand_to_repository(console, change, patch, branch, asks=mode == "ask", again=again)
    return change.outcome.result.exit_code if accepted == 0 else accepted


def hand_to_repository(
    console: Console, change: Change, patch: str, branch: str | None, *, asks: bool, again: bool = False
) -> int:
    """0 after the patch was applied to the files, or committed to a new branch; NOT_ACCEPTED where the user, who is
    asked if `asks`, does not want it. Raises RepositoryError where it cannot be applied, and, with `again`, NotAccepted
    where the user says what is wrong with it.
    """
    if asks:
        chosen = _asked(console, change, patch, again)
        if chosen is None:
            _say(console, "Nothing was changed.")
            return NOT_ACCEPTED
        patch = chosen
    if branch is not None:
        message = f"{change.record.name}\n\nBy cure-agent, run {change.outcome.run}."
        commit = commit_patch(change.snapshot, patch, branch, message)
        _say(console, f"Commit {commit[:12]} on the new branch {branch}.")
        return 0
    written = apply_patch(change.snapshot, patch, change.folder)
    _say(console, f"{written.message}: {', '.join(written.paths)}. `cure-agent undo` takes it back.")
    return 0


def _asked(console: Console, change: Change, patch: str, again: bool) -> str | None:
    """The patch, or the chosen hunks of it, after the user said so; None after a no. Raises NotAccepted for words."""
    console.print(program_view(patch, is_patch=True))
    for path in check_patch(change.snapshot, patch).merged:
        _say(console, f"note: {path} was edited since the run began; both changes will be kept")
    words = ", or say what is wrong and another patch is looked for" if again else ""
    answer = str(
        click.prompt(f"Apply this patch? y(es), n(o), h(unks to choose){words}", default="n", err=True)
    ).strip()
    while answer.lower() not in _ANSWERS and not again:
        answer = str(click.prompt("Please answer y, n or h", default="n", err=True)).strip()
    meant = _ANSWERS.get(answer.lower())
    if meant is None:
        raise NotAccepted(patch, answer)
    if meant == "h":
        return _chosen_hunks(console, patch)
    return patch if meant == "y" else None


def _chosen_hunks(console: Console, patch: str) -> str | None:
    """The patch with the hunks that the user wants, after it was shown as a whole; None where that is none."""
    wanted = []
    for hunk in hunks(patch):
        console.print(Text(visible(f"{hunk.path}"), style="bold"))
        console.print(program_view(hunk.text, is_patch=True))
        if click.confirm("Apply this hunk?", default=False, err=True):
            wanted.append(hunk.number)
    if not wanted:
        return None
    chosen = select_hunks(patch, wanted)
    if chosen != patch:
        console.print(program_view(chosen, is_patch=True))
        _say(console, "note: tests were run on the whole patch, not on this part of it")
        if not click.confirm("Apply this part?", default=False, err=True):
            return None
    return chosen


def _say(console: Console, line: str) -> None:
    console.print(Text(visible(line)), highlight=False)
