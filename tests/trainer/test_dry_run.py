"""`cure-agent train TARGET --dry-run`: the plan of a step and its memory, checked against real models."""

from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from trainer.commands import train
from trainer.config import load
from trainer.errors import TrainerError
from trainer.plan import memory
from trainer.plan.estimate import estimate
from trainer.plan.memory import Training, activations, cache_per_token, shape_of
from trainer.plan.model_config import PRESET_MODELS, model_config
from trainer.plan.step_plan import plan

QWEN_7B = {
    "architectures": ["Qwen2ForCausalLM"],
    "hidden_act": "silu",
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "model_type": "qwen2",
    "num_attention_heads": 28,
    "num_hidden_layers": 28,
    "num_key_value_heads": 4,
    "tie_word_embeddings": False,
    "torch_dtype": "bfloat16",
    "vocab_size": 152064,
}
"""Part of the config.json of Qwen2.5-7B-Instruct, as published."""
TINY = {
    "vocab_size": 96,
    "hidden_size": 32,
    "intermediate_size": 80,
    "num_hidden_layers": 3,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 128,
}


def dry_run(*arguments: str) -> Result:
    return CliRunner().invoke(train, [arguments[0], "--dry-run", *arguments[1:]])


def comments(result: Result) -> str:
    assert result.exit_code == 0, result.exception
    return "\n".join(line[2:] for line in result.output.splitlines() if line.startswith("#"))


def test_parameters_of_the_published_model() -> None:
    assert shape_of(QWEN_7B).parameters == 7_615_616_512
    assert shape_of(PRESET_MODELS["Qwen/Qwen2.5-7B-Instruct"]) == shape_of(QWEN_7B)


@pytest.mark.parametrize(
    ("name", "billions", "without_embeddings"),
    [("Qwen/Qwen2.5-7B-Instruct", 7.61, 6.53), ("Qwen/Qwen2.5-14B-Instruct", 14.7, 13.1), ("Qwen/Qwen3-4B", 4.0, 3.6)],
)
def test_parameters_are_those_of_the_model_cards(name: str, billions: float, without_embeddings: float) -> None:
    shape = shape_of(PRESET_MODELS[name])
    embeddings = shape.vocabulary * shape.hidden * (1 if shape.tied else 2)
    assert shape.parameters / 1e9 == pytest.approx(billions, abs=0.08)
    assert (shape.parameters - embeddings) / 1e9 == pytest.approx(without_embeddings, abs=0.12)  # the cards round down


@pytest.mark.local
def test_parameters_of_the_bundled_model() -> None:
    safetensors = pytest.importorskip("safetensors", reason="weights are read with safetensors")
    config, _ = model_config("micro")
    with safetensors.safe_open(Path("engines/micro/model.safetensors"), "np") as weights:
        count = sum(weights.get_tensor(name).size for name in weights.keys())  # noqa: SIM118 (not a mapping)
    assert shape_of(config).parameters == count


@pytest.mark.local
@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("qwen2", {}),
        ("qwen2", {"tie_word_embeddings": True}),
        ("qwen3", {"head_dim": 16}),
        ("llama", {}),
        ("llama", {"attention_bias": True, "mlp_bias": True}),
        ("mistral", {"head_dim": 8}),
    ],
)
def test_parameters_of_models_as_transformers_makes_them(kind: str, more: dict[str, Any]) -> None:
    transformers = pytest.importorskip("transformers", reason="models are made with transformers")
    config = transformers.AutoConfig.for_model(kind, **TINY, **more)
    model = transformers.AutoModelForCausalLM.from_config(config)
    assert shape_of(config.to_dict()).parameters == sum(weight.numel() for weight in model.parameters())


@pytest.mark.local
def test_parameters_of_adapters() -> None:
    transformers = pytest.importorskip("transformers", reason="models are made with transformers")
    from trainer.policy import lora

    config = transformers.AutoConfig.for_model("qwen3", **TINY)
    model = transformers.AutoModelForCausalLM.from_config(config)
    lora.adapt(model, 4)
    trained = sum(weight.numel() for weight in model.parameters() if weight.requires_grad)
    assert shape_of(config.to_dict()).adapters(4) == trained


