"""Which programs are repaired, towards which tests, and which repairs are accepted."""

from __future__ import annotations

import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.solve.moves import Move
from agent.solve.reading import AnyReading, read
from agent.solve.repairs import LOST_AFTER, failures_to_show, repair_targets
from agent.solve.settings import SolveSettings
from agent.solve.spending import Left
from agent.solve.strategies.repair_first import repair_first
from cure.repair import Signature, accepted, given_up, signature
from cure.select import rank_by_agreement
from cure.table import Candidate, ProgramTable, behaviour
from tests.agent.conftest import Desk, Said
from tests.cure.tables import draw
from tests.end_to_end.conftest import TESTS

pytestmark = pytest.mark.usefixtures("at_once")

RECORDED = Path(__file__).parent / "recorded_repairs"
"""A run recorded with the first version of the rules for repairs."""


def grown(table: ProgramTable, round_: int, *repairs: tuple[str, str], trusted: int) -> ProgramTable:
    """The table with a further row for each repair, given by its parent and by the row as `draw` takes it."""
    if not repairs:
        return table
    rows, first = draw(*(row for _, row in repairs), trusted=trusted), len(table.candidates)
    names = {f"c{i}": f"c{first + i}" for i in range(len(repairs))}
    return ProgramTable(
        {
            **table.candidates,
            **{
                names[f"c{i}"]: Candidate(f"repair {first + i}", "repair", parent, round_)
                for i, (parent, _) in enumerate(repairs)
            },
        },
        table.tests,
        {**table.cells, **{(names[row], test): cell for (row, test), cell in rows.cells.items()}},
    )


def reading(table: ProgramTable, *repaired: str) -> AnyReading:
    return replace(read(table, rank_by_agreement), repaired=repaired)


def decided(*readings: AnyReading, rules: int = 3) -> Move:
    """The move after these readings; version 2 of the rules does not sample more after repairs in vain."""
    return repair_first(readings, SolveSettings(rounds=99, repair_rules=rules), Left(rounds=9))


@given(
    rows=st.integers(1, 6).flatmap(
        lambda width: st.lists(st.text("...ab!?", min_size=width, max_size=width), min_size=1, max_size=7)
    ),
    trusted=st.integers(0, 3),
)
def test_a_test_that_is_probably_wrong_never_drives_a_repair(rows: list[str], trusted: int) -> None:
    seen = reading(draw(*rows, trusted=min(trusted, len(rows[0]))))
    shown = failures_to_show([seen], list(seen.table.candidates))
    for target in repair_targets([seen]):
        assert shown[target] or failures_to_show([seen], [target])[target]
    for target, names in shown.items():
        for name in names:
            assert not seen.table.passes(target, name) and seen.table.known(target, name)
            assert seen.table.tests[name].trusted or seen.validity[name] > 0.5


@settings(deadline=None)
@given(seed=st.integers(0, 2**32), trusted=st.integers(1, 3), programs=st.integers(1, 5))
def test_over_all_rounds_a_failure_has_one_target_no_lost_cause_goes_on_and_only_accepted_repairs_are_repaired(
    seed: int, trusted: int, programs: int
) -> None:
    rng = random.Random(seed)

    def row(parent: str = "") -> str:
        marks = "".join(rng.choice("...ab!") for _ in range(4))
        return rng.choice([parent, marks]) if parent else marks

    drawn = {f"c{number}": row() for number in range(programs)}
    table = draw(*drawn.values(), trusted=trusted)
    readings, asked = [reading(table)], list[tuple[str, str, set[str]]]()
    for round_ in range(2, 8):
        targets = repair_targets(readings)
        repairs: list[tuple[str, str]] = []
        this_round = list[Signature]()
        for target, names in failures_to_show(readings, targets).items():
            assert names and accepted(table, target)
            for name in names:
                failure = signature(table, target, name)
                assert failure is not None and failure not in this_round
                this_round.append(failure)
                for other, test, made in asked:
                    if (other, test) == (target, name):
                        ways = [signature(table, each, name) for each in made]
                        assert all(ways.count(way) < LOST_AFTER for way in ways if way)
                        assert not any(table.passes(each, name) and accepted(table, each) for each in made)
                    elif signature(table, other, test) == failure:
                        assert behaviour(table, other) != behaviour(table, target)
            repairs += [(target, row(drawn[target])) for _ in range(rng.randint(0, 3))]
        first = len(drawn)
        for target, names in failures_to_show(readings, targets).items():
            made = {f"c{first + i}" for i, (parent, _) in enumerate(repairs) if parent == target}
            asked += [(target, name, made) for name in names]
        drawn |= {f"c{first + i}": marks for i, (_, marks) in enumerate(repairs)}
        table = grown(table, round_, *repairs, trusted=trusted)
        readings.append(reading(table, *targets))


def test_in_one_round_no_failure_is_shown_to_two_targets() -> None:
    alike, apart = reading(draw("..a", ".aa", trusted=3)), reading(draw("..a", ".ab", trusted=3))
    assert failures_to_show([alike], repair_targets([alike])) == {"c0": ["t2"], "c1": ["t1"]}
    assert failures_to_show([apart], repair_targets([apart])) == {"c0": ["t2"], "c1": ["t1", "t2"]}
    assert repair_targets([reading(draw(".a", "ba", trusted=2))]) == ("c0", "c1")
    assert repair_targets([reading(draw(".a.", ".ab", trusted=2))]) == ("c0",)


