"""Writes the answer of a solve to standard output or to a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from agent.runs.outcome import Outcome


def check_writable(out: Path | None) -> None:
    """Raise click.UsageError, before any work, if the program cannot be written to the file `out`; None stands for
    standard output.
    """
    if out is None:
        # Python has None here if the caller closed standard output.
        if sys.stdout is None:
            raise click.UsageError("standard output is closed; name a file for the program with --out")
        return
    if out.is_dir():
        raise click.BadParameter(f"{out} is a directory", param_hint="--out")
    if not out.parent.is_dir():
        raise click.BadParameter(f"the folder {out.parent} does not exist", param_hint="--out")
    existed = out.exists()
    try:
        out.open("ab").close()
        if not existed:
            out.unlink()
    except OSError as error:
        raise click.BadParameter(f"cannot write {out}: {error.strerror}", param_hint="--out") from error


def hand_over(outcome: Outcome, as_json: bool, out: Path | None) -> int:
    """The exit code, after printing the outcome as JSON or its program alone; the program goes to `out`, if given.

    Raises click.UsageError when the file cannot be written; standard output then has the program, alone or in the JSON.
    """
    from agent.show.outcome import outcome_json

    if as_json:
        click.echo(json.dumps(outcome_json(outcome), indent=2))
    if outcome.program is None:
        return outcome.result.exit_code
    # Bytes: writing text would fail on an ASCII terminal, and on lone surrogates in the model's answer.
    text = (outcome.program.rstrip("\n") + "\n").encode(errors="replace")
    if out is not None:
        try:
            out.write_bytes(text)
        except OSError as error:
            if not as_json:
                click.echo(text, nl=False)
            what = "in the JSON" if as_json else "on standard output"
            raise click.UsageError(f"cannot write {out}: {error.strerror}; the program is {what} instead") from error
    elif not as_json:
        click.echo(text, nl=False)
    return outcome.result.exit_code
