"""The torch policy on tiny random models: log-probabilities, updates, and continuing from a checkpoint."""

from __future__ import annotations

import math
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from engines import Request, Sampling, open_engine
from engines.protocol import TokenPrompt
from tests.trainer.policies import (
    ALONE,
    RATE,
    RULES,
    answers,
    checkpoint,
    largest_difference,
    policy,
    relative_distance,
    rows,
    settings,
    start,
    step,
    weights,
)
from trainer.config.schema import Loss, Optimiser
from trainer.errors import TrainerError
from trainer.policy import scorer
from trainer.policy.network import Network
from trainer.policy.policy import PolicySetup
from trainer.update.pack import Pack, Sample

pytestmark = pytest.mark.local

CPU = torch.device("cpu")


@pytest.fixture(autouse=True)
def one_thread() -> None:
    torch.set_num_threads(1)


@pytest.fixture(scope="module", params=["qwen3", "qwen2"])
def base(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny checkpoint: Qwen3, or Qwen2 with tied embeddings, both with grouped heads."""
    return checkpoint(tmp_path_factory.mktemp("base"), request.param)


@pytest.fixture(scope="module")
def qwen3(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return checkpoint(tmp_path_factory.mktemp("base"), "qwen3")


def judged(base: Path, batches: list[list[Sample]], **changed: object) -> tuple[dict[int, torch.Tensor], torch.Tensor]:
    """Log-probabilities of each answer, by a hash of its tokens, and the gradient of a weighted sum of all losses."""
    network = Network(PolicySetup(base, settings(**changed), Optimiser(), ALONE, False))
    found: dict[int, torch.Tensor] = {}
    for batch in batches:
        for pack in rows(batch, 10_000):
            # Weights as if all batches were one update.
            whole = replace(pack, weights=pack.weights * (len(batch) / sum(map(len, batches))))
            loss, _ = network.loss(whole, Loss(kind="reinforce", correction="none"), None)
            torch.autograd.backward(loss)
            values = network.logprobs(pack)
            for number in range(len(pack.bounds) - 1):
                mine = torch.from_numpy(pack.sample == number)
                found[int(pack.bounds[number + 1]), hash(pack.targets[mine].tobytes())] = values[mine]  # type: ignore[index]
    gradient = torch.cat([weight.grad.flatten() for weight in network.trained if weight.grad is not None])
    return {key[1]: value for key, value in found.items()}, gradient  # type: ignore[index]


@pytest.mark.parametrize("attention", ["padded", "sdpa"])
def test_packed_rows_are_answers_one_at_a_time(base: Path, attention: str) -> None:
    batch = answers(3, 6, 0.7)
    packed, gradient = judged(base, [batch], attention=attention)
    # In a row with a single answer no other answer has to be masked.
    alone, expected = judged(base, [[sample] for sample in batch], attention="sdpa")
    assert packed.keys() == alone.keys() and len(packed) == 6
    for key, values in packed.items():
        assert torch.allclose(values, alone[key], atol=1e-5, rtol=0)
    assert torch.allclose(gradient, expected, atol=1e-5, rtol=0)
    assert float(expected.abs().max()) > 1e-2


@pytest.mark.parametrize("changed", [{"gradient_checkpointing": True}, {"logits": 700}, {"logits": 1}])
def test_saving_memory_changes_nothing(base: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, int]) -> None:
    batch = answers(4, 6, 0.7)
    whole, expected = judged(base, [batch])
    if logits := changed.pop("logits", None):
        monkeypatch.setattr(scorer, "_LOGITS_AT_ONCE", logits)
    pieces, gradient = judged(base, [batch], **changed)
    for key, values in whole.items():
        assert torch.allclose(values, pieces[key], atol=1e-6, rtol=0)
    assert torch.allclose(gradient, expected, atol=1e-6, rtol=0)


def test_checkpointed_activations_are_made_again_and_nothing_is_dropped_out(
    qwen3: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    network = Network(PolicySetup(qwen3, settings(gradient_checkpointing=True), Optimiser(), ALONE, False))
    layer = network.model.model.layers[0]
    calls: list[bool] = []
    layer.self_attn.register_forward_hook(lambda module, *_: calls.append(module.training))
    loss, _ = network.loss(rows(answers(1, 2), 500)[0], RULES, None)
    torch.autograd.backward(loss)
    assert calls == [False, False]


@pytest.mark.parametrize("temperature", [1.0, 0.7])
async def test_logprobs_are_those_the_engine_sampled_with(base: Path, temperature: float) -> None:
    engine = await open_engine(f"hf:{base}")
    sampling = Sampling(temperature=temperature, max_tokens=24, seed=5)
    prompts = [tuple(range(10, 20)), (40, 41, 42)]
    requests = [Request(str(i), TokenPrompt(prompt), 3, sampling) for i, prompt in enumerate(prompts)]
    drawn = []
    try:
        async with aclosing(engine.complete(requests)) as stream:
            async for one in stream:
                assert one.token_ids is not None and one.logprobs is not None
                drawn.append(Sample(prompts[int(one.key)], one.token_ids, one.logprobs, 1.0, temperature))
    finally:
        await engine.close()
    packs = rows(drawn, 120)
    assert len(drawn) == 6 and len(packs) > 1
    trained = policy(base, reference=False)
    for pack, values in zip(packs, trained.logprobs(packs), strict=True):
        assert torch.allclose(values, torch.from_numpy(pack.sampler_logprobs), atol=1e-4, rtol=0)
    update = trained.update(packs, Loss(), 0.0, None)
    assert abs(update.sums["mismatch_kl"]) < 1e-6 and update.sums["capped"] == 0


def test_an_update_raises_what_was_rewarded_and_counts_its_tokens(base: Path) -> None:
    trained = policy(base)
    batch = [replace(sample, advantage=1.0 if number % 2 else -1.0) for number, sample in enumerate(answers(5))]
    packs = rows(batch)
    before = trained.logprobs(packs)
    update = trained.update(packs, RULES, 1e-3, None)
    after = trained.logprobs(packs)
    gain = sum(
        float((torch.from_numpy(pack.advantages) * (new - old)).sum())
        for pack, old, new in zip(packs, before, after, strict=True)
    )
    assert gain > 0
    assert update.tokens == sum(len(sample.tokens) for sample in batch)
    assert update.row_tokens == sum(sample.size for sample in batch)
    assert update.sums["weight"] == pytest.approx(1, abs=1e-6)
    assert update.gradient_norm > 0 and 0 < update.entropy < math.log(259) and not update.skipped
    # The reference is the model itself before the first update, and no more after it.
    assert update.sums["kl"] == 0
    assert trained.update(packs, RULES, 1e-3, before).sums["kl"] > 0


def test_rows_change_nothing(base: Path) -> None:
    one, many = policy(base), policy(base)
    for seed in (1, 2):
        first = one.update(rows(answers(seed), 10_000), RULES, RATE, None)
        second = many.update(rows(answers(seed), 40), RULES, RATE, None)
        assert first.loss == pytest.approx(second.loss, abs=1e-6)
        assert first.gradient_norm == pytest.approx(second.gradient_norm, rel=1e-5)
    assert largest_difference(weights(one), weights(many)) < 1e-5
    assert relative_distance(weights(one), weights(many), weights(policy(base))) < 1e-3


def test_the_gradient_is_clipped_to_the_norm_that_is_set(qwen3: Path) -> None:
    from trainer.config.schema import Optimiser
    from trainer.policy.torch_policy import TorchPolicy

    norms = []
    for most in (1e9, 1e-3):
        trained = TorchPolicy(PolicySetup(qwen3, settings(), Optimiser(clip_norm=most), ALONE, False))
        norms.append(step(trained, 1).gradient_norm)
        moments = torch.cat([state["exp_avg"].flatten() for state in trained._adam.state.values()])
        # After one update the first moment is (1 - beta) times the gradient as it was used.
        assert float(moments.norm() / 0.1) == pytest.approx(min(most, norms[0]), rel=1e-3)
    assert norms[0] == pytest.approx(norms[1])


@pytest.mark.parametrize("where", ["advantages", "weights", "sampler_logprobs"])
def test_an_update_that_is_not_finite_changes_nothing_and_is_reported(qwen3: Path, where: str) -> None:
    trained = policy(qwen3)
    step(trained, 1)
    before, moments = weights(trained), [s["exp_avg"].clone() for s in trained._adam.state.values()]
    packs = rows(answers(2))
    getattr(packs[-1], where)[0] = math.nan
    update = trained.update(packs, RULES, 1e-3, None)
    assert update.skipped.startswith("loss nan, gradient norm nan")
    assert largest_difference(weights(trained), before) == 0
    assert all(torch.equal(s["exp_avg"], m) for s, m in zip(trained._adam.state.values(), moments, strict=True))
    # The next update is as if the skipped one had not been tried.
    untried = policy(qwen3)
    step(untried, 1)
    assert not step(trained, 3).skipped
    step(untried, 3)
    assert largest_difference(weights(trained), weights(untried)) == 0


def test_a_hundred_small_steps_move_the_masters(qwen3: Path) -> None:
    """A step of 1e-6 is lost when weights of 0.2 are kept in bfloat16, as in the released code."""
    trained = policy(qwen3, reference=False, dtype="bfloat16")
    before = weights(trained)
    packs = rows(answers(6, 3))
    for _ in range(100):
        trained.update(packs, Loss(kind="reinforce", correction="none"), 1e-6, None)
    after = weights(trained)
    assert all(tensor.dtype == torch.float32 for tensor in after.values())
    moved = torch.cat([(after[name] - before[name]).flatten().abs() for name in after if "embed" not in name])
    # 100 steps of 1e-6 make 1e-4, less where the gradient changes its sign; the weight decay changes little.
    assert 5e-5 < float(moved.median()) < 1.1e-4
    lost = [(w.bfloat16() + 1e-6) == w.bfloat16() for name, w in before.items() if "proj" in name]
    assert float(torch.cat([same.flatten() for same in lost]).float().mean()) > 0.9


def test_bfloat16_passes_are_near_float32_ones(base: Path) -> None:
    packs = rows(answers(7))
    in_float32, in_bfloat16 = (policy(base, reference=False, dtype=dtype) for dtype in ("float32", "bfloat16"))
    for one, other in zip(in_float32.logprobs(packs), in_bfloat16.logprobs(packs), strict=True):
        assert other.dtype == torch.float32
        assert 0 < float((one - other).abs().mean()) < 0.2


def saved_and_loaded(base: Path, directory: Path, **changed: object) -> None:
    """Assert that a policy saved after two updates and one loaded from what was saved make the same third update, bit
    for bit.
    """
    first = policy(base, **changed)
    step(first, 1)
    step(first, 2)
    directory.mkdir()
    first.save(directory)
    then = step(first, 3)
    second = policy(base, **changed)
    second.load(directory)
    again = step(second, 3)
    assert again == then
    assert largest_difference(weights(first), weights(second)) == 0
    moments = [[part for state in one._adam.state.values() for part in state.values()] for one in (first, second)]
    assert all(torch.equal(one, other) for one, other in zip(*moments, strict=True))


@pytest.mark.parametrize("changed", [{}, {"lora_rank": 4}, {"dtype": "bfloat16", "gradient_checkpointing": True}])
def test_saved_and_loaded_it_goes_on_bit_for_bit(base: Path, tmp_path: Path, changed: dict[str, object]) -> None:
    saved_and_loaded(base, tmp_path / "saved", **changed)


@pytest.mark.parametrize("rank", [None, 4])
async def test_what_is_saved_is_a_checkpoint_for_transformers_and_engines(
    base: Path, tmp_path: Path, rank: int | None
) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    trained = policy(base, reference=False, lora_rank=rank)
    for seed in (1, 2, 3):
        step(trained, seed, rate=0.01)
    trained.save(tmp_path)
    expected = weights(trained)
    model = AutoModelForCausalLM.from_pretrained(tmp_path)
    assert largest_difference(dict(model.state_dict()), expected) == 0
    assert AutoTokenizer.from_pretrained(tmp_path).get_vocab() == AutoTokenizer.from_pretrained(base).get_vocab()
    request = Request("0", TokenPrompt((10, 11, 12)), 1, Sampling(max_tokens=16, seed=3))
    said = []
    for directory in (tmp_path, base):
        engine = await open_engine(f"hf:{directory}")
        async with aclosing(engine.complete([request])) as stream:
            said += [one async for one in stream]
        if directory == base:
            # An engine that is given the weights samples the same answer as one that reads the saved checkpoint.
            await engine.load_weights("new", trained.tensors())  # type: ignore[attr-defined]
            async with aclosing(engine.complete([request])) as stream:
                said += [one async for one in stream]
        await engine.close()
    saved, old, told = said
    assert saved.token_ids == told.token_ids != old.token_ids
    assert saved.logprobs is not None
    (values,) = trained.logprobs(rows([Sample((10, 11, 12), saved.token_ids or (), saved.logprobs, 1.0)]))
    assert torch.allclose(values, torch.tensor(saved.logprobs), atol=1e-4, rtol=0)


def test_a_checkpoint_that_does_not_fit_is_refused(qwen3: Path, tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"was not saved by train\.backend = torch"):
        policy(qwen3).load(qwen3)
    policy(qwen3, lora_rank=2).save(tmp_path)
    with pytest.raises(TrainerError, match=r"was saved with train\.lora_rank"):
        policy(qwen3).load(tmp_path)


def test_adapters_begin_at_the_base_and_are_all_that_is_trained(base: Path) -> None:
    whole, adapted = policy(base), policy(base, lora_rank=4)
    packs = rows(answers(8))
    for one, other in zip(whole.logprobs(packs), adapted.logprobs(packs), strict=True):
        assert torch.equal(one, other)
    assert weights(whole).keys() == weights(adapted).keys()
    frozen = {name: w.clone() for name, w in adapted._network.model.named_parameters() if not w.requires_grad}
    step(adapted, 1, rate=0.01)
    for name, weight in adapted._network.model.named_parameters():
        assert name not in frozen or torch.equal(weight, frozen[name])
    assert adapted.parameters == whole.parameters
    changed = {name for name, weight in weights(adapted).items() if not torch.equal(weight, weights(whole)[name])}
    layers = {name.rpartition(".")[0].rpartition(".")[2] for name in changed}
    assert layers == {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}


def test_with_the_adapters_off_the_model_is_the_reference(base: Path) -> None:
    """The divergence equals that from a copy of the base model, although no copy is kept."""
    adapted, packs = policy(base, lora_rank=4), rows(answers(9))
    for seed in (1, 2):
        step(adapted, seed, rate=0.01)
    update = adapted.update(packs, RULES, 0.0, None)
    whole = policy(base)
    whole._network.model.load_state_dict(weights(adapted))
    expected = whole.update(packs, RULES, 0.0, None)
    assert update.sums["kl"] == pytest.approx(expected.sums["kl"], rel=1e-2) and update.sums["kl"] > 1e-6
    assert adapted._network._reference is None


def test_merged_weights_compute_what_the_adapters_do(base: Path) -> None:
    adapted, packs = policy(base, lora_rank=4), rows(answers(9))
    for seed in (1, 2, 3):
        step(adapted, seed, rate=0.01)
    plain = policy(base)
    plain._network.model.load_state_dict(weights(adapted))
    for one, other in zip(adapted.logprobs(packs), plain.logprobs(packs), strict=True):
        assert torch.allclose(one, other, atol=1e-4, rtol=0)


def test_adapters_are_the_same_in_every_process(qwen3: Path) -> None:
    torch.manual_seed(1)
    one = policy(qwen3, lora_rank=4)
    torch.manual_seed(2)
    other = policy(qwen3, lora_rank=4)
    assert all(torch.equal(a, b) for a, b in zip(one._weights, other._weights, strict=True))


def test_empty_rows_change_nothing(qwen3: Path) -> None:
    one, other = policy(qwen3), policy(qwen3)
    filler: Pack = packs_with_filler()
    step(one, 1)
    update = other.update([*rows(answers(1)), filler], RULES, RATE, None)
    assert not update.skipped and update.sums["weight"] == pytest.approx(1, abs=1e-6)
    assert largest_difference(weights(one), weights(other)) == 0


def packs_with_filler() -> Pack:
    from trainer.update.pack import packs_for

    (filler,) = packs_for(answers(1, 1), "sequence", 1, 500, 1, 2)
    assert not filler.weights.any()
    return filler


@pytest.mark.slow
def test_two_processes_are_one(base: Path, tmp_path: Path) -> None:
    one, two = (start("two_updates", processes, base, tmp_path / f"{processes}.pt")[0] for processes in (1, 2))
    assert largest_difference(one["weights"], two["weights"]) < 1e-6
    assert relative_distance(one["weights"], two["weights"], weights(policy(base))) < 1e-4
    for alone, together in zip(one["updates"], two["updates"], strict=True):
        assert together.loss == pytest.approx(alone.loss, abs=1e-6)
        assert together.gradient_norm == pytest.approx(alone.gradient_norm, rel=1e-5)
        assert together.sums == pytest.approx(alone.sums, abs=1e-5)
