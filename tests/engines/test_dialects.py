# ruff: noqa: E501  # errors as servers write them
"""Every sample arrives although an HTTP server refuses a parameter, in whatever words, or answers in an odd form."""

from __future__ import annotations

import asyncio
import gc
import json
import logging
import socket
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

from engines import ChatPrompt, Completion, EngineError, HttpOptions, Message, Request, Sampling, open_engine
from engines.http.server import Server
from engines.spec import parse_spec
from tests.engines.rule_server import TEXT, Rule, RuleServer, chunk, sse

CASES = Path(__file__).parents[3] / "shared" / "cases"
CHAT = ChatPrompt((Message("system", "You write programs."), Message("user", "Add the numbers.")))
SAMPLING = Sampling(temperature=0.8, top_p=0.9, top_k=20, seed=3, stop=("<END>",), max_tokens=200)
ONCE = HttpOptions(retries=0, logprobs=True, connect_s=5, first_token_s=10, idle_s=10)


@pytest.fixture(scope="module")
def server() -> Iterator[RuleServer]:
    with RuleServer() as running:
        yield running


async def sample(spec: str, n: int = 1, options: HttpOptions = ONCE, sampling: Sampling = SAMPLING) -> list[Completion]:
    engine = await open_engine(spec, options)
    try:
        done = [completion async for completion in engine.complete([Request("k", CHAT, n, sampling)])]
    finally:
        await engine.close()
    return sorted(done, key=lambda completion: completion.index)


def texts(done: list[Completion]) -> list[str]:
    return [completion.text or completion.error for completion in done]


def openai(message: str, **fields: object) -> dict[str, object]:
    """An error in OpenAI's shape."""
    return {"error": {"message": message, "type": "invalid_request_error", **fields}}


def refusal(who: str, refuse: str, status: int, error: object, left_out: str = "") -> object:
    return pytest.param(refuse, status, error, left_out or refuse, id=who)


