"""`cure-agent change`, also `cure-agent "TASK"`: changes the repository one stands in, as a task says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from settings.command import SettingsCommand
from settings.registry import ENGINES

if TYPE_CHECKING:
    from agent.repository.settings import ChangeOptions
    from settings.section import Section


@click.command(cls=SettingsCommand, section="change", beside=ENGINES, project="repo")
@click.argument("task")
@click.option(
    "--repo",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="Directory inside the repository.  [default: the present one]",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as one JSON object; the mode is then plan.")
@click.option("--out", type=click.Path(path_type=Path), help="Also write the patch to this file.")
@click.option("--receipt", type=click.Path(path_type=Path), help="Write the evidence to FILE.md and FILE.json.")
def change(
    task: str,
    repo: Path,
    as_json: bool,
    out: Path | None,
    receipt: Path | None,
    settings: ChangeOptions,
    others: tuple[Section, ...],
) -> int:
    """Change the repository as TASK says (- reads the task from standard input), and hand over a verified patch.

    Candidate patches and tests are sampled, and every patch, as well as the unchanged code, is run on the tests in a
    sandbox. The working tree stays as it is until the patch is accepted; `cure-agent undo` takes the patch back.

    Exit code 0: verified (and, in the modes ask and auto, applied); 1: low confidence, or not accepted; 2: bad input;
    3: no viable patch; 4: budget spent; 5: the model failed; 6: the sandbox failed; 7: state of the repository.
    """
    from rich.console import Console

    from agent.commands.accept import NotAccepted, accept
    from agent.commands.changing import changed, print_failed
    from agent.commands.hand_over import check_writable
    from cure.interrupt import run_interruptible

    mode = "plan" if as_json and "mode" not in settings.model_fields_set else settings.mode
    if mode == "ask" and settings.branch is None and not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(
            "the mode ask needs a terminal; --mode plan prints the patch, --mode auto applies it if it is verified"
        )
    text = sys.stdin.read() if task == "-" else task
    if not text.strip():
        raise click.UsageError("the task is empty")
    if out is not None:
        check_writable(out)
    console = Console(stderr=True)

    async def whole() -> int:
        failed = print_failed if as_json else lambda _: None
        remarks: list[tuple[str, str]] = []
        while True:
            try:
                async with changed(console, text, repo, settings.settings(), others, failed, remarks) as done:
                    return accept(
                        console, done, mode, settings.branch, as_json=as_json, out=out, receipt=receipt, again=True
                    )
            except NotAccepted as answer:
                remarks.append((answer.patch, answer.words))

    return run_interruptible(whole())
