"""The audit of the tests of a recorded run: runs of mutants as an event, and the event read back."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from agent.errors import RunError
from agent.runs.events import Audited, MutantTried
from agent.runs.record import RecordedRun
from cure.audit import Mutant, MutantRun, TestAudit, audit
from cure.errors import ProblemError
from cure.table import Judging, judging_of
from cure.table.compare import DEFAULT, Comparison, tokens


def audited_event(candidate: str, runs: Sequence[MutantRun], blob: Callable[[str], str]) -> Audited:
    """The event that records which tests mutants of the candidate passed and failed.

    `blob` stores a text and returns its name.
    """
    tried = [
        MutantTried(run.mutant.fault, blob(run.mutant.text), sorted(run.passed), sorted(run.failed), run.apart)
        for run in runs
    ]
    return Audited(candidate, tried)


def mutant_runs(run: RecordedRun) -> tuple[MutantRun, ...] | None:
    """Which tests each mutant passed and failed, as recorded; None where the run recorded no audit.

    Raises RunError when the text of a mutant is missing or damaged.
    """
    if run.state.audited is None:
        return None
    return tuple(
        MutantRun(
            mutant=Mutant(run.blob(each.source), each.fault),
            passed=frozenset(each.passed),
            failed=frozenset(each.failed),
            apart=each.apart,
        )
        for each in run.state.audited.mutants
    )


def leader_of(run: RecordedRun) -> str | None:
    """The candidate whose mutants an audit runs: the answer, else the first of the last ranking; None if there is none.

    Raises RunError when a text of the run is missing or damaged.
    """
    if chosen := run.outcome().chosen:
        return chosen
    return run.state.ranking.order[0] if run.state.ranking and run.state.ranking.order else None


def audit_of(run: RecordedRun, runs: Sequence[MutantRun] = ()) -> list[TestAudit]:
    """The audit of the run's generated tests; `runs` say which tests each mutant passed and failed.

    The probabilities that tests are right come from the run's last ranking. Raises RunError when a text of the table is
    missing or damaged.
    """
    validity = run.state.ranking.validity if run.state.ranking else {}
    try:
        equal: Comparison | None = judging_of_run(run).equal
    except (ProblemError, RunError):
        # `why` also shows runs whose problem is damaged, or of a form that this version does not read.
        equal = tokens
    return audit(run.table(), validity, leader_of(run), runs, equal)


def judging_of_run(run: RecordedRun) -> Judging:
    """How the programs of the run were judged. Raises RunError or ProblemError when its problem cannot be read."""
    return judging_of(run.problem(), comparison_name=run.started.settings.get("comparison", DEFAULT))
