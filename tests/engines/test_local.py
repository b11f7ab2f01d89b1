"""Local decoding gives the log-probabilities and greedy tokens of transformers, whatever else is in the batch."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
import time
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest

from engines import (
    ChatPrompt,
    EngineError,
    LocalOptions,
    Message,
    Request,
    Sampling,
    TextPrompt,
    TokenPrompt,
    open_engine,
)
from engines.local.text import Text
from tests.engines.tiny import make_checkpoint

torch = pytest.importorskip("torch", reason="needs torch and transformers (extra: local)")
PROMPTS = {"short": "x = 1", "long": "def solve():\n    return int(input()) * 2\n" * 3, "other": "print('héllo')"}


@pytest.fixture(params=["qwen2", "qwen3", "transformers"])
async def engine(request, checkpoints):
    opened = await open_engine(f"hf:{checkpoints[request.param]}", LocalOptions(rows=8))
    yield opened
    await opened.close()


async def sample(engine, *requests):
    return {(c.key, c.index): c async for c in engine.complete(requests)}


def reference(directory: Path):
    from transformers import AutoModelForCausalLM

    return AutoModelForCausalLM.from_pretrained(directory).float().eval()


def requests(n=3, **sampling):
    drawn = Sampling(**{"max_tokens": 20, "seed": 11, **sampling})
    return [Request(key, TextPrompt(text), n, drawn) for key, text in PROMPTS.items()]


async def test_logprobs_are_those_of_transformers_for_the_sampled_tokens(engine, checkpoints):
    model = reference(Path(engine.spec.removeprefix("hf:")))
    for temperature in (1.0, 0.7):
        done = await sample(engine, *requests(temperature=temperature))
        for request in requests():
            prompt = engine._text.encode(request.prompt)
            for index in range(3):
                completion = done[request.key, index]
                ids = torch.tensor([prompt + list(completion.token_ids)])
                with torch.no_grad():
                    scores = (model(ids).logits[0, len(prompt) - 1 : -1] / temperature).log_softmax(-1)
                expected = scores.gather(1, torch.tensor(completion.token_ids)[:, None]).squeeze(1)
                torch.testing.assert_close(torch.tensor(completion.logprobs), expected, atol=2e-4, rtol=1e-4)


async def test_greedy_tokens_are_those_of_generate(engine):
    model = reference(Path(engine.spec.removeprefix("hf:")))
    done = await sample(engine, *requests(n=1, temperature=0.0))
    for request in requests():
        prompt = torch.tensor([engine._text.encode(request.prompt)])
        expected = model.generate(prompt, max_new_tokens=20, do_sample=False, pad_token_id=0)[0, prompt.shape[1] :]
        assert list(done[request.key, 0].token_ids) == expected.tolist()
        assert set(done[request.key, 0].logprobs) == {0.0}


async def test_a_seeded_sample_does_not_depend_on_what_is_batched_with_it(engine):
    # The engine decodes 8 of the 45 rows at a time: rows leave, others join, caches are padded, joined and trimmed.
    crowded = await sample(engine, *requests(n=15))
    assert len(crowded) == 45
    for request in requests(n=15):
        alone = await sample(engine, request)
        assert all(alone[place].text == crowded[place].text for place in alone)
    shifted = await sample(engine, Request("short", TextPrompt(PROMPTS["short"]), 1, Sampling(max_tokens=20, seed=14)))
    assert shifted["short", 0].text == crowded["short", 3].text


async def test_samples_follow_the_distribution(engine):
    prompt = TokenPrompt((50, 60, 70))
    drawn = Sampling(max_tokens=1, seed=1, temperature=0.5)
    done = await sample(engine, Request("k", prompt, 1500, drawn))
    model = reference(Path(engine.spec.removeprefix("hf:")))
    with torch.no_grad():
        expected = (model(torch.tensor([prompt.token_ids])).logits[0, -1] / 0.5).softmax(-1)
    counted = torch.bincount(torch.tensor([c.token_ids[0] for c in done.values()]), minlength=len(expected)) / 1500
    assert (counted - expected).abs().max() < 0.045


async def test_top_k_and_top_p_leave_only_the_likeliest_tokens(engine):
    prompt = TokenPrompt((50, 60, 70))
    for restriction in ({"top_k": 3}, {"top_p": 0.4}):
        drawn = Sampling(max_tokens=1, seed=1, **restriction)
        done = await sample(
            engine, Request("k", prompt, 60, drawn), Request("free", prompt, 60, Sampling(max_tokens=1))
        )
        few = {c.token_ids[0]: c.logprobs[0] for (key, _), c in done.items() if key == "k"}
        free = {c.token_ids[0] for (key, _), c in done.items() if key == "free"}
        assert len(few) < len(free)
        total = sum(torch.tensor(list(few.values())).exp().tolist())
        assert total == pytest.approx(1.0, abs=0.02), "log-probabilities are those of the restricted distribution"


async def test_a_cancelled_request_stops_within_a_step(engine):
    request = Request("k", TextPrompt("x"), 8, Sampling(max_tokens=400, seed=1, temperature=0.01, stop=("\0",)))
    async with aclosing(engine.complete([request])) as stream:
        waiting = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.1)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    began = time.monotonic()
    while engine._worker._active and time.monotonic() - began < 1:
        await asyncio.sleep(0.005)
    assert not engine._worker._active
    assert len(await sample(engine, Request("next", TextPrompt("y"), 8, Sampling(max_tokens=1)))) == 8


async def test_closing_the_engine_answers_what_is_under_way_and_what_comes_later(tiny):
    engine = await open_engine(f"hf:{tiny}", LocalOptions(rows=2))
    request = Request("k", TextPrompt("x"), 4, Sampling(max_tokens=400, temperature=0.01))
    waiting = asyncio.create_task(sample(engine, request))
    await asyncio.sleep(0.05)
    await engine.close()
    done = {
        **await asyncio.wait_for(waiting, 5),
        **await asyncio.wait_for(sample(engine, replace(request, key="l")), 5),
    }
    assert len(done) == 8
    assert {done[place].error for place in done if place[0] == "l"} == {"the engine was closed"}


async def test_a_special_token_named_as_stop_string_ends_the_sample(engine):
    done = await sample(engine, *requests(n=15, stop=("<|im_end|>",)))
    ended = [c for c in done.values() if 2 in c.token_ids]
    assert all(c.token_ids.index(2) == len(c.token_ids) - 1 and c.finish == "stop" for c in ended)
    free = await sample(engine, *requests(n=15))
    assert any(2 in c.token_ids[:-1] for c in free.values()), "the test needs a sample that would have gone on"


async def test_the_context_ends_a_sample_as_length_and_a_longer_prompt_is_an_error(engine):
    prompt = TokenPrompt(tuple([40] * 505))
    done = await sample(
        engine,
        Request("edge", prompt, 1, Sampling(max_tokens=100, seed=2, temperature=0.01)),
        Request("over", TokenPrompt(tuple([40] * 512)), 2),
        Request("unknown", TokenPrompt((70_000,)), 1),
        Request("empty", TextPrompt(""), 1),
        Request("fine", TextPrompt("x"), 1, Sampling(max_tokens=3)),
    )
    assert done["edge", 0].finish in ("length", "stop") and len(done["edge", 0].token_ids) <= 7
    assert "512 tokens" in done["over", 0].error and done["over", 1].finish == "error"
    assert "outside the vocabulary" in done["unknown", 0].error
    assert "empty" in done["empty", 0].error
    assert done["fine", 0].finish != "error"


async def test_a_failing_step_is_the_error_of_the_rows_under_way_and_of_no_others(engine, monkeypatch):
    real = engine._model.forward

    def fail(*_):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(engine._model, "forward", fail)
    done = await sample(engine, *requests(n=2))
    assert {c.error for c in done.values()} == {"RuntimeError: out of memory"}
    monkeypatch.setattr(engine._model, "forward", real)
    assert all(c.finish != "error" for c in (await sample(engine, *requests(n=2))).values())


async def test_a_step_that_fails_half_way_leaves_nothing_behind(engine, monkeypatch):
    expected = await sample(engine, *requests(n=2, temperature=1.0))
    real, calls = engine._model.forward, []

    def fail_after_the_cache_has_grown(*given):
        calls.append(1)
        logits = real(*given)
        if len(calls) == 4:
            raise RuntimeError("out of memory")
        return logits

    monkeypatch.setattr(engine._model, "forward", fail_after_the_cache_has_grown)
    done = await sample(engine, *requests(n=2, temperature=1.0))
    assert "RuntimeError: out of memory" in {c.error for c in done.values()}
    assert engine._worker._decoder.rows == []
    again = await sample(engine, *requests(n=2, temperature=1.0))
    assert {key: c.token_ids for key, c in again.items()} == {key: c.token_ids for key, c in expected.items()}


async def test_a_failing_prefill_ends_the_rows_under_way_and_the_next_request_works(engine, monkeypatch):
    real = engine._model.forward
    joined = []

    def fail(ids, *rest):
        if ids.shape[1] > 1 and joined:
            raise RuntimeError("out of memory")
        joined.append(1)
        return real(ids, *rest)

    monkeypatch.setattr(engine._model, "forward", fail)
    # A second prefill comes while the first rows are under way.
    done = await sample(engine, *requests(n=8))
    assert "RuntimeError: out of memory" in {c.error for c in done.values()}
    monkeypatch.setattr(engine._model, "forward", real)
    assert all(c.finish != "error" for c in (await sample(engine, *requests(n=8))).values())


@pytest.mark.parametrize(
    "prompt", [TextPrompt("a\ud800"), ChatPrompt((Message("user", "a\ud800"),))], ids=["raw", "chat"]
)
async def test_a_prompt_that_is_no_text_is_an_error_not_a_crash(engine, prompt):
    done = await sample(engine, Request("bad", prompt, 2), Request("good", TextPrompt("x"), 1, Sampling(max_tokens=2)))
    assert [(done["bad", i].finish, "not Unicode text" in done["bad", i].error) for i in (0, 1)] == [
        ("error", True)
    ] * 2
    assert done["good", 0].finish == "length" or done["good", 0].finish == "stop"


async def test_a_chat_prompt_without_a_template_is_an_error_that_says_so(tmp_path):
    directory = make_checkpoint(tmp_path / "plain", template=False)
    engine = await open_engine(f"hf:{directory}")
    done = await sample(engine, Request("k", ChatPrompt((Message("user", "x"),)), 2))
    assert all("has no chat template: it accepts only raw text" in c.error for c in done.values())
    await engine.close()


REFUSES = "{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}"
ALTERNATES = (
    "{% for message in messages %}{% if (message.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Conversation roles must alternate user/assistant/...') }}{% endif %}{% endfor %}"
)
SAID = "{% for message in messages %}<{{ message.role }}>{{ message.content | trim }}{% endfor %}"


@pytest.mark.parametrize(
    "template",
    [
        REFUSES + SAID,
        ALTERNATES + SAID,
        SAID.replace("in messages", "in messages if message.role != 'system'"),
        SAID.replace("in messages", "in (messages[1:] if messages[0].role == 'system' else messages)"),
        "{{ {'user': 1, 'assistant': 2}[messages[0].role] and '' }}{{ 1 // (messages[0].role == 'user') and '' }}"
        + SAID,
        "{% if messages[0].role not in ['user', 'assistant'] %}{{ messages.role.nothing.at_all }}{% endif %}" + SAID,
    ],
)
def test_a_template_without_a_system_role_gets_its_text_before_the_users(tmp_path, template):
    directory = make_checkpoint(tmp_path / "model")
    (directory / "chat_template.jinja").write_text(template)
    system, user = Message("system", " Be brief.\n"), Message("user", "Add.")
    text = Text(directory)
    ids = text.encode(ChatPrompt((system, user)))
    assert text.tokenizer.decode(ids, skip_special_tokens=False) == "<user>Be brief.\n\n\nAdd."


def test_a_system_role_that_a_template_has_is_kept(tmp_path):
    directory = make_checkpoint(tmp_path / "model")
    (directory / "chat_template.jinja").write_text(SAID)
    text = Text(directory)
    ids = text.encode(ChatPrompt((Message("system", "Be brief."), Message("user", "Add."))))
    assert text.tokenizer.decode(ids, skip_special_tokens=False) == "<system>Be brief.<user>Add."


async def test_a_template_that_refuses_everything_is_an_error_in_one_line(tmp_path):
    directory = make_checkpoint(tmp_path / "model")
    (directory / "chat_template.jinja").write_text("{{ raise_exception('no \\n chat') }}")
    engine = await open_engine(f"hf:{directory}")
    [done] = (
        await sample(engine, Request("k", ChatPrompt((Message("system", "x"), Message("user", "x"))), 1))
    ).values()
    await engine.close()
    assert "refuses the messages: no chat" in done.error
    assert "\n" not in done.error


async def test_the_weights_version_is_the_sha256_of_the_checkpoint(tiny):
    import hashlib

    engine = await open_engine(f"hf:{tiny}")
    done = await sample(engine, Request("k", TextPrompt("x"), 1, Sampling(max_tokens=1)))
    assert done["k", 0].weights_version == hashlib.sha256((tiny / "model.safetensors").read_bytes()).hexdigest()
    await engine.close()


async def test_what_is_no_checkpoint_is_told_in_one_line(tmp_path, tiny):
    (tmp_path / "empty").mkdir()
    damaged = tmp_path / "damaged"
    shutil.copytree(tiny, damaged)
    (damaged / "model.safetensors").write_bytes(b"not weights")
    cases = {
        "empty": "is not a checkpoint: it has no config.json",
        "missing": "no directory",
        "../nobody/nothing": "no directory",
        "damaged": "cannot be loaded",
    }
    for name, message in cases.items():
        with pytest.raises(EngineError, match=message) as raised:
            await open_engine(f"hf:{tmp_path / name}")
        assert "\n" not in str(raised.value)


def test_a_small_checkpoint_is_opened_without_transformers_and_in_silence(tiny):
    code = f"""
