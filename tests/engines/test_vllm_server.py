"""vLLM's server as a trainer's engine: it answers as the other engines do, and takes new weights while it runs.

Needs vLLM for this machine: the CPU build will do (scripts/setup-vllm).
"""

from __future__ import annotations

import asyncio
import json
import shutil
import urllib.request
from importlib.util import find_spec
from pathlib import Path

import pytest

from engines import (
    ChatPrompt,
    EngineError,
    Message,
    Request,
    Sampling,
    TextPrompt,
    TokenPrompt,
    TrainableEngine,
    open_engine,
)
from tests.engines.asked import PROMPTS, changed, drawn, requests, sample, tensors
from tests.engines.tiny import make_checkpoint
from tests.engines.vllm_server import serving_vllm

pytestmark = [pytest.mark.slow, pytest.mark.vllm, pytest.mark.timeout(600)]
BASE = Path(__file__).parents[2] / "engines" / "micro-base"


@pytest.fixture(scope="module")
def server(require, tmp_path_factory):
    """The URL of a server that has the micro lab's base model."""
    if find_spec("vllm") is None:
        require("vllm", "vLLM is not installed (extra: gpu, or scripts/setup-vllm)")
    with serving_vllm(BASE, tmp_path_factory.mktemp("vllm") / "log") as url:
        yield url


@pytest.fixture
async def engine(server, tmp_path):
    """An engine over the server, which has the base weights."""
    from engines.vllm_server.engine import open_server_engine

    opened = await open_server_engine(BASE, [server], tmp_path / "weights", rows=64)
    await opened.load_weights("base", tensors(BASE).items())
    yield opened
    await opened.close()
    await opened.close()
    assert not list((tmp_path / "weights").iterdir())


async def greedy(engine):
    return drawn(await sample(engine, *requests(n=1, temperature=0.0)))


async def test_greedy_answers_are_those_of_the_local_engine(engine):
    local = await open_engine("micro-base")
    asked = requests(n=1, temperature=0.0, max_tokens=80, stop=("<|end|>",))
    ours, theirs = await sample(engine, *asked), await sample(local, *asked)
    assert drawn(ours) == drawn(theirs)
    assert {place: (c.logprobs, c.usage) for place, c in ours.items()} == {
        place: (c.logprobs, c.usage) for place, c in theirs.items()
    }
    await local.close()


@pytest.mark.parametrize("sampling", [{}, {"temperature": 0.7}, {"temperature": 1.3, "top_k": 5}], ids=str)
async def test_logprobs_are_those_of_a_forward_pass_for_the_sampled_tokens(engine, sampling):
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(BASE).float().eval()
    for (key, _), completion in (await sample(engine, *requests(**sampling))).items():
        prompt = engine._text.encode(TextPrompt(PROMPTS[key]))
        with torch.no_grad():
            logits = model(torch.tensor([prompt + list(completion.token_ids)])).logits[0, len(prompt) - 1 : -1]
        logits = logits / sampling.get("temperature", 1.0)
        if "top_k" in sampling:
            logits[logits < logits.topk(sampling["top_k"]).values[:, -1:]] = -torch.inf
        expected = logits.log_softmax(-1).gather(1, torch.tensor(completion.token_ids)[:, None]).squeeze(1)
        assert completion.logprobs == pytest.approx(expected.tolist(), abs=1e-3)


async def test_every_sample_is_answered_once_whatever_the_number_of_servers(server, engine, tmp_path):
    from engines.vllm_server.engine import open_server_engine

    twice = await open_server_engine(BASE, [server, f"{server}/v1/"], tmp_path / "other", rows=64)
    for asked in (engine, twice):
        done = [c async for c in asked.complete(requests(n=9))]
        assert sorted((c.key, c.index) for c in done) == sorted((key, i) for key in PROMPTS for i in range(9))
        for c in done:
            assert c.usage.completion_tokens == len(c.token_ids) == len(c.logprobs) <= 24
            assert c.finish in ("stop", "length") and not c.error
            assert (c.usage.prompt_tokens > 0) == (c.index == 0)
    assert {c.weights_version for c in (await sample(engine)).values()} == {"base"}
    await twice.close()


