"""The batch API as an engine: answers joined by id, kept whatever happens, and paid for once."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from cure.asking import Part, missing_parts
from engines import (
    BatchOptions,
    BatchProgress,
    ChatPrompt,
    Completion,
    EngineError,
    Message,
    Request,
    Sampling,
    TextPrompt,
    Usage,
    open_engine,
)
from engines.http.batch.api import read_batch
from engines.http.batch.lines import Answer, Line, completions, identity, read_result
from engines.http.batch.state import locked
from engines.http.wire import Piece
from tests.engines.batch_server import BatchServer, plain_answer

QUICK = {"first_pause_s": 0.01, "most_pause_s": 0.05, "backoff_s": 0.01, "patience_s": 20, "idle_s": 10}
ROLES = ("coder", "tester")

Place = tuple[str, int, int]
"""Role, problem and index of a sample."""


@pytest.fixture
def server() -> Iterator[BatchServer]:
    with BatchServer() as made:
        yield made


@dataclass
class Outcome:
    """Samples, progress reports and notices of one call of `ask`."""

    samples: list[tuple[Place, Completion]]
    progress: list[BatchProgress]
    notices: list[str]


def whole_request(role: str, number: int, n: int, question: str = "", raw: bool = False, **sampling: object) -> Request:
    """The request for all samples of a role for a problem."""
    text = f"{role}: {question or f'What is problem {number} about?'}"
    prompt = TextPrompt(text) if raw else ChatPrompt((Message("user", text),))
    drawn = Sampling(**{"max_tokens": 50, "seed": 1_000_003 * number, **sampling})
    return Request(f"{role}/{number}", prompt, n, drawn)


def ask(
    spec: str,
    folder: Path,
    count: int = 4,
    n: int = 2,
    again: bool = False,
    on_sample: Callable[[Place], None] = lambda _: None,
    timeout: float = 60.0,
    questions: list[str] | None = None,
    notices: list[str] | None = None,
    raw: tuple[bool, bool] = (False, False),
    max_tokens: int = 50,
    **options: float,
) -> Outcome:
    """Ask for what is missing in a folder: `n` samples of both roles for `count` problems.

    A file in the folder has a line for each sample, written as soon as the engine gives it. With `again`, samples that
    are errors count as missing.
    """
    there = {place: record for place, record in kept(folder).items() if not (again and record["error"])}
    parts: dict[str, tuple[str, int, Part]] = {}
    for number in range(count):
        for role, is_raw in zip(ROLES, raw, strict=True):
            question = (questions or [])[number : number + 1]
            request = whole_request(role, number, n, *question, raw=is_raw, max_tokens=max_tokens)
            for part in missing_parts(request, [i for i in range(n) if (role, number, i) in there]):
                parts[part.request.key] = (role, number, part)
    made = Outcome([], [], [] if notices is None else notices)
    batch = BatchOptions(
        state=folder / "batches.json",
        on_progress=made.progress.append,
        on_notice=made.notices.append,
        **{**QUICK, **options},
    )

    async def fill() -> None:
        engine = await open_engine(spec, batch)
        requests = [part.request for *_, part in parts.values()]
        try:
            async with asyncio.timeout(timeout), aclosing(engine.complete(requests)) as stream:
                async for completion in stream:
                    role, number, part = parts[completion.key]
                    place = (role, number, part.first + completion.index)
                    keep(folder, place, completion)
                    made.samples.append((place, completion))
                    on_sample(place)
        finally:
            await engine.close()

    asyncio.run(fill())
    return made


def keep(folder: Path, place: Place, completion: Completion) -> None:
    """Add a sample to the folder's file."""
    record = {"place": place, "text": completion.text, "finish": completion.finish, "error": completion.error}
    with (folder / "samples.jsonl").open("a") as file:
        file.write(json.dumps(record) + "\n")


def kept(folder: Path) -> dict[Place, dict[str, str]]:
    """The samples on disk; fails if a sample other than an earlier error was written twice."""
    found: dict[Place, dict[str, str]] = {}
    path = folder / "samples.jsonl"
    for line in path.read_text().splitlines() if path.is_file() else ():
        record = json.loads(line)
        place = tuple(record["place"])
        assert place not in found or found[place]["error"]
        found[place] = record
    return found