# What servers say when they refuse a parameter, in the words that public reports quote. Requests are then sent without
# the parameter that the last argument names; by default, that is the refused one.
REFUSALS = [
    refusal("openai-top_p", "top_p", 400, openai("Unsupported parameter: 'top_p' is not supported with this model.", param="top_p", code="unsupported_parameter")),
    refusal("openai-temperature", "temperature", 400, openai("Unsupported value: 'temperature' does not support 0.8 with this model. Only the default (1) value is supported.", param="temperature", code="unsupported_value")),
    refusal("openai-max_tokens", "max_tokens", 400, openai("Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.", param="max_tokens", code="unsupported_parameter")),
    refusal("openai-stream", "stream", 400, openai("Your organization must be verified to stream this model.", param="stream", code="unsupported_value")),
    refusal("anthropic-both", "both", 400, {"type": "error", "error": {"type": "invalid_request_error", "message": "`temperature` and `top_p` cannot both be specified for this model. Please use only one."}, "request_id": "req_1"}, "top_p"),
    refusal("bedrock-both", "both", 400, openai('litellm.BadRequestError: BedrockException - {"message":"The model returned the following errors: `temperature` and `top_p` cannot both be specified for this model. Please use only one."}'), "top_p"),
    refusal("mistral-seed", "seed", 422, {"object": "error", "message": {"detail": [{"type": "extra_forbidden", "loc": ["body", "seed"], "msg": "Extra inputs are not permitted", "input": 3}]}, "type": "invalid_request_error", "param": None, "code": None}),
    refusal("mistral-proxy-top_k", "top_k", 422, {"object": "error", "message": '{"detail":[{"type":"extra_forbidden","loc":["body","top_k"],"msg":"Extra inputs are not permitted","input":20}]}', "type": "internal_error_proxy", "param": None, "code": "1000"}),
    refusal("vllm-stream_options", "stream_options", 400, {"object": "error", "message": "[{'type': 'extra_forbidden', 'loc': ('body', 'stream_options'), 'msg': 'Extra inputs are not permitted', 'input': {'include_usage': True}}]", "type": "BadRequestError", "param": None, "code": 400}),
    refusal("gemini-seed", "seed", 400, [{"error": {"code": 400, "message": 'Invalid JSON payload received. Unknown name "frequency_penalty": Cannot find field.\nInvalid JSON payload received. Unknown name "seed": Cannot find field.', "status": "INVALID_ARGUMENT"}}]),
    refusal("gemini-top_k", "top_k", 400, [{"error": {"code": 400, "message": 'Invalid JSON payload received. Unknown name "top_k": Cannot find field.', "status": "INVALID_ARGUMENT", "details": [{"fieldViolations": [{"description": "x"}]}]}}]),
    refusal("litellm-logprobs", "logprobs", 400, openai("litellm.UnsupportedParamsError: ollama_chat does not support parameters: ['logprobs'], for model=llama3.1:70b. To drop these, set `litellm.drop_params=True`.", code="400")),
    refusal("litellm-fastapi", "logprobs", 500, {"detail": "LiteLLM.Exception: Unsupported parameters passed: logprobs."}),
    refusal("azure-logprobs", "logprobs", 400, openai("logprobs, best_of and echo parameters are not available on gpt-35-turbo model. Please remove the parameter and try again.", code=None)),
    refusal("tgi-top_p", "top_p", 422, {"error": "Input validation error: `top_p` must be > 0.0 and < 1.0", "error_type": "validation"}),
    refusal("tgi-stop", "stop", 422, {"error": "Input validation error: `stop` supports up to 0 stop sequences. Given: 1", "error_type": "validation"}),
    refusal("openrouter-404", "top_k", 404, {"error": {"message": "No endpoints found that can handle the requested parameters.", "code": 404}}),
    refusal("sglang-text", "stop", 501, "stop sequences are not implemented"),
    refusal("flask-html", "seed", 500, "<!doctype html><html><head><title>500 Internal Server Error</title></head><body>TypeError: got an unexpected keyword argument 'seed'</body></html>", "seed"),
    refusal("unnamed", "seed", 400, openai("Bad request")),
    refusal("bare-500", "top_k", 500, "Internal Server Error"),
    refusal("unnamed-stream", "stream", 400, "Bad Request"),
    refusal("allowed-list", "top_k", 400, openai("unexpected field 'top_k'. Allowed fields: model, messages, seed, stop, top_p, temperature")),
    refusal("list-of-errors", "top_k", 400, {"errors": [{"code": 7009, "message": "AiError: unknown property top_k"}], "success": False}),
]  # fmt: skip


@pytest.mark.parametrize(("refuse", "status", "error", "left_out"), REFUSALS)
async def test_a_refused_parameter_is_left_out_and_that_is_remembered(server, refuse, status, error, left_out):
    rule = Rule(refuse=refuse, status=status, error=error)
    engine = await open_engine(server.spec(rule), ONCE)
    done = [c async for c in engine.complete([Request("a", CHAT, 1, SAMPLING)])]
    count = len(rule.requests)
    done += [c async for c in engine.complete([Request("b", CHAT, 1, SAMPLING)])]
    await engine.close()
    assert texts(done) == [TEXT, TEXT]
    assert len(rule.requests) == count + 1
    sent = rule.requests[-1][1]
    assert left_out not in sent
    kept = {"temperature", "top_p", "top_k", "seed", "stop"} - {left_out}
    assert kept <= sent.keys(), "an innocent parameter was left out"


@pytest.mark.parametrize("refuse", ["top_p=1", "n=1", "null", "empty", "top_p", "seed"])
async def test_neutral_parameters_are_not_sent(server, refuse):
    rule = Rule(refuse=refuse, status=422, error=openai("`top_p` must be > 0.0 and < 1.0"))
    assert texts(await sample(server.spec(rule), sampling=Sampling(), options=HttpOptions(retries=0))) == [TEXT]
    [(_, body)] = rule.requests
    assert body.keys() == {"model", "messages", "stream", "stream_options", "temperature", "max_tokens"}


@pytest.mark.parametrize("owner", ["vllm", "sglang", "llamacpp", "library", "organization_owner"])
async def test_a_server_with_defaults_of_the_models_own_is_told_top_p_1(server, owner):
    rule = Rule(owner=owner)
    assert texts(await sample(server.spec(rule), sampling=Sampling())) == [TEXT]
    assert rule.requests[0][1]["top_p"] == 1


