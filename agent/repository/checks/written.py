"""Command lines that a repository's own automation has for its tests: tox, nox, script tables, make, CI."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from agent.repository.checks.configuration import ini, strings, table, text, toml, yaml
from agent.repository.checks.noxfile import sessions
from agent.repository.files import Files

TEST_NAME = re.compile(r"(?:^|[^a-z])(?:unit)?-?(?:py)?tests?(?:$|[^a-z])|^check$|^py\d*$|unittest|pytest")
MAKEFILES = ("Makefile", "makefile", "GNUmakefile", "justfile", "Justfile")
SCRIPT_TABLES = (("pdm", "scripts"), ("poe", "tasks"), ("taskipy", "tasks"), ("rye", "scripts"), ("pixi", "tasks"))
"""Tables of `[tool]` in pyproject.toml whose values are commands by name."""
MOST_CI_FILES = 20


@dataclass(frozen=True)
class Written:
    """One command line, where it is written, and what is set around it."""

    place: str
    line: str
    env: Mapping[str, str] = field(default_factory=dict)


def written(files: Files) -> list[Written]:
    """All command lines that may run tests, the most trusted place first; within one, names that say test first."""
    readers = (_tox, _nox, _hatch, _scripts, _make, _ci)
    return [line for reader in readers for line in reader(files)]


def is_test_name(name: str) -> bool:
    """Whether a script, session or job is called as those that run tests are."""
    return TEST_NAME.search(name.lower()) is not None


def _tox(files: Files) -> Iterator[Written]:
    legacy = table(toml(files, "pyproject.toml"), "tool", "tox").get("legacy_tox_ini")
    sections = ini(files, "tox.ini") if not isinstance(legacy, str) else _parsed(str(legacy))
    for name in sorted(sections, key=lambda name: (name != "testenv", not is_test_name(name.partition(":")[2]))):
        if name.partition(":")[0] != "testenv":
            continue
        env = assignments(sections[name].get("setenv") or sections[name].get("set_env") or "")
        commands = sections[name].get("commands") or sections.get("testenv", {}).get("commands", "")
        if name == "testenv" or env or "commands" in sections[name]:
            yield Written(f"tox's [{name}]", commands, env)
    for path, keys in (("tox.toml", ()), ("pyproject.toml", ("tool", "tox"))):
        found = table(toml(files, path), *keys)
        base, others = table(found, "env_run_base"), table(found, "env")
        for name, env in [("env_run_base", base), *((f"env.{key}", table(others, key)) for key in sorted(others))]:
            for command in env.get("commands", []) if isinstance(env.get("commands"), list) else []:
                variables = {key: value for key, value in table(env, "set_env").items() if isinstance(value, str)}
                yield Written(f"tox's [{name}] in {path}", _joined(command), variables)


def _parsed(source: str) -> dict[str, dict[str, str]]:
    import configparser

    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(source)
    except configparser.Error:
        return {}
    return {name: {key: value or "" for key, value in parser.items(name)} for name in parser.sections()}


def assignments(lines: str) -> dict[str, str]:
    """Variables of lines such as `NAME = value`; values that only tox could fill are left out."""
    found = {}
    for line in lines.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and re.fullmatch(r"\w+", name.strip()) and "{" not in value:
            found[name.strip()] = value.strip()
    return found


def _nox(files: Files) -> Iterator[Written]:
    for session in sorted(sessions(text(files, "noxfile.py")), key=lambda session: not is_test_name(session.name)):
        for command in session.commands:
            yield Written(f"nox's session {session.name}", _joined(list(command)), session.env)


def _hatch(files: Files) -> Iterator[Written]:
    places = [("pyproject.toml", ("tool", "hatch", "envs")), ("hatch.toml", ("envs",))]
    for path, keys in places:
        environments = table(toml(files, path), *keys)
        for name in sorted(environments, key=lambda name: (name not in ("test", "hatch-test", "default"), name)):
            environment = table(environments, name)
            variables = {k: v for k, v in table(environment, "env-vars").items() if isinstance(v, str)}
            if name == "hatch-test" and strings(environment.get("default-args")):
                yield Written("hatch's environment hatch-test", _joined(["pytest", *environment["default-args"]]))
            yield from _named(f"hatch's environment {name}", table(environment, "scripts"), variables)


def _scripts(files: Files) -> Iterator[Written]:
    tool = table(toml(files, "pyproject.toml"), "tool")
    for keys in SCRIPT_TABLES:
        yield from _named(f"[tool.{'.'.join(keys)}]", table(tool, *keys), {})
    features = table(tool, "pixi", "feature")
    for name in sorted(features):
        yield from _named(f"[tool.pixi.feature.{name}.tasks]", table(features, name, "tasks"), {})


def _named(place: str, commands: Mapping[str, Any], env: Mapping[str, str]) -> Iterator[Written]:
    for name in sorted(commands, key=lambda name: (not is_test_name(name), len(name), name)):
        value = commands[name]
        variables = {**env, **{k: v for k, v in table(value, "env").items() if isinstance(v, str)}}
        if isinstance(value, Mapping):
            value = next((value[key] for key in ("cmd", "shell", "composite", "sequence") if key in value), [])
            value = _joined(value) if isinstance(value, list) and not any(" " in w for w in strings(value)) else value
        for line in strings(value):
            yield Written(f"{name} in {place}", line, variables)


def _make(files: Files) -> Iterator[Written]:
    for path in MAKEFILES:
        source = re.sub(r"\\\r?\n", " ", text(files, path))
        values = dict(re.findall(r"^(\w+)\s*[:?]?=\s*(.*)$", source, re.MULTILINE))
        recipes = re.findall(r"^([\w.-]+)[^\S\n]*:(?!=)[^\n]*\n((?:[\t ]+[^\n]*\n?)+)", source, re.MULTILINE)
        for name, recipe in sorted(recipes, key=lambda recipe: (recipe[0] != "test", recipe[0])):
            if is_test_name(name):
                yield Written(f"{path}'s {name}", _expanded(recipe, values))


def _expanded(recipe: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$[({](\w+)[)}]", lambda found: values.get(found[1], found[0]), recipe)


def _ci(files: Files) -> Iterator[Written]:
    workflows = [path for path in files.paths if re.fullmatch(r"\.github/workflows/[^/]+\.ya?ml", path)]
    for path in sorted(workflows, key=lambda path: (not is_test_name(path.rpartition("/")[2]), path))[:MOST_CI_FILES]:
        jobs = table(yaml(files, path), "jobs")
        for name in sorted(jobs, key=lambda name: not is_test_name(str(name))):
            steps = jobs[name].get("steps") if isinstance(jobs[name], Mapping) else None
            for step in steps if isinstance(steps, list) else []:
                run = step.get("run") if isinstance(step, Mapping) else None
                if isinstance(run, str):
                    env = {**table(jobs[name], "env"), **table(step, "env")}
                    plain = {key: str(value) for key, value in env.items() if "${{" not in str(value)}
                    yield Written(f"{path}, job {name}", run, plain)
    for path in (".gitlab-ci.yml", ".travis.yml"):
        for name, job in table({"root": yaml(files, path)}, "root").items():
            lines = job.get("script") if isinstance(job, Mapping) else job if name == "script" else None
            yield from (Written(f"{path}, {name}", line) for line in strings(lines))


def _joined(words: object) -> str:
    """A command line of a list of words, in which placeholders stay as they are."""
    import shlex

    return " ".join(word if "{" in word else shlex.quote(word) for word in strings(words))