async def test_a_seed_gives_the_same_sample_alone_and_in_a_crowd(engine):
    crowd = await sample(engine, *requests(n=9))
    assert drawn(await sample(engine, *requests(n=9))) == drawn(crowd)
    shifted = Request("short", TextPrompt(PROMPTS["short"]), 1, Sampling(max_tokens=24, seed=14))
    assert (await sample(engine, shifted))["short", 0].text == crowd["short", 3].text
    assert len({c.text for (key, _), c in crowd.items() if key == "short"}) > 1


async def test_new_weights_change_the_live_server_and_the_old_ones_bring_it_back(engine, tmp_path):
    from safetensors.torch import save_file

    assert isinstance(engine, TrainableEngine)
    before, logprobs = await greedy(engine), {p: c.logprobs for p, c in (await sample(engine)).items()}
    await engine.load_weights("step-1", changed(BASE).items())
    assert {c.weights_version for c in (await sample(engine)).values()} == {"step-1"}

    shutil.copytree(BASE, tmp_path / "changed")
    save_file(changed(BASE), tmp_path / "changed" / "model.safetensors", metadata={"format": "pt"})
    local = await open_engine(f"hf:{tmp_path / 'changed'}")
    assert await greedy(engine) == await greedy(local) != before
    await local.close()

    assert [folder.name for folder in (tmp_path / "weights").iterdir()] == ["weights-step-1"]
    await engine.load_weights("step-2", tensors(BASE).items())
    assert [folder.name for folder in (tmp_path / "weights").iterdir()] == ["weights-step-2"]
    assert await greedy(engine) == before
    for place, completion in (await sample(engine)).items():
        assert completion.logprobs == pytest.approx(logprobs[place], abs=1e-4)


async def test_samples_under_way_end_with_the_old_weights_and_later_ones_have_the_new(engine):
    first = asyncio.create_task(sample(engine, *requests(n=8)))
    while engine._idle.is_set():
        await asyncio.sleep(0.001)
    loading = asyncio.create_task(engine.load_weights("new", changed(BASE).items()))
    await asyncio.sleep(0)
    second = asyncio.create_task(sample(engine, *requests(n=8)))
    assert {c.weights_version for c in (await first).values()} == {"base"}
    assert {c.weights_version for c in (await second).values()} == {"new"}
    await loading


async def test_a_process_that_does_not_lead_gathers_and_hands_nothing_over(server, engine, tmp_path):
    from engines.vllm_server.engine import open_server_engine

    follower = await open_server_engine(BASE, [server], tmp_path / "weights", leads=False)
    asked = []
    await engine.load_weights("shared", changed(BASE).items())
    await follower.load_weights("shared", ((asked.append(name) or name, t) for name, t in changed(BASE).items()))
    assert asked == list(tensors(BASE))
    assert await greedy(follower) == await greedy(engine)
    await follower.close()
    assert (tmp_path / "weights" / "weights-shared").is_dir()


async def test_what_the_model_cannot_take_is_an_error_of_that_request_alone(engine):
    done = await sample(
        engine,
        Request("over", TokenPrompt(tuple([40] * 512)), 2),
        Request("unknown", TokenPrompt((70_000,)), 1),
        Request("chat", ChatPrompt((Message("user", "x"),)), 1),
        Request("top", TextPrompt("x"), 1, Sampling(top_p=2.0)),
        Request("nearly", TokenPrompt(tuple([40] * 510)), 1, Sampling(max_tokens=50)),
    )
    errors = {key: done[key, 0].error for key in ("over", "unknown", "chat", "top", "nearly")}
    assert "512 tokens" in errors["over"] and done["over", 1].finish == "error"
    assert "outside the vocabulary" in errors["unknown"]
    assert "no chat template" in errors["chat"]
    assert "top_p" in errors["top"]
    assert errors["nearly"] == "" and len(done["nearly", 0].token_ids) <= 2


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
async def test_weights_that_do_not_fit_are_an_error_and_nothing_changes(engine, damage, message):
    before = await greedy(engine)
    with pytest.raises(EngineError, match=message):
        await engine.load_weights("wrong", damage(changed(BASE)).items())
    assert await greedy(engine) == before
    assert {c.weights_version for c in (await sample(engine)).values()} == {"base"}


