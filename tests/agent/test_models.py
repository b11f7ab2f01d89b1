"""The models that can be used on this machine, found on HTTP servers that answer like Ollama and others do."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from agent.checkup import Finding, examine
from agent.models.choices import Choice, choices, with_ports
from agent.models.probe import running_servers
from agent.models.servers import SERVERS, RunningServer, Server, read_answer
from agent.models.unnamed import name_a_model
from engines import parse_spec
from tests.agent.conftest import Desk

OLLAMA = {
    "models": [
        {
            "name": "qwen2.5-coder:1.5b",
            "model": "qwen2.5-coder:1.5b",
            "size": 986062089,
            "details": {"family": "qwen2", "parameter_size": "1.5B", "quantization_level": "Q4_K_M"},
        },
        {"name": "nomic-embed-text:latest", "size": 274302450, "details": {"family": "nomic-bert"}},
    ]
}
LM_STUDIO = {
    "object": "list",
    "data": [
        {"id": "qwen2.5-coder-7b-instruct", "type": "llm", "state": "not-loaded", "quantization": "Q4_K_M"},
        {"id": "text-embedding-nomic-embed-text-v1.5", "type": "embeddings", "state": "loaded"},
    ],
}
LLAMA_CPP = {
    "object": "list",
    "data": [
        {
            "id": "/models/my model #1.gguf",
            "object": "model",
            "owned_by": "llamacpp",
            "meta": {"n_ctx_train": 32768, "size": 1117320768},
        }
    ],
}
VLLM = {
    "object": "list",
    "data": [{"id": "Qwen/Qwen2.5-Coder-0.5B", "object": "model", "owned_by": "vllm", "max_model_len": 4096}],
}
WEB_PAGE = b"<!doctype html><title>Jenkins</title>"

Answers = Mapping[str, tuple[int, Any]]


@contextlib.contextmanager
def serving(answers: Answers, delay_s: float = 0.0) -> Iterator[int]:
    """A web server with these answers by path, 404 for others; yields its port."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            time.sleep(delay_s)
            status, value = answers.get(self.path, (404, WEB_PAGE))
            body = value if isinstance(value, bytes) else json.dumps(value).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(body)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def found_at(port: int, name: str = "vLLM", timeout_s: float = 5.0) -> list[RunningServer]:
    (usual,) = (server for server in SERVERS if server.name == name)
    return asyncio.run(running_servers([Server(usual.name, port, usual.path)], timeout_s))


@pytest.mark.parametrize(
    ("name", "answers", "model", "detail"),
    [
        ("Ollama", {"/api/tags": (200, OLLAMA)}, "qwen2.5-coder:1.5b", "1.5B, Q4_K_M, 1.0 GB"),
        ("LM Studio", {"/api/v0/models": (200, LM_STUDIO)}, "qwen2.5-coder-7b-instruct", "Q4_K_M, not loaded yet"),
        ("llama.cpp", {"/v1/models": (200, LLAMA_CPP)}, "/models/my model #1.gguf", "1.1 GB, context 32768"),
        ("vLLM", {"/v1/models": (200, VLLM)}, "Qwen/Qwen2.5-Coder-0.5B", "context 4096"),
    ],
)
def test_each_running_server_is_found_with_the_spec_of_each_model_that_writes(
    name: str, answers: Answers, model: str, detail: str
) -> None:
    with serving(answers) as port:
        (server,) = found_at(port, name)
    (running,) = server.models
    parsed = parse_spec(running.model)
    assert (server.name, parsed.url, parsed.name) == (name, f"http://localhost:{port}/v1", model)
    assert running.detail == detail


def test_a_server_on_the_port_of_another_is_named_by_what_it_says() -> None:
    with serving({"/v1/models": (200, LLAMA_CPP)}) as port:
        assert [server.name for server in found_at(port, "LM Studio")] == ["llama.cpp"]


@pytest.mark.parametrize(
    "answers",
    [
        {},
        {"/v1/models": (200, WEB_PAGE)},
        {"/v1/models": (200, [1])},
        {"/v1/models": (200, {"data": 3})},
        {"/v1/models": (500, {"data": []})},
        {"/v1/models": (200, b"[" * 100_000)},
    ],
)
def test_what_is_no_model_server_is_left_out(answers: Answers) -> None:
    with serving(answers) as port:
        assert found_at(port) == []


@pytest.mark.parametrize(
    ("status", "value", "words"),
    [
        (401, {"error": "no key"}, "set CURE_AGENT_API_KEY"),
        (503, {"error": {"message": "Loading model", "code": 503}}, "loading its model"),
        (200, {"data": []}, "no model that writes text"),
    ],
)
def test_a_server_that_cannot_be_used_yet_says_what_is_missing(status: int, value: object, words: str) -> None:
    with serving({"/v1/models": (status, value)}) as port:
        (server,) = found_at(port)
    assert words in server.problem and server.models == ()


