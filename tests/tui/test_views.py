"""What screens show of recorded runs, without any screen."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from agent.runs.record import load_run
from agent.show.explain import explain
from cure.problem import UnitTest
from cure.table import clusters
from cure.table.compare import tokens
from tests.tui.runs import ALL, REPAIRED, SURE, UNSURE, opened
from tui.views.budget import budget_view
from tui.views.compare import compare_view
from tui.views.comparison import comparison_of
from tui.views.export import exported
from tui.views.log import last_lines
from tui.views.program import program_view
from tui.views.ranking import ranking_view
from tui.views.suppose import Supposition, suppose
from tui.views.table import table_view
from tui.views.test import test_view as view_of_test
from tui.views.why import why_view


@pytest.mark.parametrize("folder", ALL, ids=lambda folder: folder.name[-4:])
def test_the_table_shows_what_the_commands_table_has(folder: Path) -> None:
    source, _, found = opened(folder)
    view, table = table_view(source.state, found), load_run(folder).table()
    assert {row.name for row in view.rows} == set(table.candidates)
    assert {column.name for column in view.columns if column.judges} == {
        name for name, test in table.tests.items() if test.judges
    }
    for (candidate, test), cell in table.cells.items():
        if table.tests[test].judges:
            assert (view.marks[candidate, test].kind == "passed") == cell.passed
    alike = {row.name: row.behaviour for row in view.rows}
    for group in clusters(table):
        assert len({alike[name] for name in group}) == 1
    assert len(set(alike.values())) == len(clusters(table))


def test_families_are_sorted_by_their_best_member_and_repairs_stand_below_their_parents() -> None:
    source, _, found = opened(REPAIRED)
    rows = table_view(source.state, found).rows
    parents: list[str] = []
    for row in rows:
        del parents[row.depth :]
        assert row.parent == (parents[-1] if row.depth else None)
        parents.append(row.name)
    roots = [i for i, row in enumerate(rows) if row.depth == 0]
    best = [min(row.place or 99 for row in rows[a:b]) for a, b in zip(roots, [*roots[1:], len(rows)], strict=True)]
    assert best == sorted(best) and best[0] == 1
    requested = [row.name for row in table_view(source.state, found, order="requested").rows if row.depth == 0]
    assert requested == sorted(requested, key=source.state.candidate_number)


def test_a_candidate_that_came_after_the_findings_is_shown_too() -> None:
    source, _, found = opened(UNSURE)
    source.seek(40)
    early = opened(UNSURE)[2]
    source.seek(10)
    view = table_view(source.state, type(found)())
    assert [row.behaviour for row in view.rows] == [None] * len(source.state.candidates)
    assert {column.group for column in view.columns} == {"arriving"}
    source.seek(source.length)
    assert {column.group for column in table_view(source.state, early).columns} >= {"examples", "generated tests"}


def test_ranking_budget_and_log_say_what_the_record_says() -> None:
    source, _, found = opened(UNSURE)
    ranking = ranking_view(source.state, found.behaviour)
    assert ranking.headline == "c8 is the answer, right with probability 0.45."
    assert [line.place for line in ranking.lines] == list(range(1, 16))
    gauges = {gauge.label: gauge for gauge in budget_view(source.state, 255).gauges}
    assert (gauges["programs"].amount, gauges["executions"].amount) == ("15 of 15", "255 of 255")
    assert gauges["dollars"].amount == "price not known" and gauges["executions"].share == 1.0
    lines = last_lines(source.state)
    assert len(lines) == len(source.state.recorded) and "started: HumanEval/74" in lines[0]
    assert last_lines(source.state, 2) == lines[-2:]


def test_a_program_is_compared_with_another() -> None:
    source, reader, _ = opened(REPAIRED)
    table = reader.table(source.state)
    view = program_view(source.state, table, "c9", "c1")
    assert view.text == table.candidates["c9"].text and view.against == "c1"
    assert {line.sign for line in view.diff} >= {"+", "-"}
    assert program_view(source.state, table, "c9", "c9").diff == []
    assert program_view(source.state, table, "nobody").name == ""


def test_a_failed_test_shows_expected_and_printed_lines() -> None:
    source, reader, _ = opened(UNSURE)
    table = reader.table(source.state)
    view = view_of_test(source.state, table, "c9", "t2")
    assert view.verdict == "wrong output" and view.passed is False
    assert [line.text for line in view.diff if line.sign == "-"] == ["hello"]
    assert view_of_test(source.state, table, "c9", "e1").diff == ()
    crashed = view_of_test(source.state, table, "c8", "t11")
    assert crashed.verdict.startswith("crash") and any("Error" in line for line in crashed.stderr)
    assert "not believed" in view.worth and "right with probability 0.27" in view.worth


@pytest.mark.parametrize("folder", ALL, ids=lambda folder: folder.name[-4:])
def test_without_a_change_the_ranking_is_that_of_the_run(folder: Path) -> None:
    source, reader, _ = opened(folder)
    state, table = source.state, reader.table(source.state)
    supposed = suppose(state, table, Supposition(), comparison_of(state, reader.read))
    assert state.ranking is not None
    assert [each.candidate for each in supposed.reading.ranking.ranked] == state.ranking.order
    for name, probability in state.ranking.probability.items():
        assert math.isclose(supposed.reading.probabilities.of(name), probability, abs_tol=1e-9)


def test_the_terms_of_the_explanation_add_up_to_the_log_odds() -> None:
    for folder in (UNSURE, SURE):
        source, reader, _ = opened(folder)
        state, table = source.state, reader.table(source.state)
        view = why_view(state, table, suppose(state, table, Supposition(), tokens), Supposition())
        assert view.odds is not None and state.ranking is not None
        assert math.isclose(view.odds.log_odds, math.log(view.odds.probability / view.odds.other_probability))
        said = explain(table, state.ranking, view.leader)
        assert list(view.sentences) == said[:-1] and said[-1].startswith("Log-odds")


def test_a_test_left_out_changes_the_probabilities_and_taking_it_in_again_restores_them() -> None:
    source, reader, _ = opened(UNSURE)
    state, table = source.state, reader.table(source.state)
    less = Supposition().toggled("e2").toggled("t6")
    view = why_view(state, table, suppose(state, table, less, tokens), less)
    assert view.headline.startswith("Now c2 is the answer") and "in the run it was c8" in view.headline
    assert [test.name for test in view.tests if not test.counts] == ["e2", "t6"]
    assert less.toggled("e2").toggled("t6") == Supposition()


def test_a_test_of_ones_own_is_judged_by_recorded_outputs() -> None:
    source, reader, _ = opened(UNSURE)
    state, table = source.state, reader.table(source.state)
    t1 = table.tests["t1"]
    printed = {name: table.cells[name, "t1"].stdout for name in table.candidates}
    yours = Supposition().with_test("yours1", UnitTest(t1.stimulus, printed["c6"], "user"))
    supposed = suppose(state, table, yours, tokens)
    assert supposed.unexecuted == () and not supposed.reading.table.passes("c8", "yours1")
    assert supposed.reading.table.passes("c6", "yours1")
    assert supposed.reading.probabilities.of("c8") == 0.0
    elsewhere = suppose(state, table, Supposition().with_test("yours1", UnitTest("1 2 3", "6", "user")), tokens)
    assert elsewhere.unexecuted == ("yours1",)
    checker = suppose(state, table, yours, None)
    assert checker.undecided == ("yours1",)


def test_two_runs_are_compared_fact_by_fact() -> None:
    one, other = ((source.state, reader.table(source.state)) for source, reader, _ in map(opened, (UNSURE, SURE)))
    view = compare_view(one, other)
    facts = {fact.label: (fact.one, fact.other) for fact in view.facts}
    assert facts["answer"] == ("c8", "c1") and facts["ended"] == ("low confidence", "solved")
    assert not view.same_problem and view.diff
    assert {fact.label for fact in view.settings} == {"coder", "tester"}
    same = compare_view(one, one)
    assert same.same_problem and not same.diff and not same.settings and not any(f.differs for f in same.facts)


@pytest.mark.parametrize("folder", ALL, ids=lambda folder: folder.name[-4:])
def test_every_form_of_export_has_the_answer(folder: Path) -> None:
    source, reader, _ = opened(folder)
    table = reader.table(source.state)
    assert source.state.result is not None
    texts = {form: exported(source.name, source.state, table, form) for form in ("txt", "json", "svg", "html")}  # type: ignore[arg-type]
    assert all(str(source.state.result.candidate) in text for text in texts.values())
    assert texts["svg"].startswith("<svg") and "</html>" in texts["html"] and texts["json"].startswith("{")
    assert "\x1b" not in texts["txt"]
