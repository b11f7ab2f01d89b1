"""The code of the checkout is importable without being installed: paths, version modules, metadata, scripts."""

from __future__ import annotations

from agent.repository.checks.layout import roots_of_tests, source_roots, top_modules
from agent.repository.checks.sources import entry_points, support_of
from tests.agent.repository.checks.held import files_of


def test_source_roots_and_own_modules() -> None:
    files = files_of(
        dict.fromkeys(
            [
                "src/pkg/__init__.py",
                "libs/core/src/core/a.py",
                "tool.py",
                "setup.py",
                "tests/test_a.py",
                "docs/conf.py",
            ],
            "",
        )
    )
    assert source_roots(files) == ["libs/core/src", "src", "."]
    assert set(top_modules(files)) == {"pkg", "tool"}
    assert source_roots(files_of({"src/__init__.py": "", "src/a.py": ""})) == ["."]


def test_directories_of_tests_are_those_with_tests() -> None:
    files = files_of(dict.fromkeys(["pkg/testing/tools.py", "pkg/tests/unit/test_a.py", "tests/data/x.json"], ""))
    assert roots_of_tests(files) == ["pkg/tests"]


def test_a_module_with_the_version_is_written_where_a_build_would() -> None:
    files = files_of(
        {
            "pyproject.toml": """
                [project]
                name = "My.Pkg"
                dynamic = ["version"]
                [project.scripts]
                run = "pkg.cli:main"
                wrong = "rm -rf"
                [project.entry-points.pytest11]
                mine = "pkg.plugin"
                [tool.setuptools_scm]
                version_file = "src/pkg/_version.py"
                [tool.hatch.build.hooks.vcs]
                version-file = "../outside.py"
                """,
            "src/pkg/__init__.py": "__version__ = '1.2.3'\n",
        }
    )
    support = support_of(files)
    assert set(support.tree) == {"src/pkg/_version.py"}
    scope: dict[str, object] = {}
    exec(support.tree["src/pkg/_version.py"], scope)
    assert scope["__version__"] == scope["version"] and scope["__version_tuple__"] == (0, 0, 0)
    assert b"Name: My.Pkg\n" in next(data for path, data in support.metadata.items() if path.endswith("METADATA"))
    assert support.scripts == {"run": "pkg.cli:main"} and "pytest11" in entry_points(files)


def test_the_version_is_read_from_the_package() -> None:
    files = files_of({"pyproject.toml": '[project]\nname = "a-b"\n', "a_b/__init__.py": '__version__: str = "2.5"\n'})
    assert any(path == "a_b-2.5.dist-info/METADATA" for path in support_of(files).metadata)


def test_what_would_have_to_be_compiled_is_told() -> None:
    assert "fast.pyx" in support_of(files_of({"pkg/fast.pyx": ""})).warnings[0]
    assert support_of(files_of({"pkg/a.py": ""})).warnings == ()
