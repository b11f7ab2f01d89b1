from agent.solve.decide import Decision, answer_of, believed_failures, decide, verified, viable
from agent.solve.settings import SolveSettings
from cure.select import rank_by_agreement, rank_by_max_pass
from cure.select.confidence import confidence
from cure.table import ExecutionTable
from tests.cure.tables import draw


def decision(table: ExecutionTable, *, rounds_done: int = 1, stale: int = 0, spent: str = "") -> Decision:
    posterior = confidence(table)
    return decide(
        table,
        rank_by_agreement(table),
        posterior,
        SolveSettings(rounds=3),
        rounds_done=rounds_done,
        stale=stale,
        spent=spent,
    )


def test_a_sure_answer_ends_the_run() -> None:
    sure = decision(draw(*["........"] * 6, "aaaaaaaa", trusted=2))
    assert sure.action == "finish"
    assert "c0 is right" in sure.why


def test_a_sure_answer_counts_even_when_the_budget_is_spent() -> None:
    table = draw(*["........"] * 6, "aaaaaaaa", trusted=2)
    assert "is right" in decision(table, spent="90 seconds").why
    assert "budget" in decision(draw("a"), spent="90 seconds").why


def test_a_program_that_fails_an_example_is_repaired() -> None:
    repair = decision(draw("a.", "b.", trusted=1))
    assert repair.action == "repair"
    assert repair.targets == ("c0", "c1")


def test_programs_that_behave_alike_are_repaired_once() -> None:
    assert decision(draw("a.", "a.", "a.", trusted=1)).targets == ("c0",)


def test_thin_evidence_asks_for_more_samples() -> None:
    assert decision(draw("")).action == "more"


def test_no_program_at_all_asks_for_more_samples() -> None:
    assert decision(ExecutionTable()).action == "more"


def test_the_last_round_and_standstill_end_the_run() -> None:
    assert decision(draw("a", trusted=1), rounds_done=3).action == "finish"
    assert decision(draw("a", trusted=1), stale=2).action == "finish"


def test_trusted_failures_come_first() -> None:
    table = draw("b..a", "....", "....", "...c", trusted=1)
    assert believed_failures(table, "c0", confidence(table)) == ["t0", "t3"]


def test_tests_that_only_doubtful_programs_pass_are_not_believed() -> None:
    table = draw(*["....a"] * 6, "bbbb.", trusted=1)
    assert "t4" not in believed_failures(table, "c0", confidence(table))


def test_a_doubtful_best_program_is_repaired_towards_the_tests_it_fails() -> None:
    assert decision(draw(".aabbb..", "abbaabbb", trusted=1)).action == "repair"


def test_a_failed_sandbox_is_no_failure_to_repair() -> None:
    table = draw("?", trusted=1)
    assert believed_failures(table, "c0", confidence(table)) == []


def test_viable_means_every_example_passes_or_without_examples_that_it_runs() -> None:
    assert viable(draw(".a", trusted=1), "c0")
    assert not viable(draw("a.", trusted=1), "c0")
    assert viable(draw("a"), "c0")
    assert not viable(draw("!!"), "c0")
    assert viable(draw(""), "c0")


def test_agreement_without_any_test_passed_is_never_verified() -> None:
    for table in (draw(*[""] * 8), draw(*["a"] * 16), draw(*["????"] * 16)):
        posterior = confidence(table)
        assert not any(verified(table, name, posterior, 0.5) for name in table.candidates)
        assert decision(table).action != "finish"


def test_the_answer_is_the_first_viable_one_not_only_the_first() -> None:
    table = draw("a...", ".aaa", trusted=1)
    assert rank_by_max_pass(table).best == "c0"
    assert answer_of(table, rank_by_max_pass(table)) == "c1"
    assert answer_of(draw("a", trusted=1), rank_by_max_pass(draw("a", trusted=1))) is None