async def test_a_parameter_that_changes_the_samples_is_not_left_out_in_silence(server, caplog):
    rule = Rule(refuse="temperature", error=openai("temperature is not supported"))
    with caplog.at_level(logging.WARNING):
        await sample(server.spec(rule))
    assert "does not accept temperature: requests are sent without" in caplog.text


@pytest.mark.parametrize(
    ("status", "error"),
    [
        pytest.param(500, {"error": {"code": 500, "message": "Only one completion choice is allowed", "type": "server_error"}}, id="llama.cpp"),
        pytest.param(400, openai("'n' : number must be at most 1", code="invalid_value"), id="groq"),
        pytest.param(400, openai("together_ai does not support parameters: {'n': 2}"), id="litellm"),
        pytest.param(422, {"detail": [{"loc": ["body", "n"], "msg": "ensure this value is less than 2"}]}, id="fastapi"),
        pytest.param(400, "Bad Request", id="unnamed"),
        pytest.param(500, "Internal Server Error", id="unnamed-500"),
        pytest.param(501, {"error": "not implemented"}, id="501"),
    ],
)  # fmt: skip
async def test_several_samples_are_asked_for_one_by_one_where_n_is_refused(server, status, error):
    rule = Rule(refuse="n>1", status=status, error=error)
    assert texts(await sample(server.spec(rule), 3)) == [TEXT] * 3
    assert [body.get("n", 1) for _, body in rule.requests] == [3, 1, 1, 1]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        pytest.param(400, {"object": "error", "message": "System role not supported", "type": "BadRequestError", "param": None, "code": 400}, id="vllm-gemma"),
        pytest.param(400, openai("Conversation roles must alternate user/assistant/user/assistant/..."), id="vllm-mistral"),
        pytest.param(500, {"error": {"code": 500, "message": "Jinja Exception: System role not supported", "type": "server_error"}}, id="llama.cpp"),
        pytest.param(422, {"error": "Template error: invalid operation: System role not supported (in <string>:1)", "error_type": "template_error"}, id="tgi"),
        pytest.param(400, [{"error": {"code": 400, "message": "Developer instruction is not enabled for models/gemma-3-27b-it", "status": "INVALID_ARGUMENT"}}], id="gemini"),
        pytest.param(400, openai("Unsupported value: 'messages[0].role' does not support 'system' with this model.", param="messages[0].role"), id="openai-o1"),
        pytest.param(400, "Bad Request", id="unnamed"),
    ],
)  # fmt: skip
async def test_a_refused_system_message_is_put_before_the_users(server, status, error):
    rule = Rule(refuse="system", status=status, error=error)
    assert texts(await sample(server.spec(rule))) == [TEXT]
    assert rule.requests[-1][1]["messages"] == [
        {"role": "user", "content": "You write programs.\n\nAdd the numbers."},
    ]
    assert rule.requests[-1][1]["top_k"] == 20


@pytest.mark.parametrize(
    "error",
    [
        pytest.param(openai("max_tokens is too large: 200. This model supports at most 99 completion tokens, whereas you provided 200.", param="max_tokens"), id="openai"),
        pytest.param(openai("Invalid max_tokens value, the valid range of max_tokens is [1, 99]"), id="deepseek"),
        pytest.param(openai("`max_tokens` must be less than or equal to `99`, the maximum value for this model"), id="groq"),
        pytest.param({"type": "error", "error": {"type": "invalid_request_error", "message": "max_tokens: 200 > 99, which is the maximum allowed number of output tokens"}}, id="anthropic"),
        pytest.param(openai("This model's maximum context length is 128 tokens. However, you requested 229 tokens (29 in the messages, 200 in the completion).", param="messages", code="context_length_exceeded"), id="context"),
        pytest.param({"object": "error", "message": "'max_tokens' or 'max_completion_tokens' is too large: 200. This model's maximum context length is 128 tokens and your request has 29 input tokens", "code": 400}, id="vllm"),
    ],
)  # fmt: skip
async def test_a_limit_that_is_too_large_is_left_out_of_that_request_alone(server, error):
    rule = Rule(refuse="limit>99", error=error)
    engine = await open_engine(server.spec(rule), ONCE)
    for limit in (200, 50):
        request = Request("k", CHAT, 1, Sampling(max_tokens=limit))
        assert texts([c async for c in engine.complete([request])]) == [TEXT]
    await engine.close()
    assert "max_tokens" not in rule.requests[-2][1]
    assert rule.requests[-1][1]["max_tokens"] == 50