def test_a_failure_is_a_lost_cause_once_two_repairs_failed_in_the_same_way() -> None:
    first = draw(".a", trusted=2)
    once = grown(first, 2, ("c0", ".b"), ("c0", ".!"), trusted=2)
    again = decided(reading(first), reading(once, "c0"), rules=2)
    assert again.name == "repair" and "c0" in again.targets
    lost = grown(first, 2, ("c0", ".a"), ("c0", ".a"), trusted=2)
    more = decided(reading(first), reading(lost, "c0"), rules=2)
    assert more.name == "more"
    assert more.why == ("c0 fails t1, worth believing, but is not repaired: 2 repairs of c0 failed t1 in the same way")
    besides = draw(".a", "b.", trusted=2)
    vain = grown(besides, 2, ("c0", ".a"), ("c0", ".a"), trusted=2)
    other = decided(reading(besides), reading(vain, "c0", "c1"), rules=2)
    assert other.name == "repair" and other.targets == ("c1",)
    assert other.why == ("c1 fails t0, worth believing; c0 is not repaired: 2 repairs of c0 failed t1 in the same way")


def test_a_repair_that_gives_up_a_trusted_test_of_its_parent_is_not_accepted_and_never_repaired() -> None:
    first = draw(".aa", trusted=3)
    table = grown(first, 2, ("c0", "b.."), ("c0", "..a"), trusted=3)
    assert given_up(table, "c1") == ["t0"] and not accepted(table, "c1")
    assert given_up(table, "c0") == given_up(table, "c2") == [] and accepted(table, "c2")
    move = decided(reading(first), reading(table, "c0"))
    assert move.name == "repair" and move.targets == ("c2",)


def test_work_goes_on_from_an_accepted_repair_and_not_from_its_parent() -> None:
    first = draw(".aa", trusted=3)
    fixed = grown(first, 2, ("c0", "..a"), trusted=3)
    readings = [reading(first), reading(fixed, "c0")]
    assert failures_to_show(readings, repair_targets(readings)) == {"c1": ["t2"]}


def test_a_target_none_of_whose_repairs_came_stays_the_one_for_its_failure() -> None:
    table = draw(".a", ".a", trusted=2)
    assert repair_targets([reading(table)]) == repair_targets([reading(table), reading(table, "c0")]) == ("c0",)
    assert repair_targets([reading(table), reading(table, "c1")]) == ("c1",)


def program(expression: str) -> Said:
    return f"```python\na, b = map(int, input().split())\nprint({expression})\n```"


def test_a_repair_is_a_candidate_with_a_parent_and_its_prompt_shows_the_table(desk: Desk) -> None:
    model = desk.script(
        coder=[program("a * b + 1"), program("a - b")],
        tester=TESTS[:1],
        repair=[program("a - b"), program("a + b")],
    )
    assert desk.solve("--model", model, "-n", 4, "-m", 2, "--rounds", 2).code in (0, 1)
    run = desk.newest
    asked = run.state.asked["repair/2/c1"]
    prompt = run.blob(asked.prompt)
    assert "4 programs were written for this problem, of 2 kinds by what they do on 3 inputs:" in prompt
    assert "- A: this one and 1 other, passing 1 of 2 examples\\n- B: 2, passing 0 of 2 examples" in prompt
    assert "Input:\\n```\\n-3 4\\n```\\nA: prints `-11`; B: prints `-7`." in prompt
    table = run.table()
    assert table.candidates["c5"].parent == "c1" and given_up(table, "c5") == ["e1"]
    assert "c5 fails e1, which its parent passes" in " ".join(desk.run("why").stdout.split())
    assert "not accepted: it fails e1, which its parent passes" in " ".join(
        desk.run("why", "--candidate", "c5").stdout.split()
    )
    assert run.outcome().chosen == "c6"
    assert desk.run("replay").code == 0


def old_run(desk: Desk) -> Path:
    shutil.copytree(RECORDED, desk.folder, dirs_exist_ok=True)
    return desk.newest.folder / "events.jsonl"


def test_a_run_with_repairs_by_the_first_version_of_the_rules_is_replayed(desk: Desk) -> None:
    record = old_run(desk).read_text()
    assert "repair_rules" not in record and record.count('"action": "repair"') == 3
    done = desk.run("replay", "--json")
    assert (done.code, done.stdout.count("\n")) == (0, record.count("\n")), done.stderr


def test_a_run_with_repairs_by_the_first_version_of_the_rules_is_resumed_by_these_rules(desk: Desk) -> None:
    path = old_run(desk)
    whole = path.read_text().splitlines(keepends=True)
    decision = next(number for number, line in enumerate(whole) if '"round": 2, "action": "repair"' in line)
    path.write_text("".join(whole[: decision + 1]))
    spec = desk.script(coder=["-"], tester=TESTS[:1], repair=[program("a + b")])
    path.write_text(path.read_text().replace("scripted:answers.json", spec))
    done = desk.run("resume", "--sandbox", "none")
    assert done.code in (0, 1), done.stderr
    state = desk.newest.state
    assert state.decisions[2].why == "c1 fails e2, t1, worth believing"
    assert "written for this problem" not in desk.newest.blob(state.asked["repair/3/c1"].prompt)
    assert desk.run("replay").code == 0
