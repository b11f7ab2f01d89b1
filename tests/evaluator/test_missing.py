"""Missing samples and executions do not count as wrong: they are reported, the exit code is not 0, and the same command
adds them."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cure.json_lines import Lines, read_lines
from cure.problem.file import load_problems
from cure.prompts import prompts_for
from engines import EngineError
from engines.protocol import Completion, Delta, Request
from engines.scripted import Entry, Prepared, ScriptedEngine, prompt_sha256
from evaluator.commands import evaluate
from evaluator.run.samples import Asker, Samples, fill
from evaluator.run.settings import RoleSettings
from sandbox.pool import pool
from tests.evaluator.runs import CRASH, RIGHT, WRONG, answer_of_a_tester, problems_file, script

pytestmark = pytest.mark.bubblewrap
ROOT = Path(__file__).parents[2]


def command(*arguments: object) -> Result:
    return CliRunner().invoke(evaluate, [str(argument) for argument in arguments])


def run_of(outputs: Path) -> Path:
    (directory,) = outputs.glob("*/*/*")
    return directory


def metrics_of(result: Result) -> Any:
    """The metrics without times, and without prompt tokens: a prompt is sent again where a part of its answers is
    missing."""
    metrics = json.loads(result.stdout)
    for role in metrics["samples"].values():
        del role["seconds"], role["prompt_tokens"]
    return metrics


def answers_by_prompt(file: Path, path: Path) -> Path:
    """A script of one answer for each prompt, so that a server gives the same answers whenever it was started."""
    style = prompts_for("chat")
    entries = []
    for number, problem in enumerate(load_problems(str(file))):
        code, test = (RIGHT, WRONG, CRASH)[number % 3], answer_of_a_tester("3 4", str(7 + number % 2))
        for prompt, text in ((style.coder(problem), code), (style.tester(problem), test)):
            entries.append({"prompt_sha256": prompt_sha256(prompt), "text": text, "delay_s": 0.1, "repeat": True})
    path.write_text(json.dumps(entries))
    return path


@contextlib.contextmanager
def served(answers: Path, port: int = 0) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A server process, and its port."""
    arguments = [
        sys.executable,
        "-m",
        "agent",
        "serve",
        "--model",
        f"scripted:{answers}",
        "--port",
        str(port),
        "--name",
        "m",
    ]
    process = subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        ready = process.stderr.readline()
        assert ready.startswith("serving"), ready
        yield process, int(ready.split(":")[-1].split("/")[0])
    finally:
        process.kill()
        process.wait()


@contextlib.contextmanager
def once(condition: Callable[[], bool], action: Callable[[], None]) -> Iterator[None]:
    """A context in which the action is taken as soon as the condition holds."""
    ended = threading.Event()
    taken: list[bool] = []

    def watch() -> None:
        while not ended.is_set():
            if condition():
                taken.append(True)
                action()
                return
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()
    assert taken, "the moment never came"


def lines(outputs: Path, name: str) -> int:
    return sum(1 for path in outputs.glob(f"*/*/*/{name}") for _ in path.open("rb"))


def test_a_server_killed_in_the_middle_loses_nothing_that_was_had(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 12, test_time_limit=10)
    answers = answers_by_prompt(file, tmp_path / "answers.json")
    out = tmp_path / "killed"
    with served(answers) as (server, port):
        asked = ["--model", f"http://127.0.0.1:{port}/v1#m", "-n", 3, "-m", 2, "--sandbox", "bubblewrap",
                 "--concurrency", 2, "--retries", 1, "--json", "--outputs"]  # fmt: skip
        whole = command(file, *asked, tmp_path / "whole")
        assert whole.exit_code == 0, whole.output
        with once(lambda: lines(out, "samples/coder.jsonl") >= 7, lambda: os.kill(server.pid, signal.SIGKILL)):
            broken = command(file, *asked, out)
    assert getattr(broken.exception, "exit_code", None) == 5
    metrics = metrics_of(broken)
    missing = metrics["missing"]
    asked_for, answered = (sum(missing[role][key] for role in ("coder", "tester")) for key in ("asked", "answered"))
    assert asked_for == 60 and 7 <= answered < 60 and not missing["complete"]
    assert f"{60 - answered} of 60 samples are missing: " in str(broken.exception)
    assert "127.0.0.1" in str(broken.exception) and "127.0.0.1" in next(iter(missing["coder"]["reasons"]))
    # Accuracies are over the answers: none of those missing is wrong.
    programs = [record for record in read_lines(run_of(out) / "samples" / "coder.jsonl") if not record["error"]]
    code = metrics["standard"]["values"]["code_accuracy_pooled"]
    assert (code["numerator"], code["denominator"]) == (sum(p["problem"] % 3 == 0 for p in programs), len(programs))
    words = (run_of(out) / "report.md").read_text().replace("\\", "")
    assert "The run is not complete" in words and "of the coder's answers are missing: " in words
    assert f"{missing['coder']['answered']} of 36" in words

    compared = command("compare", run_of(tmp_path / "whole"), run_of(out))
    assert "No winner is named, because coverage differs: A lacks nothing, B lacks" in " ".join(compared.stdout.split())

    kept = (run_of(out) / "samples" / "coder.jsonl").read_bytes()
    with served(answers, port):
        again = command(file, *asked, out)
    assert again.exit_code == 0, again.output
    assert metrics_of(again) == metrics_of(whole)
    assert (run_of(out) / "samples" / "coder.jsonl").read_bytes().startswith(kept)
    had = [record["key"] for record in read_lines(run_of(out) / "samples" / "coder.jsonl") if not record["error"]]
    assert len(had) == len(set(had)) == 36


