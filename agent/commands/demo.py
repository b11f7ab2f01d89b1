"""`cure-agent demo`: three bundled problems, solved by the bundled model."""

from __future__ import annotations

import click

PROBLEMS = "demo_problems.json"


@click.command()
@click.option("--sandbox", type=click.Choice(["auto", "docker", "bubblewrap"]), default="auto", show_default=True)
@click.option("--seed", type=int, default=0, show_default=True)
def demo(sandbox: str, seed: int) -> int:
    """Solve three bundled problems with the bundled model and show the evidence for each answer.

    Exit code 0 when each got an answer, however sure.
    """
    from agent.interrupt import run_interruptible

    return run_interruptible(_demo(sandbox, seed))


async def _demo(kind: str, seed: int) -> int:
    from pathlib import Path

    from rich.console import Console

    import agent
    from agent.runs import create_run
    from agent.session import start_session
    from agent.show.outcome import program_view, show_outcome
    from agent.show.progress import SolveProgress
    from agent.solve import SolveSettings, solve_problem
    from cure.problem.file import load_problems

    console, progress_console = Console(), Console(stderr=True)
    problems = load_problems(str(Path(agent.__file__).with_name(PROBLEMS)))
    settings = SolveSettings(seed=seed, max_tokens=512)
    failed = 0
    with progress_console.status("Starting the bundled model and the sandbox"):
        session = await start_session(settings.coder, settings.tester, kind)
    async with session:
        for number, problem in enumerate(problems, 1):
            console.rule(f"problem {number} of {len(problems)}", align="left")
            console.print(problem.question.strip(), style="italic", highlight=False, markup=False)
            console.print()
            with SolveProgress(progress_console, settings) as progress:
                outcome = await solve_problem(
                    problem,
                    settings,
                    coder=session.coder,
                    tester=session.tester,
                    sandbox=session.sandbox,
                    run=create_run(),
                    notice=progress.notice,
                )
            show_outcome(console, outcome, "")
            if outcome.program is not None:
                console.print(program_view(outcome.program))
            failed = max(failed, outcome.exit_code if outcome.candidate is None else 0)
    console.rule(align="left")
    console.print(
        "Next: cure-agent why explains the last run; cure-agent solve FILE solves your own problem; "
        "cure-agent doctor tells what else this machine can do."
    )
    return failed