@pytest.mark.parametrize(
    ("error", "words"),
    [
        pytest.param({"error": {"message": "Provider returned error", "code": 429, "metadata": {"raw": "toy is rate-limited upstream, retry shortly"}}}, "HTTP 429: Provider returned error: toy is rate-limited upstream", id="openrouter"),
        pytest.param({"error": "model is loading"}, "model is loading", id="text"),
        pytest.param([{"error": {"code": 503, "message": "The model is overloaded."}}], "HTTP 503: The model is overloaded.", id="gemini-list"),
        pytest.param({"object": "error", "message": "out of memory", "type": "InternalServerError", "code": 500}, "HTTP 500: out of memory", id="vllm"),
        pytest.param({"detail": "upstream timed out"}, "upstream timed out", id="fastapi"),
        pytest.param({"error": {"type": "overloaded_error", "message": "Overloaded"}, "type": "error"}, "Overloaded", id="anthropic"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("form", ["json", "event", "named-event", "after-text"])
async def test_an_error_inside_an_answer_is_one_that_is_asked_again(server, error, words, form):
    content = {
        "json": json.dumps(error).encode(),
        "event": sse(error),
        "named-event": b"event: error\n" + sse(error),
        "after-text": sse(chunk("half", None), error),
    }[form]
    answers = iter([content])
    rule = Rule(answer=lambda body: next(answers, sse(chunk())), kind="text/event-stream")
    again = HttpOptions(retries=1, backoff_s=0.01)
    assert texts(await sample(server.spec(rule), options=again)) == [TEXT]
    lasting = Rule(answer=lambda body: content)
    [done] = await sample(server.spec(lasting))
    assert words in done.error
    assert done.finish == "error"


@pytest.mark.parametrize(
    ("status", "error", "words"),
    [
        pytest.param(502, "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>", "HTTP 502: 502 Bad Gateway", id="nginx"),
        pytest.param(403, "<html><body><h1>Access denied</h1></body></html>", "HTTP 403: Access denied", id="html-without-title"),
        pytest.param(400, {"error": "model overloaded with context"}, "HTTP 400: model overloaded with context", id="text"),
        pytest.param(400, ["context is full"], "HTTP 400: context is full", id="list"),
        pytest.param(429, {"message": "Too many requests"}, "HTTP 429: Too many requests", id="message"),
        pytest.param(500, "", "HTTP 500: no reason given", id="empty"),
        pytest.param(402, {"error": {"message": "Insufficient Balance", "type": "unknown_error", "code": "invalid_request_error"}}, "HTTP 402: Insufficient Balance", id="deepseek"),
    ],
)  # fmt: skip
async def test_an_error_of_any_shape_is_told_in_one_line(server, status, error, words):
    [done] = await sample(server.spec(Rule(refuse="always", status=status, error=error)))
    assert done.error.startswith(words)
    assert "\n" not in done.error
    assert "{" not in done.error


END = chunk("", "stop")
FIELDS_AROUND_TEXT = {
    "choices_null": sse({"choices": None}, chunk(TEXT, None), END),
    "choices_missing": sse({"id": "1", "object": "ping"}, chunk(TEXT, None), END),
    "choices_empty": sse({"choices": [], "prompt_filter_results": [{}]}, chunk(TEXT, None), END),
    "choices_object": sse({"choices": chunk()["choices"][0]}),
    "choices_of_nothing": sse({"choices": [None]}, chunk(TEXT, None), END),
    "first_is_null": sse(None, chunk(TEXT, None), END),
    "index_null": sse(chunk(index=None)),
    "index_text": sse(chunk(index="0")),
    "index_one": sse(chunk(TEXT, None, 1), chunk("", "stop", 1)),
    "index_float": sse(chunk(index=0.0)),
    "index_huge": sse(chunk(index=1e999)),
    "index_missing": sse({"choices": [{"delta": {"content": TEXT}, "finish_reason": "stop"}]}),
    "finish_null": sse(chunk(TEXT, None)),
    "finish_missing": sse({"choices": [{"index": 0, "delta": {"content": TEXT}}]}),
    "finish_null_as_text": sse(chunk(TEXT[:5], "null"), chunk(TEXT[5:], "null")),
    "finish_empty": sse(chunk(TEXT[:5], ""), chunk(TEXT[5:], "")),
    "finish_object": sse(chunk(TEXT, {"type": "stop"})),
    "finish_unknown": sse(chunk(TEXT, "eos_token")),
    "finish_early": sse(chunk(TEXT[:5], "stop"), chunk(TEXT[5:], "stop")),
    "finish_without_done": sse(chunk(), done=False),
    "usage_partial": sse(chunk(TEXT, None), chunk("", "stop") | {"usage": {"total_tokens": 30}}),
    "usage_null_counts": sse(chunk() | {"usage": {"prompt_tokens": None, "completion_tokens": None}}),
    "usage_text": sse(chunk() | {"usage": "n/a"}),
    "usage_huge": sse(chunk(TEXT, None) | {"usage": {"prompt_tokens": 1e999, "completion_tokens": -1}}, END),
    "usage_everywhere": sse(*(chunk(part, None) | {"usage": {"prompt_tokens": 5, "completion_tokens": 1}} for part in (TEXT[:5], TEXT[5:])), END),
    "usage_list": sse(chunk() | {"usage": []}),
    "logprobs_text": sse(chunk(logprobs="none")),
    "logprobs_null_inside": sse(chunk(logprobs={"content": [{"token": "a", "logprob": None}]})),
    "logprobs_without_numbers": sse(chunk(logprobs={"content": [{"token": "a"}]})),
    "logprobs_partly": sse(chunk(TEXT[:5], None, logprobs={"content": [{"logprob": -1}]}), chunk(TEXT[5:])),
    "logprobs_list": sse(chunk(logprobs=[-1.0])),
    "comments": b": OPENROUTER PROCESSING\n\n" * 3 + sse(chunk()),
    "no_blank_lines": sse(chunk(TEXT[:5], None), chunk(TEXT[5:])).replace(b"\n\n", b"\n"),
    "carriage_returns": sse(chunk(TEXT[:5], None), chunk(TEXT[5:])).replace(b"\n", b"\r\n"),
    "no_space": sse(chunk()).replace(b"data: ", b"data:"),
    "named_events": sse(chunk(TEXT[:5], None), chunk(TEXT[5:])).replace(b"data: ", b"event: message\nid: 1\ndata: "),
    "lines_of_json": b"\n".join(json.dumps(c).encode() for c in (chunk(TEXT[:5], None), chunk(TEXT[5:]))),
    "whole": json.dumps({"choices": [{"message": {"content": TEXT}}]}).encode(),
    "whole_with_mark": b"\xef\xbb\xbf" + json.dumps({"choices": [{"message": {"content": TEXT}, "finish_reason": "stop"}]}, indent=1).encode(),
    "repeated_at_the_end": sse(chunk(TEXT, None), {"choices": [{"index": 0, "message": {"content": TEXT}, "finish_reason": "stop"}]}),
    "delta_null": sse({"choices": [{"index": 0, "delta": None, "finish_reason": None}]}, chunk()),
}  # fmt: skip
CONTENTS = {
    "parts": [{"type": "text", "text": TEXT}],
    "several_parts": [{"type": "text", "text": TEXT[:9]}, {"type": "text", "text": TEXT[9:]}],
    "texts": [TEXT[:9], TEXT[9:]],
    "object": {"type": "text", "text": TEXT},
    "output_text": [{"type": "output_text", "text": TEXT, "annotations": []}],
    "thinking_part": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}, {"type": "text", "text": TEXT}],
    "null_part": [None, {"type": "text", "text": TEXT}],
}  # fmt: skip


@pytest.mark.parametrize("kind", ["text/event-stream", "application/json", "text/plain"])
@pytest.mark.parametrize("form", FIELDS_AROUND_TEXT)
async def test_text_is_read_in_full_whatever_the_fields_around_it(server, form, kind):
    [done] = await sample(server.spec(Rule(answer=lambda _: FIELDS_AROUND_TEXT[form], kind=kind)))
    assert (done.text, done.finish, done.error) == (TEXT, "stop", "")


@pytest.mark.parametrize("form", CONTENTS)
async def test_content_in_parts_is_text(server, form):
    whole = json.dumps({"choices": [{"index": 0, "message": {"content": CONTENTS[form]}}]}).encode()
    for content in (sse(chunk(CONTENTS[form], None), END), whole):
        assert texts(await sample(server.spec(Rule(answer=lambda _, said=content: said)))) == [TEXT]


REASONING = {
    "deepseek": {"content": None, "reasoning_content": "hm"},
    "openrouter": {"content": "", "reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
    "details-alone": {"content": "", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
    "ollama": {"content": "", "thinking": "hm"},
    "mistral": {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]}]},
    "qwen": {"reasoning_content": "hm"},
}