class Ending(ScriptedEngine):
    """An engine that raises EngineError after three samples, as an engine in this process does when its workers die."""

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        given = 0
        async for completion in super().complete(requests, on_delta):
            yield completion
            given += 1
            if given == 3:
                raise EngineError("the engine's workers have died")


async def test_an_engine_that_ends_fails_the_samples_it_has_not_given(tmp_path: Path) -> None:
    problems = load_problems(str(problems_file(tmp_path / "sums.json", 2)))
    engine = Ending([Entry((Prepared(RIGHT),), repeat=True)])
    asker = Asker("coder", engine, "m", prompts_for("chat"), RoleSettings(model="m", samples=4))
    path = tmp_path / "coder.jsonl"
    written = Lines(path)
    samples = Samples(path, 4, asker.keys(problems))
    errors = [one.error async for one in fill(engine, [asker], problems, {"coder": samples}, {"coder": written})]
    written.close()
    assert errors == [""] * 3 + ["the engine's workers have died"] * 5
    assert [record["error"] for record in read_lines(path)] == errors
    again = Samples(path, 4, asker.keys(problems))
    assert sum(len(again.missing(number)) for number in range(2)) == 5


def test_nothing_answered_has_no_metrics(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 1)
    asked = ["--model", "http://127.0.0.1:9/v1#m", "-n", 2, "-m", 2, "--retries", 0, "--sandbox", "bubblewrap"]
    done = command(file, *asked, "--outputs", tmp_path / "out", "--json")
    assert getattr(done.exception, "exit_code", None) == 5 and done.stdout == ""
    assert str(done.exception).startswith("the model gave none of 4 samples: cannot connect to http://127.0.0.1:9/v1")
    assert not (run_of(tmp_path / "out") / "metrics.json").exists()


def test_an_evaluation_that_cannot_begin_leaves_no_folder(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 1)
    done = command(file, "--model", f"scripted:{tmp_path / 'absent.json'}", "--outputs", tmp_path / "out")
    assert done.exception is not None
    assert not (tmp_path / "out").exists()


@pytest.fixture
def fragile_sandbox(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """A function that ends all jails of bubblewrap and lets none start until the file `stopped` is removed."""
    executable = next(place for folder in os.environ["PATH"].split(":") if (place := Path(folder) / "bwrap").exists())
    stopped, started = tmp_path / "stopped", tmp_path / "started"
    wrapper = tmp_path / "bin" / "bwrap"
    wrapper.parent.mkdir()
    wrapper.write_text(
        f'#!/bin/sh\n[ -e {stopped} ] && {{ echo "the engine has stopped" >&2; exit 1; }}\n'
        f'echo $$ >> {started}\nexec {executable} "$@"\n'
    )
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}:{os.environ['PATH']}")
    monkeypatch.setattr(pool, "PATIENCE_S", 0.5)

    def stop() -> None:
        stopped.touch()
        for pid in started.read_text().split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)

    yield stop


def test_a_sandbox_that_stops_in_the_middle_loses_no_sample_and_decides_nothing(
    tmp_path: Path, fragile_sandbox: Callable[[], None]
) -> None:
    file = problems_file(tmp_path / "sums.json", 30, test_time_limit=10)
    model = script(tmp_path / "s.json", [RIGHT, WRONG], [answer_of_a_tester("3 4", "7")])
    asked = [file, "--model", model, "-n", 2, "-m", 1, "--sandbox", "bubblewrap", "--json", "--outputs"]
    whole = command(*asked, tmp_path / "whole")
    assert whole.exit_code == 0, whole.output
    out = tmp_path / "out"
    with once(lambda: lines(out, "tables.jsonl") >= 2, fragile_sandbox):
        broken = command(*asked, out)
    assert getattr(broken.exception, "exit_code", None) == 6
    assert "the sandbox failed on" in str(broken.exception) and "the engine has stopped" in str(broken.exception)
    metrics = metrics_of(broken)
    executions = metrics["missing"]["executions"]
    assert executions["lost"] > 0 and metrics["missing"]["problems"]["evaluated"] + executions["tables_not_run"] == 30
    assert metrics["reference"]["pass_rate"] == 1.0, "what was not run does not fail"
    programs, code = metrics["verdicts"]["programs"], metrics["standard"]["values"]["code_accuracy_pooled"]
    assert set(programs) == {"right", "wrong answer", "sandbox_error"}
    assert (code["numerator"], code["denominator"]) == (programs["right"], programs["right"] + programs["wrong answer"])
    samples = (run_of(out) / "samples" / "coder.jsonl").read_bytes()
    complete = [record["problem"] for record in read_lines(run_of(out) / "tables.jsonl") if not record["lost"]]

    (tmp_path / "stopped").unlink()
    again = command(*asked, out)
    assert again.exit_code == 0, again.output
    assert metrics_of(again) == metrics_of(whole)
    assert (run_of(out) / "samples" / "coder.jsonl").read_bytes() == samples
    written = [record["problem"] for record in read_lines(run_of(out) / "tables.jsonl")]
    assert complete and all(written.count(problem) == 1 for problem in complete)