@pytest.mark.local
@pytest.mark.parametrize("checkpointing", [False, True])
@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("kind", ["qwen2", "qwen3"])
def test_activations_are_what_autograd_keeps(kind: str, half: bool, checkpointing: bool) -> None:
    torch = pytest.importorskip("torch", reason="activations are kept by torch")
    transformers = pytest.importorskip("transformers", reason="models are made with transformers")
    config = transformers.AutoConfig.for_model(kind, **TINY | {"hidden_size": 128, "intermediate_size": 320})
    model = transformers.AutoModelForCausalLM.from_config(config, attn_implementation="sdpa")
    if checkpointing:
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs={"use_reentrant": False})
        model.train()
    own = {weight.data_ptr() for weight in model.parameters()}
    kept: list[Any] = []

    def keep(tensor: Any) -> Any:
        kept.append(tensor)
        return tensor

    tokens, shape = 120, shape_of(config.to_dict())
    autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=half, cache_enabled=False)
    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor), autocast:
        model.get_decoder()(input_ids=torch.arange(tokens)[None] % 90, use_cache=False)
    storages = {tensor.untyped_storage().data_ptr(): tensor.untyped_storage().nbytes() for tensor in kept}
    measured = sum(size for place, size in storages.items() if place not in own)
    counted = activations(shape, tokens, half, checkpointing)
    if checkpointing:
        # Measured after the forward pass, so without the one block that the backward pass recomputes at a time.
        without = activations(shape, tokens, half, False)
        counted -= (without - 8 * tokens * shape.hidden) // shape.layers
    assert counted == pytest.approx(measured, rel=0.1)


def test_the_trainers_own_sizes_are_counted() -> None:
    pytest.importorskip("torch", reason="the trainer needs torch")
    from trainer.policy import deepspeed_policy, scorer

    assert (memory.LOGITS_AT_ONCE, memory.BUCKET) == (scorer._LOGITS_AT_ONCE, deepspeed_policy._BUCKET)


def test_model_states_are_split_as_the_stage_says() -> None:
    shape = shape_of(QWEN_7B)
    count = shape.parameters

    def held(**settings: Any) -> tuple[float, float, float]:
        one = memory.memory(shape, Training(**settings))
        return one.weights / count, one.moments / count, one.gradients / count

    assert held() == held(processes=8) == (4, 8, 4)
    assert held(backend="deepspeed", zero=0, processes=8) == (4, 8, 4)
    assert held(backend="deepspeed", zero=1, processes=8) == (4.5, 1, 4)
    assert held(backend="deepspeed", zero=2, processes=8) == (4.5, 1, 0.5)
    assert held(backend="deepspeed", zero=3, processes=8) == (1, 1, 0.5)


def test_adapters_need_no_reference_and_little_else() -> None:
    shape = shape_of(QWEN_7B)
    whole = memory.memory(shape, Training(reference=True))
    adapted = memory.memory(shape, Training(reference=True, lora_rank=16))
    assert whole.reference == 2 * shape.parameters and adapted.reference == 0
    assert adapted.moments == 8 * shape.adapters(16) < whole.moments / 100
    assert adapted.weights == 4 * (shape.parameters + shape.adapters(16))


def test_keys_and_values_of_a_token() -> None:
    # 28 layers x 4 heads x 128 numbers x keys and values x 2 bytes
    assert cache_per_token(shape_of(QWEN_7B)) == 57_344


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ({**QWEN_7B, "model_type": "qwen3_moe"}, "no estimate for models of type 'qwen3_moe', only for qwen2, qwen3"),
        ({"model_type": "qwen2"}, "config.json lacks num_attention_heads"),
        ({}, "no estimate for models of type None"),
    ],
)
def test_other_models_are_not_guessed_at(config: dict[str, Any], words: str) -> None:
    with pytest.raises(TrainerError, match=words):
        shape_of(config)