@pytest.mark.parametrize("form", REASONING)
async def test_an_answer_cut_inside_its_reasoning_is_told_from_one_that_began(server, form):
    thought = {"choices": [{"index": 0, "delta": REASONING[form], "finish_reason": None}]}
    [cut] = await sample(server.spec(Rule(answer=lambda _: sse(thought, chunk("", "length")))))
    assert (cut.text, cut.finish) == ("<think>\nhm", "length")
    [done] = await sample(server.spec(Rule(answer=lambda _: sse(thought, chunk()))))
    assert (done.text, done.finish) == (TEXT, "stop")
    [alone] = await sample(server.spec(Rule(answer=lambda _: sse(thought, chunk("", "stop")))))
    assert (alone.text, alone.finish) == ("hm", "stop")


@pytest.mark.parametrize(
    ("path", "written"),
    [
        ("/v1/chat/completions?api-version=1", "/v1?api-version=1"),
        ("/v1/chat/completions?api-version=1", "/v1/chat/completions?api-version=1"),
        ("/v1/chat/completions?api-version=1&x=", "?api-version=1&x="),
        ("/openai/deployments/d/chat/completions?api-version=2024-10-21", "/openai/deployments/d?api-version=2024-10-21"),
        ("/v1/chat/completions", ""),
        ("/v1/chat/completions", "/"),
        ("/v1/chat/completions", "/v1/"),
        ("/chat/completions", "/v1"),
        ("/chat/completions", ""),
        ("/api/v1/chat/completions", "/api"),
        ("/v1beta/openai/chat/completions", "/v1beta/openai/"),
    ],
)  # fmt: skip
async def test_an_address_is_taken_with_its_query_with_and_without_v1(server, path, written):
    rule = Rule(path=path)
    assert texts(await sample(f"{server.url(rule)}{written}#toy")) == [TEXT]
    assert rule.requests[-1][0] == path


