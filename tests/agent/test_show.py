import io

from rich.console import Console

from agent.show.explain import explain
from agent.show.grid import grid
from agent.solve.reading import ranked_event, read
from cure.problem import UnitTest
from cure.select import Ranked, Ranking, rank_by_agreement
from cure.table import Candidate, Cell, ProgramTable
from sandbox import Verdict
from tests.cure.tables import draw

PLACES = ("c1", "c2", "c0"), ((3.0,), (3.0,), (2.0,))


def explained(table: ProgramTable, chosen: str | None) -> list[str]:
    return explain(table, ranked_event(1, read(table, rank_by_agreement)), chosen)


def rendered(table: ProgramTable, chosen: str | None, *, ascii_only: bool = False) -> str:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    seen = ranked_event(1, read(table, rank_by_agreement))
    view = grid(table, seen.order, seen.probability, seen.validity, chosen, ascii_only=ascii_only)
    console.print(view)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_each_kind_of_cell_has_its_own_shape() -> None:
    text = rendered(draw("..a!", "..?!", trusted=1), "c0", ascii_only=True)
    assert "* c0" in text
    assert "# . !" in text and "# ? !" in text


def test_rows_past_the_limit_are_counted() -> None:
    assert "6 more" in rendered(draw(*["."] * 30), "c0")


def test_the_explanation_names_what_decided() -> None:
    lines = explained(draw("...", "...", "..a", trusted=1), "c0")
    assert lines[0] == "c0 passes 1 of 1 public examples and 2 of 2 generated tests."
    assert any("beats c2" in line and "generated tests passed: 2 against 1" in line for line in lines)
    assert any("1 of the 2 other programs gives the same output" in line for line in lines)


def test_a_failed_generated_test_is_called_wrong_or_doubted() -> None:
    lines = explained(draw(*["....a"] * 4, "....b", trusted=1), "c0")
    assert any("more likely wrong than right" in line for line in lines)


def test_failed_tests_that_are_more_likely_right_are_named_with_their_probability() -> None:
    table = draw(*["...."] * 3, "..aa", trusted=1)
    seen = ranked_event(1, read(table, rank_by_agreement))
    first, second = (seen.validity[name] for name in ("t2", "t3"))
    assert min(first, second) >= 0.5
    said = explain(table, seen, "c3")
    assert f"It fails t2 (right with probability {first:.2f}), t3 ({second:.2f})." in said


def test_tests_that_repeat_an_example_stand_apart_and_are_counted() -> None:
    tests = {"e1": UnitTest("1\n", "1", "public"), "t1": UnitTest(" 1\n", "2"), "t2": UnitTest("2\n", "2")}
    cells = {("c1", name): Cell(verdict=Verdict.OK, passed=name != "t1", stdout="x") for name in tests}
    table = ProgramTable({"c1": Candidate("x")}, tests, cells)
    heading, row, *_ = rendered(table, "c1", ascii_only=True).splitlines()
    assert heading.split()[-2:] == ["repeats", "P(right)"]
    assert row.split()[3:6] == ["#", "#", "."]
    assert "2 generated tests, 1 new: 1 repeats the input of a public example, which is no evidence." in explained(
        table, "c1"
    )


def test_a_candidate_ranked_above_the_chosen_one_is_not_said_to_be_beaten() -> None:
    table = draw("..a", "a..", "a..", trusted=1)
    ranked = ranked_event(1, read(table, lambda _: Ranking("upside down", ("passed",), tuple(map(Ranked, *PLACES)))))
    said = explain(table, ranked, "c0")
    assert said[1] == "2 candidates are ranked above it, but each fails a public example."
    assert not any("beats" in line for line in said)


def test_nothing_to_hand_over_is_said_plainly() -> None:
    assert explained(ProgramTable(), None) == ["There is no program: no answer held one."]
    assert "No program is fit" in explained(draw("a", trusted=1), None)[0]


def test_programs_that_were_never_ranked_are_explained_too() -> None:
    assert explain(draw("."), None, None) == ["No program was ranked before the run ended."]


def test_inputs_without_a_known_output_show_which_programs_print_the_same() -> None:
    table = draw("..bb!", "..ab!", "..ab!", trusted=1, inputs=3)
    heading, *rows = rendered(table, "c1", ascii_only=True).splitlines()
    assert "new inputs" in heading
    assert {row.split()[-2] for row in rows[:2]} == {"a"}
    assert rows[2].split()[-2] == "b"
    (line,) = (line for line in explained(table, "c1") if "inputs made" in line)
    assert "model: 3; telling programs apart: 1; malformed" in line and line.endswith(": 1.")
