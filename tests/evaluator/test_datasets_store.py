"""Problem sets stored on this machine: downloaded from a hub or copied from a file, verified, and found."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from evaluator.commands.datasets import datasets
from evaluator.datasets import DatasetError, find_dataset
from evaluator.datasets.sources.get import get

ROWS = [{"question": "Print 1.", "test_input": [""], "test_output": ["1\n"], "test_time_limit": 1}]
CONTENT = json.dumps(ROWS).encode()
COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CURE_AGENT_DATA_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[dict[str, Any]]:
    """The state of a hub on loopback.

    `content` is the file that the hub serves, None for status 404, or another status; `asked` has the paths requested.
    """
    pytest.importorskip("huggingface_hub")
    monkeypatch.setattr("huggingface_hub.constants.AGENT_HARNESSES_PATH", str(tmp_path / "harnesses"), raising=False)
    state: dict[str, Any] = {"content": CONTENT, "asked": [], "commit": COMMIT}

    class Handler(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(body=False)

        def do_GET(self) -> None:
            self._answer(body=True)

        def _answer(self, body: bool) -> None:
            if self.path.startswith("/datasets/"):
                state["asked"].append(self.path)
            content = state["content"] if self.path.startswith("/datasets/") else None
            if not isinstance(content, bytes):
                self.send_response(content or 404)
                if content is None:
                    self.send_header("X-Error-Code", "EntryNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            self.send_response(200)
            self.send_header("X-Repo-Commit", state["commit"])
            self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            if body:
                self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    monkeypatch.setenv("HF_ENDPOINT", f"http://127.0.0.1:{server.server_port}")
    yield state
    server.shutdown()
    server.server_close()


def kept(home: Path) -> list[str]:
    return sorted(str(path.relative_to(home)) for path in home.rglob("*") if path.is_file())


def test_a_set_comes_from_the_hub_once_and_is_pinned(home: Path, hub: dict[str, Any]) -> None:
    record = get("LiveBench")
    assert (record.revision, record.problems, record.source) == (COMMIT, 1, "hub:Gen-Verse/LiveBench")
    assert hub["asked"][0] == "/datasets/Gen-Verse/LiveBench/resolve/main/test/LiveBench.json"
    assert kept(home) == ["datasets/LiveBench/LiveBench.json", "datasets/LiveBench/record.json"]
    asked = len(hub["asked"])
    assert get("livebench") == record
    assert len(hub["asked"]) == asked
    assert find_dataset("LiveBench").read_bytes() == CONTENT


def test_a_newer_revision_comes_only_when_it_is_named(home: Path, hub: dict[str, Any]) -> None:
    get("MBPP")
    hub["content"], hub["commit"] = json.dumps(ROWS * 2).encode(), "f" * 40
    assert get("MBPP").problems == 1
    newer = get("MBPP", revision="main")
    assert (newer.problems, newer.revision) == (2, "f" * 40)


def test_the_same_commit_with_other_content_is_refused(home: Path, hub: dict[str, Any]) -> None:
    get("MBPP")
    hub["content"] = json.dumps(ROWS * 2).encode()
    with pytest.raises(DatasetError, match=rf"MBPP: .* at commit {COMMIT} .* the stored set was kept") as caught:
        get("MBPP", revision="main")
    assert "--sha256" not in str(caught.value)
    assert find_dataset("MBPP").read_bytes() == CONTENT


@pytest.mark.parametrize("content", [None, 500, b'[{"question": 3}]', b"not json"])
def test_nothing_is_left_of_a_set_that_did_not_come(home: Path, hub: dict[str, Any], content: Any) -> None:
    hub["content"] = content
    result = CliRunner().invoke(datasets, ["get", "CodeForces"])
    assert getattr(result.exception, "exit_code", None) == 2
    assert "\n" not in str(result.exception)
    assert kept(home) == []
    assert [path.name for path in (home / "datasets").iterdir()] == []


def test_an_unreachable_hub_says_what_to_do(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("huggingface_hub")
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    with pytest.raises(DatasetError, match=r"cannot be reached .* get LiveCodeBench --from PATH") as caught:
        get("LiveCodeBench")
    assert "\n" not in str(caught.value)
    assert kept(home) == []


def test_a_set_is_taken_from_a_file(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "mine.json"
    source.write_bytes(CONTENT)
    digest = hashlib.sha256(CONTENT).hexdigest()
    result = CliRunner().invoke(datasets, ["get", "CodeContests", "--from", str(source), "--sha256", digest, "--json"])
    printed = json.loads(result.stdout)
    assert (printed["sha256"], printed["problems"], printed["revision"]) == (digest, 1, None)
    assert source.read_bytes() == CONTENT
    assert find_dataset("codecontests_test") == Path(printed["path"])


def test_a_wrong_checksum_stores_nothing(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "mine.json"
    source.write_bytes(CONTENT)
    with pytest.raises(DatasetError, match="nothing was stored"):
        get("CodeContests", source=source, sha256="ab" * 32)
    assert kept(home) == []


def test_a_stored_set_with_another_checksum_than_wanted_is_told_how_to_be_replaced(home: Path, tmp_path: Path) -> None:
    (source := tmp_path / "mine.json").write_bytes(CONTENT)
    (other := tmp_path / "other.json").write_bytes(json.dumps(ROWS * 2).encode())
    get("CodeContests", source=source)
    wanted = hashlib.sha256(other.read_bytes()).hexdigest()
    with pytest.raises(DatasetError, match=r"the stored set has the checksum .* --revision or --from") as caught:
        get("CodeContests", sha256=wanted)
    assert "nothing was stored" not in str(caught.value)
    assert get("CodeContests", source=other, sha256=wanted).problems == 2


def test_a_changed_file_is_noticed(home: Path, tmp_path: Path) -> None:
    source = tmp_path / "mine.json"
    source.write_bytes(CONTENT)
    get("CodeContests", source=source)
    find_dataset("CodeContests").write_bytes(b"[]")
    for use in (lambda: find_dataset("CodeContests"), lambda: get("CodeContests")):
        with pytest.raises(DatasetError, match=r"was changed; remove .* again"):
            use()
    result = CliRunner().invoke(datasets, ["list", "--json"])
    here = {row["name"]: row["here"] for row in json.loads(result.stdout)["sets"]}
    assert here["CodeContests"].startswith("damaged")


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CodeContest", "did you mean CodeContests?"),
        ("zzz", "datasets list"),
        ("MBPP", "datasets get MBPP"),
        ("absent.json", "no such file"),
        ("/", "is a directory"),
    ],
)
def test_what_is_not_there_is_named(home: Path, name: str, words: str) -> None:
    with pytest.raises(DatasetError) as caught:
        find_dataset(name)
    assert words in str(caught.value)


def test_a_file_is_found_as_it_is(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_bytes(CONTENT)
    assert find_dataset(path) == path
    assert find_dataset(str(path)) == path


def test_the_list_has_the_papers_sets_and_given_files(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "set.json"
    path.write_bytes(CONTENT)
    printed = json.loads(CliRunner().invoke(datasets, ["list", str(path), "--json"]).stdout)
    sizes = {row["hub"]: (row["file"], row["published_problems"]) for row in printed["sets"]}
    assert sizes["Gen-Verse/LiveCodeBench"] == ("test/LiveCodeBench.json", 511)
    assert sizes["Gen-Verse/CodeContests_train"] == ("train/CodeContests_train.json", 4530)
    assert len(sizes) == 6
    assert printed["files"][0]["problems"] == 1
    shown = CliRunner().invoke(datasets, ["list", str(path)], env={"COLUMNS": "200"}).stdout
    assert "CodeContests_train" in shown