@pytest.mark.parametrize(
    "missing",
    [
        "404 page not found",
        "<html><head><title>404 Not Found</title></head></html>",
        openai("Invalid URL (POST /chat/completions)"),
        {"error": "Unexpected endpoint or method. (POST /chat/completions)"},
        {"error": {"message": "Unknown request URL: POST /chat/completions", "code": "unknown_url"}},
        {"detail": "Not Found: this server has /v1/models and /v1/chat/completions"},
    ],
)
async def test_a_path_that_does_not_exist_is_known_by_any_words(server, missing):
    assert texts(await sample(f"{server.url(Rule(missing=missing))}#toy")) == [TEXT]


async def test_a_web_page_in_between_does_not_lead_to_another_path(server):
    answers = iter([b"<html><title>Please log in</title></html>"])
    rule = Rule(answer=lambda body: next(answers, sse(chunk())))
    assert texts(await sample(server.spec(rule))) == [TEXT]
    assert [path for path, _ in rule.requests] == ["/v1/chat/completions", "/chat/completions", "/v1/chat/completions"]


def test_an_answer_from_the_first_path_ends_the_trial_of_another(server):
    first = f"{server.url(Rule())}/v1"
    tried = Server(parse_spec(f"{first}#toy"), HttpOptions())
    assert tried.try_other_path(first)
    other = tried.url
    assert other != first
    tried.answered_at(first)
    assert tried.url == first
    assert tried.try_other_path(other), "a request to the other path is made again, to the one that answers"
    assert not tried.try_other_path(first)


