"""`cure-agent undo` and `cure-agent redo`: take an accepted patch back, and apply it again."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from agent.repository.git.applying import Written
    from agent.repository.git.opened import Repository

_NOW = {"applied": "applied", "undone": "taken back"}
_REPO = click.option(
    "--repo",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    default=Path(),
    help="Directory inside the repository.  [default: the present one]",
)


@click.command()
@click.argument("run", required=False)
@_REPO
def undo(run: str | None, repo: Path) -> None:
    """Take back the patch of RUN (default: the one applied last in this repository).

    Edits made since in other places of the files are kept; where edits would be lost, nothing is changed and the files
    are named (exit code 7).
    """
    from agent.repository.git.applying import undo as take_back

    _turn(run, repo, "applied", take_back)


@click.command()
@click.argument("run", required=False)
@_REPO
def redo(run: str | None, repo: Path) -> None:
    """Apply the patch of RUN again (default: the one taken back last in this repository)."""
    from agent.repository.git.applying import redo as apply_again

    _turn(run, repo, "undone", apply_again)


def _turn(run: str | None, repo: Path, state: str, act: Callable[[Repository, str, Path | None], Written]) -> None:
    """Take back or apply again, and say what was done. Raises RepositoryError where there is nothing to do it with."""
    from agent.errors import RunError
    from agent.repository.errors import RepositoryError
    from agent.repository.git.opened import open_repository
    from agent.repository.git.refs import list_refs
    from agent.runs.store import find_run

    with open_repository(repo) as repository:
        refs = [ref for ref in list_refs(repository.git) if ref.name == state]
        if run is None and not refs:
            raise RepositoryError(f"no patch is {_NOW[state]} in {repository.root}")
        chosen = run or max(refs, key=lambda ref: (ref.time or 0, ref.run)).run
        try:
            folder = find_run(chosen)
            chosen = folder.name
        except RunError:
            folder = None  # the record may be gone while the repository still knows what was applied
        written = act(repository, chosen, folder)
    click.echo(f"{written.message}{': ' if written.paths else ''}{', '.join(written.paths)}", err=True)
