"""One recorded change of a repository, from the task to a patch with its evidence: new, resumed or replayed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from agent.repository.baseline import MOST_FILES, RepositoryTests, Say, opened_tests
from agent.repository.cells import base_cell
from agent.repository.checks import Base, Report, Runner
from agent.repository.checks.checker import COMMAND
from agent.repository.checks.placing import place_test
from agent.repository.confidence import patch_confidence
from agent.repository.context import Context, Lookup, search, understand
from agent.repository.executor import PatchExecutor
from agent.repository.files import Changed
from agent.repository.final import final_answer
from agent.repository.git.snapshot import Snapshot
from agent.repository.judged import judged
from agent.repository.looking import chosen_context
from agent.repository.patches import BASE, Check, Patch
from agent.repository.record import TaskRecord
from agent.repository.settings import ChangeSettings
from agent.repository.source import cache_folder
from agent.repository.task import PatchTask
from agent.runs.events import Started
from agent.runs.outcome import Outcome
from agent.runs.recorder import RecordEnds, Recorder, ReplayError
from agent.runs.state import cell_of
from agent.solve.ending import Reasons, record_failure, result_of
from agent.solve.solving import Solving, record_cell
from agent.solve.spending import Clock, dollars
from agent.solve.strategies import in_parts
from cure.select import selector
from cure.table import Cell, GrowingTable, Pair
from engines import Engine

REASONS = Reasons(
    no_candidate="no patch came out of the model's answers",
    none_viable="no patch keeps every existing test",
    untested="no patch passes a test that the unchanged code fails",
)


async def change_repository(
    record: TaskRecord,
    settings: ChangeSettings,
    *,
    snapshot: Snapshot,
    engines: Mapping[str, Engine],
    recorder: Recorder,
    folder: Path,
    say: Say = lambda _: None,
) -> Outcome:
    """The outcome, with the patch, if there is one, and its evidence; every step is emitted to the recorder.

    The user's files are not touched: tests run in a sandbox over a checkout of the snapshot in `folder`, which is the
    run's. Before a model is asked, the tests of the unchanged code are run. Recorded answers and executions are reused.
    Raises RepositoryError where the tests cannot be run, and what `agent.solve.run.solve_problem` raises; except after
    errors of recording, the run's last event says how the run ended.
    """
    recorder.emit(
        Started(
            problem=recorder.blob(record.to_json()),
            name=record.name,
            settings=settings.model_dump(mode="json"),
            isolation=f"sandbox {settings.sandbox}; the event suite_ready says how the tests are isolated",
            kind="repository",
        )
    )
    clock = Clock(recorder.known.seconds)
    try:
        async with opened_tests(record, settings, snapshot, recorder, folder, say) as tests:
            found = await asyncio.to_thread(search, record.wording, snapshot.files, cache_folder(record.root))
            return await _changed(record, settings, snapshot, engines, recorder, clock, found, tests)
    except (ReplayError, RecordEnds):
        raise
    except BaseException as error:
        record_failure(recorder, error, clock.seconds, dollars(recorder.state, settings.prices))
        raise


async def _changed(
    record: TaskRecord,
    settings: ChangeSettings,
    snapshot: Snapshot,
    engines: Mapping[str, Engine],
    recorder: Recorder,
    clock: Clock,
    found: Lookup,
    tests: RepositoryTests,
) -> Outcome:
    from agent.solve.graph import walk

    def changed_by(text: str) -> Changed:
        return snapshot.changed_by(text) if text else {}

    def text_of(name: str) -> str:
        return recorder.text(recorder.state.candidates[name].source)

    executor = PatchExecutor(
        run_tests=tests.run, place=partial(place_test, snapshot.files), changed_by=changed_by, known={}
    )
    growing = GrowingTable(executor, partial(record_cell, recorder))
    task = PatchTask(
        task=record.wording,
        files=snapshot.files,
        patch=snapshot.patch,
        changed_by=changed_by,
        text_of=text_of,
        context=understand(found, tests.modules, tests=()),
        format=settings.edit_format,
        policy=tests.policy,
    )
    solving = Solving[Patch, Check](
        task=task,
        settings=settings,
        engines=engines,
        select=selector(settings.selector),
        strategy=in_parts(settings.strategy),
        growing=growing,
        recorder=recorder,
        clock=clock,
        sandbox_works=tests.works,
        judged=judged,
        confidence_rule=patch_confidence,
    )
    try:
        context = await chosen_context(solving, found, tests)
        checks = _recorded_checks(recorder) or _existing(context, tests.base)
        executor.known |= _recorded_cells(recorder) | _base_cells(checks, tests.base)
        executor.place = partial(place_test, snapshot.files, near=context.tests[0] if context.tests else None)
        solving = replace(solving, task=replace(task, context=context, instructions=context.instructions))
        solving.add_candidate(BASE, Patch("", BASE), "", 0)
        for number, check in enumerate(checks, 1):
            solving.add_test(f"e{number}", check)
        readings, failure = await walk(solving)
        if failure is None and readings[-1].answer is not None:
            run_all = None if tests.checker is None else partial(_run_all, tests, changed_by)
            answer = await final_answer(readings[-1], recorder, run_all, tests.base)
            readings = (*readings[:-1], replace(readings[-1], answer=answer))
    finally:
        await growing.cancel()
    recorder.emit(result_of(solving, readings, (), failure, REASONS))
    return Outcome(recorder.id, recorder.state, recorder.state.table(recorder.text))


async def _run_all(tests: RepositoryTests, changed_by: Callable[[str], Changed], text: str) -> Report:
    return await tests.run_all(changed_by(text))


def _existing(context: Context, base: Base | None) -> list[Check]:
    """A check for each of the files of existing tests that every patch runs, the most relevant first.

    Files all of whose tests fail on the unchanged code can break nothing; relevant ones are run for what a patch fixes.
    """
    if base is None:
        return []
    passing, failing = ({name.partition("::")[0] for name in names} for names in (base.stable, base.failing))
    if base.suite.runner is Runner.COMMAND:
        return [Check(COMMAND, "existing")] if base.stable else []
    ordered = [path for path in context.tests if path in passing | failing]
    rest = sorted(passing - set(ordered))
    return [Check(path, "existing") for path in [*ordered, *rest][:MOST_FILES]]


def _base_cells(checks: Sequence[Check], base: Base | None) -> dict[Pair, Cell]:
    """The cells of the unchanged code on existing tests, which have been run already."""
    return (
        {}
        if base is None
        else {("", check.stimulus): base_cell(base.stable, base.failing, check.stimulus) for check in checks}
    )


def _recorded_checks(recorder: Recorder) -> list[Check]:
    """The checks of existing tests in the record, in their order; none in a new run."""
    tests = recorder.known.tests.values()
    return [Check(recorder.text(test.stdin), "existing") for test in tests if test.origin == "existing"]


def _recorded_cells(recorder: Recorder) -> dict[Pair, Cell]:
    """Recorded cells by the text of the patch and the stimulus of the check, so that equal patches share them."""
    known = recorder.known
    return {
        (
            recorder.text(known.candidates[candidate].source),
            recorder.text(known.tests[test].stdin),
        ): cell_of(event, recorder.text)
        for (candidate, test), event in known.cells.items()
    }