async def test_a_server_without_any_such_path_is_told_as_it_was_written(server):
    [done] = await sample(server.spec(Rule(path="/elsewhere")))
    assert done.error == "HTTP 404: Not Found"


async def test_the_prompt_counts_for_each_request_that_is_answered(server):
    spec = server.spec(Rule(refuse="n>1", error="n must be 1"))
    assert sorted(c.usage.prompt_tokens for c in await sample(spec, n=3)) == [7, 7, 7]
    assert sorted(c.usage.prompt_tokens for c in await sample(server.spec(Rule()), n=3))[:2] == [0, 0]


async def test_the_prompt_counts_where_the_first_sample_is_lost(server):
    def second_alone(body):
        if body.get("n", 1) == 1:
            return sse(chunk(TEXT[:9], None), done=False)
        return sse(chunk(TEXT[:9], None, 0), chunk(TEXT, "stop", 1), done=False)

    lost, kept = await sample(server.spec(Rule(answer=second_alone)), 2, HttpOptions(retries=1, backoff_s=0))
    assert (lost.finish, kept.text) == ("error", TEXT) and kept.usage.prompt_tokens > 0


async def test_keep_alive_comments_are_signs_of_life(server):
    alive = [piece for _ in range(6) for piece in (b": keep-alive\n\n", 0.2)]
    middle = [sse(chunk(TEXT[:9], None), done=False), *alive, sse(chunk(TEXT[9:]))]
    options = HttpOptions(retries=0, first_token_s=0.7, idle_s=0.7)
    for pieces in ([*alive, sse(chunk())], middle):
        assert texts(await sample(server.spec(Rule(pieces=pieces)), options=options)) == [TEXT]


async def test_a_slow_server_with_a_queue_is_waited_for(server):
    rule = Rule(serial_s=0.25)
    engine = await open_engine(server.spec(rule), HttpOptions(retries=0, first_token_s=1.5, per_request=1))
    done = [c async for c in engine.complete([Request(str(number), CHAT) for number in range(16)])]
    await engine.close()
    assert texts(done) == [TEXT] * 16
    assert len(rule.requests) == 16, "a request was sent again"


async def test_a_server_that_works_for_others_is_waited_for(server):
    """Nothing that it does for others can be seen from here, so the wait is as long as the option says."""
    spec = server.spec(Rule(serial_s=0.6))
    patient, hasty = (HttpOptions(retries=0, first_token_s=wait_s) for wait_s in (10, 1))
    others = [asyncio.create_task(sample(spec)) for _ in range(4)]
    await asyncio.sleep(0.1)
    waited, lost = await asyncio.gather(sample(spec, options=patient), sample(spec, options=hasty))
    await asyncio.gather(*others)
    assert texts(waited) == [TEXT] and lost[0].finish == "error"
    assert HttpOptions().first_data_s >= 600, "the time that OpenAI's own client waits"


