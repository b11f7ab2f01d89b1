"""Makes tasks of programs and packages: which tests fail before the fix is found by running them."""

from __future__ import annotations

import ast
import asyncio
import re
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from benchmarks.repository_tasks.cases import Case, example, test_file
from benchmarks.repository_tasks.definitions import difference
from benchmarks.repository_tasks.program import Program, project
from benchmarks.repository_tasks.repo_bench import Built
from benchmarks.repository_tasks.task import Definition, Hidden, RepositoryTask, Texts
from benchmarks.repository_tasks.trials import Bench, Outcome, Trial, run_trials

_NEIGHBOURS_TESTS = 3
_LISTENING = """

def end(*_):
    raise TimeoutError


def said():
    signal.signal(signal.SIGVTALRM, end)
    signal.setitimer(signal.ITIMER_VIRTUAL, 0.25)
    try:
        return repr({call})[:2000]
    except BaseException as error:
        return f"!{{type(error).__name__}}"
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)


globals()["test_" + said().encode().hex()] = lambda: None
"""


def changed_definitions(before: Mapping[str, str], fixed: Texts) -> tuple[Definition, ...]:
    """The functions and methods that a fix rewrites."""
    return tuple(
        Definition(path, name) for path, text in fixed.items() for name in difference(before[path], text).rewritten
    )


async def task_of_built(built: Built, vaguer: str | None, bench: Bench) -> RepositoryTask:
    """The task of a package's bug. Raises ValueError where its tests do not fail before the fix and pass after it."""
    # Twice after the fix: a name with the time of day in it, or a test that passes now and then, judges nothing.
    trials = [Trial("base", {}, built.run)]
    trials += [Trial(name, built.fixed, built.run) for name in ("fixed", "again")]
    ran = await run_trials(built.folder, built.needs, trials, bench, built.tests)
    if not ran["fixed"].passes(built.failing) or any(ran["base"].verdicts.get(t) == "pass" for t in built.failing):
        raise ValueError(f"{built.id}: the hidden tests do not tell the fixed state from the one before")
    stays = [name for name in ran["base"].verdicts if all(each.passes([name]) for each in ran.values())]
    # Options, such as `-k`, leave out what takes minutes.
    options = built.run[next((at for at, word in enumerate(built.run) if word.startswith("-")), len(built.run)) :]
    first = (*dict.fromkeys(node.partition("::")[0] for node in built.nodes), *options)
    before = {path: (built.folder / path).read_text(encoding="utf-8") for path in built.fixed}
    return RepositoryTask(
        id=built.id,
        source="repo_bench",
        text=built.text,
        vaguer=vaguer,
        files={},
        folder=built.folder,
        fixed=built.fixed,
        changed=changed_definitions(before, built.fixed),
        hidden=Hidden(built.tests, built.failing, tuple(stays), built.run, first),
        needs=built.needs,
    )


async def task_of_program(
    program: Program, package: str, others: Sequence[Program], extra: Texts, vaguer: str | None, bench: Bench
) -> RepositoryTask:
    """The task of a small program, in a package with the right versions of other programs.

    Raises ValueError where no test fails before the fix and passes after it.
    """
    path, tests = f"{package}/{program.name}.py", f"tests/test_{program.name}.py"
    files = project(package) | dict(extra) | {f"{package}/{other.name}.py": other.fixed for other in others}
    files[path] = program.buggy
    beside = {f"tests/test_{other.name}.py": other.cases[:_NEIGHBOURS_TESTS] for other in others}
    draft = RepositoryTask(
        id=f"{program.source}-{program.number}",
        source=program.source,
        text="",
        vaguer=vaguer,
        files=files,
        folder=None,
        fixed={path: program.fixed},
        changed=changed_definitions(files, {path: program.fixed}),
        hidden=Hidden({}, (), (), ("-x", "tests"), ("-x", tests)),
    )
    all_of_them = {tests: program.cases, **beside}
    base, fixed, heard = await _run_cases(draft, all_of_them, program.cases, bench)
    return _sorted_out(draft, program, all_of_them, base, fixed, heard)