async def test_a_directory_that_the_server_does_not_see_is_told_before_it_is_asked_to_load(engine, monkeypatch):
    from engines.vllm_server import host

    monkeypatch.setattr(host, "SIGHT_S", 0.0)
    before = await greedy(engine)
    with pytest.raises(EngineError, match=r"does not see /elsewhere, which must be the same directory") as raised:
        await engine._hosts[0].take(Path("/elsewhere/weights-step-1"), "step-1")
    assert "\n" not in str(raised.value)
    assert await greedy(engine) == before


async def test_weights_that_were_not_taken_leave_no_answers_until_others_are(engine, monkeypatch):
    async def away(folder, version):
        raise EngineError("it is away")

    before = await greedy(engine)
    with monkeypatch.context() as patch:
        patch.setattr(engine._hosts[0], "take", away)
        with pytest.raises(EngineError, match="it is away"):
            await engine.load_weights("lost", changed(BASE).items())
    refused = await sample(engine)
    assert {c.finish for c in refused.values()} == {"error"}
    assert all("not every server loaded the last weights; load them again" in c.error for c in refused.values())
    await engine.load_weights("again", tensors(BASE).items())
    assert await greedy(engine) == before


async def test_a_server_whose_weights_another_has_changed_is_not_believed(server, engine):
    await engine._hosts[0]._post("/update_weight_version", {"new_version": "theirs"})
    with pytest.raises(EngineError, match="has the weights 'theirs', not 'base': it was started again, or another run"):
        await sample(engine)


async def test_a_server_with_another_model_is_refused(server, tmp_path):
    from engines.vllm_server.engine import open_server_engine

    other = make_checkpoint(tmp_path / "tiny", "qwen3")
    with pytest.raises(EngineError, match=r"serves another model: .*micro-base, whose intermediate_size is \d+ where"):
        await open_server_engine(other, [server], tmp_path / "weights")


async def test_a_sleeping_engine_takes_weights_and_answers_when_it_is_awake(engine):
    await engine.sleep()
    with pytest.raises(EngineError, match="asleep: wake it before asking"):
        await sample(engine)
    await engine.load_weights("new", changed(BASE).items())
    await engine.wake()
    assert {c.weights_version for c in (await sample(engine)).values()} == {"new"}


@pytest.mark.bubblewrap
def test_a_run_of_the_trainer_samples_on_the_server_and_gives_it_every_step_s_weights(server, tmp_path):
    from tests.trainer.runs import metrics, run, small
    from trainer.record.journal import read_journal
    from trainer.rollout.answers import TaskAnswers

    place = tmp_path / "weights"
    servers = (f"rollout.url={server}", "rollout.engine=vllm-server", f"rollout.weights_dir={place}")
    run(small("steps=2", "coder.max_tokens=64", "tester.max_tokens=64", *servers), tmp_path / "run")
    steps, log = metrics(tmp_path / "run"), tmp_path / "run" / "rollouts"
    assert [line["step"] for line in steps] == [1, 2]
    assert all(line["code/answers"] == 8 and line["test/answers"] == 8 for line in steps)
    for line in steps:
        mismatches = [value for name, value in line.items() if name.endswith("mismatch_kl") and value is not None]
        assert mismatches and max(map(abs, mismatches)) < 1e-3
    for step in (1, 2):
        records = [TaskAnswers.from_record(r["answers"]) for r in read_journal(log, step) if "answers" in r]
        answers = [answer for one in records for many in one.answers.values() for answer in many]
        assert len(answers) == 16 and {answer.version for answer in answers} == {f"step-{step - 1}"}
    assert not list(place.iterdir())
    with urllib.request.urlopen(f"{server}/weight_info") as answer:
        assert json.load(answer) == {"weight_version": "step-1"}
