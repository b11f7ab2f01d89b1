"""Changes of a repository killed after a recorded event: the tree stays as it was, and no sample is asked for twice."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from pathlib import Path

import pytest

from agent import RecordedRun, load_run
from agent.runs.record import timed_events
from agent.runs.store import list_runs
from engines import Completion, Delta, Request, Usage, prompt_text
from tests.agent.repository.conftest import FIRST, MISTAKEN, RIGHT, SECOND, TASK, VACUOUS, WRONG, git, make_repository
from tests.engines.faulty_server import FaultyServer

ROOT = Path(__file__).parents[3]
KILLED = -9
Command = Callable[[list[str], Path, int | None], int]


class SeededAnswers:
    """Answers by the role that a prompt is for and by the seed; notes every sample that it is asked for."""

    spec = model = "seeded"

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        for request in requests:
            text = prompt_text(request.prompt)
            answers = (FIRST, SECOND, MISTAKEN, VACUOUS) if "exactly one test function" in text else (WRONG, RIGHT)
            assert request.sampling.seed is not None
            for index in range(request.n):
                seed = request.sampling.seed + index
                self.asked.append((text, seed))
                await asyncio.sleep(0)
                yield Completion(request.key, index, answers[seed % len(answers)], "stop", usage=Usage(10, 10))

    async def check(self) -> str:
        """Words that say how the engine answers."""
        return "answers by seed"

    async def close(self) -> None:
        """Do nothing: nothing is open."""


@pytest.fixture(scope="module")
def engine() -> SeededAnswers:
    return SeededAnswers()


@pytest.fixture(scope="module")
def model(engine: SeededAnswers) -> Iterator[str]:
    with FaultyServer(engine, "seeded") as server:
        yield server.url("ok", model="seeded")


@pytest.fixture(scope="module")
def command() -> Iterator[Command]:
    """`command(arguments, state, kill_after)`: exit code of `cure-agent` in a process of its own."""
    script = [sys.executable, "-m", "tests.agent.killed"]
    with subprocess.Popen(script, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        stdin, stdout = process.stdin, process.stdout
        assert stdin is not None and stdout is not None

        def run(arguments: list[str], state: Path, kill_after: int | None) -> int:
            order = {"arguments": arguments, "state": str(state), "kill_after": kill_after}
            stdin.write(json.dumps(order) + "\n")
            stdin.flush()
            return int(stdout.readline())

        yield run
        stdin.close()


def arguments(repository: Path, model: str) -> list[str]:
    settings = ["-n", "3", "-m", "3", "--rounds", "1", "--first-share", "1", "--min-gain", "0", "--confident", "0.4"]
    return ["change", TASK, "--repo", str(repository), "--model", model, "--json", "--sandbox", "none", *settings]


def found(run: RecordedRun) -> object:
    """Everything that must not depend on whether the run was killed and resumed."""
    state, table = run.state, run.table()
    assert state.result is not None
    cells = {place: (cell.verdict, cell.passed, cell.stdout) for place, cell in table.cells.items()}
    answer = (state.result.status, state.result.candidate, state.result.confidence)
    return dict(table.candidates), dict(table.tests), cells, state.rankings, state.whole_suites, answer


@pytest.fixture(scope="module")
def whole(command: Command, model: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, RecordedRun, int]:
    """The repository, the run that was not killed, and the number of its events."""
    folder = tmp_path_factory.mktemp("whole")
    repository = make_repository(folder / "repository")
    assert command(arguments(repository, model), folder, None) in (0, 1), (folder / "stderr").read_text()
    (path,) = list_runs(folder)
    return repository, load_run(path), len(timed_events(path))


@pytest.mark.slow
@pytest.mark.parametrize("share", [0.05, 0.3, 0.55, 0.8, 0.99])
def test_a_killed_change_leaves_the_tree_and_is_resumed_to_the_same_patch(
    share: float,
    whole: tuple[Path, RecordedRun, int],
    command: Command,
    model: str,
    engine: SeededAnswers,
    tmp_path: Path,
) -> None:
    repository, expected, events = whole
    before = git(repository, "status", "--porcelain"), git(repository, "worktree", "list")
    assert command(arguments(repository, model), tmp_path, max(1, int(share * events))) == KILLED
    assert (git(repository, "status", "--porcelain"), git(repository, "worktree", "list")) == before
    (path,) = list_runs(tmp_path)
    answered = {(prompt, seed) for prompt, seed in engine.asked}
    engine.asked.clear()
    recorded = load_run(path)
    assert command(["resume", "--json"], tmp_path, None) in (0, 1), (tmp_path / "stderr").read_text()
    again = {
        (recorded.blob(recorded.state.asked[key].prompt), recorded.state.asked[key].seed + index)
        for key, samples in recorded.state.samples.items()
        for index in samples
    } & set(engine.asked)
    assert answered and not again, "a recorded sample was asked for again"
    assert found(load_run(path)) == found(expected)
    assert not (path / "tree").exists()
    assert (git(repository, "status", "--porcelain"), git(repository, "worktree", "list")) == before
