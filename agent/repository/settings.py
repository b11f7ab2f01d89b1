"""Settings of work in a repository: those that a run records, and the options of the command."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agent.solve.settings import Models, Search, SolveSettings
from settings.marks import Flag

Format = Literal["rewrite", "whole", "search"]


class Repository(Search):
    """Settings of a change of a repository that do not depend on the models."""

    first_share: float = Field(default=0.5, gt=0, le=1)
    """Share of n and m to sample at first; further samples follow where they may help. 1 samples all at once."""
    min_draw: float = Field(default=0.25, ge=0, le=1)
    """Least share of n and m that a further part of the first samples has: a session of tests costs time as well."""
    max_tokens: int = Field(default=2048, ge=1)
    """Maximum number of tokens per answer."""
    edit_format: Format = "rewrite"
    """Form of edits that the coder is asked for: complete functions, whole files, or SEARCH/REPLACE blocks."""
    test_cmd: str | None = None
    """Command that runs the tests, where the one found is not the right one: `pytest -q tests`. A command that does not
    call pytest is judged by its exit status."""
    python: str | None = None
    """Interpreter that runs the tests, in place of the one found."""
    image: str | None = None
    """Docker image in which the tests run, in place of this machine's programs."""
    network: bool = True
    """Whether an environment for the tests may be prepared with packages from an index. Tests never have a network."""
    protect: tuple[str, ...] = ()
    """Patterns of files that no patch may touch, as in .gitignore, besides existing tests."""
    allow_test_changes: bool = False
    """Whether a patch may change existing tests and their settings."""


class ChangeSettings(Repository, SolveSettings):
    """How a repository is changed. Everything here is written into the run."""

    sandbox: str = "auto"
    """Kind of sandbox that runs the tests."""

    @property
    def nouns(self) -> tuple[str, str]:
        """What a candidate is called, in the singular and in the plural."""
        return "patch", "patches"


class ChangeOptions(Repository, Models):
    """Settings of `cure-agent change`, which changes a repository."""

    mode: Annotated[Literal["plan", "ask", "auto"], Flag("--mode")] = "ask"
    """What becomes of the patch: `plan` prints it, `ask` shows it and asks, `auto` applies it if it is verified."""
    branch: str | None = None
    """Name of a new branch that gets the patch as a commit; the working tree then stays as it is."""

    def settings(self) -> ChangeSettings:
        """The settings to record. Raises SettingsError for a budget in dollars without the price of a model."""
        chosen = {name: getattr(self, name) for name in Repository.model_fields}
        return ChangeSettings(**self.by_role(self.budget), **chosen, sandbox=self.sandbox)