def collected(folder: Path) -> list[dict[str, object]]:
    """The state file's records of collected batches; fails if a batch is still under way."""
    state = json.loads((folder / "batches.json").read_text())
    assert state["parts"] == []
    return state["collected"]


def assert_right(folder: Path, count: int = 4, n: int = 2) -> None:
    """Assert that every sample is there, with the answer to its own prompt and seed."""
    samples = kept(folder)
    assert set(samples) == {(role, number, index) for role in ROLES for number in range(count) for index in range(n)}
    for (role, number, index), sample in samples.items():
        request = whole_request(role, number, n)
        messages = [{"role": message.role, "content": message.content} for message in request.prompt.messages]
        assert sample["text"] == plain_answer({"messages": messages, "seed": request.sampling.seed}, index)
        assert (sample["finish"], sample["error"]) == ("stop", "")


def once(server: BatchServer, count: int = 4, n: int = 2) -> bool:
    """Whether each sample was submitted, and only once."""
    return len(server.batches.submitted) == 2 * count * n and set(server.batches.submitted.values()) == {1}


@pytest.mark.parametrize("mode", ["ok", "shuffled", "slow"])
def test_answers_are_joined_by_id_and_asked_for_once(tmp_path: Path, server: BatchServer, mode: str) -> None:
    made = ask(server.url(mode), tmp_path)
    assert len(made.samples) == 16 and not made.notices
    assert_right(tmp_path)
    assert once(server)
    assert len(ask(server.url(mode), tmp_path).samples) == 0
    assert once(server) and server.batches.calls["create"] == 1
    assert collected(tmp_path) == [{"batch": "batch_0", "status": "completed", "lines": 8, "answered": 8}]


def test_usage_sums_up_and_time_is_the_servers(tmp_path: Path, server: BatchServer) -> None:
    made = ask(server.url("ok"), tmp_path, n=3)
    samples = [completion for place, completion in made.samples if place[:2] == ("coder", 0)]
    assert [sample.usage.prompt_tokens for sample in samples] == [11, 0, 0]
    assert sum(sample.usage.completion_tokens for sample in samples) == 21
    assert samples[0].seconds == 60


def test_progress_goes_from_queued_to_done(tmp_path: Path, server: BatchServer) -> None:
    seen = ask(server.url("slow"), tmp_path).progress
    assert seen[0] == BatchProgress(1, queued=8, running=0, done=0, failed=0)
    assert any(progress.running + progress.done == 8 for progress in seen)
    assert seen[-1] == BatchProgress(0, queued=0, running=0, done=8, failed=0)


def test_limits_of_lines_and_bytes_split_the_file(tmp_path: Path, server: BatchServer) -> None:
    for name in ("lines", "bytes"):
        (tmp_path / name).mkdir()
    ask(server.url("ok"), tmp_path / "lines", lines=3)
    assert server.batches.sizes == [3, 3, 2]
    assert_right(tmp_path / "lines")
    sent = [content for name, content in server.batches.files.items() if name.startswith("file-")]
    longest = max(len(line) + 1 for file in sent for line in file.splitlines())
    ask(server.url("ok"), tmp_path / "bytes", size=2 * longest)
    assert server.batches.sizes[3:] == [2, 2, 2, 2]
    assert_right(tmp_path / "bytes")


def test_a_line_asks_for_no_more_samples_than_it_may(tmp_path: Path, server: BatchServer) -> None:
    ask(server.url("ok"), tmp_path, count=2, n=5, per_line=2)
    assert server.batches.sizes == [12]
    assert once(server, 2, 5)
    assert_right(tmp_path, 2, 5)


def test_chat_and_text_prompts_go_into_batches_of_their_own(tmp_path: Path, server: BatchServer) -> None:
    made = ask(server.url("ok"), tmp_path, raw=(False, True))
    endpoints = [made_batch.record["endpoint"] for made_batch in server.batches.made.values()]
    assert endpoints == ["/v1/chat/completions", "/v1/completions"] and server.batches.sizes == [4, 4]
    assert len(made.samples) == 16 and once(server)


@pytest.mark.parametrize(("mode", "tries"), [("rejects_n", 2), ("ignores_n", 2)])
def test_a_server_without_n_is_asked_one_by_one(tmp_path: Path, server: BatchServer, mode: str, tries: int) -> None:
    ask(server.url(mode), tmp_path, n=3)
    assert len(server.batches.sizes) == tries
    assert_right(tmp_path, n=3)
    assert json.loads((tmp_path / "batches.json").read_text())["dialect"]["dropped"] == ["n"]


