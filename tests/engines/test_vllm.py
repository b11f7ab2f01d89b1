"""vLLM in this process answers as the other engines do, and takes new weights without a restart.

Needs vLLM for this machine: the CPU build will do (scripts/setup-vllm).
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from contextlib import aclosing
from importlib.util import find_spec
from pathlib import Path

import pytest

from engines import (
    ChatPrompt,
    Delta,
    EngineError,
    Message,
    Request,
    Sampling,
    TextPrompt,
    TokenPrompt,
    VllmOptions,
    open_engine,
    open_trainable_engine,
)
from tests.engines.asked import PROMPTS, changed, drawn, requests, sample, tensors
from tests.engines.tiny import make_checkpoint
from tests.engines.vllm_server import QUICK

pytestmark = [pytest.mark.slow, pytest.mark.vllm, pytest.mark.timeout(600)]
MICRO = Path(__file__).parents[2] / "engines" / "micro"


@pytest.fixture(scope="module")
def engine(require):
    """The bundled model in vLLM, opened once: that takes most of the time."""
    if find_spec("vllm") is None:
        require("vllm", "vLLM is not installed (extra: gpu, or scripts/setup-vllm)")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in QUICK.items():
            patch.setenv(name, value)
        opened = asyncio.run(open_trainable_engine(f"vllm:{MICRO}", VllmOptions(rows=16)))
        yield opened
    asyncio.run(opened.close())
    asyncio.run(opened.close())


@pytest.fixture(autouse=True)
async def the_bundled_weights(engine):
    """Whatever a test loaded or broke, the next begins with the bundled weights."""
    yield
    if engine._stepper.stale or engine._stepper.version != engine_version():
        await engine.load_weights(engine_version(), tensors(MICRO).items())


def engine_version():
    from engines.local.checkpoint import weights_version

    return weights_version(MICRO)


def close(done, other, tolerance=1e-3):
    assert drawn(done) == drawn(other)
    for place, completion in done.items():
        assert completion.logprobs == pytest.approx(other[place].logprobs, abs=tolerance)


async def test_greedy_answers_are_those_of_the_local_engine(engine):
    local = await open_engine("micro")
    asked = requests(n=1, temperature=0.0, max_tokens=80, stop=("<|end|>",))
    ours, theirs = await sample(engine, *asked), await sample(local, *asked)
    assert ours == theirs
    await local.close()


@pytest.mark.parametrize("temperature", [1.0, 0.7])
async def test_logprobs_are_those_of_transformers_for_the_sampled_tokens(engine, temperature):
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(MICRO).float().eval()
    for (key, _), completion in (await sample(engine, *requests(temperature=temperature))).items():
        prompt = engine._text.encode(TextPrompt(PROMPTS[key]))
        with torch.no_grad():
            logits = model(torch.tensor([prompt + list(completion.token_ids)])).logits[0, len(prompt) - 1 : -1]
        scores = (logits / temperature).log_softmax(-1)
        expected = scores.gather(1, torch.tensor(completion.token_ids)[:, None]).squeeze(1)
        assert completion.logprobs == pytest.approx(expected.tolist(), abs=1e-3)


async def test_every_sample_is_answered_once_and_usage_counts_the_prompt_once(engine):
    done = [c async for c in engine.complete(requests(n=9))]
    assert sorted((c.key, c.index) for c in done) == sorted((key, i) for key in PROMPTS for i in range(9))
    for c in done:
        assert c.usage.completion_tokens == len(c.token_ids) == len(c.logprobs) <= 24
        assert (c.usage.prompt_tokens > 0) == (c.index == 0)
        assert c.finish in ("stop", "length") and not c.error and c.weights_version == engine_version()


async def test_a_seed_gives_the_same_sample_alone_and_in_a_crowd(engine):
    crowd = await sample(engine, *requests(n=8))
    close(await sample(engine, *requests(n=8)), crowd)
    shifted = Request("short", TextPrompt(PROMPTS["short"]), 1, Sampling(max_tokens=24, seed=14))
    assert (await sample(engine, shifted))["short", 0].text == crowd["short", 3].text
    assert len({c.text for (key, _), c in crowd.items() if key == "short"}) > 1


async def test_samples_stream_while_others_are_under_way(engine):
    mixed = [
        Request("long", TextPrompt("x"), 2, Sampling(max_tokens=60, seed=1, temperature=0.01)),
        Request("brief", TextPrompt("y"), 2, Sampling(max_tokens=1, seed=1)),
    ]
    keys = [c.key async for c in engine.complete(mixed)]
    assert keys[:2] == ["brief", "brief"]


async def test_a_stop_string_ends_the_text_and_is_not_part_of_it(engine):
    free = await sample(engine)
    longest = max(free.values(), key=lambda c: len(c.text))
    stop = longest.text[5:7]
    stopped = await sample(engine, *requests(stop=(stop,)))
    for place, completion in stopped.items():
        assert completion.text == free[place].text.partition(stop)[0]
    assert any(c.finish == "stop" for c in stopped.values())


async def test_pieces_make_up_the_text(engine):
    pieces: dict[tuple[str, int], str] = {}

    def note(delta: Delta) -> None:
        pieces[delta.key, delta.index] = pieces.get((delta.key, delta.index), "") + delta.text

    done = await sample(engine, *requests(), on_delta=note)
    assert pieces == {place: c.text for place, c in done.items() if c.text}
    close(done, await sample(engine))


async def test_what_the_model_cannot_take_is_an_error_of_that_request_alone(engine):
    done = await sample(
        engine,
        Request("over", TokenPrompt(tuple([40] * 2048)), 2),
        Request("unknown", TokenPrompt((70_000,)), 1),
        Request("chat", ChatPrompt((Message("user", "x"),)), 1),
        Request("top", TextPrompt("x"), 1, Sampling(top_p=2.0)),
        Request("fine", TextPrompt("x"), 1, Sampling(max_tokens=3)),
    )
    errors = {key: done[key, 0].error for key in ("over", "unknown", "chat", "top", "fine")}
    assert "2048 tokens" in errors["over"] and done["over", 1].finish == "error"
    assert "outside the vocabulary" in errors["unknown"]
    assert "no chat template" in errors["chat"]
    assert "top_p" in errors["top"]
    assert errors["fine"] == "" and done["fine", 0].finish != "error"


async def test_closing_the_iterator_cancels_what_is_under_way(engine):
    endless = Request("k", TextPrompt("x"), 4, Sampling(max_tokens=2000, temperature=0.01, seed=1))
    async with aclosing(engine.complete([endless])) as stream:
        waiting = asyncio.create_task(anext(stream))
        while not engine._stepper._active:
            await asyncio.sleep(0.01)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    assert len(await sample(engine, *requests(n=1, max_tokens=1))) == 3
    assert not engine._stepper._active


async def test_new_weights_change_the_answers_and_the_old_ones_bring_them_back(engine, tmp_path):
    import shutil

    from safetensors.torch import save_file

    before = await sample(engine)
    await engine.load_weights("step-1", changed(MICRO).items())
    after = await sample(engine, *requests(temperature=0.0))
    assert {c.weights_version for c in after.values()} == {"step-1"}

    shutil.copytree(MICRO, tmp_path / "changed")
    save_file(changed(MICRO), tmp_path / "changed" / "model.safetensors", metadata={"format": "pt"})
    local = await open_engine(f"hf:{tmp_path / 'changed'}")
    assert drawn(after) == drawn(await sample(local, *requests(temperature=0.0)))
    await local.close()

    await engine.load_weights("step-2", tensors(MICRO).items())
    back = await sample(engine)
    close(back, before)
    assert {c.weights_version for c in back.values()} == {"step-2"}


async def test_samples_under_way_end_with_the_old_weights_and_later_ones_have_the_new(engine):
    first = asyncio.create_task(sample(engine, *requests(n=8)))
    while not engine._stepper._active:
        await asyncio.sleep(0.01)
    loading = asyncio.create_task(engine.load_weights("new", changed(MICRO).items()))
    await asyncio.sleep(0)
    second = asyncio.create_task(sample(engine, *requests(n=8)))
    assert {c.weights_version for c in (await first).values()} == {engine_version()}
    assert {c.weights_version for c in (await second).values()} == {"new"}
    await loading


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda t: {**t, "model.norm.weigth": t["model.norm.weight"]}, "no weight 'model.norm.weigth'; did you mean"),
        (lambda t: {**t, "model.norm.weight": t["lm_head.weight"]}, "'model.norm.weight' has shape 486x128, the model"),
        (
            lambda t: {k: v for k, v in t.items() if "layers.1.mlp" not in k},
            "no weight was given for .*layers.1.mlp.* and 2 more",
        ),
    ],
    ids=["name", "shape", "missing"],
)
async def test_weights_that_do_not_fit_are_an_error_until_others_are_loaded(engine, damage, message):
    before = await sample(engine)
    await engine.load_weights("right", tensors(MICRO).items())
    with pytest.raises(EngineError, match=message):
        await engine.load_weights("wrong", damage(changed(MICRO)).items())
    refused = await sample(engine)
    assert {c.finish for c in refused.values()} == {"error"}
    assert all("the last load of weights was incomplete; load them again" in c.error for c in refused.values())
    await engine.load_weights("right", tensors(MICRO).items())
    close(await sample(engine), before)


async def test_an_error_of_the_trainer_while_it_gathers_is_its_own_and_vllm_survives_it(engine):
    def gathered():
        yield from list(tensors(MICRO).items())[:5]
        raise RuntimeError("a rank was lost")

    with pytest.raises(RuntimeError, match="a rank was lost"):
        await engine.load_weights("half", gathered())
    before = await sample(engine)
    await engine.load_weights("right", tensors(MICRO).items())
    assert {c.finish for c in before.values()} == {"error"}
    assert all(c.finish != "error" for c in (await sample(engine)).values())


async def test_a_tensor_may_be_gone_when_the_next_is_asked_for(engine):
    before = await sample(engine)

    def gathered():
        for name, tensor in tensors(MICRO).items():
            yield name, tensor
            tensor.fill_(float("nan"))

    await engine.load_weights("gathered", gathered())
    close(await sample(engine), before)


async def test_a_sleeping_engine_takes_weights_and_answers_when_it_is_awake(engine):
    await engine.sleep()
    with pytest.raises(EngineError, match="asleep: wake it before asking"):
        await sample(engine)
    await engine.load_weights("new", changed(MICRO).items())
    await engine.wake()
    assert {c.weights_version for c in (await sample(engine)).values()} == {"new"}


async def test_tied_embeddings_are_refused_on_a_cpu_and_the_proof_would_find_them_stale(engine, tmp_path):
    from safetensors.torch import load_file

    if not engine._on_cpu:
        pytest.skip("vLLM on a GPU has no packed lm_head")
    directory = make_checkpoint(tmp_path / "tied", "qwen3", tied=True)
    tied = await open_trainable_engine(f"vllm:{directory}", VllmOptions(rows=4))
    weights = load_file(directory / "model.safetensors")
    with pytest.raises(EngineError, match="would keep answering from the old lm_head"):
        await tied.load_weights("step-1", weights.items())
    tied._on_cpu = False
    with pytest.raises(EngineError, match="does not answer from the weights it was given"):
        await tied.load_weights("step-1", weights.items())
    assert all(c.finish == "error" for c in (await sample(tied, *requests(n=1, max_tokens=2))).values())
    await tied.close()


async def test_what_vllm_cannot_load_is_told_in_one_line(engine, tmp_path):
    make_checkpoint(tmp_path / "damaged", "qwen3")
    (tmp_path / "damaged" / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(EngineError, match="vLLM cannot load it") as raised:
        await open_engine(f"vllm:{tmp_path / 'damaged'}", VllmOptions(rows=4))
    assert "\n" not in str(raised.value)


RANK = """
import asyncio, json, os
import torch
from safetensors.torch import load_file
from engines import VllmOptions, Request, Sampling, TextPrompt, open_trainable_engine

