"""Jobs through the sandbox, with a progress bar on stderr; what the sandbox itself got wrong is run once more."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from sandbox import Execution, Job, Sandbox, Verdict

Item = TypeVar("Item")
Executions = dict[tuple[str, int], Execution]
"""By key of the job and index of the input."""


async def execute(sandbox: Sandbox, jobs: Sequence[Job], advance: Callable[[int], None]) -> Executions:
    """Every execution of the jobs; `advance` is called with 1 for each. A `sandbox_error` is tried once more."""
    done: Executions = {}
    async for execution in sandbox.run(jobs):
        done[execution.job, execution.index] = execution
        advance(1)
    again = [at for at, execution in done.items() if execution.verdict is Verdict.SANDBOX_ERROR]
    if again:
        by_key = {job.key: job for job in jobs}
        repeated = [
            Job(f"{key}\0{index}", by_key[key].source, (by_key[key].inputs[index],), by_key[key].limits)
            for key, index in again
        ]
        async for execution in sandbox.run(repeated):
            key, _, index = execution.job.rpartition("\0")
            done[key, int(index)] = execution
    return done


class Bars:
    """Progress bars on stderr, one at a time; where stderr is no terminal, a line when the work is done."""

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet

    def track(self, title: str, items: Sequence[Item]) -> Iterator[Item]:
        """The items, behind a bar of that title."""
        from rich.console import Console
        from rich.progress import track

        return iter(
            track(items, title, console=Console(file=sys.stderr), disable=self.quiet or not items, transient=True)
        )

    async def over(self, title: str, sandbox: Sandbox, jobs: Sequence[Job]) -> Executions:
        """The executions of the jobs, behind a bar of that title."""
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        total = sum(len(job.inputs) for job in jobs)
        columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Progress(*columns, console=Console(file=sys.stderr), disable=self.quiet or not total) as progress:
            bar = progress.add_task(title, total=total)
            return await execute(sandbox, jobs, lambda count: progress.advance(bar, count))
