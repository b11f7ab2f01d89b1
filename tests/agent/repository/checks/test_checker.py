"""Verdicts of tests come from real pytest in a real sandbox, one for every test, whatever the suite does."""

from __future__ import annotations

import pytest

from agent.repository.checks import NoBase, Runner, TestVerdict, establish, regressions
from agent.repository.checks.checker import COMMAND
from tests.agent.repository.checks.conftest import Open

SUMS = {
    "src/sums.py": "def add(left, right):\n    return left - right\n",
    "tests/test_sums.py": """
        import pytest
        from sums import add

        def test_zero():
            assert add(0, 0) == 0

        def test_one():
            assert add(1, 1) == 2

        @pytest.fixture
        def broken():
            raise RuntimeError("no fixture")

        def test_error(broken):
            pass

        @pytest.mark.skip
        def test_skip():
            pass

        @pytest.mark.xfail
        def test_xfail():
            assert False

        @pytest.mark.parametrize("value", ["\\x1b]8;;x\\x07", "\\0", "a b", "ü"])
        def test_odd(value):
            assert value
        """,
}
FIXED = {"src/sums.py": b"def add(left, right):\n    return left + right\n"}


@pytest.mark.bubblewrap
async def test_every_test_has_its_verdict(opened: Open) -> None:
    checker = await opened(SUMS)
    report = await checker.run({})
    verdicts = {name.partition("::")[2]: result.verdict for name, result in report.tests.items()}
    assert {name: verdict for name, verdict in verdicts.items() if "odd" not in name} == {
        "test_zero": TestVerdict.PASSED,
        "test_one": TestVerdict.FAILED,
        "test_error": TestVerdict.ERROR,
        "test_skip": TestVerdict.SKIPPED,
        "test_xfail": TestVerdict.XFAILED,
    }
    odd = [name for name in verdicts if "odd" in name]
    assert len(odd) == 4 and all(verdicts[name] == TestVerdict.PASSED and name.isprintable() for name in odd)
    assert report.finished and not report.trouble and report.exit_code == 1
    assert "assert 0 == 2" in report.tests["tests/test_sums.py::test_one"].detail
    assert report.modules == {"sums": "src/sums.py"}


@pytest.mark.bubblewrap
async def test_a_project_in_a_directory_is_told_with_paths_from_the_root(opened: Open) -> None:
    inner = {f"backend/{path}": text for path, text in SUMS.items()}
    built = '[project]\nname = "sums"\n[tool.setuptools_scm]\nversion_file = "src/made.py"\n'
    checker = await opened({**inner, "backend/pyproject.toml": built, "backend/tests/test_made.py": "import made\n"})
    base = await establish(checker)
    assert base.report.modules["sums"] == "backend/src/sums.py" and not base.report.having(TestVerdict.NOT_COLLECTED)
    name = "backend/tests/test_sums.py::test_one"
    assert base.report.tests[name].id == name and name in base.failing
    one = await checker.run({"backend/src/sums.py": FIXED["src/sums.py"]}, ["backend/tests/test_sums.py"], only=[name])
    assert one.passed == {name} and len(one.tests) == 1


@pytest.mark.bubblewrap
async def test_changed_files_are_seen_and_do_not_stay(opened: Open) -> None:
    checker = await opened(SUMS)
    base = await establish(checker)
    assert base.failing == {"tests/test_sums.py::test_one", "tests/test_sums.py::test_error"} and not base.flaky
    assert checker.test_s == base.patience_s == 10
    fixed = await checker.run(FIXED)
    assert "tests/test_sums.py::test_one" in fixed.passed and regressions(base, fixed) == frozenset()
    worse = await checker.run({"src/sums.py": b"def add(left, right):\n    return 1\n"})
    assert regressions(base, worse) == {"tests/test_sums.py::test_zero"}
    gone = await checker.run({"tests/test_sums.py": None})
    assert gone.tests == {} and regressions(base, gone) == base.stable
    assert (await checker.run({})).passed == base.report.passed
    assert (checker.place.directory / "src/sums.py").read_text().endswith("left - right\n")


@pytest.mark.bubblewrap
async def test_a_test_that_hangs_or_crashes_takes_only_its_own_verdict(opened: Open) -> None:
    checker = await opened(
        {
            "test_a.py": """
                import ctypes, os, time

                def test_before(): pass
                def test_hang(): time.sleep(60)
                def test_between(): pass
                def test_crash(): ctypes.string_at(0)
                def test_exit(): os._exit(0)
                def test_after(): pass
                """,
            "test_b.py": "import sys\nsys.exit(0)\n",
            "test_c.py": "def test_last(): pass\n",
        }
    )
    report = await checker.run({}, test_s=1)
    verdicts = {name: result.verdict for name, result in report.tests.items()}
    assert verdicts == {
        "test_a.py::test_before": TestVerdict.PASSED,
        "test_a.py::test_hang": TestVerdict.TIMED_OUT,
        "test_a.py::test_between": TestVerdict.PASSED,
        "test_a.py::test_crash": TestVerdict.ERROR,
        "test_a.py::test_exit": TestVerdict.ERROR,
        "test_a.py::test_after": TestVerdict.PASSED,
        "test_b.py": TestVerdict.NOT_COLLECTED,
        "test_c.py::test_last": TestVerdict.PASSED,
    }
    assert not report.finished and "time.sleep" not in report.trouble
    assert "SIGSEGV" in report.tests["test_a.py::test_crash"].detail


@pytest.mark.bubblewrap
async def test_another_copy_of_the_code_is_not_judged(opened: Open) -> None:
    elsewhere = """
        import os, sys
        os.makedirs("/tmp/installed")
        with open("/tmp/installed/sums.py", "w") as file:
            file.write("def add(left, right): return left + right")
        sys.path.insert(0, "/tmp/installed")
        """
    checker = await opened({**SUMS, "tests/conftest.py": elsewhere})
    with pytest.raises(NoBase, match="import sums from /tmp/installed/sums"):
        await establish(checker)


@pytest.mark.bubblewrap
async def test_a_command_that_is_not_pytest_has_one_verdict(opened: Open) -> None:
    checker = await opened(SUMS, test_cmd="python -c 'import sums; assert sums.add(1, 1) == 2'")
    assert checker.suite.runner == Runner.COMMAND
    assert (await checker.run({})).tests[COMMAND].verdict == TestVerdict.FAILED
    assert (await checker.run(FIXED)).tests[COMMAND].verdict == TestVerdict.PASSED


@pytest.mark.docker
@pytest.mark.slow
async def test_docker_gives_the_same_verdicts(opened: Open) -> None:
    checker = await opened(SUMS, kind="docker")
    report = await checker.run(FIXED)
    assert "tests/test_sums.py::test_one" in report.passed and len(report.tests) == 9 and report.finished
    assert "docker" in checker.isolation


@pytest.mark.bubblewrap
async def test_lines_that_a_test_file_executes_are_told_where_coverage_is(opened: Open) -> None:
    more = {"tests/test_more.py": "import sums\n\ndef test_nothing():\n    pass\n"}
    checker = await opened({**SUMS, **more})
    assert (await checker.run({})).lines == {}
    lines = (await checker.run({}, lines=True)).lines
    assert lines["tests/test_sums.py"]["src/sums.py"] == {2} and "src/sums.py" not in lines["tests/test_more.py"]
