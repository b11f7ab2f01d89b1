import io

from rich.console import Console

from agent.show.explain import Evidence, explain
from agent.show.grid import grid
from cure.select import confidence, rank_by_agreement, validity_of_tests
from cure.table import ExecutionTable
from tests.cure.tables import draw


def evidence(table: ExecutionTable) -> Evidence:
    ranking, posterior = rank_by_agreement(table), confidence(table)
    return Evidence(
        table=table,
        order=[ranked.candidate for ranked in ranking.ranked],
        score_names=ranking.score_names,
        scores={ranked.candidate: ranked.score for ranked in ranking.ranked},
        probability={name: posterior.of(name) for name in table.candidates},
        unsolved=posterior.unsolved,
        validity=validity_of_tests(table, posterior),
        hypotheses=[(h.cluster, h.probability, h.terms) for h in posterior.hypotheses],
    )


def rendered(table: ExecutionTable, chosen: str | None, *, ascii_only: bool = False) -> str:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    seen = evidence(table)
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
    lines = explain(evidence(draw("...", "...", "..a", trusted=1)), "c0")
    assert lines[0] == "c0 passes 1 of 1 public examples and 2 of 2 generated tests."
    assert any("beats c2" in line and "generated tests passed: 2 against 1" in line for line in lines)
    assert any("1 of the 2 other programs" in line for line in lines)


def test_a_failed_generated_test_is_called_wrong_or_doubted() -> None:
    lines = explain(evidence(draw(*["....a"] * 4, "....b", trusted=1)), "c0")
    assert any("more likely wrong than right" in line for line in lines)


def test_nothing_to_hand_over_is_said_plainly() -> None:
    assert explain(evidence(ExecutionTable()), None) == ["The model wrote no program that could be run."]
    assert "No program is fit" in explain(evidence(draw("a", trusted=1)), None)[0]


def test_programs_that_were_never_ranked_are_explained_too() -> None:
    unranked = Evidence(
        table=draw("."), order=[], score_names=[], scores={}, probability={}, unsolved=1.0, validity={}, hypotheses=[]
    )
    assert explain(unranked, None) == ["No program was ranked before the run ended."]
