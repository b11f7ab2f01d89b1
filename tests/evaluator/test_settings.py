"""Settings of an evaluation: their record, and their hash (identity), by which an evaluation is found again."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from evaluator.run.settings import EvalOptions, RoleSettings, Settings
from settings.errors import SettingsError

MICRO = {
    "model": "micro",
    "samples": 8,
    "style": "auto",
    "temperature": 1.0,
    "top_p": 1.0,
    "top_k": None,
    "max_tokens": 128,
    "seed": 0,
}
COMMON = {"extraction": "robust", "comparison": "tokens", "max_test": 8, "public_tests": True, "time_factor": 3.0}
GPT = {**MICRO, "model": "openai:gpt-4.1-mini", "samples": 16, "temperature": 0.8, "top_p": 0.95, "max_tokens": 10_000}
EARLIER = {**GPT, "model": "run:x", "samples": 4, "style": "release", "top_k": 20, "seed": 7}

RECORDED = {
    # Identities and records that an earlier version wrote, whose settings were dataclasses.
    "414b64c99fdc": {
        "dataset": "examples/micro-heldout.json",
        "data_sha256": "ab" * 32,
        "coder": MICRO,
        "tester": MICRO,
        "limit": None,
        **COMMON,
        "strict": False,
        "give_up_after": 1,
    },
    "f8121db144bb": {
        "dataset": "CodeContests",
        "data_sha256": "0" * 64,
        "coder": GPT,
        "tester": None,
        "limit": 10,
        "extraction": "release",
        "comparison": "float(1e-6,1e-6)",
        "max_test": 4,
        "public_tests": False,
        "time_factor": 0.0,
        "strict": True,
        "give_up_after": None,
    },
    "3b995ced811d": {
        "dataset": "set.json",
        "data_sha256": "0",
        "coder": None,
        "tester": EARLIER,
        "limit": None,
        **COMMON,
        "strict": False,
        "give_up_after": 1,
    },
}


@pytest.mark.parametrize("identity", RECORDED)
def test_an_evaluation_of_an_earlier_version_is_found_by_its_identity(identity: str) -> None:
    settings = Settings.from_record(RECORDED[identity])
    assert settings.identity() == identity
    assert (
        settings.to_record() == RECORDED[identity]
        and json.loads(json.dumps(settings.to_record())) == RECORDED[identity]
    )


def test_the_command_s_options_give_the_identity_they_always_gave() -> None:
    options = EvalOptions(model="micro", programs=8, tests=8, temperature=1, top_p=1, max_tokens=128)
    assert options.settings("examples/micro-heldout.json", "ab" * 32).identity() == "414b64c99fdc"


def test_no_samples_are_no_role_and_zero_time_outs_are_no_limit() -> None:
    settings = EvalOptions(model="micro", tests=0, give_up_after=0).settings("x", "0")
    assert settings.tester is None and settings.give_up_after is None
    assert settings.coder == RoleSettings(model="micro", samples=16)


def test_a_role_without_a_model_is_refused() -> None:
    with pytest.raises(SettingsError, match="name a model"):
        EvalOptions(coder="micro").settings("x", "0")
    assert EvalOptions(coder="micro", tests=0).settings("x", "0").tester is None


@pytest.mark.parametrize("model", ["micro", "run:outputs/x", "pool", "http://host:1/v1"])
def test_samples_come_from_a_model_a_run_or_the_pool(model: str) -> None:
    assert EvalOptions(coder=model).coder == model


def test_any_other_source_is_refused() -> None:
    with pytest.raises(ValidationError, match="unknown model spec"):
        EvalOptions(coder="gpt9")
