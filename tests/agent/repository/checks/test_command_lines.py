"""Calls of pytest are found in the command lines that people write, and the options worth keeping in them."""

from __future__ import annotations

import pytest

from agent.repository.checks.command_lines import calls
from agent.repository.checks.options import cleaned


@pytest.mark.parametrize(
    ("line", "program", "arguments"),
    [
        ("pytest -q tests", "pytest", "-q tests"),
        ("py.test tests", "pytest", "tests"),
        ("python -m pytest tests", "pytest", "tests"),
        ("python3.12 -W error -m pytest", "pytest", ""),
        ("{envpython} -m pytest {posargs:tests unit}", "pytest", "tests unit"),
        ("coverage run --source pkg -m pytest -x", "pytest", "-x"),
        ("poetry run pytest tests", "pytest", "tests"),
        ("uv run --group test --python 3.12 pytest tests", "pytest", "tests"),
        ("uv run -- python -m pytest", "pytest", ""),
        ("hatch test -a tests", "pytest", "-a tests"),
        ("hatch run test:pytest", "pytest", ""),
        ("pixi run -e py311 pytest tests/", "pytest", "tests/"),
        ("$(PYTHON) -m pytest", "pytest", ""),
        ("@pytest --cov=$(PACKAGE) tests", "pytest", "tests"),
        ("- {env_site_packages_dir}/bin/pytest", "", ""),
        ("pytest {env_site_packages_dir}/pkg {tox_root}/tests", "pytest", "tests"),
        ("pytest -k 'a and b' # all", "pytest", "-k|a and b"),
        ("python -m unittest discover -s tests", "unittest", "discover -s tests"),
        ("python setup.py test", "python", "setup.py test"),
        ("unittest", "a script named unittest", ""),
        ("tox -e py", "tox", "-e py"),
        ("pytest \\\n  --verbose \\\n  tests", "pytest", "--verbose tests"),
        ("pytest 'unclosed", "", ""),
    ],
)
def test_a_call_is_found(line: str, program: str, arguments: str) -> None:
    found = calls(line)
    words = tuple(arguments.split("|") if "|" in arguments else arguments.split())
    assert [(call.program, call.arguments) for call in found] == ([(program, words)] if program else [])


def test_every_command_of_a_script_is_found_with_its_variables() -> None:
    found = calls("cd x && A=1 env B='2 3' pytest a; pytest b || true\npip install .\n")
    assert [(call.program, dict(call.env)) for call in found] == [
        ("cd", {}),
        ("pytest", {"A": "1", "B": "2 3"}),
        ("pytest", {}),
        ("true", {}),
        ("pip", {}),
    ]


@pytest.mark.parametrize(
    ("line", "kept", "paths"),
    [
        ("-ra -q -vv --tb=short --color yes tests", "", "tests"),
        ("--cov=pkg --cov-report term-missing --cov-append --cov-branch tests", "", "tests"),
        ("--cov pkg tests", "", "tests"),
        ("--cov tests", "", ""),
        ("-n auto --dist loadfile tests/unit", "", "tests/unit"),
        ("-n4 -x --maxfail=1 --durations 5 --junitxml out.xml", "", ""),
        ("-m 'not slow' -k name --import-mode=importlib", "-m|not slow|-k|name|--import-mode=importlib", ""),
        ("--doctest-modules tests", "--doctest-modules", "tests"),
        ("--ds project.settings tests", "--ds|project.settings", "tests"),
        ("-p no:warnings -p xdist -p pytest_cov -p mine", "-p|no:warnings|-p|mine", ""),
        ("--unknown value tests", "--unknown|value", "tests"),
        ("--ignore tests/unit tests", "--ignore|tests/unit", "tests"),
        ("--strict-markers --benchmark-disable --random-order", "", ""),
        ("tests/unit/test_a.py::test_b gone", "", "tests/unit/test_a.py::test_b"),
        ("--log-format='%(message)s' tests", "", "tests"),
    ],
)
def test_options_about_what_is_tested_are_kept(line: str, kept: str, paths: str) -> None:
    import shlex

    there = ("tests", "tests/unit", "tests/unit/test_a.py", "pkg")
    options = cleaned(shlex.split(line), there.__contains__)
    assert list(options.kept) == (kept.split("|") if kept else []) and list(options.paths) == paths.split()


def test_the_file_with_settings_is_told_apart() -> None:
    assert cleaned(["-c", "other.ini", "tests"], ["tests"].__contains__).config == "other.ini"
    assert cleaned(["--config-file=other.ini"], [].__contains__).config == "other.ini"
