"""Model specs: which are understood, and which error message an unknown spec gets."""

import pytest

from cure.prompts import style_for
from engines import EngineError, ModelSpecError, open_engine, parse_spec


@pytest.mark.parametrize(
    ("text", "kind", "name", "url"),
    [
        ("micro", "bundled", "micro", ""),
        ("openai:gpt-4.1-mini", "openai", "gpt-4.1-mini", ""),
        ("http://host:8000/v1#name", "http", "name", "http://host:8000/v1"),
        ("http://host:8000/v1/", "http", "", "http://host:8000/v1"),
        ("https://host/api/v1/chat/completions#a/b:c", "http", "a/b:c", "https://host/api/v1"),
        ("http://[::1]:8000/v1", "http", "", "http://[::1]:8000/v1"),
        ("hf:Qwen/Qwen3-4B", "hf", "Qwen/Qwen3-4B", ""),
        ("scripted:/a/b.jsonl", "scripted", "/a/b.jsonl", ""),
        ("vllm:Gen-Verse/ReasonFlux-Coder-7B", "vllm", "Gen-Verse/ReasonFlux-Coder-7B", ""),
        ("gguf:models/a.gguf", "gguf", "models/a.gguf", ""),
        ("gguf:Qwen/Qwen3-4B-GGUF:q4_k_m", "gguf", "Qwen/Qwen3-4B-GGUF:q4_k_m", ""),
        ("qwen2.5-coder-1.5b", "gguf", "qwen2.5-coder-1.5b", ""),
    ],
)
def test_valid_specs_are_taken_apart(text, kind, name, url):
    spec = parse_spec(text)
    assert (spec.kind, spec.name, spec.url, spec.text) == (kind, name, url, text)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("mikro", "did you mean micro?"),
        ("gpt-4.1-mini", "did you mean openai:gpt-4.1-mini?"),
        ("opanai:gpt-4.1", "did you mean openai:gpt-4.1?"),
        ("Qwen/Qwen3-4B", "did you mean hf:Qwen/Qwen3-4B?"),
        ("Qwen/Qwen3-4B-GGUF", "did you mean gguf:Qwen/Qwen3-4B-GGUF?"),
        ("models/a.gguf", "did you mean gguf:models/a.gguf?"),
        ("qwen2.5-coder-1.5", "did you mean qwen2.5-coder-1.5b?"),
        ("localhost:8000", "did you mean http://localhost:8000/v1?"),
        ("localhost:8000/v1", "did you mean http://localhost:8000/v1?"),
        ("hf:", "hf:PATH_OR_ID"),
        ("http:/host/v1", "http://HOST:PORT/v1#NAME"),
        ("http://host:port/v1", "http://HOST:PORT/v1#NAME"),
        ("", "write one of micro"),
        ("something else", "write one of micro"),
    ],
)
def test_an_unknown_spec_is_answered_with_the_nearest_valid_form(text, hint):
    with pytest.raises(ModelSpecError) as raised:
        parse_spec(text)
    assert hint in str(raised.value)
    assert raised.value.exit_code == 2


@pytest.mark.parametrize(
    "text",
    ["http://user:hunter2@host/v1#m", "https://hunter2@host:port/v1", "HTTP://u:hunter2@[::1]:80", "htp://:hunter2@h"],
)
def test_a_password_in_a_url_is_refused_and_not_repeated(text):
    with pytest.raises(ModelSpecError, match="CURE_AGENT_API_KEY") as raised:
        parse_spec(text)
    assert "hunter2" not in str(raised.value)


def test_an_at_sign_after_the_host_is_no_user():
    assert parse_spec("http://host/v1#a@b").name == "a@b"
    assert parse_spec("http://host/x@y/v1").url == "http://host/x@y/v1"


@pytest.mark.parametrize(
    ("spec", "style"),
    [
        ("micro", "micro"),
        ("hf:Gen-Verse/ReasonFlux-Coder-7B", "release"),
        ("http://host/v1#Gen-Verse/ReasonFlux-Coder-14B", "release"),
        ("vllm:/models/ReasonFlux-Coder-4B", "release"),
        ("gguf:mradermacher/ReasonFlux-Coder-7B-GGUF", "release"),
        ("hf:Qwen/Qwen3-4B", "chat"),
        ("openai:gpt-4.1", "chat"),
        ("http://host/v1", "chat"),
        ("qwen2.5-coder-0.5b", "chat"),
        ("gguf:Qwen/Qwen3-4B-GGUF", "chat"),
    ],
)
def test_the_prompt_style_follows_the_name(spec, style):
    assert style_for(spec) == style


@pytest.mark.parametrize("spec", ["vllm:x/y", "scripted:/nowhere/x.jsonl", "hf:/nowhere/model"])
async def test_what_cannot_be_opened_says_so(spec):
    with pytest.raises(EngineError) as raised:
        await open_engine(spec)
    assert raised.value.exit_code == (5 if spec.startswith("vllm") else 2)
    assert "\n" not in str(raised.value)
