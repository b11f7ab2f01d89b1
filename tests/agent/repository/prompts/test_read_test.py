"""One pytest test is read out of an answer, with what it needs."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from agent.repository.edit import Refusal
from agent.repository.prompts import GeneratedTest, read_test


def fenced(code: str) -> str:
    return f"Here is a test:\n\n```python\n{code}\n```\nIt fails now."


def read(code: str, imports: str = "", names: tuple[str, ...] = ()) -> GeneratedTest:
    found = read_test(fenced(code), imports, names)
    assert isinstance(found, GeneratedTest), found
    return found


def test_the_first_test_is_kept_with_what_it_needs() -> None:
    code = (
        "from __future__ import annotations\nimport os\nimport json\nimport pytest\nLIMIT = 3\nOTHER = 4\n\n"
        "@pytest.fixture\ndef data(base):\n    return base + [LIMIT]\n\n@pytest.fixture\n"
        "def base():\n    return [1]\n\n"
        "def helper(x):\n    return json.dumps(x)\n\ndef unused():\n    pass\n\n"
        "def test_one(data):\n    print(data)\n    assert helper(data) == '[1, 3]'\n\n"
        "def test_two():\n    assert OTHER\n\nif __name__ == '__main__':\n    pytest.main()\n"
    )
    found = read(code)
    assert found.name == "test_one"
    kept = (
        "from __future__",
        "import json",
        "import pytest",
        "LIMIT",
        "def data",
        "def base",
        "def helper",
        "def test_one",
    )
    assert all(each in found.source for each in kept)
    assert not any(each in found.source for each in ("import os", "OTHER", "unused", "test_two", "__main__", "print"))


@pytest.mark.parametrize(
    "code",
    [
        "import unittest\nclass TestX(unittest.TestCase):\n    def setUp(self):\n        self.x = [1]\n\n"
        "    def test_x(self):\n        self.assertEqual(self.x, [1])\n"
        "        with self.assertRaises(ValueError):\n            int('a')\n\n"
        "    def test_y(self):\n        self.fail()\n\nif __name__ == '__main__':\n    unittest.main()",
        "import unittest\nclass TestX(unittest.TestCase):\n    def make(self):\n        return [1]\n\n"
        "    def test_x(self):\n        self.assertCountEqual(self.make(), [1])",
        "class TestX:\n    def setup_method(self):\n        self.x = 1\n\n"
        "    def test_x(self, tmp_path):\n        assert self.x == 1 and tmp_path",
        "class TestX:\n    y = 1\n\n    def test_x(self):\n        assert self.y == 1",
        "x = [1]\nassert x == [1]\nassert len(x) == 1",
        "def test_x():\n    assert pytest.approx(1.0) == 1.0",
    ],
)
def test_tests_of_every_style_become_one_function_that_pytest_runs(code: str, tmp_path: Path) -> None:
    found = read(code)
    (tmp_path / "test_it.py").write_text(found.source)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_it.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert "1 passed" in done.stdout, found.source + done.stdout
    assert f"def {found.name}(" in found.source


def test_imports_of_the_code_under_test_are_put_in_and_its_copies_dropped() -> None:
    code = "def add(a, b):\n    return a + b\n\ndef test_add():\n    assert add(1, 2) == 3"
    found = read(code, "from pkg.shapes import add", ("add",))
    assert found.source == "from pkg.shapes import add\n\n\ndef test_add():\n    assert add(1, 2) == 3\n"
    assert found.notes == ("copies of the code under test dropped: add",)


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("def f():\n    return 1", "no_test"),
        ("def test_x():\n    f(1)", "no_assertion"),
        ("def test_x():\n    assert True", "no_assertion"),
        ("def test_x(:\n    assert f()", "syntax_error"),
        ("import pytest\ndef test_x():\n    pytest.skip('later')\n    assert f()", "forbidden"),
        ("import pytest\n@pytest.mark.xfail\ndef test_x():\n    assert f()", "forbidden"),
        ("import requests\ndef test_x():\n    assert requests.get('http://a')", "forbidden"),
        ("from urllib import request\ndef test_x():\n    assert request.urlopen('http://a')", "forbidden"),
        ("import subprocess\ndef test_x():\n    assert subprocess.run(['cure-agent', 'x'])", "forbidden"),
        ("import os\ndef test_x():\n    assert f()\n    os._exit(0)", "forbidden"),
    ],
)
def test_useless_and_harmful_tests_are_refused(code: str, reason: str) -> None:
    found = read_test(fenced(code))
    assert isinstance(found, Refusal) and found.reason == reason
    assert found.words and found.repair


def test_a_test_that_is_cut_is_refused_as_cut() -> None:
    for text in ("```python\ndef test_x():\n    assert f(", "```python\ndef test_x():\n    assert f"):
        found = read_test(text, cut=True)
        assert isinstance(found, Refusal) and found.reason == "cut"


def test_an_answer_without_code_holds_no_test() -> None:
    found = read_test("I would test the empty list.")
    assert isinstance(found, Refusal) and found.reason == "no_test"
