"""New weights in a live engine: it samples like an engine opened with them; weights that do not fit change nothing."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import subprocess
import sys
from contextlib import aclosing
from pathlib import Path

import pytest

from engines import (
    EngineError,
    LocalOptions,
    ModelSpecError,
    Request,
    Sampling,
    TextPrompt,
    TrainableEngine,
    open_engine,
    open_trainable_engine,
)

torch = pytest.importorskip("torch", reason="needs torch and transformers (extra: local)")
KINDS = ["qwen2", "qwen3", "tied", "transformers", "transformers-tied"]
PROMPTS = {"short": "x = 1", "long": "def solve():\n    return int(input()) * 2\n" * 3}


@pytest.fixture(params=KINDS)
async def engine(request, checkpoints):
    opened = await open_trainable_engine(f"hf:{checkpoints[request.param]}", LocalOptions(rows=8))
    yield opened
    await opened.close()


async def sample(engine, n=3, **sampling):
    drawn = Sampling(**{"max_tokens": 20, "seed": 11, **sampling})
    requests = [Request(key, TextPrompt(text), n, drawn) for key, text in PROMPTS.items()]
    return {(c.key, c.index): c async for c in engine.complete(requests)}


def drawn(done):
    """Tokens, log-probabilities, text and finish reason of each sample, without the version of the weights."""
    return {place: (c.token_ids, c.logprobs, c.text, c.finish) for place, c in done.items()}


def directory_of(engine) -> Path:
    return Path(engine.spec.removeprefix("hf:"))


def file_of(directory: Path) -> Path:
    return next(directory.glob("*.safetensors"))


def changed(engine):
    """The checkpoint's tensors plus normal noise of a tenth of each tensor's standard deviation."""
    from safetensors.torch import load_file

    random = torch.Generator().manual_seed(3)
    tensors = load_file(file_of(directory_of(engine)))
    return {name: t + 0.1 * t.std() * torch.randn(t.shape, generator=random) for name, t in tensors.items()}


def written(tensors, engine, directory: Path) -> Path:
    from safetensors.torch import save_file

    shutil.copytree(directory_of(engine), directory)
    save_file(tensors, file_of(directory), metadata={"format": "pt"})
    return directory


async def test_loaded_weights_answer_as_a_fresh_engine_with_them_would(engine, tmp_path):
    before = await sample(engine)
    tensors = changed(engine)
    await engine.load_weights("step-1", tensors.items())
    after = await sample(engine)
    assert {c.weights_version for c in after.values()} == {"step-1"}
    assert all(drawn(after)[place] != drawn(before)[place] for place in before)
    fresh = await open_engine(f"hf:{written(tensors, engine, tmp_path / 'changed')}", LocalOptions(rows=8))
    for temperature in (1.0, 0.0):
        assert drawn(await sample(engine, temperature=temperature)) == drawn(
            await sample(fresh, temperature=temperature)
        )
    await fresh.close()


async def test_going_back_to_the_old_weights_gives_the_old_samples(engine):
    from safetensors.torch import load_file

    before = await sample(engine)
    await engine.load_weights("new", changed(engine).items())
    await engine.load_weights("old", load_file(file_of(directory_of(engine))).items())
    assert drawn(await sample(engine)) == drawn(before)


async def test_the_named_parameters_of_the_model_in_transformers_fit(engine):
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(directory_of(engine)).float()
    before = await sample(engine)
    await engine.load_weights("parameters", model.named_parameters())
    await engine.load_weights("state", model.state_dict().items())
    assert drawn(await sample(engine)) == drawn(before)


async def test_half_precision_tensors_are_taken_as_they_are(engine, tmp_path):
    halves = {name: tensor.bfloat16() for name, tensor in changed(engine).items()}
    await engine.load_weights("half", halves.items())
    wide = {name: tensor.float() for name, tensor in halves.items()}
    fresh = await open_engine(f"hf:{written(wide, engine, tmp_path / 'wide')}", LocalOptions(rows=8))
    assert drawn(await sample(engine)) == drawn(await sample(fresh))
    await fresh.close()


async def test_a_tensor_may_be_gone_when_the_next_is_asked_for(engine):
    tensors = changed(engine)
    await engine.load_weights("whole", tensors.items())
    expected = drawn(await sample(engine))

    def gathered():
        for name, tensor in tensors.items():
            buffer = tensor.clone()
            yield name, buffer
            buffer.fill_(float("nan"))

    await engine.load_weights("gathered", gathered())
    assert drawn(await sample(engine)) == expected


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda t: {**t, "model.norm.weigth": t["model.norm.weight"]}, "no weight 'model.norm.weigth'; did you mean"),
        (lambda t: {**t, "model.norm.weight": torch.zeros(3)}, "'model.norm.weight' has shape 3, the model's has 128"),
        (
            lambda t: {k: v for k, v in t.items() if "layers.1.mlp" not in k},
            "no weight was given for .*layers.1.mlp.* and 2 more",
        ),
    ],
    ids=["name", "shape", "missing"],
)
async def test_weights_that_do_not_fit_are_an_error_and_nothing_changes(engine, damage, message):
    before = await sample(engine)
    with pytest.raises(EngineError, match=message):
        await engine.load_weights("wrong", damage(changed(engine)).items())
    assert await sample(engine) == before


async def test_a_weight_that_comes_twice_is_an_error(engine):
    tensors = changed(engine)
    with pytest.raises(EngineError, match=r"'model.norm.weight' was given twice"):
        await engine.load_weights("twice", [*tensors.items(), ("model.norm.weight", tensors["model.norm.weight"])])


@pytest.mark.parametrize("kind", ["tied", "transformers-tied"])
async def test_tied_weights_with_two_values_are_an_error(checkpoints, kind):
    engine = await open_trainable_engine(f"hf:{checkpoints[kind]}")
    tensors = changed(engine)
    tensors["lm_head.weight"] = tensors["model.embed_tokens.weight"] * 2
    with pytest.raises(EngineError, match="different values were given"):
        await engine.load_weights("untied", tensors.items())
    await engine.close()


async def test_samples_under_way_end_with_the_old_weights_and_later_ones_have_the_new(engine):
    # The engine decodes 8 rows at a time: some of the first call's rows still wait when the weights come.
    expected = await sample(engine, n=10)
    first = asyncio.create_task(sample(engine, n=10))
    while not engine._worker._active:
        await asyncio.sleep(0.001)
    loading = asyncio.create_task(engine.load_weights("new", changed(engine).items()))
    await asyncio.sleep(0)
    second = asyncio.create_task(sample(engine, n=10))
    assert await first == expected
    assert {c.weights_version for c in (await second).values()} == {"new"}
    await loading
    assert drawn(await sample(engine, n=10)) == drawn(await second)


async def test_weights_need_not_wait_for_samples_that_nobody_wants_any_more(engine):
    endless = Request("k", TextPrompt("x"), 20, Sampling(max_tokens=400, temperature=0.01, seed=1))
    async with aclosing(engine.complete([endless])) as stream:
        waiting = asyncio.create_task(anext(stream))
        await asyncio.sleep(0.05)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
    await asyncio.wait_for(engine.load_weights("new", changed(engine).items()), 2)
    assert {c.weights_version for c in (await sample(engine)).values()} == {"new"}


async def test_a_closed_engine_takes_no_weights(checkpoints):
    engine = await open_trainable_engine(f"hf:{checkpoints['qwen2']}")
    await engine.close()
    with pytest.raises(EngineError, match="the engine was closed"):
        await engine.load_weights("late", changed(engine).items())


async def test_closing_the_engine_ends_a_load_that_waits(checkpoints):
    engine = await open_trainable_engine(f"hf:{checkpoints['qwen2']}", LocalOptions(rows=2))
    long = asyncio.create_task(sample(engine, n=4, max_tokens=400, temperature=0.01))
    while not engine._worker._active:
        await asyncio.sleep(0.001)
    loading = asyncio.create_task(engine.load_weights("new", changed(engine).items()))
    await asyncio.sleep(0.01)
    await engine.close()
    with pytest.raises(EngineError, match="the engine was closed"):
        await loading
    assert {c.error for c in (await long).values()} == {"the engine was closed"}


async def test_closing_the_engine_passes_over_a_load_that_nobody_waits_for_any_more(checkpoints):
    engine = await open_trainable_engine(f"hf:{checkpoints['qwen2']}", LocalOptions(rows=2))
    long = asyncio.create_task(sample(engine, n=4, max_tokens=400, temperature=0.01))
    while not engine._worker._active:
        await asyncio.sleep(0.001)
    loading = asyncio.create_task(engine.load_weights("new", changed(engine).items()))
    while not engine._worker._later:
        await asyncio.sleep(0.001)
    loading.cancel()
    await asyncio.gather(loading, return_exceptions=True)
    await engine.close()
    assert {c.error for c in (await asyncio.wait_for(long, 20)).values()} == {"the engine was closed"}


async def test_a_sleeping_engine_takes_weights_and_answers_when_it_is_awake(engine):
    await engine.sleep()
    await engine.sleep()
    with pytest.raises(EngineError, match="asleep: wake it before asking"):
        await sample(engine)
    await engine.load_weights("new", changed(engine).items())
    await engine.wake()
    await engine.wake()
    asleep = await sample(engine)
    await engine.load_weights("new", changed(engine).items())
    assert await sample(engine) == asleep


async def test_an_engine_whose_weights_lie_elsewhere_cannot_be_trained(tiny):
    engine = await open_trainable_engine(f"hf:{tiny}")
    assert isinstance(engine, TrainableEngine)
    await engine.close()
    for spec in ("http://localhost:1/v1#x", "openai:gpt", "scripted:file"):
        with pytest.raises(ModelSpecError, match="cannot be given new weights"):
            await open_trainable_engine(spec)


ROLLOUTS = """
import asyncio, hashlib, json, sys
from engines import LocalOptions, Request, Sampling, TextPrompt, open_engine
async def main(spec):
    engine = await open_engine(spec, LocalOptions(rows=16, threads=1))
    for _ in range(2):
        requests = [
            Request(str(k), TextPrompt("Q" * k + "?"), 6, Sampling(max_tokens=24, seed=k)) for k in range(1, 7)
        ]
        done = sorted([(c.key, c.index, c.token_ids, c.logprobs) async for c in engine.complete(requests)])
        print(hashlib.sha256(json.dumps(done).encode()).hexdigest())
    await engine.close()
