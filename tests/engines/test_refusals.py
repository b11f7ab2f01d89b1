# ruff: noqa: E501  # errors as servers write them
"""What a refusal is about, read out of the words and statuses of many servers, without sending anything."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from engines.http.dialect import SYSTEM, Dialect, is_about_context, is_about_size, may_name
from engines.http.report import is_error, read_report
from engines.http.retry import Patience, status_failure

SENT = {
    "temperature",
    "top_p",
    "top_k",
    "seed",
    "stop",
    "n",
    "logprobs",
    "stream",
    "stream_options",
    "max_tokens",
    SYSTEM,
}


def said(message: str, **fields: object) -> dict[str, object]:
    return {"error": {"message": message, **fields}}


REFUSED = {
    "go": ("stop", 400, said("json: cannot unmarshal array into Go struct field ChatCompletionRequest.stop of type string")),
    "go-unknown": ("seed", 400, 'Bad request: json: unknown field "seed"\n'),
    "asp.net": ("top_k", 400, {"title": "One or more validation errors occurred.", "status": 400, "errors": {"top_k": ["The JSON value could not be converted."]}}),
    "capitals": ("top_k", 400, {"Error": {"Code": "InvalidParameter", "Message": "top_k is not supported"}}),
    "laravel": ("seed", 422, {"message": "The given data was invalid.", "errors": {"seed": ["The field is prohibited."]}}),
    "django": ("seed", 400, {"seed": ["This field is unknown."]}),
    "google-violations": ("seed", 400, [said("Request contains an invalid argument.", details=[{"fieldViolations": [{"field": "generation_config.seed", "description": "Invalid value"}]}])]),
    "minimax": ("seed", 200, {"choices": None, "base_resp": {"status_code": 2013, "status_msg": "invalid params, seed is not supported"}}),
    "pydantic": ("seed", 400, said("1 validation error for ChatCompletionRequest\nseed\n  Extra inputs are not permitted [type=extra_forbidden, input_value=3, input_type=int]")),
    "nim": ("n", 422, {"title": "Unprocessable Entity", "status": 422, "detail": "body -> n\n  Extra inputs are not permitted (type=extra_forbidden)"}),
    "forbidden": ("stream", 403, said("stream is not allowed for this key")),
    "method": ("seed", 405, {"error": "seed is not supported"}),
    "conflict": ("top_k", 409, said("unsupported parameter: top_k")),
    "precondition": ("top_k", 412, said("unsupported parameter: top_k")),
    "missing": ("n", 404, said("n is not supported")),
    "gateway": ("logprobs", 502, said("upstream answered 400: unknown parameter logprobs")),
    "candidates": ("n", 400, said("Multiple candidates is not enabled for this model")),
    "new-tokens": ("max_tokens", 422, {"error": "Input validation error: `max_new_tokens` must be strictly positive"}),
    "camel": ("max_tokens", 400, said("Unable to submit request because it has a maxOutputTokens value of 200")),
    "bedrock-system": (SYSTEM, 400, {"message": "This model doesn't support the system field. Remove system and try again."}),
    "anthropic-system": (SYSTEM, 400, said('messages: Unexpected role "system". The Messages API accepts a top-level `system` parameter')),
    "gemini-roles": (SYSTEM, 400, said("Please use a valid role: user, model.")),
    "start-with-user": (SYSTEM, 500, said("Jinja Exception: Conversations must start with a user prompt")),
    "first-from-user": (SYSTEM, 500, said("First message must be from user")),
    "message-role": (SYSTEM, 400, said("Unexpected message role.")),
}  # fmt: skip


@pytest.mark.parametrize("form", REFUSED)
def test_the_refused_parameter_is_found_in_any_words_and_status(form: str) -> None:
    name, status, body = REFUSED[form]
    problem = status_failure(status, body, "http://server")
    assert may_name(problem.report, problem.status)
    assert Dialect().refused(problem.report, SENT) == name


NAMES_NOTHING = {
    "wrong-key": (401, said("You must stop using this key: top_p")),
    "money": (402, said("This request requires more credits, or fewer max_tokens.")),
    "load": (429, said("Too many requests: n must be lower")),
    "page": (404, "<html><title>Not found</title><body>stop! This page must have moved. " + "seed " * 200 + "</body></html>"),
    "unknown-path": (404, {"detail": "Not Found"}),
    "not-refused": (502, said("connection reset while n was read")),
}  # fmt: skip


@pytest.mark.parametrize("form", NAMES_NOTHING)
def test_words_of_parameters_in_other_errors_refuse_nothing(form: str) -> None:
    status, body = NAMES_NOTHING[form]
    report = status_failure(status, body, "http://server").report
    assert not (may_name(report, status) and Dialect().refused(report, SENT))


TOO_LONG = {
    "openai": said("This model's maximum context length is 128 tokens. However, you requested 229 tokens (29 in the messages, 200 in the completion). Please reduce the length of the messages or completion.", param="messages", code="context_length_exceeded"),
    "vllm-new": said("max_tokens=200 cannot be greater than max_model_len=max_total_tokens=128."),
    "tgi": {"error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 2048. Given: 1500 `inputs` tokens and 1024 `max_new_tokens`"},
    "together": said("Input validation error: `inputs` tokens + `max_new_tokens` must be <= 4097.", param="max_tokens"),
    "gemini": [said("it has a maxOutputTokens value of 200 but the supported range is from 1 (inclusive) to 100 (exclusive)")],
    "mistral": {"message": "Prompt contains 29 tokens and 0 draft tokens, too large for model with 128 maximum context length", "code": 3051},
    "sglang": {"message": "Requested token count exceeds the model's maximum context length of 128 tokens. You requested a total of 229 tokens"},
    "openrouter": said("This endpoint's maximum context length is 128 tokens. However, you requested about 229 tokens (29 of text input, 200 in the output)."),
    "deepseek": said("Failed to deserialize the JSON body: max_tokens: invalid value: integer `200`, expected value between 1 and 99"),
    "groq": said("`max_completion_tokens` must be less than or equal to `99`, the maximum value for `max_completion_tokens`"),
    "llama.cpp": said("the request exceeds the available context size, try increasing it", type="exceed_context_size_error", n_prompt_tokens=1407, n_ctx=256),
    "lm-studio": {"error": "Trying to keep the first 4500 tokens when context the overflows. However, the model is loaded with context length of only 4096 tokens"},
}  # fmt: skip


@pytest.mark.parametrize("form", TOO_LONG)
def test_a_limit_beyond_the_context_is_told_from_an_unknown_limit(form: str) -> None:
    report = read_report(TOO_LONG[form])
    name = Dialect().refused(report, SENT - {"n"})
    assert is_about_size(report) if name == "max_tokens" else is_about_context(report) and not name


ERRORS_IN_ANSWERS = {
    "beside-choices": ({"error": {"code": 502, "message": "Provider disconnected"}, "choices": [{"delta": {}, "finish_reason": "error"}]}, 502, "Provider disconnected"),
    "in-a-choice": ({"choices": [{"error": {"code": 502, "message": "it died"}, "message": {"content": "half"}}]}, 502, "it died"),
    "aws": ({"errorMessage": "Task timed out after 30.03 seconds", "errorType": "Runtime"}, 0, "Task timed out after 30.03 seconds"),
    "apigee": ({"fault": {"faultstring": "Rate limit quota violation", "detail": {"errorcode": "x"}}}, 0, "Rate limit quota violation"),
    "capitals": ({"Message": "User is not authorized", "Code": "AccessDenied"}, 0, "User is not authorized"),
    "tencent": ({"Response": {"Error": {"Code": "LimitExceeded", "Message": "too fast"}}}, 0, "too fast"),
    "minimax": ({"choices": None, "base_resp": {"status_code": 1002, "status_msg": "rate limit"}}, 0, "rate limit"),
    "status": ({"status": "error", "reason": "the GPU is gone"}, 0, "the GPU is gone"),
    "responses": ({"type": "response.failed", "response": {"error": {"code": "server_error", "message": "boom"}}}, 0, "boom"),
}  # fmt: skip
NO_ERRORS = {
    "ok-message": {"code": 200, "message": "ok", "choices": [{"message": {"content": "a"}}]},
    "usage": {"choices": [], "usage": {"prompt_tokens": 1}},
    "minimax-success": {"choices": None, "base_resp": {"status_code": 0, "status_msg": "success"}},
    "null-error": {"error": None, "choices": [{"delta": {"content": "a"}, "error": None}]},
    "id-alone": {"id": "x", "object": "ping"},
}


@pytest.mark.parametrize("form", ERRORS_IN_ANSWERS)
def test_an_error_in_place_of_an_answer_is_known_in_any_shape(form: str) -> None:
    body, status, words = ERRORS_IN_ANSWERS[form]
    report = read_report(body)
    assert (is_error(body), report.text, report.status) == (True, words, status)


@pytest.mark.parametrize("form", NO_ERRORS)
def test_an_answer_is_no_error_whatever_fields_it_has(form: str) -> None:
    assert not is_error(NO_ERRORS[form])


BUSY = {
    "llama.cpp": (503, said("Loading model", type="unavailable_error"), None),
    "hugging-face": (503, {"error": "Model toy is currently loading", "estimated_time": 20.0}, None),
    "ollama": (503, {"error": "server busy, please try again.  maximum pending requests exceeded"}, None),
    "anthropic": (529, {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, None),
    "openrouter": (429, said("Rate limit exceeded: 20 requests per minute", code=429), None),
    "groq-minutes": (429, said("Rate limit reached on tokens per minute (TPM): Limit 6000. Please try again in 2m59.56s. Visit the console"), 179.56),
    "openai-ms": (429, said("Rate limit reached for requests. Please try again in 450ms."), 0.45),
    "gemini": (429, said("You exceeded your current quota. Please retry in 34.07s."), 34.07),
    "azure": (429, said("have exceeded token rate limit of your pricing tier. Please retry after 24 seconds."), 24.0),
    "words": (429, said("Slow down, please wait 1 minute and 5 seconds"), 65.0),
}  # fmt: skip
SPENT = {
    "openrouter": (429, said("Rate limit exceeded: free-models-per-day. Add 10 credits to unlock 1000 free requests per day")),
    "openai": (429, said("You exceeded your current quota, please check your plan and billing details.", code="insufficient_quota")),
    "ollama": (429, {"error": "you have reached your weekly usage limit"}),
}  # fmt: skip
PATIENCE = Patience(backoff_s=0.5, most_backoff_s=30, patience_s=600, retries=5, longest_wait_s=300)


def waits(patience: Patience, failures: int, elapsed: float) -> Callable[[int, object], float | None]:
    return lambda status, body: patience.wait_s(status_failure(status, body, "u"), failures, elapsed, reached=True)


@pytest.mark.parametrize("form", BUSY)
def test_a_busy_server_is_asked_again_until_patience_ends(form: str) -> None:
    status, body, wait_s = BUSY[form]
    problem = status_failure(status, body, "http://server")
    assert problem.wait_s == (wait_s if wait_s is None else pytest.approx(wait_s))
    assert waits(PATIENCE, failures=40, elapsed=300)(status, body) is not None
    assert waits(PATIENCE, failures=40, elapsed=601)(status, body) is None
    unreached = PATIENCE.wait_s(problem, failures=40, elapsed_s=300, reached=False)
    assert (unreached is None) == (status == 429), "a quota of nothing was waited for"
    none = Patience(0.5, 30, 600, retries=0)
    assert waits(none, failures=1, elapsed=0)(status, body) is None, "--retries 0 was not kept"


@pytest.mark.parametrize("form", SPENT)
def test_a_limit_on_usage_is_told_at_once(form: str) -> None:
    assert waits(PATIENCE, failures=1, elapsed=0)(*SPENT[form]) is None


def test_a_server_that_only_fails_is_not_taken_for_a_busy_one() -> None:
    for status, body in ((500, said("out of memory")), (503, "<html><title>503 Service Unavailable</title></html>")):
        assert waits(PATIENCE, failures=5, elapsed=20)(status, body) is not None
        assert waits(PATIENCE, failures=6, elapsed=20)(status, body) is None
