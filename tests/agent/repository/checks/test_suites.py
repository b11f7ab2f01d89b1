"""Suites as they are found in the wild: options for plug-ins that are not there, warnings as errors, flaky tests."""

from __future__ import annotations

import pytest

from agent.repository.checks import NoBase, TestVerdict, confirmed, establish, regressions
from agent.repository.checks.base import simpler
from agent.repository.checks.suite import Runner, Suite
from agent.repository.checks.verdicts import Report
from tests.agent.repository.checks.conftest import Open

pytestmark = pytest.mark.bubblewrap
SETTINGS = """
    [tool.pytest.ini_options]
    addopts = "--cov=pkg --cov-report=xml -n auto -x --strict --no-such-option=3 -p no_such_plugin -k 'not slow'"
    required_plugins = ["pytest-no-such"]
    filterwarnings = ["error"]
    asyncio_mode = "auto"
    timeout = 5
    junit_family = "legacy"
    junit_logging = "all"
    """
WILD = {
    "pyproject.toml": SETTINGS,
    "tests/test_first.py": """
        import os, sys, warnings
        import pytest

        print("junk at import")
        sys.stdout.write("\\x1b[2J<testsuites>\\x00")

        def test_fails_first():
            assert False

        def test_warns():
            warnings.warn("old")

        def test_unknown_mark(): ...

        def test_writes_into_the_tree():
            with open("tests/left.py", "w") as file:
                file.write("x")
            os.mkdir("made")

        def test_slow():
            raise AssertionError("left out by -k")

        @pytest.mark.parametrize("x", ["2026-01-01 10:00:00", "a::b", "[", "]", "é", ""])
        def test_ids(x): ...
        """,
    "tests/test_unit.py": """
        import unittest

        class TestUnit(unittest.TestCase):
            def test_sub(self):
                for number in range(3):
                    with self.subTest(number=number):
                        self.assertLess(number, 2)

            @unittest.expectedFailure
            def test_expected(self):
                self.fail()

            def test_fork(self):
                import os, time
                if os.fork() == 0:
                    time.sleep(60)

            def test_thread(self):
                import threading, time
                threading.Thread(target=time.sleep, args=(60,)).start()
        """,
    "tests/test_broken.py": "import no_such_module\n",
    "tests/test_skipped.py": "import pytest\npytest.skip('not here', allow_module_level=True)\n",
}


async def test_a_wild_suite_has_its_verdicts(opened: Open) -> None:
    checker = await opened(WILD)
    base = await establish(checker)
    verdicts = {name.removeprefix("tests/"): result.verdict for name, result in base.report.tests.items()}
    ids = [name for name in verdicts if "test_ids" in name]
    assert len(ids) == 6 and all(verdicts.pop(name) == TestVerdict.PASSED for name in ids)
    assert verdicts == {
        "test_first.py::test_fails_first": TestVerdict.FAILED,
        "test_first.py::test_warns": TestVerdict.FAILED,
        "test_first.py::test_unknown_mark": TestVerdict.PASSED,
        "test_first.py::test_writes_into_the_tree": TestVerdict.PASSED,
        "test_unit.py::TestUnit::test_sub": TestVerdict.FAILED,
        "test_unit.py::TestUnit::test_expected": TestVerdict.XFAILED,
        "test_unit.py::TestUnit::test_fork": TestVerdict.PASSED,
        "test_unit.py::TestUnit::test_thread": TestVerdict.PASSED,
        "test_broken.py": TestVerdict.NOT_COLLECTED,
        "test_skipped.py": TestVerdict.SKIPPED,
    }
    assert base.suite.arguments == ("-k", "not slow")
    assert [entry.what for entry in base.suite.rejected] == ["-p no_such_plugin", "--no-such-option=3"]
    assert "no_such_module" in base.report.tests["tests/test_broken.py"].detail
    assert sorted(path.name for path in (checker.place.directory / "tests").iterdir()) == sorted(
        path.rpartition("/")[2] for path in WILD if "/" in path
    )


async def test_flaky_tests_are_never_counted(opened: Open) -> None:
    coins = "".join(f"def test_{number}():\n    assert os.urandom(1)[0] % 2\n" for number in range(24))
    checker = await opened({"test_a.py": f"import os\n{coins}"})
    base = await establish(checker)
    failed = base.report.having(TestVerdict.FAILED)
    assert base.flaky and base.flaky <= failed and base.failing == failed - base.flaky
    again = await checker.run({})
    seen = regressions(base, again)
    assert seen <= base.stable
    assert await confirmed(checker, {}, seen) <= seen


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        (
            {"tests/conftest.py": "raise RuntimeError('no database')\n", "tests/test_a.py": "def test_a(): ...\n"},
            "no database",
        ),
        ({"tests/test_a.py": "x = 1\n"}, "no test"),
        ({"tests/test_a.py": "import gone\n"}, "No module named 'gone'"),
    ],
)
async def test_a_suite_that_judges_nothing_is_no_base(opened: Open, contents: dict[str, str], words: str) -> None:
    checker = await opened(contents)
    with pytest.raises(NoBase, match=words):
        await establish(checker)


async def test_another_way_is_tried_where_no_test_passes(opened: Open) -> None:
    checker = await opened(
        {
            "tox.ini": "[testenv]\ncommands = pytest tests\n[testenv:pure]\nsetenv = PURE = 1\n",
            "tests/conftest.py": "import os, pytest\n@pytest.fixture(autouse=True)\ndef c(): os.environ['PURE']\n",
            "tests/test_a.py": "def test_a(): ...\n",
        }
    )
    base = await establish(checker)
    assert base.suite.env == {"PURE": "1"} and base.stable == {"tests/test_a.py::test_a"}
    assert checker.suite is base.suite


def test_options_that_keep_pytest_from_starting_are_dropped() -> None:
    suite = Suite(Runner.PYTEST, ("--a=1", "-p", "x.y", "-k", "z", "--b"))
    report = Report(tests={}, finished=False, trouble="error: unrecognized arguments: --a=1 --b")
    assert (simpler(suite, report) or suite).arguments == ("-p", "x.y", "-k", "z")
    report = Report(tests={}, finished=False, output_tail="Error importing plugin \"x.y\": No module named 'x'")
    assert (simpler(suite, report) or suite).arguments == ("--a=1", "-k", "z", "--b")
    assert simpler(suite, Report(tests={}, finished=False, trouble="something else")) is None
