"""`cure-agent demo`: three bundled problems, solved by the bundled model."""

from __future__ import annotations

import click

PROBLEMS = "demo_problems.json"


@click.command()
@click.option(
    "--sandbox",
    type=click.Choice(["auto", "docker", "bubblewrap"]),
    default="auto",
    show_default=True,
    help="Sandbox that runs the programs.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed of the samples.")
def demo(sandbox: str, seed: int) -> int:
    """Solve three bundled problems with the bundled model and show the evidence for each answer.

    Exit code 0 when every problem got an answer, whatever its confidence.
    """
    from cure.interrupt import run_interruptible

    return run_interruptible(_demo(sandbox, seed))


async def _demo(kind: str, seed: int) -> int:
    from pathlib import Path

    from rich.console import Console

    import agent
    from agent.commands.running import solve_with_progress, started
    from agent.show.outcome import program_view, show_outcome
    from agent.solve.settings import SolveSettings
    from cure.problem.file import load_problems

    console, progress_console = Console(), Console(stderr=True)
    problems = load_problems(str(Path(agent.__file__).with_name(PROBLEMS)))
    settings = SolveSettings(seed=seed, max_tokens=512)
    failed = 0
    async with started(progress_console, settings, kind) as session:
        for number, problem in enumerate(problems, 1):
            console.rule(f"problem {number} of {len(problems)}", align="left")
            console.print(problem.question.strip(), style="italic", highlight=False, markup=False)
            console.print()
            outcome = await solve_with_progress(progress_console, problem, settings, session)
            show_outcome(console, outcome, "")
            if outcome.program is not None:
                console.print(program_view(outcome.program))
            failed = max(failed, outcome.result.exit_code if outcome.chosen is None else 0)
    console.rule(align="left")
    console.print(
        "Next: cure-agent why explains the last run; cure-agent solve FILE solves your own problem; "
        "cure-agent doctor tells what else this machine can do."
    )
    return failed
