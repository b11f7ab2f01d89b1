"""An engine whose answers depend on the seed, and which notes every sample that it is asked for."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncGenerator, Callable, Sequence

from cure.problem import Problem
from cure.prompts import prompts_for
from engines import Completion, Delta, Request, Usage
from engines.scripted import prompt_sha256

Sample = tuple[str, int]
"""SHA-256 of the prompt, and the seed."""


class SeededEngine:
    """Answers in any order; equal prompts with equal seeds get equal answers. A prompt that is neither the coder's nor
    the tester's gets a repair."""

    spec = model = "seeded"

    def __init__(self, problem: Problem, programs: Sequence[str], tests: Sequence[str], repairs: Sequence[str]) -> None:
        style = prompts_for("chat")
        self._answers = {
            prompt_sha256(style.coder(problem)): programs,
            prompt_sha256(style.tester(problem)): tests,
        }
        self._repairs = repairs
        self.asked: list[Sample] = []

    async def complete(
        self, requests: Sequence[Request], on_delta: Callable[[Delta], None] | None = None
    ) -> AsyncGenerator[Completion, None]:
        tasks = [
            asyncio.create_task(self._answer(request, index)) for request in requests for index in range(request.n)
        ]
        try:
            for finished in asyncio.as_completed(tasks):
                yield await finished
        finally:
            for task in tasks:
                task.cancel()

    async def _answer(self, request: Request, index: int) -> Completion:
        sha, seed = prompt_sha256(request.prompt), (request.sampling.seed or 0) + index
        self.asked.append((sha, seed))
        await asyncio.sleep(random.uniform(0, 0.03))
        answers = self._answers.get(sha, self._repairs)
        text = answers[seed % len(answers)]
        return Completion(request.key, index, text, "stop", usage=Usage(10 if index == 0 else 0, len(text)))

    async def check(self) -> str:
        return "answers by seed"

    async def close(self) -> None:
        """Nothing to free."""
