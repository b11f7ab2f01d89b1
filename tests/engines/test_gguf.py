"""GGUF files in this process: llama.cpp against our own decoder, seeds, stop strings, cancellation, errors."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from engines import (
    BUNDLED,
    ChatPrompt,
    Completion,
    Engine,
    EngineError,
    GgufOptions,
    Message,
    ModelSpecError,
    Request,
    Sampling,
    TextPrompt,
    TokenPrompt,
    open_engine,
)
from engines.gguf.header import Header, HeaderError, read_header
from engines.gguf.memory import estimate
from engines.gguf.models import named_models
from tests.engines.conftest import needs_llama
from tests.engines.gguf_files import convert

ONE_THREAD = GgufOptions(threads=1, logprobs=True)
PROMPT = TextPrompt("print(")
START = TokenPrompt((9,))
"""The control token before an answer."""


async def answers(engine: Engine, *requests: Request) -> dict[tuple[str, int], Completion]:
    return {(done.key, done.index): done async for done in engine.complete(requests)}


@pytest.fixture
async def engine(tiny_gguf: Path):
    opened = await open_engine(f"gguf:{tiny_gguf}", ONE_THREAD)
    yield opened
    await opened.close()
    await opened.close()


async def test_greedy_answers_are_those_of_our_decoder(tiny_gguf: Path) -> None:
    pytest.importorskip("torch", reason="needs torch (extra: local)")
    from engines.local.text import Text

    text = Text(BUNDLED["micro"])
    prompts = [
        "<|coder|>Read a list of integers and print the sum.",
        "<|tester|>Sort",
        "Input:",
        "<|answer|>print(sum(a",
    ]
    requests = [
        Request(words, TokenPrompt(tuple(text.encode(TextPrompt(words)))), 1, Sampling(temperature=0, max_tokens=48))
        for words in prompts
    ]
    said = []
    for spec in (f"gguf:{tiny_gguf}", "micro"):
        engine = await open_engine(spec, ONE_THREAD)
        drawn = await answers(engine, *requests)
        said.append({place: (done.text, done.finish, done.token_ids, done.logprobs) for place, done in drawn.items()})
        await engine.close()
    assert said[0] == said[1]
    assert len(said[0]) == len(prompts)


async def test_log_probabilities_are_those_of_our_decoder(engine: Engine) -> None:
    pytest.importorskip("torch", reason="needs torch (extra: local)")
    ways = {
        "plain": Sampling(max_tokens=12, seed=3),
        "cool": Sampling(max_tokens=12, seed=3, temperature=0.6),
        "cut": Sampling(max_tokens=12, seed=3, temperature=0.6, top_k=7, top_p=0.9),
    }
    drawn = await answers(engine, *(Request(key, START, 4, sampling) for key, sampling in ways.items()))
    for key, sampling in ways.items():
        known = [done for (other, _), done in drawn.items() if other == key and done.token_ids]
        assert known
        for done in known:
            assert done.logprobs == pytest.approx(logprobs_of(done.token_ids, sampling), abs=0.05)


def logprobs_of(ids: tuple[int, ...], sampling: Sampling) -> list[float]:
    """Log-probabilities of the ids after START, by our own decoder, with top-k and top-p of our own sampler."""
    import torch

    from engines.local.qwen import Qwen, supported
    from engines.local.sampler import Parameters, _restrict

    directory, device = BUNDLED["micro"], torch.device("cpu")
    model = Qwen(directory, supported(directory), device)
    told = []
    for place, token in enumerate(ids):
        before = torch.tensor([[*START.token_ids, *ids[:place]]])
        positions = torch.arange(before.shape[1]).unsqueeze(0)
        logits = model.forward(before, torch.ones_like(before, dtype=torch.bool), positions, model.new_cache())
        cooled = logits / sampling.temperature
        told.append(float(_restrict(cooled, Parameters.of([sampling], device)).log_softmax(-1)[0, token]))
    return told


async def test_the_same_seed_gives_the_same_samples_in_another_engine(tiny_gguf: Path) -> None:
    request = Request("a", PROMPT, 5, Sampling(max_tokens=20, seed=11, top_p=0.9))
    told = []
    for options in (GgufOptions(threads=1), GgufOptions(threads=1, parallel=2)):
        engine = await open_engine(f"gguf:{tiny_gguf}", options)
        told.append({place: done.text for place, done in (await answers(engine, request)).items()})
        await engine.close()
    assert told[0] == told[1]
    assert len(set(told[0].values())) == 5


async def test_sample_i_is_drawn_with_seed_plus_i(engine: Engine) -> None:
    drawn = await answers(engine, Request("a", PROMPT, 3, Sampling(max_tokens=16, seed=2**40 + 7)))
    again = await answers(engine, Request("b", PROMPT, 2, Sampling(max_tokens=16, seed=2**40 + 8)))
    assert [drawn["a", 1].text, drawn["a", 2].text] == [again["b", 0].text, again["b", 1].text]


async def test_without_a_seed_every_call_differs(engine: Engine) -> None:
    request = Request("a", PROMPT, 1, Sampling(max_tokens=20))
    assert (await answers(engine, request)) != (await answers(engine, request))


async def test_more_samples_than_slots_share_them(tiny_gguf: Path) -> None:
    engine = await open_engine(f"gguf:{tiny_gguf}", GgufOptions(threads=1, parallel=3))
    requests = [Request(f"r{n}", PROMPT, 5, Sampling(max_tokens=4, seed=n)) for n in range(4)]
    drawn = await answers(engine, *requests)
    assert sorted(drawn) == [(f"r{n}", i) for n in range(4) for i in range(5)]
    assert all(done.finish in ("stop", "length") for done in drawn.values())
    for request in requests:
        assert [drawn[request.key, i].usage.prompt_tokens > 0 for i in range(5)] == [True] + [False] * 4
    await engine.close()


async def test_a_control_token_as_stop_string_ends_the_text(tmp_path: Path, require) -> None:
    needs_llama(require)
    # The token `)`, of which the model writes many, becomes a control token, which is not part of the text.
    engine = await open_engine(f"gguf:{convert(BUNDLED['micro'], tmp_path / 'control.gguf', control=')')}", ONE_THREAD)
    (end,) = engine._loaded.header.control_ids(["<|stop|>"])
    free = await answers(engine, Request("a", START, 8, Sampling(max_tokens=60, seed=1)))
    stopped = await answers(engine, Request("a", START, 8, Sampling(max_tokens=60, seed=1, stop=("<|stop|>",))))
    cut = {place: done for place, done in free.items() if done.token_ids and end in done.token_ids}
    assert cut
    for place, done in cut.items():
        count = done.token_ids.index(end) + 1
        assert (stopped[place].finish, stopped[place].usage.completion_tokens) == ("stop", count)
        assert stopped[place].token_ids == done.token_ids[:count]
        assert done.text.startswith(stopped[place].text)
    await engine.close()


async def test_a_cancelled_call_frees_its_slots(tiny_gguf: Path) -> None:
    engine = await open_engine(f"gguf:{tiny_gguf}", GgufOptions(threads=1, parallel=2))
    long = Request("long", PROMPT, 2, Sampling(max_tokens=100_000, temperature=2, seed=1))
    for _ in range(3):
        async with aclosing(engine.complete([long, long])) as stream:
            waiting = asyncio.ensure_future(anext(stream))
            await asyncio.sleep(0.02)
            waiting.cancel()
            await asyncio.gather(waiting, return_exceptions=True)
    drawn = await asyncio.wait_for(answers(engine, Request("a", PROMPT, 2, Sampling(max_tokens=2, seed=1))), 30)
    assert len(drawn) == 2
    await engine.close()


async def test_closing_the_engine_ends_what_is_under_way_with_an_error(tiny_gguf: Path) -> None:
    engine = await open_engine(f"gguf:{tiny_gguf}", GgufOptions(threads=1, parallel=2))
    requests = [
        Request(key, PROMPT, 2, Sampling(max_tokens=100_000, temperature=2, seed=1)) for key in map(str, range(100))
    ]
    call = asyncio.ensure_future(answers(engine, *requests))
    await asyncio.sleep(0.05)
    await engine.close()
    drawn = await asyncio.wait_for(call, 30)
    assert len(drawn) == 200
    assert {done.error for done in drawn.values() if done.finish == "error"} == {"the engine was closed"}
    late = await answers(engine, requests[0])
    assert [done.error for done in late.values()] == ["the engine was closed"] * 2


async def test_an_engine_can_be_closed_as_soon_as_it_is_open(tiny_gguf: Path) -> None:
    for _ in range(5):
        engine = await open_engine(f"gguf:{tiny_gguf}", GgufOptions(threads=1, parallel=1))
        await asyncio.wait_for(engine.close(), 30)


@pytest.mark.parametrize(
    ("prompt", "error"),
    [
        (TextPrompt(""), "the prompt is empty"),
        (TokenPrompt(()), "the prompt is empty"),
        (TokenPrompt((5, 486)), "token id 486 is outside the vocabulary of 486"),
        (TextPrompt("\ud800"), "no Unicode text"),
        (TokenPrompt((50,) * 2100), "the prompt has 2100 tokens, there is room for 2048 in all"),
    ],
)
async def test_a_prompt_it_cannot_take_is_an_error_of_its_samples_alone(engine: Engine, prompt, error) -> None:
    good = Request("good", PROMPT, 1, Sampling(max_tokens=2))
    drawn = await answers(engine, Request("bad", prompt, 2), good)
    assert drawn["good", 0].finish in ("stop", "length")
    for index in range(2):
        assert drawn["bad", index].finish == "error"
        assert error in drawn["bad", index].error
    assert [done.finish for done in (await answers(engine, Request("bad", prompt))).values()] == ["error"]


TEMPLATES = {
    "refuses": "{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('no system') }}{% endif %}"
    "[{{ m.content }}]{% endfor %}",
    "drops": "{% for m in messages %}{% if m.role != 'system' %}[{{ m.content }}]{% endif %}{% endfor %}",
    "takes": "{{ bos_token }}{% for m in messages %}<{{ m.role }}>{% generation %}{{ m.content }}{% endgeneration %}"
    "{% endfor %}",
}


@pytest.mark.parametrize(
    ("template", "text"),
    [("refuses", "[Be brief.\n\nHi]"), ("drops", "[Be brief.\n\nHi]"), ("takes", "<system>Be brief.<user>Hi")],
)
def test_system_text_reaches_every_template(template: str, text: str) -> None:
    from engines.gguf.template import ChatTemplate

    values = {
        "tokenizer.chat_template": TEMPLATES[template],
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.bos_token_id": 0,
        "tokenizer.ggml.tokens": ("<s>",),
    }
    rendered = ChatTemplate(Header(values)).render((Message("system", "Be brief."), Message("user", "Hi")))
    assert rendered == text


def test_a_template_cannot_reach_the_interpreter() -> None:
    from engines.errors import PromptError
    from engines.gguf.template import ChatTemplate

    evil = "{{ messages.__class__.__mro__[1].__subclasses__() }}"
    with pytest.raises(PromptError, match="refuses"):
        ChatTemplate(Header({"tokenizer.chat_template": evil})).render((Message("user", "Hi"),))


async def test_without_a_chat_template_messages_are_an_error(tmp_path: Path, require) -> None:
    needs_llama(require)
    engine = await open_engine(f"gguf:{convert(BUNDLED['micro'], tmp_path / 'raw.gguf')}", ONE_THREAD)
    drawn = await answers(engine, Request("a", ChatPrompt((Message("user", "Hi"),))))
    assert "no chat template" in drawn["a", 0].error
    await engine.close()


async def test_what_cannot_be_opened_says_why_in_one_line(tiny_gguf: Path, tmp_path: Path) -> None:
    (tmp_path / "text.gguf").write_text("hello")
    (tmp_path / "empty.gguf").touch()
    whole = tiny_gguf.read_bytes()
    (tmp_path / "header.gguf").write_bytes(whole[:300])
    (tmp_path / "tensors.gguf").write_bytes(whole[:-5000])
    expected = {
        "text.gguf": "is not a GGUF file: it begins with b'hell'",
        "empty.gguf": "is not a GGUF file",
        "header.gguf": "its header is damaged or cut off",
        "tensors.gguf": "corrupted or incomplete",
        "missing.gguf": "there is no file",
        "": "is a directory; name a file (it holds empty.gguf, header.gguf, tensors.gguf, text.gguf)",
    }
    for name, reason in expected.items():
        with pytest.raises(EngineError) as raised:
            await open_engine(f"gguf:{tmp_path / name}", ONE_THREAD)
        assert reason in str(raised.value)
        assert "\n" not in str(raised.value)
        assert isinstance(raised.value, ModelSpecError) == (name != "tensors.gguf")


async def test_a_model_too_large_for_this_machine_is_refused_before_it_is_loaded(tiny_gguf: Path) -> None:
    many = GgufOptions(threads=1, parallel=256)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("engines.gguf.open.free_memory", lambda: 200_000_000)
        with pytest.raises(EngineError, match=r"needs about 1\.2 GB of memory .* and 0\.2 GB are free: take a smaller"):
            await open_engine(f"gguf:{tiny_gguf}", many)
        engine = await open_engine(f"gguf:{tiny_gguf}", many.model_copy(update={"check_memory": False}))
        await engine.close()


def test_without_the_extra_the_command_to_install_it_is_named(tiny_gguf: Path) -> None:
    code = f"""