import asyncio, sys
from engines import Request, Sampling, TextPrompt, open_engine
async def main():
    engine = await open_engine("hf:{tiny}")
    assert len([c async for c in engine.complete([Request("k", TextPrompt("x"), 2, Sampling(max_tokens=2))])]) == 2
    await engine.close()
asyncio.run(main())
assert "transformers" not in sys.modules
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


def test_transformers_is_silent_too(checkpoints):
    code = f"""
import asyncio
from engines import Request, Sampling, TextPrompt, open_engine
async def main():
    engine = await open_engine("hf:{checkpoints["transformers"]}")
    assert len([c async for c in engine.complete([Request("k", TextPrompt("x"), 2, Sampling(max_tokens=2))])]) == 2
    await engine.close()
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert (done.returncode, done.stderr, done.stdout) == (0, "", "")


async def test_missing_packages_are_named_with_the_command_that_installs_them(tiny, monkeypatch):
    import engines.local.open

    monkeypatch.setattr(engines.local.open, "find_spec", lambda name: None if name == "torch" else object())
    with pytest.raises(EngineError, match=r"needs torch: pip install 'cure-agent\[local\]'"):
        await open_engine(f"hf:{tiny}")


async def test_a_hub_id_that_cannot_be_had_is_told_soon(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    began = time.monotonic()
    with pytest.raises(EngineError, match="not in the hub's cache on this machine, and the hub cannot be reached"):
        await open_engine("hf:nobody/nothing")
    assert time.monotonic() - began < 5


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
@pytest.mark.parametrize("kind", ["qwen2", "transformers"])
async def test_a_gpu_gives_the_log_probabilities_of_the_cpu(checkpoints, kind):
    done = []
    for device in ("cpu", "cuda"):
        engine = await open_engine(f"hf:{checkpoints[kind]}", LocalOptions(rows=8, device=device))
        done.append(await sample(engine, *requests(n=5)))
        await engine.close()
    same = [place for place in done[0] if done[0][place].token_ids == done[1][place].token_ids]
    assert len(same) >= 12, "rounding may turn a few of the fifteen samples, not many"
    for place in same:
        assert done[0][place].logprobs == pytest.approx(done[1][place].logprobs, abs=1e-2)
