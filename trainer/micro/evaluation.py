"""Evaluates a checkpoint of the micro model: samples answers through an engine and runs them in a sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from cure.extract import extractor
from cure.problem import Problem, UnitTest
from cure.prompts import micro
from cure.table import Candidate, ProgramExecutor, ProgramTable, fill, judging_of, pass_matrix
from engines import Engine, EngineError, Request, Sampling, TextPrompt
from sandbox import Sandbox, SandboxError, Verdict
from trainer.micro.answers import near_miss
from trainer.micro.problems import Split, problem_and_recipe, stream
from trainer.micro.recipes import Recipe, answer, numbers_text, source

_REFERENCE = "reference"
_MAX_TOKENS = 128
_ROLES = ("coder", "tester", "repair")


@dataclass(frozen=True)
class MicroEvaluationConfig:
    """Number and kind of samples. Equal values give equal prompts, and equal samples on one machine."""

    split: Split = "heldout"
    problems: int = 48
    samples: int = 8
    """Programs, tests and repairs per problem."""
    temperature: float = 1.0
    seed: int = 1000


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """Shares between 0 and 1, pooled over problems and samples. An answer without program or test counts as wrong."""

    code: float
    """Programs that pass every hidden test."""
    test: float
    """Generated tests that the reference solution passes."""
    best_of_n: float
    """Problems whose program with the most passed generated tests (the first of equals) passes every hidden test."""
    repair: float
    """Repairs that pass every hidden test; the prompt shows a nearly right program and a hidden test that it fails."""
    code_unextracted: float
    """Answers of the coder without a program."""
    test_unextracted: float
    """Answers of the tester without a test."""
    problems: int
    samples: int
    temperature: float


async def evaluate(
    engine: Engine,
    sandbox: Sandbox,
    config: MicroEvaluationConfig,
    on_done: Callable[[int, int], None] = lambda *_: None,
) -> Evaluation:
    """The checkpoint's figures. `on_done(done, total)` counts answers and then complete tables.

    Raises EngineError where the engine failed on an answer, SandboxError where the sandbox failed on an execution.
    """
    made = [problem_and_recipe(config.seed, config.split, i) for i in range(config.problems)]
    answers = await _answers(engine, made, config, on_done)
    done = 0

    async def score(number: int) -> tuple[int, int, int, int]:
        nonlocal done
        roles = [answers[role, number] for role in _ROLES]
        scored = await _score(sandbox, made[number][0], *roles)
        done += 1
        on_done(config.problems * config.samples * 3 + done, config.problems * (config.samples * 3 + 1))
        return scored

    scores = await asyncio.gather(*(score(number) for number in range(config.problems)))
    total = config.problems * config.samples
    read = extractor("robust")
    codes, tests = (
        [text for number in range(config.problems) for text in answers[role, number]] for role in ("coder", "tester")
    )
    return Evaluation(
        code=sum(score[0] for score in scores) / total,
        test=sum(score[1] for score in scores) / total,
        best_of_n=sum(score[2] for score in scores) / config.problems,
        repair=sum(score[3] for score in scores) / total,
        code_unextracted=sum(read.program(text).value is None for text in codes) / total,
        test_unextracted=sum(read.test(text).value is None for text in tests) / total,
        problems=config.problems,
        samples=config.samples,
        temperature=config.temperature,
    )


async def _answers(
    engine: Engine,
    made: Sequence[tuple[Problem, Recipe]],
    config: MicroEvaluationConfig,
    on_done: Callable[[int, int], None],
) -> dict[tuple[str, int], list[str]]:
    """Texts by role and number of the problem.

    Raises EngineError where the engine failed on an answer, which then says nothing about the model.
    """
    sampling = Sampling(temperature=config.temperature, max_tokens=_MAX_TOKENS, seed=config.seed, stop=micro.STOP)
    requests = [
        Request(f"{role}-{i}", prompt, config.samples, replace(sampling, seed=config.seed + 1000 * i))
        for i, (problem, recipe) in enumerate(made)
        for role, prompt in (
            ("coder", micro.coder_prompt(problem)),
            ("tester", micro.tester_prompt(problem)),
            ("repair", _repair_prompt(problem, recipe, config.seed + i)),
        )
    ]
    asked = [(role, number) for number in range(len(made)) for role in _ROLES]
    places = dict(zip((request.key for request in requests), asked, strict=True))
    answers = {place: [""] * config.samples for place in asked}
    failures: list[str] = []
    done = 0
    async for completion in engine.complete(requests):
        answers[places[completion.key]][completion.index] = completion.text
        if completion.error:
            failures.append(completion.error)
        done += 1
        on_done(done, config.problems * (config.samples * 3 + 1))
    if failures:
        raise EngineError(f"the engine failed on {len(failures)} of {done} answers: {failures[-1]}")
    return answers


def _repair_prompt(problem: Problem, recipe: Recipe, seed: int) -> TextPrompt:
    """The prompt to repair a near-miss program, with a hidden test that it fails."""
    rng = stream("evaluation repair", seed)
    while True:
        bad = near_miss(recipe, rng)
        failing = [t for t in problem.hidden if _printed(bad, t) != _printed(recipe, t)]
        if failing:
            shown = rng.choice(failing)
            return micro.repair_prompt(problem, source(bad), shown, _printed(bad, shown))


def _printed(recipe: Recipe, test: UnitTest) -> str:
    return numbers_text(answer(recipe, [int(word) for word in test.stdin.split()]))


async def _score(
    sandbox: Sandbox, problem: Problem, codes: list[str], tests: list[str], repairs: list[str]
) -> tuple[int, int, int, int]:
    """Numbers of right programs, of right tests, of right best-of-n choices (0 or 1), and of right repairs.

    Raises SandboxError where the sandbox failed on an execution, which then says nothing about the program.
    """
    read = extractor("robust")
    hidden = {f"h{i}": test for i, test in enumerate(problem.hidden)}
    generated = {f"t{i}": found for i, text in enumerate(tests) if (found := read.test(text).value)}
    sources = [("c", codes), ("r", repairs)]
    programs = {f"{letter}{i}": written for letter, texts in sources for i, text in enumerate(texts)
                if (written := read.program(text).value)}  # fmt: skip
    candidates = {name: Candidate(program) for name, program in programs.items()}
    asked = ProgramTable({_REFERENCE: Candidate(problem.reference), **candidates}, hidden | generated)
    known = await fill(ProgramExecutor(sandbox, judging_of(problem)), asked)
    if lost := [cell for cell in known.cells.values() if cell.verdict is Verdict.SANDBOX_ERROR]:
        raise SandboxError(f"the sandbox failed on {len(lost)} of {len(known.cells)} executions: {lost[-1].reason}")
    right = {name for name in programs if all(known.passes(name, test) for test in hidden)}
    best = _best([name for name in programs if name[0] == "c"], list(generated), known)
    return (
        sum(name[0] == "c" for name in right),
        sum(known.passes(_REFERENCE, test) for test in generated),
        best in right,
        sum(name[0] == "r" for name in right),
    )


def _best(programs: list[str], tests: list[str], table: ProgramTable) -> str | None:
    """The program that passes the most of these tests, the first of equals; None without programs."""
    return programs[int(pass_matrix(table, programs, tests).sum(axis=1).argmax())] if programs else None