import asyncio, sys
sys.modules["xllamacpp"] = None
sys.meta_path.insert(0, type("Hide", (), {{"find_spec": staticmethod(lambda name, *_: None)}}))
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name: None if name == "xllamacpp" else found(name)
from engines import EngineError, open_engine
try:
    asyncio.run(open_engine("gguf:{tiny_gguf}"))
except EngineError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2])
    assert "pip install 'cure-agent[gguf]'" in done.stdout, done.stderr


def test_a_header_of_another_byte_order_or_version_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "old.gguf"
    file.write_bytes(b"GGUF" + bytes([0, 0, 0, 3]) + bytes(40))
    with pytest.raises(HeaderError, match="version 50331648"):
        read_header(file)


def test_the_header_tells_what_the_model_is(tiny_gguf: Path) -> None:
    header = read_header(tiny_gguf)
    assert (header.architecture, header.context, header.vocabulary) == ("qwen3", 2048, 486)
    assert header.control_ids(["<|coder|>", "print("]) == {2}
    assert header.cache_bytes_per_token() == 2 * 4 * 2 * (64 + 64)
    assert header.token("eos") == "<|end|>"


def test_named_models_are_whole() -> None:
    for model in named_models():
        assert len(model.sha256) == 64 and len(model.revision) == 40
        assert model.file.endswith(".gguf") and model.licence == "Apache-2.0"
    assert [model.size for model in named_models()] == sorted(model.size for model in named_models())


SHAPES = {
    "qwen2.5-coder-0.5b": {"block_count": 24, "embedding_length": 896, "feed_forward_length": 4864, "heads": (14, 2)},
    "qwen2.5-coder-1.5b": {"block_count": 28, "embedding_length": 1536, "feed_forward_length": 8960, "heads": (12, 2)},
    "qwen2.5-coder-7b": {"block_count": 28, "embedding_length": 3584, "feed_forward_length": 18944, "heads": (28, 4)},
}


@pytest.mark.parametrize("model", named_models(), ids=lambda model: model.name)
def test_the_memory_of_named_models_is_what_is_estimated_before_loading(model) -> None:
    shape = dict(SHAPES[model.name])
    heads, shared = shape.pop("heads")
    values = {f"qwen2.{key}": value for key, value in shape.items()}
    values |= {"general.architecture": "qwen2", "tokenizer.ggml.tokens": range(151_936)}
    values |= {"qwen2.attention.head_count": heads, "qwen2.attention.head_count_kv": shared}
    options = GgufOptions()
    need = estimate(Header(values), model.size, options.parallel, options.context)
    assert need.total <= model.memory <= 1.06 * need.total
