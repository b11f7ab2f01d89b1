"""Settings of work in a repository: those that a run records, and the options of the command."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from agent.solve.settings import Models, Search, SolveSettings
from cure.settings import Programs, Sandbox
from engines.settings import Model
from settings.marks import Flag, Joined, OwnersOnly

Format = Literal["rewrite", "whole", "search"]

_MACHINE = "it would name a program of your machine, and show its directory to the tests"
_NETWORK = "the preparation of an environment would have the network whatever you said"
_TESTS = "patches could then weaken the tests that judge them"
_UNASKED = "your files would be changed without a question"
_BRANCH = "a branch could be made without a question"


class Repository(Search):
    """Settings of a change of a repository that do not depend on the models."""

    n: Programs = Field(default=8, ge=1, le=1024)
    """Maximum number of patches to sample in the first round, all its parts together."""
    rounds: int = Field(default=3, ge=1, le=100)
    """Maximum number of rounds that ask for patches or tests, the first included; some strategies set their own."""
    first_share: float = Field(default=0.5, gt=0, le=1)
    """Share of n and m to sample at first; further samples follow where they may help. 1 samples all at once."""
    min_draw: float = Field(default=0.25, ge=0, le=1)
    """Least share of n and m that a further part of the first samples has: a session of tests costs time as well."""
    max_tokens: int = Field(default=2048, ge=1)
    """Maximum number of tokens per answer."""
    votes: int = Field(default=0, ge=0, le=16)
    """Answers of the coder on which functions have to change; they count in the choice of the code that prompts
    show. 0 asks for none."""
    edit_format: Format = "rewrite"
    """Form of edits that the coder is asked for: complete functions, whole files, or SEARCH/REPLACE blocks."""
    test_cmd: str | None = None
    """Command that runs the tests, where the one found is not the right one: `pytest -q tests`. A command that does not
    call pytest is judged by its exit status."""
    python: Annotated[str | None, OwnersOnly(lambda value: value is not None, _MACHINE)] = None
    """Interpreter that runs the tests, in place of the one found."""
    image: str | None = None
    """Docker image in which the tests run, in place of this machine's programs."""
    network: Annotated[bool, OwnersOnly(bool, _NETWORK)] = True
    """Whether an environment for the tests may be prepared with packages from an index. Tests never have a network."""
    protect: Annotated[tuple[str, ...], Joined()] = ()
    """Patterns of files that no patch may touch, as in .gitignore, besides existing tests."""
    allow_test_changes: Annotated[bool, OwnersOnly(bool, _TESTS)] = False
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

    coder: Model | None = None
    """Model that writes patches, instead of `model`."""
    tester: Model | None = None
    """Model that writes tests, instead of `model`."""
    sandbox: Sandbox = "auto"
    """Sandbox that runs the tests; `none` gives no protection: for trusted models and repositories only."""
    mode: Annotated[
        Literal["plan", "ask", "auto"], Flag("--mode"), OwnersOnly(lambda value: value == "auto", _UNASKED)
    ] = "ask"
    """What becomes of the patch: `plan` prints it, `ask` shows it and asks, `auto` applies it if it is verified."""
    branch: Annotated[str | None, OwnersOnly(lambda value: value is not None, _BRANCH)] = None
    """Name of a new branch that gets the patch as a commit; the working tree then stays as it is."""

    def settings(self) -> ChangeSettings:
        """The settings to record. Raises SettingsError for a budget in dollars without the price of a model."""
        chosen = {name: getattr(self, name) for name in Repository.model_fields}
        return ChangeSettings(**self.by_role(self.budget), **chosen, sandbox=self.sandbox)
