"""Runs pytest once and keeps a journal: `python -c TEXT`, with a JSON object on standard input.

The journal tells what was running when a session did not come to its end, which pytest's own report cannot. It is
written by hooks of an object given to `pytest.main`, so that nothing has to be installed in the project's environment.
"""

from __future__ import annotations

import sys

# The current directory must not give the modules of this program itself: a patch could plant them there.
sys.path[:] = [place for place in sys.path if place]

import faulthandler
import json
import os
from typing import Any

DETAIL = 4000
"""Characters that are kept of a failure's text: its end, where the error is."""


class Journal:
    """Writes a line of JSON for everything that happens to a test; children of a fork write nothing."""

    def __init__(self, order: dict[str, Any]) -> None:
        self.pid = os.getpid()
        self.file = os.open(order["journal"], os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self.trace = os.open(order["trace"], os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        self.seconds = order["test_s"]
        self.only = None if order["only"] is None else set(order["only"])
        self.skip = set(order["skip"])
        self.names = order["modules"]
        self.canary = order["canary"]
        self.top = os.getcwd()

    def write(self, *entry: Any) -> None:
        if os.getpid() == self.pid:
            data = (json.dumps(entry) + "\n").encode("ascii", "replace")
            while data:
                data = data[os.write(self.file, data) :]

    def pytest_collectstart(self, collector: Any) -> None:
        self.write("collecting", collector.nodeid)

    def pytest_collectreport(self, report: Any) -> None:
        if report.outcome == "passed":
            self.write("gathered", report.nodeid)
        else:
            self.write("uncollected", report.nodeid, report.outcome, text_of(report))

    def pytest_collection_modifyitems(self, config: Any, items: Any) -> None:
        kept = [
            item for item in items if item.nodeid not in self.skip and (self.only is None or item.nodeid in self.only)
        ]
        items[:] = kept + self.must_fail(kept[-1:])

    def must_fail(self, last: Any) -> Any:
        """A further test beside the last one, which fails wherever tests are judged as they should be."""
        import pytest

        def raises() -> None:
            raise AssertionError("this test has to fail")

        modules = [item.getparent(pytest.Module) for item in last]
        if not self.canary or None in modules:
            return []
        return [pytest.Function.from_parent(module, name=self.canary, callobj=raises) for module in modules]

    def pytest_collection_finish(self, session: Any) -> None:
        self.write("collected", [item.nodeid for item in session.items])

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        self.write("start", nodeid)
        if self.seconds and os.getpid() == self.pid:
            os.ftruncate(self.trace, 0)
            os.lseek(self.trace, 0, os.SEEK_SET)
            faulthandler.dump_traceback_later(self.seconds, exit=True, file=self.trace)

    def pytest_runtest_logreport(self, report: Any) -> None:
        quiet = report.outcome == "passed" and report.when != "call"
        if not quiet:
            xfail = getattr(report, "wasxfail", None) is not None
            text = "" if report.outcome == "passed" else text_of(report)
            self.write("report", report.nodeid, report.when, report.outcome, xfail, report.duration, text)

    def pytest_runtest_logfinish(self, nodeid: str, location: Any) -> None:
        if self.seconds and os.getpid() == self.pid:
            faulthandler.cancel_dump_traceback_later()
        self.write("end", nodeid)

    def pytest_internalerror(self, excrepr: Any) -> None:
        self.write("broken", str(excrepr)[-DETAIL:])

    def pytest_sessionfinish(self, session: Any, exitstatus: int) -> None:
        self.write("finish", int(exitstatus))

    def modules(self) -> None:
        """Write where the project's own modules were imported from."""
        found = {}
        for name in self.names:
            module = sys.modules.get(name)
            places = [getattr(module, "__file__", None) or ""] if module is not None else []
            if places == [""]:
                places = [str(place) for place in getattr(module, "__path__", [])][:1]
            if places:
                found[name] = os.path.relpath(places[0], self.top)
        self.write("modules", found)


class Lines:
    """Writes which lines of the project every test file executes, with the package `coverage` of the environment."""

    def __init__(self, order: dict[str, Any]) -> None:
        import coverage

        self.top = os.getcwd()
        self.path = order["lines"]
        self.coverage: Any = coverage.Coverage(data_file=None, config_file=False, include=[os.path.join(self.top, "*")])
        self.coverage.start()

    def pytest_runtest_logstart(self, nodeid: str, location: Any) -> None:
        self.coverage.switch_context(nodeid.partition("::")[0])

    def pytest_runtest_logfinish(self, nodeid: str, location: Any) -> None:
        self.coverage.switch_context("")

    def pytest_unconfigure(self) -> None:
        self.coverage.stop()
        data = self.coverage.get_data()
        found: dict[str, dict[str, list[int]]] = {}
        for file in data.measured_files():
            for line, contexts in data.contexts_by_lineno(file).items():
                for context in filter(None, contexts):
                    found.setdefault(context, {}).setdefault(os.path.relpath(file, self.top), []).append(line)
        with open(self.path, "w") as out:
            json.dump(found, out)


def text_of(report: Any) -> str:
    """The end of a report's text, with the end of what the test printed."""
    try:
        longrepr = report.longrepr
        if isinstance(longrepr, tuple):
            text = str(longrepr[-1])
        else:
            text = getattr(report, "longreprtext", None) or str(longrepr)
        printed = "".join(part for name, part in report.sections if name.startswith("Captured std"))
    except Exception as error:
        text, printed = f"the failure cannot be shown: {type(error).__name__}", ""
    return text[-DETAIL:] + ("\n--- printed ---\n" + printed[-DETAIL // 4 :] if printed else "")


def write_files(directory: str, files: dict[str, str]) -> None:
    for path, contents in files.items():
        place = os.path.join(directory, path)
        if not os.path.isdir(os.path.dirname(place)):
            os.makedirs(os.path.dirname(place))
        with open(place, "w") as file:
            file.write(contents)
        os.chmod(place, 0o755)


def surroundings(order: dict[str, Any], place: str) -> None:
    """Put the project's code first on the path of this process and of those that it starts."""
    write_files(place, order["files"])
    top = os.getcwd()
    paths = [os.path.normpath(os.path.join(top, path)) for path in order["paths"]] + [os.path.join(place, "metadata")]
    os.environ["PYTHONPATH"] = os.pathsep.join(paths)
    programs = [os.path.join(place, "bin"), os.path.dirname(sys.executable), os.environ.get("PATH", "")]
    os.environ["PATH"] = os.pathsep.join(programs)
    sys.path[:0] = paths


def main() -> None:
    order = json.loads(sys.stdin.buffer.read().decode())
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    sys.argv = ["pytest"] + order["arguments"]
    place = os.path.dirname(order["journal"])
    os.mkdir(place, 0o700)
    journal = Journal(order)
    faulthandler.enable(file=journal.trace)
    status = 4
    try:
        if order["early"]:
            surroundings(order, place)
        import pytest

        late = pytest.hookimpl(trylast=True)(Journal.pytest_collection_modifyitems)
        Journal.pytest_collection_modifyitems = late  # type: ignore[method-assign]
        if not order["early"]:
            surroundings(order, place)
        status = int(pytest.main(order["arguments"], plugins=[journal] + ([Lines(order)] if order["lines"] else [])))
    except SystemExit as error:
        journal.write("exit", str(error.code))
    except BaseException as error:
        journal.write("broken", f"{type(error).__name__}: {error}")
        raise
    finally:
        if os.getpid() == journal.pid:
            journal.modules()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads that a test left running must not keep the session from its end.
    os._exit(status)


main()
