"""Runs pytest over many variants of one repository, each in a process forked from one that has loaded pytest.

Runs in a sandbox as `python -c SOURCE` in the repository, and so imports nothing of this project. Standard input is one
JSON object: `trials` (`name`, `changed`: texts by path or null, `arguments`, `hang_ends`: whether pytest ends with a
test that takes too long), `shared` (changed in all trials), `env`, `paths`, `test_s` (CPU seconds of one test),
`wall_s` (seconds of one trial) and `plain`: whether the tests are functions without fixtures, which are called without
pytest, in a twentieth of the time. Standard output is one JSON object: for each trial the verdict of each test by its
JUnit name, and whether the trial came to an end.
"""

from __future__ import annotations

import importlib.util
import json
import os
import resource
import signal
import sys
import time
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from pathlib import Path
from typing import Any

REPORT = "/tmp/report.xml"
MEMORY = 1 << 30
"""Address space of one trial in bytes, beyond which an allocation fails."""


class TooLong(BaseException):
    """A test used more CPU time than it may; not an Exception, so that a test does not catch it by accident."""


class Bounded:
    """A plug-in of pytest that ends a test after some CPU seconds; repeated, in case a program swallows the end."""

    def __init__(self, seconds: float, last: bool = False) -> None:
        self.seconds = seconds
        self.last = last
        """Whether a test that is ended so is the last one of the run."""

    def pytest_runtest_makereport(self, item: Any, call: Any) -> None:
        if self.last and call.excinfo is not None and call.excinfo.type is TooLong:
            item.session.shouldstop = "a test takes too long"

    def pytest_runtest_setup(self) -> None:
        signal.signal(signal.SIGVTALRM, _end)
        signal.setitimer(signal.ITIMER_VIRTUAL, self.seconds, 0.2)

    def pytest_runtest_teardown(self) -> None:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


def _end(*_: object) -> None:
    raise TooLong


def run(trial: dict[str, Any], asked: dict[str, Any]) -> dict[str, Any]:
    """Verdicts of one trial; the files are as before afterwards."""
    before = {path: _read(path) for path in trial["changed"]}
    Path(REPORT).unlink(missing_ok=True)
    try:
        for path, text in trial["changed"].items():
            _write(path, text)
        ended = _in_a_fork(trial, asked)
    finally:
        for path, text in before.items():
            _write(path, text)
    return {"ended": ended, "verdicts": dict(_verdicts()) if ended and Path(REPORT).exists() else {}}


def _in_a_fork(trial: dict[str, Any], asked: dict[str, Any]) -> bool:
    child = os.fork()
    if not child:
        try:
            _confine(asked)
            if asked["plain"]:
                _plainly(trial["arguments"], asked["test_s"])
            else:
                _pytest(trial["arguments"], Bounded(asked["test_s"], trial["hang_ends"]))
        finally:
            os._exit(0)
    last = time.monotonic() + asked["wall_s"]
    while not os.waitpid(child, os.WNOHANG)[0]:
        if time.monotonic() > last:
            os.killpg(child, signal.SIGKILL)
            os.waitpid(child, 0)
            return False
        time.sleep(0.01)
    return True


def _confine(asked: dict[str, Any]) -> None:
    """Give this process no streams, little memory, and the modules of the repository."""
    os.setsid()
    nothing = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nothing, stream)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    paths = [str(Path(path).absolute()) for path in asked["paths"]]
    os.environ.update(asked["env"], PYTHONPATH=os.pathsep.join(paths))
    sys.path[:0] = paths


def _pytest(arguments: list[str], bounded: Bounded) -> None:
    import pytest

    options = ["-q", "-o", "addopts=", "-o", "filterwarnings=", "-p", "no:cacheprovider"]
    options += ["--continue-on-collection-errors", f"--junitxml={REPORT}"]
    pytest.main([*options, *arguments], plugins=[bounded])


def _plainly(arguments: list[str], seconds: float) -> None:
    """Call the functions `test_*` of these files and folders, up to the first that fails if `-x` is given, and write a
    report like pytest's.
    """
    suite = ElementTree.Element("testsuite")
    paths = [Path(each) for each in arguments if each != "-x"]
    files = [each for path in paths for each in (sorted(path.rglob("test_*.py")) if path.is_dir() else [path])]
    for file in files:
        module = ".".join(file.with_suffix("").parts)
        for name, passed in _called(file, module, seconds):
            case = ElementTree.SubElement(suite, "testcase", classname=module, name=name)
            if not passed:
                ElementTree.SubElement(case, "failure")
            ElementTree.ElementTree(suite).write(REPORT)
            if "-x" in arguments and not passed:
                return


def _called(file: Path, module: str, seconds: float) -> Iterator[tuple[str, bool]]:
    """The file's tests in order, and whether each passes; one without a name where the file cannot be loaded."""
    bounded = Bounded(seconds)
    bounded.pytest_runtest_setup()
    try:
        # By its place: on the path there may be another package called `tests`.
        spec = importlib.util.spec_from_file_location(module, file)
        loaded = importlib.util.module_from_spec(spec)  # type: ignore[arg-type]
        spec.loader.exec_module(loaded)  # type: ignore[union-attr]
    except BaseException:  # noqa: BLE001 - whatever untrusted code raises
        yield "", False
        return
    finally:
        bounded.pytest_runtest_teardown()
    for name in [name for name in vars(loaded) if name.startswith("test_")]:
        try:
            bounded.pytest_runtest_setup()
            vars(loaded)[name]()
        except BaseException:  # noqa: BLE001 - whatever untrusted code raises
            yield name, False
        else:
            yield name, True
        finally:
            bounded.pytest_runtest_teardown()


def _verdicts() -> Iterator[tuple[str, str]]:
    """JUnit names and `pass`, `fail` or `skip`; nothing where the report is not complete."""
    try:
        cases = list(ElementTree.parse(REPORT).getroot().iter("testcase"))
    except ElementTree.ParseError:
        return
    for case in cases:
        tags = {element.tag for element in case}
        verdict = "fail" if tags & {"failure", "error"} else "skip" if "skipped" in tags else "pass"
        yield f"{case.get('classname')}::{case.get('name')}", verdict


def _read(path: str) -> str | None:
    place = Path(path)
    return place.read_bytes().decode("utf-8", "surrogateescape") if place.exists() else None


def _write(path: str, text: str | None) -> None:
    place = Path(path)
    if text is None:
        place.unlink(missing_ok=True)
        return
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(text.encode("utf-8", "surrogateescape"))


def main() -> None:
    """Run all trials of standard input."""
    import pytest  # noqa: F401 - loaded once, before the forks

    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    asked = json.load(sys.stdin)
    sys.path = [path for path in sys.path if path]
    for path, text in asked["shared"].items():
        _write(path, text)
    json.dump({trial["name"]: run(trial, asked) for trial in asked["trials"]}, sys.stdout)


if __name__ == "__main__":
    main()
