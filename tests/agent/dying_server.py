"""A model server that a test kills: it stops answering after some samples, and logs every sample it is asked for.

python -m tests.agent.dying_server PROBLEM LOG PORT ANSWERS
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from cure.problem.file import load_problems
from engines import Completion, Request
from tests.agent.seeded import SeededEngine
from tests.end_to_end.conftest import RIGHT, TESTS, WRONG
from tests.engines.faulty_server import FaultyServer


class DyingEngine(SeededEngine):
    """Answers `answers` samples; each further one waits for an hour. The log has a line for each sample asked for."""

    def __init__(self, problem: Path, log: Path, answers: int) -> None:
        super().__init__(load_problems(str(problem))[0], [WRONG, RIGHT], TESTS, [RIGHT])
        self.log, self.left = log, answers

    async def _answer(self, request: Request, index: int) -> Completion:
        seen = len(self.asked)
        answer = await super()._answer(request, index)
        with self.log.open("a") as lines:
            lines.write(json.dumps(self.asked[seen]) + "\n")
        self.left -= 1
        if self.left < 0:
            await asyncio.sleep(3600)
        return answer


async def serve(problem: Path, log: Path, port: int, answers: int) -> None:
    with FaultyServer(DyingEngine(problem, log, answers), "seeded", port) as server:
        print(server.url("ok", model="seeded"), flush=True)
        await asyncio.sleep(3600)


if __name__ == "__main__":
    asyncio.run(serve(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])))
