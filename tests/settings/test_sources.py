"""Where settings come from: files, variables and flags of the commands, and what is said about mistakes in them."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.commands.change import change
from agent.commands.solve import solve
from settings.files import project_file
from tests.settings.homes import Home


def value_of(monkeypatch: pytest.MonkeyPatch, *flags: str) -> int:
    """The value of `rounds` that `solve` gets with these flags."""
    seen: list[int] = []
    monkeypatch.setattr(solve, "callback", lambda settings, **_: seen.append(settings.rounds))
    solve.main(["x.md", *flags], standalone_mode=False)
    return seen[0]


@given(st.sets(st.sampled_from(("user", "project", "variable", "flag"))))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20, deadline=None)
def test_the_highest_layer_that_names_a_key_wins_in_the_command(
    home: Home, monkeypatch: pytest.MonkeyPatch, given_by: set[str]
) -> None:
    expected = 3
    for file, layer, value in ((home.user, "user", 11), (home.project, "project", 12)):
        home.write(file, f"[solve]\nrounds = {value}\n" if layer in given_by else "")
        expected = value if layer in given_by else expected
    with monkeypatch.context() as context:
        if "variable" in given_by:
            context.setenv("CURE_AGENT_SOLVE_ROUNDS", "13")
            expected = 13
        flags = ("--rounds", "14") if "flag" in given_by else ()
        expected = 14 if "flag" in given_by else expected
        assert value_of(context, *flags) == expected


def test_the_nearest_project_file_above_counts(tmp_path: Path) -> None:
    deep = tmp_path / "a" / "b" / "c"
    deep.mkdir(parents=True)
    assert project_file(deep) is None
    (tmp_path / "cure-agent.toml").touch()
    (tmp_path / "a" / "cure-agent.toml").touch()
    assert project_file(deep) == tmp_path / "a" / "cure-agent.toml"
    assert project_file(tmp_path) == tmp_path / "cure-agent.toml"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[solve", "not valid TOML"),
        ("[slove]", "unknown section slove; did you mean solve?"),
        ("n = 3", "unknown section n"),
        ("solve = 3", "solve is a section: write [solve]"),
        ("[solve]\ntemprature = 1", "unknown key solve.temprature; did you mean temperature?"),
        ("[solve.budget]\ntoken = 1", "unknown key solve.budget.token; did you mean tokens?"),
        ("[solve]\nn = 5000", "solve.n: Input should be less than or equal to 1024"),
        ('[solve]\nn = "many"', "solve.n: Input should be a valid integer"),
        ('[solve]\nbudget = "lots"', "solve.budget: budget 'lots' is not an amount; write tokens as 50ktok"),
        ('[solve]\nmodel = "gpt9"', "solve.model: unknown model spec 'gpt9'"),
        ('[solve]\nstyle = "odd"', "solve.style: Input should be 'auto'"),
        ("[solve.n]\nmost = 1", "solve.n: this is not a section"),
        ("[http]\nretries = -1", "http.retries: Input should be greater than or equal to 0"),
    ],
)
def test_a_mistake_in_a_file_is_one_line_with_file_and_key(home: Home, text: str, words: str) -> None:
    for file in (home.user, home.project):
        home.write(file, text)
        for command in (("config",), ("solve", "x.md")):
            done = home.run(*command)
            assert done.exit_code == 2 and f"{file}: {words}" in done.output, done.output
            assert done.output.count("\n") == 1
        file.unlink()


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("CURE_AGENT_SOLVE_N", "0", "CURE_AGENT_SOLVE_N: 0 is not in the range 1<=x<=1024"),
        ("CURE_AGENT_SOLVE_N", "many", "CURE_AGENT_SOLVE_N: 'many' is not a valid integer"),
        ("CURE_AGENT_SOLVE_SANDBOX", "jail", "CURE_AGENT_SOLVE_SANDBOX: 'jail' is not one of 'auto'"),
        (
            "CURE_AGENT_SOLVE_SELECTOR",
            "magic",
            "CURE_AGENT_SOLVE_SELECTOR: unknown selector 'magic'; known: outvoted",
        ),
        ("CURE_AGENT_SOLVE_RETRIES", "-1", "CURE_AGENT_SOLVE_RETRIES: -1 is not in the range"),
        ("CURE_AGENT_HTTP_IDLE_S", "0", "CURE_AGENT_HTTP_IDLE_S: 0.0 is not in the range x>0"),
        (
            "CURE_AGENT_SOLVE_TEMPRATURE",
            "1",
            "unknown variable CURE_AGENT_SOLVE_TEMPRATURE; did you mean CURE_AGENT_SOLVE_TEM",
        ),
    ],
)
def test_a_mistake_in_a_variable_names_the_variable(home: Home, name: str, text: str, words: str) -> None:
    home.set(name, text)
    done = home.run("solve", "x.md")
    assert done.exit_code == 2 and words in done.output and done.output.count("\n") == 1


def test_an_empty_variable_and_those_of_other_options_set_nothing(home: Home) -> None:
    home.set("CURE_AGENT_SOLVE_N", "")
    for name in ("INDEX", "AS_JSON", "OUT", "RETRIES", "CONCURRENCY"):
        home.set(f"CURE_AGENT_SOLVE_{name}", "7")
    assert home.explained("solve")["solve"]["n"]["origin"] == "default"


@pytest.mark.parametrize(
    "text",
    [
        '[solve]\nsandbox = "none"',
        '[solve]\nmodel = "http://elsewhere/v1"',
        '[solve]\ncoder = "https://elsewhere/v1"',
        '[eval]\ntester = "http://elsewhere/v1#m"',
        '[eval]\nsandbox = "none"',
        '[serve]\nhost = "0.0.0.0"',
        '[serve]\napi_key = "k"',
        '[http]\napi_key = "k"',
        '[change]\npython = "/home/me/bin/python"',
        "[change]\nnetwork = true",
        "[change]\nallow_test_changes = true",
        '[change]\nmode = "auto"',
        '[change]\nbranch = "main2"',
    ],
)
def test_what_a_project_file_gives_against_its_user_is_ignored_and_named(home: Home, text: str) -> None:
    section, key = text[1 : text.index("]")], text.partition("\n")[2].partition(" ")[0]
    home.write(home.user, text)
    with_users = home.run("config", section)
    assert with_users.exit_code == 0 and not with_users.stderr
    home.user.unlink()
    without = home.run("config", section).stdout
    tables = {home.project: text, home.project.parent / "pyproject.toml": f"[tool.cure-agent.{text[1:]}"}
    for file, table in tables.items():
        home.write(file, table)
        done = home.run("config", section)
        assert done.exit_code == 0 and done.stdout == without
        assert f"{file}: {section}.{key} is ignored, since " in done.stderr and done.stderr.count("\n") == 1
        file.unlink()


def test_what_a_project_file_protects_is_added_to_what_the_user_protects(home: Home) -> None:
    home.write(home.user, '[change]\nprotect = ["secrets/"]\n')
    home.write(home.project, '[change]\nprotect = ["schema.sql"]\nnetwork = false\ntest_cmd = "make check"\n')
    found = home.explained("change")["change"]
    assert found["protect"]["value"] == ["secrets/", "schema.sql"]
    assert (found["network"]["value"], found["test_cmd"]["value"]) == (False, "make check")


def test_a_table_of_pyproject_counts_where_there_is_no_file_of_its_own(home: Home) -> None:
    pyproject = home.project.parent / "pyproject.toml"
    home.write(pyproject, "[tool.cure-agent.solve]\nrounds = 7\n")
    found = home.explained("solve")["solve"]["rounds"]
    assert (found["value"], found["origin"]) == (7, str(pyproject))
    home.write(home.project, "[solve]\nrounds = 8\n")
    assert home.explained("solve")["solve"]["rounds"]["value"] == 8
    home.project.unlink()
    home.write(pyproject, "[tool.cure-agent.slove]\nrounds = 7\n")
    done = home.run("config", "solve")
    assert done.exit_code == 2 and "unknown section slove" in done.output
    home.write(pyproject, "[tool.cure-agent")
    assert home.explained("solve")["solve"]["rounds"]["origin"] == "default"


def test_the_project_file_of_the_repository_counts_and_not_that_of_the_present_folder(
    home: Home, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    seen: list[int] = []
    monkeypatch.setattr(change, "callback", lambda settings, **_: seen.append(settings.n))
    home.write(home.project, "[change]\nn = 3\n")
    (tmp_path / "other" / "below").mkdir(parents=True)
    (tmp_path / "other" / "cure-agent.toml").write_text("[change]\nn = 5\n")
    change.main(["task", "--repo", str(tmp_path / "other" / "below")], standalone_mode=False)
    change.main(["task"], standalone_mode=False)
    assert seen == [5, 3]


def test_a_project_file_may_name_a_model_and_a_sandbox(home: Home) -> None:
    home.write(home.project, '[solve]\nmodel = "openai:gpt-4.1-mini"\nsandbox = "docker"\n')
    assert home.explained("solve")["solve"]["model"]["value"] == "openai:gpt-4.1-mini"


def test_variables_of_a_data_set_s_command_still_count(home: Home) -> None:
    (home.project.parent / "deep" / "below" / "sums.json").write_text(
        '[{"question": "?", "test_input": ["1"], "test_output": ["1"]}]'
    )
    home.set("CURE_AGENT_EVAL_SUMS.JSON_PROGRAMS", "5")
    home.set("CURE_AGENT_EVAL_TESTS", "0")
    done = home.run("eval", "sums.json", "--model", "micro", "--dry-run")
    assert done.exit_code == 0, done.output
    assert "requests                5\n" in done.stdout


def test_a_flag_that_gives_the_default_still_goes_over_a_file(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write(home.user, "[solve]\nrounds = 9\n")
    assert value_of(monkeypatch, "--rounds", "3") == 3


def test_switches_can_be_turned_off_by_every_layer(home: Home) -> None:
    home.write(home.user, "[eval]\npublic_tests = false\nbatch = true\n")
    home.set("CURE_AGENT_EVAL_BATCH", "no")
    found = home.explained("eval")["eval"]
    assert (found["public_tests"]["value"], found["batch"]["value"]) == (False, False)


def test_a_file_that_cannot_be_read_is_one_line(home: Home) -> None:
    home.user.mkdir()
    assert home.run("config").exit_code == 0, "a folder of that name is no file"
    home.write(home.project, "x")
    home.project.write_bytes(b"\xff\xfe")
    done = home.run("config")
    assert done.exit_code == 2 and "not valid TOML" in done.output


def test_commands_without_settings_ignore_them(home: Home) -> None:
    home.write(home.project, "[nonsense")
    assert home.run("runs", "--help").exit_code == 0
    assert isinstance(solve, click.Command)
