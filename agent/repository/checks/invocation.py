"""The command that runs a suite once, and the files that it leaves its records in."""

from __future__ import annotations

import json
import secrets
import shlex
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent.repository.checks.environment import Environment
from agent.repository.checks.sources import Support
from agent.repository.checks.suite import Suite
from sandbox import Limits
from sandbox.workspace import Command

SESSION = Path(__file__).parent / "inside" / "session.py"
ALWAYS = (
    *("-q", "--color=no", "--tb=short", "--show-capture=no", "--continue-on-collection-errors"),
    *("-p", "no:cacheprovider", "-p", "no:faulthandler", "-o", "addopts=", "-o", "required_plugins="),
    *("-o", "junit_logging=no", "-o", "junit_log_passing_tests=false", "-W", "ignore::pytest.PytestConfigWarning"),
)
"""Options of every session: no cache in the tree, and nothing that the project asks for stops the session."""
FOR_PLUGINS = {
    "xdist": ("-n", "0"),
    "randomly": ("-p", "no:randomly"),
    "random_order": ("-p", "no:random_order"),
    "benchmark": ("--benchmark-disable",),
    "hypothesispytest": ("--hypothesis-seed=0",),
}
"""Options for plug-ins where they are installed: one process, the written order, the same examples every time."""
CANARY = "test_cure_agent_has_to_fail_"
USED_BY_PYTEST = frozenset({"pytest", "_pytest", "pluggy", "packaging", "iniconfig", "pygments", "exceptiongroup"})
RECORDS = ("journal", "trace", "report.xml", "lines")


@dataclass(frozen=True)
class Selection:
    """Which tests a session runs."""

    targets: tuple[str, ...] = ()
    """Files and directories, relative to the suite's directory; empty: the whole suite."""
    only: frozenset[str] | None = None
    """Node ids of the tests to run; None runs all."""
    skip: frozenset[str] = frozenset()
    """Node ids of tests that are not run."""
    ignored: tuple[str, ...] = ()
    """Files that are not collected."""
    lines: bool = False
    """Whether to note which lines every test file executes; the environment needs coverage."""


@dataclass(frozen=True)
class Invocation:
    """One session of pytest: the command and where its records will lie."""

    command: Command
    place: str
    """A directory in /tmp with a name that cannot be guessed."""
    canary: str
    """Name of a test that has to fail; one that passes shows that verdicts are forged."""
    words: str
    """The command as a person would type it."""

    @property
    def records(self) -> Command:
        """The command that prints all records, each after a line with its size in bytes, and removes them."""
        names = " ".join(shlex.quote(f"{self.place}/{name}") for name in RECORDS)
        prints = 'if [ -f "$f" ]; then wc -c < "$f"; cat < "$f"; else echo 0; fi'
        script = f"for f in {names}; do {prints}; done; rm -rf {shlex.quote(self.place)}"
        return Command(("/bin/sh", "-c", script), limits=replace(self.command.limits, cpu_s=20, wall_s=40))


def invocation(
    suite: Suite,
    selection: Selection,
    *,
    environment: Environment,
    plugins: Collection[str],
    blocked: Collection[str],
    support: Support,
    modules: Collection[str],
    limits: Limits,
    test_s: float,
) -> Invocation:
    """The session that runs these tests of a suite of pytest. `test_s` bounds the seconds of every single test."""
    place = f"/tmp/{secrets.token_hex(16)}"
    canary = f"{CANARY}{secrets.token_hex(8)}"
    arguments = pytest_arguments(suite, selection, plugins, blocked, f"{place}/report.xml")
    order = {
        "arguments": arguments,
        "journal": f"{place}/journal",
        "trace": f"{place}/trace",
        "test_s": test_s,
        "only": None if selection.only is None else sorted(selection.only),
        "skip": sorted(selection.skip),
        "modules": sorted(modules),
        "canary": canary,
        "lines": f"{place}/lines" if selection.lines else "",
        "paths": list(support.roots),
        # A project that pytest itself is made of has to be imported before pytest is.
        "early": bool(USED_BY_PYTEST & set(modules)),
        "files": _files(support, environment.executable),
    }
    command = Command(
        (environment.executable, "-c", SESSION.read_text()),
        limits=limits,
        stdin=json.dumps(order).encode(),
        env={**variables(environment), **suite.env},
        cwd=suite.rootdir,
    )
    return Invocation(
        command, place, canary, shlex.join(["pytest", *suite.arguments, *(selection.targets or suite.paths)])
    )


def variables(environment: Environment) -> dict[str, str]:
    """Variables of every command that runs tests: the environment's own, and what makes runs alike."""
    return {"PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", **environment.env}


def pytest_arguments(
    suite: Suite, selection: Selection, plugins: Collection[str], blocked: Collection[str], report: str
) -> list[str]:
    """Words for `pytest.main`."""
    words = [*ALWAYS, "--rootdir=.", f"--junitxml={report}"]
    words += ["-c", suite.config] if suite.config else []
    for name, options in FOR_PLUGINS.items():
        words += options if name in plugins and name not in blocked else ()
    words += [word for name in blocked for word in ("-p", f"no:{name}")]
    words += [f"--ignore={path}" for path in selection.ignored]
    targets = [path for path in selection.targets or suite.paths if path.partition("::")[0] not in selection.ignored]
    return [*words, *suite.arguments, *targets]


def _files(support: Support, executable: str) -> dict[str, str]:
    """Files beside the journal: the project's metadata, and its scripts for tests that start them."""
    found = {f"metadata/{path}": data.decode() for path, data in support.metadata.items()}
    for name, target in support.scripts.items():
        module, _, attribute = target.partition("[")[0].strip().partition(":")
        found[f"bin/{name}"] = (
            f"#!{executable}\nimport sys\nfrom {module} import {attribute.partition('.')[0]}\nsys.exit({attribute}())\n"
        )
    return found


def split_records(data: bytes) -> list[bytes] | None:
    """The contents of the records that `Invocation.records` printed; None where the output is cut off."""
    found = []
    for _ in RECORDS:
        size, newline, data = data.partition(b"\n")
        if not newline or not size.strip().isdigit() or len(data) < int(size):
            return None
        found.append(data[: int(size)])
        data = data[int(size) :]
    return found


def limits_for(limits: Limits, left: Mapping[str, float]) -> Limits:
    """The limits of a further session, within what earlier ones left of the CPU and wall seconds."""
    return replace(limits, cpu_s=max(1.0, left["cpu_s"]), wall_s=max(2.0, left["wall_s"]))


def without_targets(targets: Sequence[str], ignored: Collection[str]) -> tuple[str, ...]:
    """The targets without files that are not collected."""
    return tuple(target for target in targets if target not in ignored)
