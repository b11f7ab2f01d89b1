"""`cure-agent serve`: the OpenAI protocol over a local model, from outside."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import subprocess
import sys
import threading
import time

import httpx2
import pytest

from engines import Completion
from engines.serve.app import make_app
from tests.engines.conftest import ROOT, serving


@pytest.fixture
def client(served):
    url = served.partition("#")[0]
    with httpx2.Client(base_url=url, timeout=30) as opened:
        yield opened


def test_models_and_health(client):
    assert [row["id"] for row in client.get("/models").json()["data"]] == ["tiny"]
    assert client.get("/../health").json() == {"status": "ok", "model": "tiny"}


def test_raw_completions_with_several_prompts_samples_and_logprobs(client):
    body = {"model": "tiny", "prompt": ["a", "bc"], "n": 2, "seed": 3, "max_tokens": 5, "logprobs": 1}
    answer = client.post("/completions", json=body).json()
    assert [choice["index"] for choice in answer["choices"]] == [0, 1, 2, 3]
    for choice in answer["choices"]:
        assert len(choice["logprobs"]["token_logprobs"]) == len(choice["logprobs"]["tokens"]) <= 5
    assert answer["usage"]["prompt_tokens"] == 3
    counted = sum(len(choice["logprobs"]["tokens"]) for choice in answer["choices"])
    assert answer["usage"]["completion_tokens"] == counted
    tokens = client.post("/completions", json={**body, "prompt": [[67], [68, 69]]}).json()
    assert [c["text"] for c in tokens["choices"]] == [c["text"] for c in answer["choices"]]


@pytest.mark.parametrize("chat", [True, False])
def test_a_stream_has_the_same_text_as_a_whole_answer_and_ends_with_usage(client, chat):
    path = "/chat/completions" if chat else "/completions"
    asked = {"messages": [{"role": "user", "content": "x"}]} if chat else {"prompt": "x"}
    body = {**asked, "n": 3, "seed": 1, "max_tokens": 12}
    whole = client.post(path, json=body).json()
    streamed = client.post(path, json={**body, "stream": True, "stream_options": {"include_usage": True}})
    assert streamed.headers["content-type"].startswith("text/event-stream")
    events = [line.removeprefix("data: ") for line in streamed.text.split("\n\n") if line]
    assert events.pop() == "[DONE]"
    usage = json.loads(events.pop())
    assert (usage["choices"], usage["usage"]) == ([], whole["usage"])
    texts, ends = ["", "", ""], {}
    for event in map(json.loads, events):
        choice = event["choices"][0]
        texts[choice["index"]] += choice["delta"]["content"] if chat else choice["text"]
        if choice["finish_reason"]:
            ends[choice["index"]] = choice["finish_reason"]
    assert texts == [c["message"]["content"] if chat else c["text"] for c in whole["choices"]]
    assert ends == {c["index"]: c["finish_reason"] for c in whole["choices"]}


@pytest.mark.parametrize(
    ("path", "body", "message"),
    [
        ("/completions", [], "must be a JSON object"),
        ("/completions", {}, "prompt must be a non-empty text"),
        ("/completions", {"prompt": ""}, "prompt must be a non-empty text"),
        ("/completions", {"prompt": "x", "n": 0}, "n must be a whole number between 1 and 128"),
        ("/completions", {"prompt": "x", "n": True}, "n must be a whole number"),
        ("/completions", {"prompt": "x", "temperature": "hot"}, "temperature must be a number between 0 and 100"),
        ("/completions", {"prompt": "x", "temperature": -1}, "temperature must be a number"),
        ("/completions", {"prompt": "x", "stop": [""]}, "stop must be"),
        ("/completions", {"prompt": "x", "stop": 3}, "stop must be"),
        ("/completions", {"prompt": "x", "stream": "yes"}, "stream must be true or false"),
        ("/completions", {"prompt": "x", "echo": True}, "echo is not supported"),
        ("/completions", {"prompt": [99999]}, "outside the vocabulary"),
        ("/completions", {"prompt": "x" * 600}, "600 tokens"),
        ("/chat/completions", {}, "messages must be a non-empty list"),
        ("/chat/completions", {"messages": [{"role": "robot", "content": "x"}]}, "messages[0].role must be one of"),
        ("/chat/completions", {"messages": [{"role": "user", "content": None}]}, "messages[0].content must be text"),
        (
            "/chat/completions",
            {"messages": [{"role": "user", "content": "x"}], "tools": [{}]},
            "tools is not supported",
        ),
    ],
)
def test_bad_input_is_answered_with_400_and_what_is_wrong(client, path, body, message):
    answer = client.post(path, json=body)
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert message in error["message"]
    assert error["type"] == "invalid_request_error"


def test_a_model_has_a_card_of_its_own(client):
    [card] = client.get("/models").json()["data"]
    assert client.get(f"/models/{card['id']}").json() == card
    for other in ("gpt-4", "owner/name", f"{card['id']}/x"):
        answer = client.get(f"/models/{other}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")


def test_what_is_not_there_is_told_in_openais_shape(client):
    other = client.post("/completions", json={"model": "gpt", "prompt": "x"})
    assert (other.status_code, other.json()["error"]["code"]) == (404, "model_not_found")
    assert "/v1/completions" in client.get("/nowhere").json()["error"]["message"]
    assert client.get("/completions").status_code == 405
    assert "not JSON" in client.post("/completions", content=b"{").json()["error"]["message"]


class Endless:
    """An engine that never answers and notes when it is given up."""

    spec = "endless"

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.given_up = threading.Event()

    async def complete(self, requests, on_delta=None):
        self.asked.set()
        try:
            await asyncio.sleep(3600)
            yield Completion("0", 0, "", "stop")
        finally:
            self.given_up.set()

    async def close(self):
        pass


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_goes_away_cancels_the_generation(stream):
    import uvicorn

    engine = Endless()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = uvicorn.Server(uvicorn.Config(make_app(engine, "endless"), log_level=100, lifespan="off"))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1/completions"
        with pytest.raises(httpx2.ReadTimeout):
            httpx2.post(url, json={"prompt": "x", "stream": stream}, timeout=0.5)
        assert engine.asked.is_set()
        assert engine.given_up.wait(3)
        server.should_exit = True
        thread.join(5)


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_signals_end_it_cleanly_even_while_it_answers(tmp_path, number, status):
    slow = tmp_path / "slow.jsonl"
    slow.write_text(json.dumps({"text": "never", "delay_s": 3600, "repeat": True}))
    with serving("--model", f"scripted:{slow}", "--name", "slow", "--api-key", "secret") as (url, process):
        assert url.startswith("http://127.0.0.1:")
        assert httpx2.get(f"{url}/models").status_code == 401
        assert httpx2.get(f"{url}/models", headers={"authorization": "Bearer secret"}).status_code == 200

        def ask() -> None:
            with pytest.raises(httpx2.HTTPError):
                body = {"prompt": "x", "stream": True}
                httpx2.post(
                    f"{url}/completions", json=body, headers={"authorization": "Bearer secret"}
                ).raise_for_status()

        client = threading.Thread(target=ask)
        client.start()
        time.sleep(0.3)
        process.send_signal(number)
        assert process.wait(10) == status
        assert process.stderr.read() == ""
        client.join(10)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [(["--model", "mikro"], "did you mean micro?"), (["--port", "{taken}"], "cannot listen on 127.0.0.1")],
)
def test_it_says_why_it_cannot_start(arguments, message):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        arguments = [word.format(taken=taken.getsockname()[1]) for word in arguments]
        command = [sys.executable, "-m", "agent", "serve", *arguments]
        done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert message in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