@pytest.fixture
def no_proxies(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    # Once imported while a test hides socksio, it would have no SOCKS for the tests after that one.
    import_module("httpcore2")
    for name in ("http", "https", "all", "no"):
        monkeypatch.delenv(f"{name}_proxy", raising=False)
        monkeypatch.delenv(f"{name.upper()}_PROXY", raising=False)
    return monkeypatch


@pytest.mark.parametrize("without", [True, False], ids=["without-socks", "with-socks"])
async def test_no_proxy_is_honoured_whatever_the_proxy(server, no_proxies, without, caplog):
    if without:
        no_proxies.setitem(sys.modules, "socksio", None)
    no_proxies.setenv("NO_PROXY", "127.0.0.1")
    for proxy in (
        "socks5://127.0.0.1:9",
        "socks5h://127.0.0.1:9",
        "http://127.0.0.1:9",
        "socks://127.0.0.1:9",
        "no url",
        "http://127.0.0.1:port",
    ):
        no_proxies.setenv("ALL_PROXY", proxy)
        assert texts(await sample(server.spec(Rule()))) == [TEXT]
    gc.collect()
    await asyncio.sleep(0)
    assert "never retrieved" not in caplog.text, (
        "a client was discarded whose construction had failed, which logs an error"
    )


@pytest.mark.parametrize(
    ("proxy", "reason"),
    [
        ("socks5://127.0.0.1:9", r"in ALL_PROXY: .* pip install 'cure-agent\[socks\]'; or name 127.0.0.1 in NO_PROXY"),
        ("ftp://127.0.0.1:9", r"in ALL_PROXY: .*ftp.*; or name 127.0.0.1 in NO_PROXY"),
        ("http://127.0.0.1:port", r"in ALL_PROXY: Invalid port: 'port'; or name 127.0.0.1 in NO_PROXY"),
    ],
)
async def test_a_proxy_that_cannot_be_used_is_told_in_one_line(server, no_proxies, proxy, reason):
    no_proxies.setitem(sys.modules, "socksio", None)
    no_proxies.setenv("ALL_PROXY", proxy)
    with pytest.raises(EngineError, match=reason) as raised:
        await open_engine(server.spec(Rule()))
    assert raised.value.exit_code == 5


async def test_a_proxy_that_is_not_there_is_told(server, no_proxies):
    pytest.importorskip("socksio", reason="needs httpx2[socks] (extra: socks)")
    for proxy in ("socks5://127.0.0.1:9", "http://127.0.0.1:9"):
        no_proxies.setenv("ALL_PROXY", proxy)
        [done] = await sample(server.spec(Rule()))
        assert done.error.startswith("cannot connect to ")


async def test_requests_go_through_a_socks_proxy(server, no_proxies):
    pytest.importorskip("socksio", reason="needs httpx2[socks] (extra: socks)")
    connected: list[tuple[str, int]] = []

    async def relay(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """SOCKS 5 (RFC 1928) without authentication, for IPv4 addresses and names."""
        _, count = await reader.readexactly(2)
        await reader.readexactly(count)
        writer.write(b"\x05\x00")
        _, _, _, kind = await reader.readexactly(4)
        host = socket.inet_ntoa(await reader.readexactly(4)) if kind == 1 else ""
        host = host or (await reader.readexactly((await reader.readexactly(1))[0])).decode()
        port = int.from_bytes(await reader.readexactly(2), "big")
        connected.append((host, port))
        inner, outer = await asyncio.open_connection(host, port)
        writer.write(b"\x05\x00\x00\x01" + bytes(6))

        async def pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
            while data := await source.read(65536):
                target.write(data)
            target.close()

        await asyncio.gather(pump(reader, outer), pump(inner, writer), return_exceptions=True)

    async with await asyncio.start_server(relay, "127.0.0.1", 0) as proxy:
        no_proxies.setenv("ALL_PROXY", f"socks5://127.0.0.1:{proxy.sockets[0].getsockname()[1]}")
        assert texts(await sample(server.spec(Rule()))) == [TEXT]
    assert set(connected) == {("127.0.0.1", server.server_address[1])}


@pytest.mark.skipif(not CASES.is_dir(), reason="the stored cases are not on this machine")
@pytest.mark.parametrize(
    "name",
    ["choices_null", "content_parts", "error_is_text", "index_null", "n_refused_500", "no_finish_reason", "system_refused",
     "top_p_one_refused", "top_p_refused", "url_query", "usage_partial"],
)  # fmt: skip
async def test_a_stored_case_gives_its_right_value(server, name):
    case = json.loads((CASES / name / "case.json").read_text().replace('"@TEXT"', json.dumps(TEXT)))
    refuse = case.get("refuse", {})
    rule = Rule(
        refuse=refuse.get("if", ""),
        status=refuse.get("status", 400),
        error=refuse.get("body"),
        path=case.get("path", "/v1/chat/completions"),
        answer=(lambda _: sse(*case["sse"])) if "sse" in case else None,
    )
    spec = f"{server.url(rule)}/v1{case.get('query', '')}#toy"
    assert texts(await sample(spec, 2 if name == "n_refused_500" else 1)) == [TEXT] * (
        2 if name == "n_refused_500" else 1
    )
