"""`cure-agent config`: what files, variables and defaults give, and where each value came from."""

from __future__ import annotations

import json
import tomllib

import pytest

from settings.registry import SECTIONS
from tests.settings.homes import Home
from trainer.config import load
from trainer.config.load import PRESETS


def test_without_files_everything_is_a_default(home: Home) -> None:
    found = home.explained()
    assert list(found) == list(SECTIONS)
    budgets = [found[name].pop("budget") for name in ("solve", "change", "compare")]
    values = [value for section in (*found.values(), *budgets) for value in section.values()]
    assert {value["origin"] for value in values} == {"default"}
    assert found["solve"]["n"] == {"value": 8, "origin": "default", "variable": "CURE_AGENT_SOLVE_N"}


def test_each_layer_goes_over_the_one_below(home: Home) -> None:
    home.write(home.user, "[solve]\nn = 2\nm = 2\nrounds = 2\n[http]\nretries = 2\n")
    assert home.explained()["solve"]["n"] == {**home.explained()["solve"]["n"], "value": 2, "origin": str(home.user)}
    home.write(home.project, "[solve]\nm = 3\nrounds = 3\n")
    home.set("CURE_AGENT_SOLVE_ROUNDS", "4")
    found = home.explained("solve")
    assert [(found["solve"][key]["value"], found["solve"][key]["origin"]) for key in ("n", "m", "rounds")] == [
        (2, str(home.user)),
        (3, str(home.project)),
        (4, "CURE_AGENT_SOLVE_ROUNDS"),
    ]
    assert found["http"]["retries"]["origin"] == str(home.user)


def test_a_level_of_effort_goes_over_lower_layers_and_is_the_origin_of_its_values(home: Home) -> None:
    home.write(home.user, "[solve]\nn = 5\nm = 5\n")
    home.write(home.project, '[solve]\neffort = "high"\nm = 6\n')
    found = home.explained("solve")["solve"]
    shown = {key: (found[key]["value"], found[key]["origin"]) for key in ("n", "m", "rounds", "seed")}
    assert shown == {
        "n": (16, "preset high"),
        "m": (6, str(home.project)),
        "rounds": (4, "preset high"),
        "seed": (0, "default"),
    }


def test_a_command_s_own_variable_goes_over_the_engine_s(home: Home) -> None:
    home.set("CURE_AGENT_HTTP_RETRIES", "1")
    home.set("CURE_AGENT_SOLVE_RETRIES", "2")
    assert home.explained("solve")["http"]["retries"]["value"] == 2
    assert home.explained("eval")["http"]["retries"]["value"] == 1
    assert home.explained("http")["http"]["retries"]["origin"] == "CURE_AGENT_HTTP_RETRIES"


def test_what_is_printed_is_a_file_that_gives_the_same(home: Home) -> None:
    home.write(home.user, '[solve]\nbudget = "50ktok"\nn = 3\n[eval]\ngive_up_after = 0\n[http]\ntimeout = 5\n')
    printed = home.run("config").stdout
    before = json.loads(home.run("config", "--json").stdout)
    home.write(home.user, printed)
    assert json.loads(home.run("config", "--json").stdout) == before
    assert tomllib.loads(printed)["eval"]["give_up_after"] == "none"


def test_explanations_are_toml_as_well(home: Home) -> None:
    home.set("CURE_AGENT_SOLVE_N", "3")
    printed = home.run("config", "--explain").stdout
    assert "n = 3 # CURE_AGENT_SOLVE_N\n" in printed
    assert "m = 8 # default (CURE_AGENT_SOLVE_M)\n" in printed
    home.write(home.user, printed)
    assert json.loads(home.run("config", "--json").stdout)["solve"]["n"] == 3


def test_secrets_are_not_shown(home: Home) -> None:
    home.set("CURE_AGENT_SERVE_API_KEY", "open sesame")
    for arguments in ((), ("--explain",), ("--json",), ("--explain", "--json")):
        assert "sesame" not in home.run("config", *arguments).stdout
    assert "# api_key is set: CURE_AGENT_SERVE_API_KEY\n" in home.run("config", "serve", "--explain").stdout


@pytest.mark.parametrize("preset", PRESETS)
def test_a_training_run_s_values_name_their_preset(home: Home, preset: str) -> None:
    found = home.explained("train", preset, "--set", "steps=3")
    assert found["steps"] == {"value": 3, "origin": "--set"}
    assert found["data"]["problems"]["origin"] == f"preset {preset}"
    assert found["loss"]["correction"]["origin"] in ("default", f"preset {preset}")
    printed = home.run("config", "train", preset).stdout
    home.write(home.project, printed)
    assert load(str(home.project)) == load(preset)


def test_a_training_file_goes_over_its_preset(home: Home) -> None:
    file = home.project.with_name("mine.toml")
    home.write(file, 'preset = "micro"\n[loss]\nkind = "gspo"\n')
    found = home.explained("train", str(file))
    assert found["loss"]["kind"] == {"value": "gspo", "origin": str(file)}
    assert found["data"]["problems"]["origin"] == "preset micro"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("slve",), "no section 'slve'; did you mean solve?"),
        (("train",), "name a preset or a file"),
        (("solve", "micro"), "only config train takes a preset"),
    ],
)
def test_a_wrong_call_is_a_usage_error(home: Home, arguments: tuple[str, ...], words: str) -> None:
    done = home.run("config", *arguments)
    assert done.exit_code == 2 and words in done.output