@pytest.mark.parametrize(
    ("mode", "again"),
    [("missing-1", 6), ("busy_lines-1", 6), ("expired-1", 8), ("cancelled-1", 8), ("cut_line-1", 2), ("invalid-1", 0)],
)
def test_what_is_left_open_is_asked_for_again_and_nothing_else(
    tmp_path: Path, server: BatchServer, mode: str, again: int
) -> None:
    ask(server.url(mode), tmp_path)
    assert_right(tmp_path)
    assert len(server.batches.made) == 2
    counts = server.batches.submitted.values()
    assert sum(counts) == 16 + again and max(counts) == (2 if again else 1)


def test_lines_that_came_twice_unasked_or_broken_are_counted(tmp_path: Path, server: BatchServer) -> None:
    expected = {
        "duplicate": {"duplicate": 8},
        "unknown": {"unknown": 1, "malformed": 2},
        "cut_line-1": {"malformed": 1},
    }
    for mode, counts in expected.items():
        (tmp_path / mode).mkdir()
        ask(server.url(mode), tmp_path / mode)
        assert_right(tmp_path / mode)
        first = collected(tmp_path / mode)[0]
        assert {name: first[name] for name in counts} == counts


def test_requests_refused_for_good_are_error_samples_and_asked_for_again_on_request(
    tmp_path: Path, server: BatchServer
) -> None:
    made = ask(server.url("bad_lines-1"), tmp_path)
    errors = [sample for _, sample in made.samples if sample.error]
    assert len(made.samples) == 16 and len(errors) == 6
    assert {sample.error for sample in errors} == {"HTTP 400: this prompt is not allowed"}
    assert {sample.finish for sample in errors} == {"error"}
    assert once(server)
    assert ask(server.url("bad_lines-1"), tmp_path).samples == []
    better = ask(server.url("bad_lines-1"), tmp_path, again=True)
    assert len(better.samples) == 6 and not any(sample.error for _, sample in better.samples)
    assert sum(server.batches.submitted.values()) == 16 + 6


def test_what_stays_open_is_given_up_in_the_end(tmp_path: Path, server: BatchServer) -> None:
    made = ask(server.url("expired"), tmp_path)
    errors = [sample.error for _, sample in made.samples if sample.error]
    # Four of the eight lines are left, then two, then one.
    assert len(server.batches.made) == 3 and len(made.samples) == 16 and len(errors) == 2
    assert errors[0] == "This request could not be executed in time. (asked 3 times)"


def test_a_line_that_keeps_the_batch_from_being_made_is_an_error_sample(tmp_path: Path, server: BatchServer) -> None:
    made = ask(server.url("invalid_line-1"), tmp_path)
    assert [sample.error for _, sample in made.samples if sample.error] == ["line 2 is not nice"] * 2
    assert len(made.samples) == 16 and set(server.batches.submitted.values()) == {1}


def test_a_prompt_that_is_no_text_does_not_spoil_the_batch(tmp_path: Path, server: BatchServer) -> None:
    made = ask(server.url("ok"), tmp_path, questions=["a \ud800 b"])
    errors = [sample for _, sample in made.samples if sample.error]
    assert len(made.samples) == 16 and len(errors) == 4 and "not Unicode text" in errors[0].error


@pytest.mark.parametrize(
    ("mode", "message"),
    [
        ("unauthorized", "HTTP 401: Incorrect API key provided .is the API key right"),
        ("no_batches", "has no batch API .HTTP 404"),
        ("no_model", "does not answer batches of nobody: The model `nobody` does not exist"),
        ("no_model_lines", "does not answer batches of nobody: HTTP 404: The model `nobody` does not exist"),
        ("quota_lines", "exceeded your current quota"),
        ("invalid", "does not answer batches of nobody: something is wrong"),
    ],
)
def test_what_no_request_gets_around_is_one_line(tmp_path: Path, server: BatchServer, mode: str, message: str) -> None:
    notices: list[str] = []
    with pytest.raises(EngineError, match=message) as raised:
        ask(server.url(mode), tmp_path, notices=notices)
    assert raised.value.exit_code == 5 and "\n" not in str(raised.value) and not notices
    # What was answered is kept, and what is missing is no error: it can be had later.
    assert not any(sample["error"] for sample in kept(tmp_path).values())
    before = sum(server.batches.submitted.values())
    answered = len(kept(tmp_path))
    ask(server.url("ok"), tmp_path)
    assert_right(tmp_path)
    assert sum(server.batches.submitted.values()) == before + 16 - answered