async def main():
    torch.distributed.init_process_group("gloo")
    rank = torch.distributed.get_rank()
    engine = await open_trainable_engine("vllm:engines/micro", VllmOptions(rows=8, spmd=True))
    weights = load_file("engines/micro/model.safetensors")

    def gathered():
        # As a sharded trainer does: every rank holds a part, and gathers each parameter when it is asked for.
        for name, tensor in weights.items():
            whole = tensor if rank == 0 else torch.empty_like(tensor)
            torch.distributed.broadcast(whole, 0)
            yield name, whole

    await engine.load_weights("gathered", gathered())
    drawn = Sampling(max_tokens=12, seed=rank, temperature=0.0)
    done = [c async for c in engine.complete([Request("k", TextPrompt("x = 1"), 2, drawn)])]
    everyone = [None, None]
    torch.distributed.all_gather_object(everyone, [(c.text, c.weights_version) for c in done])
    if rank == 0:
        print(json.dumps(everyone))
    await engine.close()

asyncio.run(main())
"""


def test_under_torchrun_every_rank_has_an_engine_of_its_own(engine, tmp_path):
    script = tmp_path / "rank.py"
    script.write_text(RANK)
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", str(script)]
    environment = {**os.environ, "PYTHONPATH": str(MICRO.parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, cwd=MICRO.parents[1], env=environment)
    assert done.returncode == 0, done.stderr[-3000:]
    ranks = json.loads(done.stdout.splitlines()[-1])
    assert ranks[0] == ranks[1]
    assert {version for _, version in ranks[0]} == {"gathered"}
