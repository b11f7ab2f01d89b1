"""The task of changing a repository: prompts, and answers read as patches and tests."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from agent.repository.checks.protected import Policy, violations
from agent.repository.context import Context, code_now
from agent.repository.edit import Format, Refusal, read_edits
from agent.repository.errors import RepositoryError
from agent.repository.files import Changed, ChangedFiles, Files
from agent.repository.patches import Check, Patch
from agent.repository.prompts import FailedTest, edit_prompt, read_test, repair_prompt, test_prompt
from agent.repository.source import build_index
from agent.runs.events import Asked
from agent.solve.task import Rejection
from cure.prompts import Words
from cure.repair import TableSummary
from cure.table import Cell
from engines import Prompt

DEFAULT_POLICY = Policy()


@dataclass(frozen=True, kw_only=True)
class PatchTask:
    """Prompts of both roles for a task in a repository, and the reading of their answers."""

    task: str
    files: Files
    """The files of the snapshot."""
    patch: Callable[[Changed], str]
    """The patch of changed files against the snapshot; raises RepositoryError for what a patch may not change."""
    changed_by: Callable[[str], Changed]
    """The files that a patch changes."""
    text_of: Callable[[str], str]
    """The patch of a candidate, by the candidate's name."""
    context: Context
    instructions: str = ""
    """What the repository asks of those who change it."""
    format: Format = "rewrite"
    policy: Policy = DEFAULT_POLICY
    """Which files a patch may change."""

    def stop(self, role: str) -> tuple[str, ...]:  # noqa: ARG002 (the protocol's signature)
        """No text: answers end by themselves."""
        return ()

    def coder(self) -> Prompt:
        """The prompt that asks for an edit."""
        return edit_prompt(self.task, self.context.map_text, self.context.shown, self.instructions, self.format)

    def tester(self, avoid: Sequence[Check] = ()) -> Prompt:
        """The prompt that asks for a test that fails now; it differs from the generated ones in `avoid`."""
        context = self.context
        known = [check.stimulus for check in avoid if not check.trusted]
        return test_prompt(self.task, context.map_text, context.shown, known, context.neighbours, context.imports)

    def repair(
        self,
        candidate: str,
        failures: Sequence[tuple[Check, Cell]],
        summary: TableSummary | None = None,  # noqa: ARG002 (the texts of checks are too long for it)
    ) -> Prompt:
        """The prompt that asks for a better edit than the patch `candidate`, which fails these checks."""
        now = ChangedFiles(self.files, self.changed_by(candidate))
        shown = code_now(now, self.context.places, build_index(now)) or self.context.shown
        failed = [_failed(check, cell) for check, cell in failures]
        return repair_prompt(self.task, candidate, shown, failed, format=self.format)

    def instruct(self, role: str, words: Words) -> Prompt | None:  # noqa: ARG002 (the protocol's signature)
        """No prompt: the moves that give other instructions are those of programs."""
        return None

    def input_of(self, text: str, how: str) -> Check:
        """Raises RepositoryError: checks are not compared on inputs without a known output."""
        raise RepositoryError(f"a repository's tests take no further inputs ({how}: {len(text)} characters)")

    def new_inputs(self, tests: Mapping[str, Check], count: int, seed: int) -> Sequence[tuple[Check, str]]:  # noqa: ARG002
        """None: checks are files of tests, of which no further ones are made without a model."""
        return ()

    def read_candidate(self, asked: Asked, text: str) -> Patch | Rejection:
        """The patch in an answer; an answer to a request for a repair changes what its parent has changed."""
        before = {} if asked.parent is None else dict(self.changed_by(self.text_of(asked.parent)))
        edits = read_edits(text, ChangedFiles(self.files, before), self.context.places, format=self.format)
        if isinstance(edits, Refusal):
            return Rejection(edits.words)
        changed = {**before, **edits.changed}
        if found := violations(self.files, changed, self.policy):
            return Rejection("; ".join(str(each) for each in found[:3]))
        try:
            patch = self.patch(changed)
        except RepositoryError as error:
            return Rejection(str(error))
        if not patch:
            return Rejection("The patch changes nothing.")
        return Patch(patch, "repair" if asked.parent else "sampled", asked.parent, asked.round)

    def read_test(self, text: str) -> Check | Rejection:
        """The test in an answer."""
        names = {place.name.rpartition(".")[2] for place in self.context.places}
        test = read_test(text, self.context.imports, names)
        return Rejection(test.words) if isinstance(test, Refusal) else Check(test.source)


def _failed(check: Check, cell: Cell) -> FailedTest:
    if check.trusted:
        return FailedTest(test=check.stimulus, actual=cell.reason, traceback=cell.stderr_tail, passed_before=True)
    return FailedTest(test="a generated test", actual=cell.stdout, traceback=cell.stderr_tail, source=check.stimulus)