asyncio.run(main(sys.argv[1]))
"""


@pytest.mark.parametrize("kind", ["qwen2", "transformers"])
def test_requests_asked_together_give_the_same_bits_in_every_run_and_process(checkpoints, kind):
    # 36 rows, decoded 16 at a time: which rows share a batch must not depend on timing.
    command = [sys.executable, "-c", ROLLOUTS, f"hf:{checkpoints[kind]}"]
    root = Path(__file__).parents[2]
    hashes = [
        subprocess.run(command, capture_output=True, text=True, cwd=root, check=True).stdout.split() for _ in (1, 2)
    ]
    assert len({run for process in hashes for run in process}) == 1, hashes


@pytest.mark.parametrize("temperature", [1.0, 0.7])
async def test_sampled_logprobs_of_the_bundled_model_are_those_of_a_forward_pass(temperature):
    from transformers import AutoModelForCausalLM

    engine = await open_trainable_engine("micro")
    directory = Path(__file__).parents[2] / "engines" / "micro"
    assert engine._worker.version == hashlib.sha256((directory / "model.safetensors").read_bytes()).hexdigest()
    model = AutoModelForCausalLM.from_pretrained(directory).float().eval()
    done = await sample(engine, n=16, max_tokens=60, temperature=temperature)
    for completion in done.values():
        prompt = engine._text.encode(TextPrompt(PROMPTS[completion.key]))
        ids = torch.tensor([prompt + list(completion.token_ids)])
        with torch.no_grad():
            scores = (model(ids).logits[0, len(prompt) - 1 : -1] / temperature).log_softmax(-1)
        expected = scores.gather(1, torch.tensor(completion.token_ids)[:, None]).squeeze(1)
        torch.testing.assert_close(torch.tensor(completion.logprobs), expected, atol=1e-4, rtol=0)
    await engine.close()


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA GPU")
async def test_a_sleeping_engine_has_given_the_gpu_s_memory_back(checkpoints):
    engine = await open_trainable_engine(f"hf:{checkpoints['transformers']}", LocalOptions(device="cuda"))
    before = drawn(await sample(engine))
    held = torch.cuda.memory_allocated()
    await engine.sleep()
    assert torch.cuda.memory_allocated() < held / 10
    await engine.wake()
    assert drawn(await sample(engine)) == before
    await engine.close()
