"""`cure-agent eval --batch`: an evaluation whose samples come through the provider's batch API."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from cure.json_lines import read_lines
from cure.problem.file import load_problems
from cure.prompts import prompts_for
from engines import BatchProgress, EngineError
from evaluator.commands import evaluate
from evaluator.run.execute import Progress
from evaluator.run.stored import read_tables
from tests.engines.batch_server import BatchServer, plain_answer
from tests.evaluator.runs import CODES, TESTS, problems_file, run, settings_of

pytestmark = pytest.mark.bubblewrap

ROOT = Path(__file__).parents[2]


def answering(file: Path) -> BatchServer:
    """A server that knows programs and tests for the problems of a file."""
    style = prompts_for("chat")
    coders = {style.coder(problem).messages[-1].content for problem in load_problems(str(file))}

    def answer(body: dict[str, object], choice: int) -> str:
        asked = body["messages"][-1]["content"]  # type: ignore[index]
        return (CODES if asked in coders else TESTS)[choice]

    return BatchServer(answer)


def command(file: Path, outputs: Path, spec: str, *more: str) -> Result:
    asked = ["-n", "4", "-m", "4", "--sandbox", "bubblewrap", "--outputs", str(outputs)]
    return CliRunner().invoke(evaluate, [str(file), "--model", spec, *asked, *more])


def test_the_command_asks_by_batch_and_for_nothing_twice(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 2)
    with answering(file) as server:
        done = command(file, tmp_path / "out", server.url("shuffled"), "--batch", "--json")
        assert done.exit_code == 0, done.output
        assert json.loads(done.stdout)["standard"]["values"]["code_accuracy_macro"]["value"] == 0.25
        again = command(file, tmp_path / "out", server.url("shuffled"), "--batch", "--json")
        assert again.stdout == done.stdout
        assert len(server.batches.submitted) == 16 and set(server.batches.submitted.values()) == {1}
    (directory,) = (tmp_path / "out").glob("*/*/*")
    assert (directory / "batches-coder-tester.json").is_file()


def test_tables_and_progress_are_those_of_every_evaluation(tmp_path: Path) -> None:
    file, seen = problems_file(tmp_path / "sums.json", 2), []
    with answering(file) as server:
        made = run(settings_of(file, server.url("shuffled")), tmp_path / "out", seen, batch=True)
    assert [table.cells for table in read_tables(made)] == [("PPPPWP", "WWPWPP", "", "CCCCCC")] * 2
    assert seen[-1].batch == BatchProgress(0, queued=0, running=0, done=4, failed=0)
    assert {sample["seconds"] for sample in read_lines(made.samples("coder"))} == {60}


def test_a_sample_is_on_disk_before_progress_tells_of_it(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 2)

    class Seen(list[Progress]):
        def append(self, progress: Progress) -> None:
            found = [*(tmp_path / "out").rglob("coder.jsonl"), *(tmp_path / "out").rglob("tester.jsonl")]
            assert sum(len(list(read_lines(path))) for path in found) >= progress.samples
            super().append(progress)

    seen = Seen()
    with answering(file) as server:
        run(settings_of(file, server.url("ok")), tmp_path / "out", seen, batch=True)
    assert seen[-1].samples == 16


def test_while_a_batch_is_under_way_no_samples_are_asked_for_without_it(tmp_path: Path) -> None:
    with BatchServer() as server:
        settings = settings_of(problems_file(tmp_path / "sums.json", 1), server.url("unauthorized"))
        with pytest.raises(EngineError, match="401"):
            run(settings, tmp_path / "out", batch=True)
        (folder,) = (path.parent for path in (tmp_path / "out").rglob("config.json"))
        state = folder / "batches-coder-tester.json"
        state.write_text(json.dumps({"parts": [{"batch": "batch_9", "file": "file-9"}]}))
        with pytest.raises(EngineError, match=r"batches are under way .batch_9.: run with --batch to collect them"):
            run(settings, tmp_path / "out")
        state.write_text(json.dumps({"parts": [{"batch": "batch_9", "file": "file-9", "ids": []}]}))
        for batch in (True, False):
            with pytest.raises(EngineError, match=r"an earlier version of cure-agent began .batch_9.: collect them"):
                run(settings, tmp_path / "out", batch=batch)


def test_models_in_this_process_are_asked_as_ever(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 1)
    with BatchServer(lambda body, choice: plain_answer(body, choice)) as server:
        made = run(settings_of(file, "micro", 1, 0), tmp_path / "out", batch=True)
        assert not server.batches.files
    assert not list(made.path.glob("batches-*"))


def test_sigterm_ends_an_evaluation_in_good_order(tmp_path: Path) -> None:
    file, out = problems_file(tmp_path / "sums.json", 2), tmp_path / "out"
    with answering(file) as server:
        asked = ["eval", file, "--model", server.url("never"), "-n", 4, "-m", 4, "--sandbox", "bubblewrap", "--batch"]
        code = "import sys; from agent.command import main; main(sys.argv[1:])"
        arguments = [sys.executable, "-c", code, *map(str, asked), "--outputs", str(out)]
        with subprocess.Popen(arguments, cwd=ROOT, stderr=subprocess.PIPE, text=True) as child:
            while server.batches.calls["retrieve"] < 1 and child.poll() is None:
                time.sleep(0.05)
            child.send_signal(signal.SIGTERM)
            _, said = child.communicate(timeout=30)
        assert child.returncode == 130 and "Traceback" not in said
        assert "1 batch goes on at" in said and "the same command again collects what is ready" in said
        server.batches.made["batch_0"].states = ["completed"]
        assert command(file, out, server.url("never"), "--batch").exit_code == 0
        assert len(server.batches.made) == 1