def test_ports_are_asked_at_once_and_none_is_waited_for_long() -> None:
    with serving({"/v1/models": (200, VLLM)}, delay_s=30) as slow, serving({"/v1/models": (200, VLLM)}) as fast:
        servers = [Server("vLLM", port) for port in (slow, slow, slow, free_port(), fast)]
        begun = time.monotonic()
        found = asyncio.run(running_servers(servers, 2.0))
    assert [server.url for server in found] == [f"http://localhost:{fast}/v1"]
    assert time.monotonic() - begun < 6


def test_an_answer_that_never_ends_is_given_up() -> None:
    with serving({"/v1/models": (200, b" " * (5 * 2**20))}) as port:
        assert found_at(port) == []


def test_the_pure_part_reads_whatever_comes() -> None:
    for body in (b"", b"\xff", b"null", b'{"data": [null, 3, {"id": 5}, {"id": ""}]}'):
        server = read_answer(SERVERS[-1], "http://localhost:1/v1", 200, body)
        assert server is None or server.models == ()


def test_ollama_is_looked_for_where_its_variable_says(monkeypatch: pytest.MonkeyPatch) -> None:
    for value in ("127.0.0.1:12345", "http://0.0.0.0:12345/", ":12345"):
        monkeypatch.setenv("OLLAMA_HOST", value)
        assert with_ports(())[0].port == 12345
    monkeypatch.setenv("OLLAMA_HOST", "0.0.0.0")
    assert with_ports([77, 77])[0].port == 11434
    assert [server.port for server in with_ports([77, 77])].count(77) == 1


def test_the_command_lists_every_choice_with_the_model_to_type(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "x")
    with serving({"/v1/models": (200, VLLM)}) as port:
        listed = json.loads(desk.run("models", "--port", port, "--json").stdout)
        shown = desk.run("models", "--port", port)
    model = f"http://localhost:{port}/v1#Qwen/Qwen2.5-Coder-0.5B"
    assert {"source": "vLLM", "model": model, "detail": "context 4096", "ready": True, "remedy": ""} in listed
    by_source = {choice["source"]: choice for choice in listed}
    assert by_source["OpenAI"]["model"] == "openai:NAME"
    assert by_source["bundled"]["model"] == "micro"
    assert shown.code == 0 and model in shown.stdout


def test_a_program_that_is_installed_and_not_running_is_named(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ollama").write_text("#!/bin/sh\n")
    (tmp_path / "ollama").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    found = asyncio.run(choices([Server("Ollama", free_port(), "/api/tags", "ollama", "ollama serve")]))
    assert found[0] == Choice("Ollama", "", "installed, not running", ready=False, remedy="ollama serve")


def test_a_real_statement_without_a_model_is_refused_at_once_with_the_choices(desk: Desk) -> None:
    (desk.folder / "sum.md").write_text("Read two integers from one line. Print their sum.\n")
    done = desk.run("solve", desk.folder / "sum.md")
    assert (done.code, done.stdout) == (2, "")
    first, *rest = done.stderr.splitlines()
    assert first.startswith("cure-agent: the bundled model knows only its own family of problems")
    assert "`cure-agent models`" in rest[-1] and "--model micro" in rest[-1]
    assert not (desk.folder / "runs").exists()


def test_a_model_named_for_each_role_is_enough(desk: Desk) -> None:
    from tests.end_to_end.conftest import PROGRAMS, TESTS

    model = desk.script(coder=PROGRAMS, tester=TESTS)
    assert desk.solve("--coder", model, "--tester", model).code == 0
    assert desk.solve("--coder", model).code == 2


def test_the_check_of_the_machine_names_what_runs_with_the_model_to_type() -> None:
    with serving({"/v1/models": (200, VLLM)}) as port:
        findings = asyncio.run(examine((), [Server("vLLM", port)]))
    model = f"http://localhost:{port}/v1#Qwen/Qwen2.5-Coder-0.5B"
    assert Finding("vLLM", True, f"--model {model}  context 4096") in findings


def test_ready_models_are_named_before_those_that_need_a_step() -> None:
    ready = Choice("Ollama", "http://localhost:11434/v1#a", "1.5B")
    missing = Choice("local", "b", "1.1 GB", ready=False, remedy="is downloaded when it is first used")
    bundled = Choice("bundled", "micro")
    assert "  --model http://localhost:11434/v1#a  (Ollama: 1.5B)" in name_a_model([ready, missing, bundled])
    assert "--model b" not in name_a_model([ready, missing, bundled])
    assert "  --model b  (1.1 GB; is downloaded when it is first used)" in name_a_model([missing, bundled])
