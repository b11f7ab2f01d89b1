"""`cure-agent solve` as a user runs it: a real process, a real sandbox, answers from a script or a server."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from agent import list_runs, load_run
from tests.end_to_end.conftest import PROGRAMS, RIGHT, SLOPPY, TESTS, WRONG
from tests.engines.faulty_server import FaultyServer

Solve = Callable[..., subprocess.CompletedProcess[str]]
Script = Callable[..., str]

RIGHT_PROGRAM = "a, b = map(int, input().split())\nprint(a + b)\n"


def last_result(tmp_path: Path) -> tuple[str, int]:
    result = load_run(list_runs(tmp_path / "state")[0]).state.result
    assert result is not None
    return result.status, result.exit_code


def test_a_program_that_stands_is_printed_and_verified(
    solve: Solve, script: Script, problem_file: Path, tmp_path: Path
) -> None:
    done = solve(problem_file, "--model", script(PROGRAMS, TESTS), "--rounds", 3)
    assert done.returncode == 0, done.stderr
    assert done.stdout == RIGHT_PROGRAM
    assert "2 of 2 public examples" in done.stderr
    assert "Hidden tests, run after the choice: 2 of 2 pass" in done.stderr
    assert last_result(tmp_path) == ("verified", 0)


def test_json_has_program_table_and_evidence(solve: Solve, script: Script, problem_file: Path) -> None:
    done = solve(problem_file, "--model", script(PROGRAMS, TESTS), "--json", "--first-share", 1)
    answer = json.loads(done.stdout)
    assert answer["program"].strip() == RIGHT_PROGRAM.strip()
    assert answer["exit_code"] == done.returncode == 0
    assert {test["origin"] for test in answer["tests"]} == {"public", "generated"}
    wrong = next(test for test in answer["tests"] if test["stdin"] == "3 4\n")
    assert wrong["probability"] < 0.3
    assert answer["hidden"] == {"passed": 2, "total": 2}
    assert answer["candidates"][0]["cells"]["e1"] == {"verdict": "ok", "passed": True, "reason": ""}
    assert answer["candidates"][0]["score"]["trusted tests passed"] == 2


def test_a_wrong_program_is_repaired(solve: Solve, script: Script, problem_file: Path) -> None:
    done = solve(problem_file, "--model", script([WRONG], TESTS, [RIGHT]), "--json", "--rounds", 2)
    answer = json.loads(done.stdout)
    chosen = next(item for item in answer["candidates"] if item["name"] == answer["candidate"])
    assert chosen["origin"] == "repair" and chosen["parent"] is not None
    assert answer["program"].strip() == RIGHT_PROGRAM.strip()


def test_no_viable_program_is_not_solved(solve: Solve, script: Script, problem_file: Path, tmp_path: Path) -> None:
    done = solve(problem_file, "--model", script([WRONG], TESTS, [WRONG]))
    assert done.returncode == 3
    assert done.stdout == ""
    assert "not solved" in done.stderr
    assert last_result(tmp_path) == ("unsolved", 3)


def test_answers_without_programs_are_not_solved(solve: Solve, script: Script, problem_file: Path) -> None:
    done = solve(problem_file, "--model", script([SLOPPY], TESTS, [SLOPPY]))
    assert done.returncode == 3
    assert "no program came out of the model's answers" in done.stderr


def test_thin_evidence_is_low_confidence_and_still_hands_over(solve: Solve, script: Script, problem_file: Path) -> None:
    done = solve(problem_file, "--model", script([RIGHT], TESTS), "-n", 1, "-m", 0, "--rounds", 1)
    assert done.returncode == 1
    assert done.stdout == RIGHT_PROGRAM
    assert "low confidence" in done.stderr


def test_a_spent_budget_ends_the_run(solve: Solve, script: Script, problem_file: Path, tmp_path: Path) -> None:
    done = solve(problem_file, "--model", script([WRONG], TESTS, [WRONG]), "--budget", "100tok")
    assert done.returncode == 4
    assert "budget is spent" in done.stderr
    assert last_result(tmp_path) == ("budget", 4)


def test_a_budget_of_time_ends_a_slow_model(solve: Solve, problem_file: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow.json"
    slow.write_text(json.dumps([{"key": "*", "completions": [{"text": RIGHT, "delay_s": 60}], "repeat": True}]))
    start = time.monotonic()
    done = solve(problem_file, "--model", f"scripted:{slow}", "--budget", "1s")
    assert done.returncode == 4, done.stderr
    assert time.monotonic() - start < 30


def test_out_takes_the_program_and_a_full_disk_there_does_not_lose_it(
    solve: Solve, script: Script, problem_file: Path, tmp_path: Path
) -> None:
    model = script(PROGRAMS, TESTS)
    done = solve(problem_file, "--model", model, "--out", tmp_path / "answer.py")
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "answer.py").read_text() == RIGHT_PROGRAM
    done = solve(problem_file, "--model", model, "--out", "/dev/full")
    assert done.returncode == 2
    assert done.stdout == RIGHT_PROGRAM
    assert "No space left on device" in done.stderr.splitlines()[-1]


def test_a_statement_may_come_from_standard_input(script: Script, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "agent", "solve", "-", "--model", script(PROGRAMS, TESTS), "--json"]
    done = subprocess.run(
        command,
        input="Read two integers. Print their sum.\n",
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"CURE_AGENT_STATE": str(tmp_path)},
    )
    assert json.loads(done.stdout)["program"].strip() == RIGHT_PROGRAM.strip(), done.stderr


def test_an_interrupted_run_says_so_and_stays_readable(problem_file: Path, tmp_path: Path) -> None:
    slow = tmp_path / "slow.json"
    slow.write_text(json.dumps([{"key": "*", "completions": [{"text": RIGHT, "delay_s": 60}], "repeat": True}]))
    environment = os.environ | {"CURE_AGENT_STATE": str(tmp_path / "state")}
    command = [sys.executable, "-m", "agent", "solve", str(problem_file), "--model", f"scripted:{slow}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as process:
        deadline = time.monotonic() + 60
        while not list_runs(tmp_path / "state") and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.3)
        process.send_signal(signal.SIGTERM)
        _, stderr = process.communicate(timeout=30)
    assert process.returncode == 130
    assert stderr.splitlines()[-1] == "cure-agent: interrupted"
    assert last_result(tmp_path) == ("interrupted", 130)
    slow.write_text(json.dumps([{"key": "*", "completions": [RIGHT], "repeat": True}]))
    goes_on = [sys.executable, "-m", "agent", "resume"]
    done = subprocess.run(goes_on, capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stdout) == (0, RIGHT_PROGRAM), done.stderr
    assert last_result(tmp_path) == ("verified", 0)


def test_why_explains_what_solve_said(solve: Solve, script: Script, problem_file: Path, tmp_path: Path) -> None:
    done = solve(problem_file, "--model", script(PROGRAMS, TESTS), "--json")
    environment = os.environ | {"CURE_AGENT_STATE": str(tmp_path / "state")}

    def ask(*arguments: str) -> str:
        command = [sys.executable, "-m", "agent", *arguments]
        return subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout

    assert json.loads(ask("why", "--json"))["explanation"] == json.loads(done.stdout)["explanation"]
    assert "solved with" in ask("why")
    assert "expected output" in ask("why", "--test", "t1")
    assert "print(a + b)" in ask("why", "--candidate", "c1")
    assert json.loads(ask("runs", "--json"))[0]["status"] == "verified"
    ask("why", "--svg", str(tmp_path / "run.svg"))
    assert "<svg" in (tmp_path / "run.svg").read_text()


@pytest.mark.parametrize("fault", ["ok", "rate_limit", "error_500", "cut", "garbage_sse", "garbage_json", "silence"])
def test_a_server_that_fails_in_passing_costs_no_answer(
    fault: str, solve: Solve, faulty: FaultyServer, problem_file: Path
) -> None:
    model = faulty.url(fault, 1)
    done = solve(problem_file, "--model", model, "--timeout", 1, "--retries", 4)
    assert done.returncode == 0, done.stderr
    assert done.stdout == RIGHT_PROGRAM


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("rate_limit", "429"),
        ("error_500", "500"),
        ("garbage_sse", ""),
        ("silence", ""),
        ("unauthorized", "wrong key"),
    ],
)
def test_a_server_that_fails_for_good_is_exit_5_and_one_line(
    fault: str, words: str, solve: Solve, faulty: FaultyServer, problem_file: Path, tmp_path: Path
) -> None:
    done = solve(problem_file, "--model", faulty.url(fault), "--timeout", 0.5, "--retries", 1, "-n", 2, "-m", 2)
    assert done.returncode == 5, done.stderr
    line = done.stderr.splitlines()[-1]
    assert line.startswith("cure-agent: ") and words in line
    assert "Traceback" not in done.stderr
    assert last_result(tmp_path) == ("model_error", 5)


def test_a_dead_server_is_exit_5(solve: Solve, problem_file: Path) -> None:
    done = solve(problem_file, "--model", "http://127.0.0.1:9/v1#x", "--retries", 0)
    assert done.returncode == 5
    assert "Traceback" not in done.stderr


def test_a_dead_tester_leaves_the_examples_to_judge(
    solve: Solve, script: Script, faulty: FaultyServer, problem_file: Path
) -> None:
    tester = faulty.url("error_500")
    done = solve(problem_file, "--coder", script(PROGRAMS, []), "--tester", tester, "--retries", 0, "--rounds", 1)
    assert done.returncode in (0, 1)
    assert done.stdout == RIGHT_PROGRAM


def test_no_sandbox_is_exit_6_and_says_how_to_get_one(solve: Solve, script: Script, problem_file: Path) -> None:
    nowhere = {"PATH": "/nonexistent", "DOCKER_HOST": "unix:///nonexistent.sock"}
    done = solve(problem_file, "--model", script(PROGRAMS, TESTS), **nowhere)
    assert done.returncode == 6, done.stderr
    assert "bubblewrap" in done.stderr.splitlines()[-1]
    assert done.stderr.count("\n") == 1


def test_a_full_disk_under_the_run_is_exit_2_and_keeps_what_was_recorded(
    script: Script, problem_file: Path, tmp_path: Path
) -> None:
    unshare = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"])]
    if subprocess.run([*unshare, "true"], capture_output=True).returncode != 0:
        pytest.skip("mount namespaces are not available here")
    state = tmp_path / "state"
    state.mkdir()
    shell = (
        'mount -t tmpfs -o size=100k tmpfs "$CURE_AGENT_STATE" && "$@"; code=$?; '
        'cat "$CURE_AGENT_STATE"/runs/*/events.jsonl; exit $code'
    )
    command = [sys.executable, "-m", "agent", "solve", str(problem_file), "--model", script(PROGRAMS, TESTS)]
    done = subprocess.run(
        [*unshare, "sh", "-c", shell, "sh", *command, "--sandbox", "none", "--first-share", "1"],
        capture_output=True,
        text=True,
        check=False,
        env=os.environ | {"CURE_AGENT_STATE": str(state)},
    )
    assert done.returncode == 2, done.stderr
    line = done.stderr.splitlines()[-1]
    assert line.startswith("cure-agent: cannot record the run in") and "CURE_AGENT_STATE" in line
    assert "Traceback" not in done.stderr
    recorded = done.stdout.splitlines()
    assert recorded and all(json.loads(event)["v"] == 2 for event in recorded)


def test_without_tests_nothing_is_verified(solve: Solve, script: Script, tmp_path: Path) -> None:
    statement = tmp_path / "bare.md"
    statement.write_text("Print a number.\n")
    programs = [f"```python\nprint({i})\n```" for i in range(8)]
    done = solve(statement, "--model", script(programs, []), "-m", 0, "--rounds", 1)
    assert done.returncode == 1, done.stderr


def test_a_budget_of_time_bounds_the_executions_too(solve: Solve, script: Script, problem_file: Path) -> None:
    loop = "```python\nwhile True: pass\n```"
    start = time.monotonic()
    done = solve(
        problem_file, "--model", script([f"{loop[:-4]}  # {i}\n```" for i in range(8)], TESTS), "--budget", "2s"
    )
    assert done.returncode in (3, 4), done.stderr
    assert time.monotonic() - start < 40


def test_half_a_surrogate_pair_in_an_answer_loses_nothing(solve: Solve, script: Script, problem_file: Path) -> None:
    odd = TESTS[0].replace("0 1", "0 \ud83d 1")
    done = solve(problem_file, "--model", script(PROGRAMS, [odd, *TESTS[1:]]))
    assert done.returncode == 0, done.stderr
    assert done.stdout == RIGHT_PROGRAM


def test_a_model_that_stops_answering_is_named(solve: Solve, problem_file: Path, tmp_path: Path) -> None:
    gone = {"completions": [{"error": "503: gone"}], "repeat": True}
    first = [{"key": "coder/1", "completions": [RIGHT]}, {"key": "tester/1", "completions": TESTS[:1]}]
    path = tmp_path / "gone.json"
    path.write_text(json.dumps([*first, {"key": "*", **gone}]))
    done = solve(
        problem_file, "--model", f"scripted:{path}", "-n", 1, "-m", 1, "--rounds", 5, "--confident", 1, "--min-gain", 0
    )
    assert done.returncode == 5, done.stderr
    assert done.stdout == RIGHT_PROGRAM
    assert "stopped answering: 503: gone" in done.stderr
    assert "1 request of the coder failed" in done.stderr


def test_greedy_repetitions_are_no_agreement(solve: Solve, script: Script, problem_file: Path) -> None:
    done = solve(problem_file, "--model", script(PROGRAMS, TESTS), "--temperature", 0, "--rounds", 1, "--json")
    assert len(json.loads(done.stdout)["candidates"]) == 1


def test_the_bundled_model_behind_its_own_server_is_asked_in_its_own_style(solve: Solve) -> None:
    from tests.engines.conftest import serving

    with serving("--model", "micro") as (url, _):
        done = solve("examples/micro-heldout.json", "--index", 1, "--model", url, "--json")
    answer = json.loads(done.stdout)
    assert answer["hidden"] == {"passed": 10, "total": 10}, done.stderr
