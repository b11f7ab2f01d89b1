"""Configurations: presets, files on top of them, values set on the command line, and what is said about mistakes."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

from trainer.config import PRESETS, Config, dump, load, load_with_origins
from trainer.errors import TrainerError


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_is_valid_and_written_as_it_is_read(preset: str) -> None:
    config = load(preset)
    assert Config.model_validate(tomllib.loads(dump(config))) == config


def test_a_file_changes_what_it_says_of_its_preset(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('preset = "paper-7b"\nsteps = 7\n[loss]\nkl_weight = 0.0\n')
    changed, preset = load(str(file)), load("paper-7b")
    assert (changed.steps, changed.loss.kl_weight) == (7, 0.0)
    assert changed.loss.kind == preset.loss.kind and changed.coder == preset.coder


def test_none_unsets_optional_settings_and_is_text_elsewhere() -> None:
    config = load("micro", ("loss.correction=none", "execution.sandbox=none", "train.most_tokens=none"))
    assert (config.loss.correction, config.execution.sandbox, config.train.most_tokens) == ("none", "none", None)
    assert load_text(dump(config)) == config


def load_text(text: str) -> Config:
    return Config.model_validate(tomllib.loads(text))


@pytest.mark.parametrize(
    ("setting", "words"),
    [
        ("optimiser.lerning_rate=1", "unknown key optimiser.lerning_rate; did you mean learning_rate?"),
        ("steps=0", "steps: Input should be greater than or equal to 1"),
        ("train.processes=0", "train.processes.*: Input should be greater than or equal to 1"),
        ("reward.validity_bonus=-1", "reward.validity_bonus: Input should be greater than or equal to 0"),
        ("steps", "write KEY=VALUE"),
        ("steps.more=1", "steps: this is not a section"),
        ("labels.source=tester", "labels by a tester need its model"),
        ("tester.policy=none", "either a policy, which is trained, or a model, which is frozen"),
        ("rollout.engine=vllm-server", "needs rollout.url and rollout.weights_dir"),
        ("rollout.url=http://host:8000", "are for rollout.engine = vllm-server"),
    ],
)
def test_a_mistake_is_one_line(setting: str, words: str) -> None:
    with pytest.raises(TrainerError, match=words.replace("?", "\\?")) as caught:
        load("micro", (setting,))
    assert "\n" not in str(caught.value)


SERVERS = ("rollout.engine=vllm-server", "rollout.weights_dir=/shared/weights")


@pytest.mark.parametrize(
    ("given", "urls"),
    [
        ("http://a:8000", ("http://a:8000",)),
        ('["http://a:8000", "http://b:8000"]', ("http://a:8000", "http://b:8000")),
    ],
)
def test_rollout_hosts_are_one_url_or_several(given: str, urls: tuple[str, ...]) -> None:
    config = load("micro", (*SERVERS, f"rollout.url={given}"))
    assert config.rollout.urls == urls and load_text(dump(config)) == config


def test_servers_sample_for_one_policy(tmp_path: Path) -> None:
    two = (
        '[policies.a]\nmodel = "micro"\n[policies.b]\nmodel = "micro"\n[coder]\npolicy = "a"\n[tester]\npolicy = "b"\n'
    )
    (tmp_path / "two.toml").write_text(f'preset = "micro"\n{two}')
    with pytest.raises(TrainerError, match=r"samples for one policy, and \[policies\] has several"):
        load(str(tmp_path / "two.toml"), (*SERVERS, "rollout.url=http://a:8000"))


def test_a_file_that_is_no_toml_is_one_line(tmp_path: Path) -> None:
    file = tmp_path / "wrong.toml"
    file.write_text("steps = = 1")
    with pytest.raises(TrainerError, match="not valid TOML"):
        load(str(file))


def test_a_configuration_written_by_an_earlier_version_is_read_as_it_was_meant() -> None:
    """The file was written by an earlier `dump`, which formatted TOML itself."""
    file = Path(__file__).parent / "recorded" / "config.toml"
    servers = 'rollout.url=["http://a:8000", "http://b:8000"]'
    changes = ("train.most_tokens=none", "trackers.wandb='a \"quoted\" \\ name'", "optimiser.learning_rate=1e-6")
    frozen = ("labels.source=tester", "labels.model=openai:gpt-4.1-mini")
    expected = load(
        "micro", (*changes, *frozen, "rollout.engine=vllm-server", "rollout.weights_dir=/shared/w", servers)
    )
    assert load(str(file)) == expected
    assert dump(expected) == file.read_text()


def test_every_value_knows_its_origin(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('preset = "micro"\n[loss]\nkl_weight = 0.5\n')
    found = load_with_origins(str(file), ("steps=3", "loss.kind=gspo"))
    origins = {
        key: found.origin(*key.split(".")) for key in ("steps", "seed", "loss.kind", "loss.kl_weight", "loss.kl")
    }
    assert origins == {
        "steps": "--set",
        "seed": "preset micro",
        "loss.kind": "--set",
        "loss.kl_weight": str(file),
        "loss.kl": "default",
    }


def test_a_mistake_names_the_layer_that_made_it(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text('preset = "micro"\nsteps = 0\n')
    with pytest.raises(TrainerError, match=f"{file}: steps: Input should be greater than or equal to 1"):
        load(str(file))
    with pytest.raises(TrainerError, match="--set: steps: Input should be greater than or equal to 1"):
        load("micro", ("steps=0",))
    with pytest.raises(TrainerError, match=r"--set steps\.more=2: steps is not a section"):
        load("micro", ("steps=1", "steps.more=2"))
