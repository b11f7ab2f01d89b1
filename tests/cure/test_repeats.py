"""Generated tests that repeat the input of a public example are no evidence."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from cure.problem import UnitTest
from cure.select import SELECTORS, answer_of, believed_failures, confidence, verified
from cure.select.distinguish import undecided
from cure.table import Cell, ProgramTable, clusters
from sandbox import Verdict
from tests.cure.tables import draw

ROWS = st.lists(st.text(alphabet=".ab!?", min_size=5, max_size=5), min_size=1, max_size=6)
SPACED = st.sampled_from(["{}", "{}\n\n", " {}", "\t{}\r\n"])


@st.composite
def tables_with_repeats(draws: st.DrawFn) -> tuple[ProgramTable, ProgramTable]:
    """A table, and that table with repeats of public examples: other blanks, right and wrong outputs, any cells."""
    table = draw(*draws(ROWS), trusted=draws(st.integers(1, 3)))
    public = table.names(trusted=True)
    tests, cells = dict(table.tests), dict(table.cells)
    for number in range(draws(st.integers(1, 4))):
        repeated = table.tests[draws(st.sampled_from(public))]
        stdin = draws(SPACED).format(repeated.stdin.strip())
        tests[f"repeat{number}"] = UnitTest(stdin, draws(st.sampled_from([repeated.expected, "wrong\n"])))
        for candidate in table.candidates:
            passed = draws(st.booleans())
            output = draws(st.sampled_from(["ok\n", "other\n"]))
            cells[candidate, f"repeat{number}"] = Cell(verdict=Verdict.OK, passed=passed, stdout=output)
    order = draws(st.permutations(list(tests)))
    return table, replace(table, tests={name: tests[name] for name in order}, cells=cells)


@settings(deadline=None)
@given(tables_with_repeats())
def test_repeats_of_public_examples_change_neither_choice_nor_confidence(
    tables: tuple[ProgramTable, ProgramTable],
) -> None:
    table, repeated = tables
    before, after = confidence(table), confidence(repeated)
    assert clusters(repeated) == clusters(table)
    assert {h.cluster: round(h.probability, 9) for h in after.hypotheses} == {
        h.cluster: round(h.probability, 9) for h in before.hypotheses
    }
    for select in SELECTORS.values():
        assert select(repeated) == select(table)
        assert answer_of(repeated, select(repeated)) == answer_of(table, select(table))
    for candidate in table.candidates:
        assert verified(repeated, candidate, after, 0.5) == verified(table, candidate, before, 0.5)
        assert set(believed_failures(repeated, candidate, after)) == set(believed_failures(table, candidate, before))
    assert undecided(repeated, before) == undecided(table, before)


def test_a_repeat_that_only_a_wrong_program_passes_does_not_save_it() -> None:
    table = draw("a.", ".a", trusted=1)
    tests = {**table.tests, **{f"r{i}": UnitTest(" input  0", "a\n") for i in range(5)}}
    cells = {("c0", f"r{i}"): Cell(verdict=Verdict.OK, passed=True, stdout="a\n") for i in range(5)}
    repeated = ProgramTable(table.candidates, tests, {**table.cells, **cells})
    assert SELECTORS["max-pass"](repeated) == SELECTORS["max-pass"](table)
    assert confidence(repeated).of("c0") == 0


def test_a_new_input_with_the_tokens_of_no_example_is_evidence() -> None:
    table = draw("..", ".a", trusted=1)
    assert table.names(trusted=False) == ["t1"]
    assert confidence(table).of("c0") > confidence(table).of("c1")
