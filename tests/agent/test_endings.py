"""How a solve ends, and with which exit code; every ending is replayed as it was recorded."""

from __future__ import annotations

from typing import Any

import pytest

from tests.agent.conftest import Desk
from tests.end_to_end.conftest import PROGRAMS, RIGHT, SLOPPY, TESTS, WRONG

BUSY: dict[str, Any] = {"error": "503: busy"}
ENDINGS: dict[str, tuple[int, str, dict[str, list[Any]], list[object]]] = {
    "verified": (0, "verified", {"coder": PROGRAMS, "tester": TESTS}, []),
    "few witnesses": (1, "low_confidence", {"coder": [RIGHT], "tester": TESTS}, ["-n", 1, "-m", 0, "--rounds", 1]),
    "one round": (
        1,
        "low_confidence",
        {"coder": [RIGHT], "tester": TESTS},
        ["-n", 1, "--strategy", "sample-only", "--confident", 0.99],
    ),
    "wrong programs": (3, "unsolved", {"coder": [WRONG], "tester": TESTS, "repair": [WRONG]}, []),
    "no programs": (3, "unsolved", {"coder": [SLOPPY], "tester": TESTS}, []),
    "empty answers": (3, "unsolved", {"coder": [""], "tester": [""]}, []),
    "no tests": (0, "verified", {"coder": [RIGHT], "tester": [""]}, []),
    "tokens": (4, "budget", {"coder": [WRONG], "tester": TESTS, "repair": [WRONG]}, ["--budget", "100tok"]),
    "no tokens": (4, "budget", {"coder": [WRONG], "tester": TESTS, "repair": [WRONG]}, ["--budget", "0tok"]),
    "seconds": (
        4,
        "budget",
        {"coder": [{"text": RIGHT, "delay_s": 60}], "tester": TESTS[:1]},
        ["--budget", "0.3s"],
    ),
    "dead model": (5, "model_error", {"coder": [BUSY], "tester": [BUSY]}, []),
    "dead coder": (5, "model_error", {"coder": [BUSY], "tester": TESTS}, []),
    "dead tester": (0, "verified", {"coder": PROGRAMS, "tester": [BUSY]}, []),
    "dead repairs": (5, "model_error", {"coder": [WRONG], "tester": TESTS, "repair": [BUSY]}, []),
}


@pytest.mark.parametrize("name", ENDINGS)
@pytest.mark.parametrize("seed", [0, 1])
def test_an_ending_has_its_exit_code_and_is_replayed(desk: Desk, name: str, seed: int) -> None:
    code, status, answers, options = ENDINGS[name]
    done = desk.solve("--model", desk.script(**answers), "--seed", seed, *options)
    state = desk.newest.state
    assert state.result is not None
    assert (done.code, state.result.status, state.result.exit_code) == (code, status, code), done.stderr
    assert "Traceback" not in done.stderr
    replayed = desk.run("replay", "--json")
    assert replayed.code == 0, replayed.stderr
    assert replayed.stdout == (desk.newest.folder / "events.jsonl").read_text()


@pytest.mark.usefixtures("at_once")
def test_a_round_whose_requests_all_failed_ends_the_run_with_the_reason(desk: Desk) -> None:
    answers = {"coder": [WRONG], "tester": TESTS, "repair": [BUSY]}
    done = desk.solve("--model", desk.script(**answers), "--rounds", 5)
    assert "stopped answering: 503: busy" in done.stderr
    assert "`cure-agent resume` continues the run" in done.stderr
    assert len(desk.newest.state.rankings) == 2