def test_a_server_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"cannot connect to http://127\.0\.0\.1:9/v1"):
        ask("http://127.0.0.1:9/v1#nobody", tmp_path)


def test_a_model_in_this_process_is_asked_as_ever(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('[{"key": "*", "text": "x", "repeat": true}]')
    made = ask(f"scripted:{tmp_path / 's.json'}", tmp_path)
    assert len(made.samples) == 16 and not (tmp_path / "batches.json").exists()


@pytest.mark.parametrize("mode", ["poll_500-3", "poll_429-3", "poll_garbage-2", "cut_download-2", "short_download-2"])
def test_passing_failures_while_waiting_cost_nothing(tmp_path: Path, server: BatchServer, mode: str) -> None:
    ask(server.url(mode), tmp_path)
    assert_right(tmp_path)
    assert once(server)


def test_a_server_that_stays_out_of_order_is_one_line_and_the_batch_is_collected_later(
    tmp_path: Path, server: BatchServer
) -> None:
    notices: list[str] = []
    with pytest.raises(EngineError, match="does not report the state of batch_0: HTTP 500"):
        ask(server.url("poll_500"), tmp_path, patience_s=0.2, notices=notices)
    assert len(notices) == 1 and "batch_0" in notices[0]
    server.batches.mended = True
    ask(server.url("poll_500"), tmp_path)
    assert_right(tmp_path)
    assert once(server)


def test_too_much_in_the_queue_is_sent_in_smaller_batches_one_at_a_time(tmp_path: Path, server: BatchServer) -> None:
    ask(server.url("too_much"), tmp_path)
    assert_right(tmp_path)
    assert once(server)
    assert server.batches.sizes == [8, 4, 2, 2, 2, 2]


def test_a_batch_whose_making_went_unheard_is_found_again(tmp_path: Path, server: BatchServer) -> None:
    for number in range(3):
        (tmp_path / f"other{number}").mkdir()
        ask(server.url("ok"), tmp_path / f"other{number}", count=1)
    server.batches.submitted.clear()
    ask(server.url("lost_create"), tmp_path)
    assert_right(tmp_path)
    assert once(server)


def test_without_a_list_of_batches_no_batch_is_paid_for_twice(tmp_path: Path, server: BatchServer) -> None:
    for _ in range(2):
        with pytest.raises(EngineError, match="may or may not have made a batch of file-0") as raised:
            ask(server.url("lost_create_unlisted"), tmp_path)
        assert str(tmp_path / "batches.json") in str(raised.value)
    assert once(server)
    # The error message asks for this: the batch's id is written into the state file.
    state = json.loads((tmp_path / "batches.json").read_text())
    state["parts"][0]["batch"] = "batch_0"
    (tmp_path / "batches.json").write_text(json.dumps(state))
    ask(server.url("lost_create_unlisted"), tmp_path)
    assert_right(tmp_path)
    assert once(server)


def test_cancelled_it_leaves_the_batch_running_and_says_how_to_go_on(tmp_path: Path, server: BatchServer) -> None:
    notices: list[str] = []
    with pytest.raises(TimeoutError):
        ask(server.url("never-1"), tmp_path, timeout=0.7, notices=notices)
    assert len(notices) == 1 and "batch_0" in notices[0] and "the same command again" in notices[0]
    server.batches.made["batch_0"].states = ["completed"]
    ask(server.url("never-1"), tmp_path)
    assert_right(tmp_path)
    assert once(server)


def test_two_commands_at_once_do_not_ask_for_the_same(tmp_path: Path, server: BatchServer) -> None:
    with locked(tmp_path / "batches.json"), pytest.raises(EngineError, match="another command is waiting"):
        ask(server.url("ok"), tmp_path)
    assert not server.batches.submitted


def test_results_for_other_prompts_are_not_taken(tmp_path: Path, server: BatchServer) -> None:
    with pytest.raises(TimeoutError):
        ask(server.url("never-1"), tmp_path, timeout=0.7)
    server.batches.made["batch_0"].states = ["completed"]
    ask(server.url("never-1"), tmp_path, max_tokens=51)
    assert collected(tmp_path)[0]["unknown"] == 8
    assert_right(tmp_path)


def test_batches_are_done_with_although_all_their_samples_are_there(tmp_path: Path, server: BatchServer) -> None:
    with pytest.raises(TimeoutError):
        ask(server.url("never-1"), tmp_path, timeout=0.7)
    server.batches.made["batch_0"].states = ["completed"]
    assert ask(server.url("never-1"), tmp_path, count=0).samples == []
    assert collected(tmp_path)[0]["unknown"] == 8 and len(server.batches.made) == 1


def test_batches_of_another_server_are_not_forgotten(tmp_path: Path, server: BatchServer) -> None:
    with pytest.raises(TimeoutError):
        ask(server.url("never-1"), tmp_path, timeout=0.7)
    state = (tmp_path / "batches.json").read_text()
    (tmp_path / "batches.json").write_text(state.replace("#nobody", "#somebody"))
    with pytest.raises(EngineError, match=r"lists batches of .*somebody, not of .*nobody"):
        ask(server.url("never-1"), tmp_path)
    (tmp_path / "batches.json").write_text(state[:100])
    with pytest.raises(EngineError, match="cannot be read"):
        ask(server.url("never-1"), tmp_path)


KILLED = """
import sys, time
from pathlib import Path
from tests.engines.test_batch import ask
ask(sys.argv[1], Path(sys.argv[2]), on_sample=lambda _: time.sleep(0.05))
"""


def test_a_batch_that_the_server_does_not_know_is_one_line(tmp_path: Path, server: BatchServer) -> None:
    with pytest.raises(TimeoutError):
        ask(server.url("never-1"), tmp_path, timeout=0.7)
    server.batches.made.clear()
    with pytest.raises(EngineError, match=r"remove its entry in 'parts' from .*batches\.json"):
        ask(server.url("never-1"), tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("mode", "when"),
    [
        ("never-1", lambda server, folder: server.batches.calls["retrieve"] >= 2),
        ("hang_upload-1", lambda server, folder: server.batches.files),
        ("hang_before_create-1", lambda server, folder: server.batches.calls["create"] >= 1),
        ("hang_after_create-1", lambda server, folder: server.batches.made),
        ("shuffled", lambda server, folder: len(kept(folder)) >= 7),
    ],
    ids=["waiting", "uploading", "before creation", "after creation", "collecting"],
)
def test_killed_at_any_moment_it_pays_for_nothing_twice(
    tmp_path: Path, server: BatchServer, mode: str, when: Callable[[BatchServer, Path], object]
) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, server.url(mode), str(tmp_path)], cwd=Path(__file__).parents[2]
    )
    for _ in range(3000):
        if when(server, tmp_path) or child.poll() is not None:
            break
        time.sleep(0.01)
    assert child.poll() is None
    child.send_signal(signal.SIGKILL)
    child.wait()
    assert len(kept(tmp_path)) < 16
    for made in server.batches.made.values():
        made.states = ["in_progress", "completed"]
    ask(server.url(mode), tmp_path)
    assert_right(tmp_path)
    assert once(server)
    assert len(server.batches.made) == 1


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on(tmp_path: Path, server: BatchServer) -> None:
    command = KILLED.replace("on_sample", "notices=type('N', (list,), {'append': lambda s, x: print(x)})(), on_sample")
    child = subprocess.Popen(
        [sys.executable, "-c", command, server.url("never-1"), str(tmp_path)],
        cwd=Path(__file__).parents[2], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    while server.batches.calls["retrieve"] < 2 and child.poll() is None:
        time.sleep(0.01)
    child.send_signal(signal.SIGINT)
    said, _ = child.communicate(timeout=20)
    assert "1 batch goes on at" in said and "the same command again" in said
    server.batches.made["batch_0"].states = ["completed"]
    ask(server.url("never-1"), tmp_path)
    assert once(server)


def test_choices_that_are_whole_become_samples() -> None:
    said = [("a END b", "length"), ("cut", "length"), ("no", "content_filter"), ("lost", "abort"), ("", None)]
    pieces = tuple(Piece(index=index, text=text, finish=finish) for index, (text, finish) in enumerate(said))
    stray = (Piece(index=0, text="again", finish="stop"), Piece(index=9, text="outside", finish="stop"))
    found = list(completions(Answer("x", pieces + stray, Usage(10, 100)), 6, ("END",)))
    assert [(sample.index, sample.text, sample.finish) for sample in found] == [
        (0, "a ", "stop"), (1, "cut", "length"), (2, "no", "error"),
    ]  # fmt: skip
    assert sum(sample.usage.completion_tokens for sample in found) == 100
    assert [sample.usage.prompt_tokens for sample in found] == [10, 0, 0] and "content filter" in found[2].error


def test_ids_are_short() -> None:
    name, first = identity(whole_request("tester", 1, 3, seed=2**63))
    assert len(name) == 32 and len(Line(name, first, 128).id) <= 64


def test_a_sample_has_one_name_in_whatever_request_it_is_asked_for() -> None:
    request = whole_request("coder", 1, 4)
    (part,) = missing_parts(request, [0, 1])
    (name, first), (same, later) = identity(request), identity(part.request)
    assert (name, first + 2) == (same, later) and part.request.key != request.key
    assert identity(whole_request("coder", 1, 4, temperature=0.5))[0] != name
    assert identity(whole_request("coder", 1, 4, raw=True))[0] != name
    # Without a seed, two requests for the same prompt differ only in their keys, so the key is part of the name.
    assert identity(whole_request("coder", 1, 4, seed=None))[1] == 0
    assert identity(replace(whole_request("coder", 1, 4, seed=None), key="other"))[0] != name


def test_equal_requests_are_asked_for_once(tmp_path: Path, server: BatchServer) -> None:
    async def both() -> list[Completion]:
        engine = await open_engine(server.url("ok"), BatchOptions(state=tmp_path / "batches.json", **QUICK))
        request = whole_request("coder", 0, 2)
        found = [completion async for completion in engine.complete([request, replace(request, key="other")])]
        await engine.close()
        return found

    found = asyncio.run(both())
    assert sorted((sample.key, sample.index) for sample in found) == [
        ("coder/0", 0), ("coder/0", 1), ("other", 0), ("other", 1),
    ]  # fmt: skip
    assert sum(server.batches.submitted.values()) == 2


def test_batches_that_an_earlier_version_began_are_refused_in_one_line(tmp_path: Path, server: BatchServer) -> None:
    dialect = {"n": True, "usage": True, "seed": True, "logprobs": False, "limit": "max_tokens"}
    part = {"token": "t", "file": "file-9", "endpoint": "/v1/chat/completions", "ids": ["coder-0-0-2-" + "0" * 32]}
    state = {"spec": server.url("ok"), "dialect": dialect, "most_lines": None, "alone": False, "tries": {}}
    under_way = {**part, "dialect": dialect, "batch": "batch_9", "begun": 1.0}
    path = tmp_path / "batches.json"
    path.write_text(json.dumps({**state, "parts": [under_way], "collected": []}))
    with pytest.raises(EngineError, match=r"that an earlier version of cure-agent began .batch_9.: collect them"):
        ask(server.url("ok"), tmp_path)
    path.write_text(json.dumps({**state, "parts": [], "collected": [{"batch": "batch_8"}]}))
    ask(server.url("ok"), tmp_path)
    assert_right(tmp_path)
    assert [record["batch"] for record in collected(tmp_path)] == ["batch_8", "batch_0"]


@pytest.mark.parametrize(
    "line",
    [b"", b"[]", b"null", b'{"custom_id": 3}', b'{"custom_id": "a", "response": {"status_code": "x"}}', b"[" * 100_000,
     b'{"custom_id": "a", "response": {"status_code": 200, "body": null}}',
     b'{"custom_id": "a", "response": {"status_code": 200, "body": {"choices": []}}}'],
)  # fmt: skip
def test_garbage_is_garbage_and_no_crash(line: bytes) -> None:
    with pytest.raises(ValueError):
        read_result(line)


@pytest.mark.parametrize("answer", [None, [], {}, {"id": 1, "status": "x"}, {"id": "b", "status": "x", "errors": 3}])
def test_what_is_no_batch_is_garbage(answer: object) -> None:
    with pytest.raises(ValueError):
        read_batch(answer)