def test_the_plan_of_a_step() -> None:
    config = load("paper-7b", ("data.time_limit_s=2.0", "optimiser.updates=3", "steps=25", "train.processes=8"))
    planned = plan(config)
    coder = planned.roles["coder"]
    assert (coder.answers, coder.sampled_tokens, coder.trained_tokens) == (1600, 16_000_000, 12_800_000)
    assert planned.executions == 100 * 16 * (8 + 16)
    assert planned.cpu_s == 2 * planned.executions and planned.give_up_cpu_s == 100 * 16 * 2 * 2
    assert planned.stages == ("code", "test") and planned.updates == 6
    assert planned.rows == -(-2 * 1600 * (2000 + 8000) // 16_384)
    assert planned.processes == 8 and planned.checkpoints == 3 and planned.evaluations == 0


def test_the_plan_of_label_free_training_counts_the_labels() -> None:
    planned = plan(load("label-free-14b"))
    assert planned.roles["labels"].answers == 1600 and not planned.roles["labels"].trained
    assert planned.executions == 100 * 16 * (16 + 16)


def test_the_plan_of_a_frozen_role_and_of_joint_stages() -> None:
    frozen = plan(load("micro", ("tester.policy=none", "tester.model=micro")))
    assert frozen.stages == ("code",) and frozen.roles["tester"].trained_tokens == 0
    assert plan(load("micro", ("optimiser.stages=joint",))).stages == ("joint",)


def test_the_evaluations_of_a_run() -> None:
    assert plan(load("micro", ("steps=40",))).evaluations == 3  # 0, 20, 40
    assert plan(load("micro", ("steps=41",))).evaluations == 4  # 0, 20, 40, 41


def test_what_is_printed_is_the_configuration_with_comments() -> None:
    shown = dry_run("micro", "--seed", "3")
    assert tomllib.loads(shown.output)["seed"] == 3
    assert load_text(shown.output) == load("micro", ("seed=3",))
    said = comments(shown)
    assert "256 answers, 32,768 tokens, 32,768 of them trained on" in said
    assert "978,048 parameters, bundled" in said and "ZeRO-3" in said


def load_text(text: str) -> Any:
    from trainer.config import Config

    return Config.model_validate(tomllib.loads(text))


def test_json_is_one_object() -> None:
    record = json.loads(dry_run("paper-7b", "--json", "--set", "train.processes=4").output)
    assert record["config"]["steps"] == 350 and record["plan"]["tasks"] == 100
    (shared,) = record["memory"]
    assert shared["parameters"] == 7_615_616_512 and shared["bytes"]["weights"] == 2 * 7_615_616_512
    assert shared["updating_by_processes"]["ZeRO-3"]["8"] < shared["updating_by_processes"]["ZeRO-3"]["4"]
    assert shared["updating_by_processes"]["ZeRO-3"]["4"] == shared["bytes"]["updating"]


def test_two_policies_have_two_estimates(tmp_path: Path) -> None:
    file = tmp_path / "two.toml"
    file.write_text('preset = "micro"\n[policies.a]\nmodel = "micro-base"\n[policies.b]\nmodel = "micro-base"\n'
                    '[coder]\npolicy = "a"\n[tester]\npolicy = "b"\n')  # fmt: skip
    assert [one["policy"] for one in json.loads(dry_run(str(file), "--json").output)["memory"]] == ["a", "b"]


def test_a_model_that_is_not_here_is_said_to_be_needed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path))
    said = comments(dry_run("paper-7b", "--set", "policies.shared.model=some/model"))
    assert "Memory of shared (some/model): an estimate needs the model's config.json" in said
    assert "hf download some/model config.json" in said
    snapshot = tmp_path / "models--some--model" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text(json.dumps(QWEN_7B))
    assert "7,615,616,512 parameters, from the hub's cache" in comments(
        dry_run("paper-7b", "--set", "policies.shared.model=some/model")
    )


def test_a_directory_is_asked_for_its_config(tmp_path: Path) -> None:
    config = load("micro", (f"policies.shared.model={tmp_path}",))
    assert "No such file" in estimate(config, "shared").why_not
    (tmp_path / "config.json").write_text("{")
    assert str(tmp_path) in estimate(config, "shared").why_not
    (tmp_path / "config.json").write_text(json.dumps({**TINY, "model_type": "llama"}))
    assert estimate(config, "shared").shape == shape_of({**TINY, "model_type": "llama"})


def test_servers_that_sample_hold_what_sampling_takes() -> None:
    hosts = ("rollout.engine=vllm-server", "rollout.url=http://a:8000", "rollout.weights_dir=/shared/weights")
    (line,) = [line for line in estimate(load("paper-7b", hosts), "shared").lines() if "sampling" in line]
    assert "sampling  on the servers 15.2 GB and keys and values: 57.3 kB a token" in line


def test_problems_that_are_not_here_are_named() -> None:
    assert "CodeContests_train.json is not on this machine" in comments(dry_run("paper-7b"))
    assert "problems may name another" in comments(dry_run("paper-7b"))


def test_one_process_is_planned_where_the_number_is_left_open() -> None:
    assert "one process per GPU" in comments(dry_run("paper-7b"))
    assert "1 process," in comments(dry_run("micro", "--set", 'train.processes="auto"'))


def test_a_wrong_configuration_is_one_line() -> None:
    result = dry_run("micro", "--set", "loss.kin=ppo")
    assert isinstance(result.exception, TrainerError) and "did you mean kind?" in str(result.exception)


def test_nothing_heavy_is_loaded_and_torch_need_not_be_there() -> None:
    script = (
        "import sys; sys.modules['torch'] = sys.modules['transformers'] = sys.modules['huggingface_hub'] = None\n"
        "from trainer.commands import train\n"
        "train(['paper-4b-long-cot', '--dry-run'], standalone_mode=False)"
    )
    shown = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert "4,022,468,096 parameters" in shown.stdout
