"""An evaluation asks for every sample once, runs every table once, and goes on where it was ended."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Iterator, Sequence
from pathlib import Path

import pytest

from cure.errors import ProblemError
from cure.json_lines import read_lines
from cure.problem.file import load_problems
from cure.prompts import prompts_for
from engines import HttpOptions
from engines.protocol import Completion, Delta, Request
from engines.scripted import Entry, Prepared, ScriptedEngine, prompt_sha256
from evaluator.run import execute, tables
from evaluator.run.execute import Progress
from evaluator.run.samples import SEEDS_APART, Role
from evaluator.run.stored import read_tables
from tests.engines.faulty_server import FaultyServer
from tests.evaluator.runs import CODES, RIGHT, TESTS, WRONG, answer_of_a_tester, problems_file, run, script, settings_of

pytestmark = pytest.mark.bubblewrap

ROLES: tuple[Role, Role] = ("coder", "tester")


def test_a_table_worked_out_by_hand(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 2, difficulty="easy", contest_date="2024-08-03T00:00:00")
    seen: list[Progress] = []
    made = run(settings_of(file, script(tmp_path / "s.json")), tmp_path / "out", seen)
    first, second = read_tables(made)
    assert (first.name, second.name) == ("sum-0", "sum-1")
    # Hidden 5 6 and 0 0, public 1 2, generated 3 4 -> 7, 2 2 -> 5 (wrong), 1 1 -> 2.
    assert [(column.suite, column.index) for column in first.columns] == [
        ("hidden", 0), ("hidden", 1), ("public", 0), ("generated", 0), ("generated", 1), ("generated", 3),
    ]  # fmt: skip
    assert first.cells == ("PPPPWP", "WWPWPP", "", "CCCCCC")
    assert first.reference == "PPPPWP"
    assert first.program_failures == ("", "", "no_code", "") and first.test_failures == {2: "no_test"}
    assert first.passes("hidden").tolist() == [[True, True], [False, False], [False, False], [False, False]]
    # Three programs and the reference solution, on six inputs.
    assert first.executions == 4 * 6 and first.requested_tests == 4
    assert (first.difficulty, first.date) == ("easy", "2024-08-03")
    last = seen[-1]
    assert (last.samples, last.of_samples, last.tables, last.of_tables, last.failed) == (16, 16, 2, 2, 0)


def test_the_same_command_again_asks_and_runs_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = problems_file(tmp_path / "sums.json")
    settings = settings_of(file, script(tmp_path / "s.json"))
    made = run(settings, tmp_path / "out")
    before = {path: path.read_bytes() for path in made.path.rglob("*.jsonl")}
    monkeypatch.setattr(execute, "evaluate_problem", lambda *_: pytest.fail("a table was run again"))
    # The answers are gone: whoever asks for one gets an error.
    (tmp_path / "s.json").write_text('[{"key": "nothing", "text": "nothing"}]')
    again = run(settings, tmp_path / "out")
    assert again == made
    assert {path: path.read_bytes() for path in made.path.rglob("*.jsonl")} == before


def test_fresh_begins_anew(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 1)
    settings = settings_of(file, script(tmp_path / "s.json"))
    assert run(settings, tmp_path / "out").path != run(settings, tmp_path / "out", fresh=True).path


def test_other_settings_are_another_run(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 1)
    model = script(tmp_path / "s.json")
    one, other = (run(settings_of(file, model, n), tmp_path / "out") for n in (4, 3))
    assert one.path != other.path


class Seeded(ScriptedEngine):
    """An engine that supports seeds: sample i of a request is the prepared answer number seed + i."""

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        for request in requests:
            first = (request.sampling.seed or 0) % SEEDS_APART
            for number, entry in enumerate(self._entries):
                if entry.matches(request, prompt_sha256(request.prompt)):
                    self._used[number] = first
            async for completion in super().complete([request], on_delta):
                yield completion


@pytest.fixture
def server(tmp_path: Path) -> Iterator[FaultyServer]:
    """An HTTP server whose answers depend on prompt and seed alone, not on how many samples a request asks for."""
    style = prompts_for("chat")
    entries = []
    for problem in load_problems(str(problems_file(tmp_path / "served.json", 40))):
        for prompt, answers in ((style.coder(problem), CODES), (style.tester(problem), TESTS)):
            prepared = tuple(Prepared(str(answer)) for answer in answers)
            entries.append(Entry(prepared, prompt_sha256=prompt_sha256(prompt), repeat=True))
    with FaultyServer(Seeded(entries)) as made:
        yield made


def asked(server: FaultyServer) -> Counter[str]:
    """How many samples were asked for, by prompt."""
    counts: Counter[str] = Counter()
    for _, body in server.faults.seen:
        counts[json.dumps(body["messages"])] += body.get("n") or 1
    return counts


def test_a_server_is_asked_for_every_sample_once(tmp_path: Path, server: FaultyServer) -> None:
    file = problems_file(tmp_path / "sums.json", 5)
    settings = settings_of(file, server.url("ok"))
    run(settings, tmp_path / "out")
    assert set(asked(server).values()) == {4} and len(asked(server)) == 10
    run(settings, tmp_path / "out")
    assert set(asked(server).values()) == {4}


def test_a_sample_that_could_not_be_had_is_no_wrong_answer_and_is_had_the_next_time(
    tmp_path: Path, server: FaultyServer
) -> None:
    file = problems_file(tmp_path / "sums.json", 2)
    settings = settings_of(file, server.url("rate_limit", 4), m=0)
    quick = HttpOptions(retries=0, concurrency=1, per_request=1, backoff_s=0.01)
    made = run(settings, tmp_path / "out", options=quick)
    failed = [record for record in read_lines(made.samples("coder")) if record["error"]]
    assert len(failed) == 4 and "429" in failed[0]["error"]
    # Nothing is known of the first problem; the second is evaluated.
    assert [table.problem for table in read_tables(made)] == [1]
    before = len(server.faults.seen)
    run(settings, tmp_path / "out", options=quick)
    assert len(server.faults.seen) == before + 4
    assert [table.failed for table in read_tables(made)] == [{"coder": 0, "tester": 0}] * 2
    assert read_tables(made)[0].cells[0][:2] == "PP"
    run(settings, tmp_path / "out", options=quick)
    assert len(server.faults.seen) == before + 4


KILLED = """
import sys
from pathlib import Path
from tests.evaluator.runs import run, settings_of
from engines import HttpOptions
run(settings_of(Path(sys.argv[1]), sys.argv[2]), Path(sys.argv[3]), options=HttpOptions(concurrency=4))
"""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["samples", "tables"])
def test_killed_at_any_moment_it_ends_with_the_same_tables(tmp_path: Path, server: FaultyServer, when: str) -> None:
    count = 10
    file = problems_file(tmp_path / "sums.json", count)
    model = server.url("slow_first")
    settings, options = settings_of(file, model), HttpOptions(concurrency=4)
    whole = run(settings, tmp_path / "whole", options=options)
    server.faults.seen.clear()
    out = tmp_path / "killed"
    name = "coder.jsonl" if when == "samples" else "tables.jsonl"
    for lines in (3, 8):
        arguments = [sys.executable, "-c", KILLED, str(file), model, str(out)]
        child = subprocess.Popen(arguments, cwd=Path(__file__).parents[2])
        for _ in range(1500):
            # rglob fails on the new evaluation's folder, which is renamed; os.walk passes over it.
            files = [Path(folder, name) for folder, _, names in os.walk(out) if name in names]
            if sum(path.read_bytes().count(b"\n") for path in files) >= lines or child.poll() is not None:
                break
            time.sleep(0.02)
        child.send_signal(signal.SIGKILL)
        child.wait()
        for path in out.rglob(name):
            with path.open("ab") as torn:
                torn.write(b'{"problem": 1, "cel')
    again = run(settings, out, options=options)
    assert len(list(out.rglob("config.json"))) == 1
    records = [
        [
            {k: v for k, v in table.to_record().items() if k not in ("cpu_s", "peak_kb", "limit_s")}
            for table in read_tables(one)
        ]
        for one in (whole, again)
    ]
    assert records[0] == records[1]
    # At most what was under way at each of the two kills is asked for again: four requests of four samples.
    assert sum(asked(server).values()) <= count * 8 + 2 * 4 * 4
    kept = [record["key"] for role in ("coder", "tester") for record in read_lines(again.samples(role))]
    assert len(kept) == len(set(kept)) == count * 8


def test_what_is_missing_of_a_request_comes_out_as_it_would_have(tmp_path: Path, server: FaultyServer) -> None:
    made = run(settings_of(problems_file(tmp_path / "sums.json", 4), server.url("ok")), tmp_path / "out")
    stored = {role: {record["key"]: record["text"] for record in read_lines(made.samples(role))} for role in ROLES}
    for role in ROLES:
        lines = made.samples(role).read_text().splitlines(keepends=True)
        made.samples(role).write_text("".join(lines[:2] + lines[3:6] + lines[9:]))
    run(settings_of(tmp_path / "sums.json", server.url("ok")), tmp_path / "out")
    for role in ROLES:
        assert {record["key"]: record["text"] for record in read_lines(made.samples(role))} == stored[role]


@pytest.mark.slow
def test_a_server_that_fails_every_request_once_costs_nothing_but_time(tmp_path: Path, server: FaultyServer) -> None:
    """The faults, in turn: status 429, status 500, a cut stream, garbage, a web page and an error in mid-stream."""
    file = problems_file(tmp_path / "sums.json", 6)
    options = HttpOptions(backoff_s=0.01)
    whole = run(settings_of(file, server.url("ok")), tmp_path / "whole", options=options)
    spoilt = run(settings_of(file, server.url("flaky")), tmp_path / "spoilt", options=options)
    assert [table.cells for table in read_tables(spoilt)] == [table.cells for table in read_tables(whole)]
    assert all(table.failed == {"coder": 0, "tester": 0} for table in read_tables(spoilt))
    kept = [record["key"] for role in ("coder", "tester") for record in read_lines(spoilt.samples(role))]
    assert len(kept) == len(set(kept)) == 6 * 8


def test_programs_of_an_earlier_run_and_tests_of_another_model(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 2)
    made = run(settings_of(file, script(tmp_path / "s.json"), m=0), tmp_path / "out")
    model = script(tmp_path / "t.json", ["never"], [answer_of_a_tester("9 9", "18")])
    settings = settings_of(file, model, n=4, m=1)
    assert settings.coder is not None
    mixed = settings.model_copy(update={"coder": settings.coder.model_copy(update={"model": f"run:{made.path}"})})
    table = read_tables(run(mixed, tmp_path / "out"))[0]
    assert table.cells == ("PPPP", "WWPW", "", "CCCC")


def test_a_fixed_pool_of_programs(tmp_path: Path) -> None:
    programs = ["a, b = map(int, input().split())\nprint(a + b)", {"program": "print(input())", "right": False}]
    file = problems_file(tmp_path / "sums.json", 1, submissions=programs)
    settings = settings_of(file, script(tmp_path / "s.json"))
    assert settings.coder is not None
    pool = settings.model_copy(update={"coder": settings.coder.model_copy(update={"model": "pool"})})
    assert read_tables(run(pool, tmp_path / "out"))[0].cells == ("PPPPWP", "WWWWWW")


def test_a_pool_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 1)
    settings = settings_of(file, "pool", m=0)
    with pytest.raises(
        ProblemError, match=r"--coder pool: no problem of the set comes with programs, .*; name a model with --coder"
    ):
        run(settings, tmp_path / "out")
    with pytest.raises(ProblemError, match="holds no evaluation"):
        run(settings_of(file, f"run:{tmp_path}", m=0), tmp_path / "out")


def test_a_reference_that_needs_longer_here_raises_the_limit(tmp_path: Path) -> None:
    waits = "import time\nt = time.process_time()\nwhile time.process_time() - t < 0.3: pass\n"
    slow = f"{waits}a, b = map(int, input().split())\nprint(a + b)\n"
    file = problems_file(tmp_path / "sums.json", 1, reference_solution=slow, test_time_limit=0.1)
    table = read_tables(run(settings_of(file, script(tmp_path / "s.json")), tmp_path / "out"))[0]
    assert 0.85 <= table.limit_s < 3 and table.reference == "PPPPWP"


def test_empty_answers_no_tests_and_no_right_program(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 1, reference_solution=None)
    model = script(tmp_path / "s.json", ["", WRONG], ["", "**Test Input:**"])
    table = read_tables(run(settings_of(file, model, 2, 2), tmp_path / "out"))[0]
    assert table.cells == ("", "WWP") and table.reference is None
    assert set(table.test_failures) == {0, 1} and table.passes("generated").shape == (2, 0)


def test_two_problems_of_one_name_are_refused(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 2)
    rows = json.loads(file.read_text())
    rows[1]["name"] = rows[0]["name"]
    file.write_text(json.dumps(rows))
    with pytest.raises(ProblemError, match="problems 0 and 1 are both called 'sum-0'"):
        settings_of(file, "micro")


def test_a_comparison_of_the_problem_is_used(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 1, comparison="float(0.5,0)")
    near = "```python\na, b = map(int, input().split())\nprint(a + b + 0.4)\n```"
    table = read_tables(run(settings_of(file, script(tmp_path / "s.json", [near, RIGHT]), 2, 0), tmp_path / "out"))[0]
    assert table.cells == ("PPP", "PPP") and table.comparison == "float(0.5,0)"


def test_a_full_disk_loses_nothing_that_was_there(tmp_path: Path) -> None:
    file = problems_file(tmp_path / "sums.json", 2)
    settings = settings_of(file, script(tmp_path / "s.json"))
    made = run(settings, tmp_path / "out")
    (made.path / "tables.jsonl").unlink()
    (made.path / "tables.jsonl").symlink_to("/dev/full")
    with pytest.raises(OSError, match="No space left"):
        run(settings, tmp_path / "out")
    (made.path / "tables.jsonl").unlink()
    assert len(read_tables(run(settings, tmp_path / "out"))) == 2


def test_the_letters_are_one_for_each_verdict() -> None:
    assert len(set(tables.LETTERS.values()) | {tables.PASSED}) == len(tables.LETTERS) + 1
