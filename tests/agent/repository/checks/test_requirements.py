"""What an environment for the tests needs is read from what the repository declares, and never guessed."""

from __future__ import annotations

from pathlib import Path

import pytest

from agent.repository.checks.declared import poetry_specifier, project_of
from agent.repository.checks.environment import setup_commands
from agent.repository.checks.index import Index, index_of
from agent.repository.checks.requirements import requirements_of
from tests.agent.repository.checks.held import files_of

TEST = {"tests/test_a.py": "import pytest, yaml, sums\nfrom tests import x\ntry:\n    import rare\nexcept: ...\n"}


def test_requirements_of_all_kinds_are_read() -> None:
    found = requirements_of(
        files_of(
            {
                **TEST,
                "sums/__init__.py": "",
                "pyproject.toml": """
                    [project]
                    name = "Sums"
                    dependencies = ["numpy>=2", "tomli; python_version < '3.11'"]
                    [project.optional-dependencies]
                    test = ["pytest>=8", "sums[extra]", "hypothesis"]
                    docs = ["sphinx", "PyYAML>=6"]
                    [dependency-groups]
                    dev = [{include-group = "lint"}, "freezegun"]
                    lint = ["ruff", "mypy"]
                    """,
                "requirements-test.txt": "-r more.txt\nresponses==1.0 \\\n --hash=sha256:0\n-e .\n# more\n./local\n",
                "more.txt": "anyio # for tests\nhttps://example.com/x.whl\n",
                "tox.ini": "[testenv]\ndeps =\n  fast: orjson>=3\n  {[other]deps}\n[testenv:docs]\ndeps = furo\n",
            }
        )
    )
    assert set(found.install) == {
        *("numpy>=2", "tomli; python_version < '3.11'", "pytest>=8", "hypothesis", "freezegun", "PyYAML>=6"),
        *("responses==1.0", "anyio", "orjson>=3"),
    }
    assert found.runtime == ("numpy",) and found.modules == ("pytest", "yaml")
    assert "https://example.com/x.whl" in found.left_out and "-e ." in found.left_out
    assert {"sphinx", "ruff", "furo"} <= set(found.declared)


def test_older_projects_are_read_too() -> None:
    found = requirements_of(
        files_of(
            {
                "test_a.py": "",
                "setup.py": """
                    from setuptools import setup
                    NEEDS = ["six"]
                    setup(install_requires=NEEDS, tests_require=["mock"])
                    """,
                "setup.cfg": """
                    [options]
                    install_requires =
                      attrs>=20
                    [options.extras_require]
                    testing =
                      nose2
                    """,
                "requirements.txt": "requests\n",
            }
        )
    )
    assert set(found.install) == {"six", "mock", "attrs>=20", "nose2", "requests", "pytest"}


def test_poetry_s_groups_are_read_and_a_lock_file_fixes_versions() -> None:
    found = requirements_of(
        files_of(
            {
                "pyproject.toml": """
                    [tool.poetry.dependencies]
                    python = "^3.10"
                    httpx = {version = "^0.27", extras = ["http2"]}
                    local = {path = "../local"}
                    [tool.poetry.group.test.dependencies]
                    pytest = "~8.1"
                    """,
                "poetry.lock": """
                    [[package]]
                    name = "httpx"
                    version = "0.27.2"
                    [[package]]
                    name = "Py_Test"
                    version = "8"
                    """,
            }
        )
    )
    assert found.install == ("httpx[http2]>=0.27,<0.28", "pytest>=8.1,<8.2")
    assert found.constraints == ("httpx==0.27.2", "py-test==8")


@pytest.mark.parametrize(
    ("version", "specifier"),
    [
        ("^1.2.3", ">=1.2.3,<2"),
        ("^0.2.3", ">=0.2.3,<0.3"),
        ("^0.0.3", ">=0.0.3,<0.0.4"),
        ("~1.2.3", ">=1.2.3,<1.3"),
        ("~1", ">=1,<2"),
        ("*", ""),
        (">=1, <3", ">=1,<3"),
        ("1.2", "==1.2"),
    ],
)
def test_versions_of_poetry_become_specifiers(version: str, specifier: str) -> None:
    assert poetry_specifier(version) == specifier


def test_the_project_is_read_from_wherever_it_is_written() -> None:
    assert project_of(files_of({"pyproject.toml": '[project]\nname = "a"\nrequires-python = ">=3.9"\n'})).name == "a"
    old = project_of(
        files_of({"setup.cfg": "[metadata]\nname = b\nversion = attr: b.v\n[options]\npython_requires = >=3\n"})
    )
    assert (old.name, old.version, old.requires_python) == ("b", "", ">=3")
    sdist = project_of(files_of({"PKG-INFO": "Metadata-Version: 2.1\nName: c\nVersion: 3\n\nName: other\n"}))
    assert (sdist.name, sdist.version) == ("c", "3")


def test_the_user_s_index_is_used_and_passwords_stay_here(tmp_path: Path) -> None:
    (tmp_path / "config" / "pip").mkdir(parents=True)
    (tmp_path / "wheels").mkdir()
    settings = f"[global]\nfind-links = {tmp_path}/wheels\nindex-url = https://me:secret@example.com\ncache-dir = /x\n"
    (tmp_path / "config" / "pip" / "pip.conf").write_text(settings)
    variables = {
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
        "XDG_CONFIG_DIRS": str(tmp_path),
        "HTTPS_PROXY": "http://proxy:80",
        "PIP_TIMEOUT": "9",
        "UV_INDEX": "https://other.example.com",
        "AWS_SECRET": "x",
    }
    found = index_of(variables, tmp_path)
    assert found.readable == (f"{tmp_path}/wheels",)
    assert found.left_out == ("PIP_INDEX_URL",) and "secret" not in str(found.env)
    assert {"PIP_FIND_LINKS", "HTTPS_PROXY", "PIP_TIMEOUT", "UV_INDEX"} <= set(found.env)
    assert not {"PIP_CACHE_DIR", "AWS_SECRET"} & set(found.env)


def test_a_set_up_is_the_same_as_long_as_what_it_installs_is() -> None:
    one = requirements_of(files_of({"pyproject.toml": '[project]\nname = "a"\ndependencies = ["x"]\n'}))
    same = requirements_of(files_of({"pyproject.toml": '[project]\nname = "a"\nversion = "2"\ndependencies = ["x"]\n'}))
    other = requirements_of(files_of({"pyproject.toml": '[project]\nname = "a"\ndependencies = ["x>1"]\n'}))
    nothing = Index({})
    assert setup_commands("/usr/bin/python3", one, nothing) == setup_commands("/usr/bin/python3", same, nothing)
    assert setup_commands("/usr/bin/python3", one, nothing) != setup_commands("/usr/bin/python3", other, nothing)