async def _run_cases(
    draft: RepositoryTask, cases: Mapping[str, Sequence[Case]], probed: Sequence[Case], bench: Bench
) -> tuple[Outcome, Outcome, dict[str, str]]:
    """Verdicts before and after the fix, and what the program before the fix returns in each test, as it is written."""
    files = {path: test_file(each) for path, each in cases.items()}
    listening = {case.name: text for case in probed if (text := _listening(case))}
    trials = [Trial("base", files, ("tests",)), *(Trial(n, {**files, **draft.fixed}, ("tests",)) for n in ("f", "g"))]
    trials += [Trial(name, {"tests/test_heard.py": text}, ("tests/test_heard.py",)) for name, text in listening.items()]
    with tempfile.TemporaryDirectory() as folder:
        repository = await asyncio.to_thread(draft.build, Path(folder) / "repository")
        ran = await run_trials(repository, draft.needs, trials, bench)
    stable = {name: said for name, said in ran["f"].verdicts.items() if ran["g"].verdicts.get(name) == said}
    heard = {name: next(iter(ran[name].verdicts), "").partition("::test_")[2] for name in listening}
    return ran["base"], replace(ran["f"], verdicts=stable), heard


def _listening(case: Case) -> str | None:
    """A test file whose only test has what the call of a test returns in its name, in hexadecimal digits; None for
    tests without such a call.
    """
    if (found := example(case.text)) is None:
        return None
    imports = "\n".join(("import signal", *case.imports))
    return f"{imports}\n{_LISTENING.format(call=ast.unparse(found[0]))}"


def _sorted_out(
    draft: RepositoryTask,
    program: Program,
    cases: Mapping[str, Sequence[Case]],
    base: Outcome,
    fixed: Outcome,
    heard: Mapping[str, str],
) -> RepositoryTask:
    """The task: of the tests that pass before and after, some are shown; those that fail after the fix are left out."""
    module = f"tests.test_{program.name}"
    failing = [each for each in program.cases if _turns(f"{module}::{each.name}", base, fixed)]
    staying = [each for each in program.cases if _stays(f"{module}::{each.name}", base, fixed)]
    if not failing:
        raise ValueError(f"{draft.id}: no test fails before the fix and passes after it")
    # Where all tests that the set shows fail before the fix, half of its hidden ones are shown in their place.
    shown = [each for each in staying if each.name in program.shown] or staying[::2]
    own = next(path for path in cases if path == f"tests/test_{program.name}.py")
    beside = {
        path: [each for each in those if _stays(f"{_module(path)}::{each.name}", base, fixed)]
        for path, those in cases.items()
        if path != own
    }
    old = {path: test_file(those) for path, those in {own: shown, **beside}.items() if those}
    new = old | {own: test_file([*staying, *failing])}
    stays = [f"{module}::{each.name}" for each in staying]
    stays += [f"{_module(path)}::{each.name}" for path, those in beside.items() for each in those]
    hidden = Hidden(
        new, tuple(f"{module}::{each.name}" for each in failing), tuple(stays), draft.hidden.run, draft.hidden.first
    )
    said = _decoded(heard)
    text = _text(program, failing, said)
    return replace(draft, text=text, files={**draft.files, **old}, hidden=hidden, returned=said)


def _turns(name: str, base: Outcome, fixed: Outcome) -> bool:
    return base.verdicts.get(name) != "pass" and fixed.passes([name])


def _stays(name: str, base: Outcome, fixed: Outcome) -> bool:
    return base.passes([name]) and fixed.passes([name])


def _module(path: str) -> str:
    return path.removesuffix(".py").replace("/", ".")


def _decoded(heard: Mapping[str, str]) -> dict[str, str]:
    return {name: bytes.fromhex(said).decode() for name, said in heard.items() if re.fullmatch("([0-9a-f]{2})+", said)}


def _text(program: Program, failing: Sequence[Case], heard: Mapping[str, str]) -> str:
    """The description, and one example of what goes wrong."""
    words = _plain(program.description.replace(f"\n{program.name}\n", "\n"))
    for each in failing:
        found, said = example(each.text), heard.get(each.name, "")
        if found and said and len(each.text) < 400:
            call, value = ast.unparse(found[0]), ast.unparse(found[1])
            return f"{program.name} is wrong. `{call}` should return `{value}`, but {_instead(said)}. {words}"
    body = ast.parse(failing[0].text).body[0]
    told = ast.get_docstring(body) if isinstance(body, ast.FunctionDef) else None
    asserted = [ast.unparse(node.test) for node in ast.walk(body) if isinstance(node, ast.Assert)]
    where = f" for this case: {' '.join(told.split())}" if told else ""
    if not told and len(asserted) == 1 and len(asserted[0]) < 300:
        where = f": `{asserted[0]}` does not hold"
    return f"{program.name} gives a wrong result{where}. {words}"


def _instead(said: str) -> str:
    if said == "!TimeoutError":
        return "it does not come to an end"
    return f"raises {said[1:]}" if said.startswith("!") else f"returns `{said[:200]}`"


def _plain(description: str) -> str:
    """The description in one paragraph, without examples."""
    text = re.split(r"\n\s*(?:Examples?:|>>>)", description)[0]
    return " ".join(text.split())[:900]
