"""`cure-agent train micro-base`, `micro-eval`, `micro-problems`: the micro lab's model and problems."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from sandbox import KINDS

if TYPE_CHECKING:
    from trainer.micro.evaluation import Evaluation, MicroEvaluationConfig
    from trainer.micro.warmup import WarmModel, WarmupConfig

_SANDBOXES = click.Choice(KINDS)


@click.command("micro-base")
@click.option("--out", type=click.Path(path_type=Path), default=Path("micro-base"), show_default=True,
              help="Directory to write; it must be empty, or not exist yet.")  # fmt: skip
@click.option("--seed", type=int, default=0, show_default=True, help="Random seed of weights, texts and their order.")
@click.option("--steps", type=click.IntRange(min=1), help="Training steps; fewer give a weaker model.")
@click.option("--processes", type=click.IntRange(1, 2), default=2, show_default=True,
              help="Processes of one CPU thread each; the weights do not depend on it.")  # fmt: skip
@click.option("--problems", type=click.IntRange(min=0), default=48, show_default=True,
              help="Held-out problems of the final evaluation (twice as many at temperature 0); 0: none.")  # fmt: skip
@click.option("--sandbox", type=_SANDBOXES, default="auto", show_default=True, help="Runs the evaluation's programs.")
@click.option("--json", "as_json", is_flag=True, help="Print the manifest as JSON.")
def micro_base(
    out: Path, seed: int, steps: int | None, processes: int, problems: int, sandbox: str, as_json: bool
) -> None:
    """Train the micro base model: about 20 minutes on two idle cores; on one machine equal seeds give equal weights."""
    import json
    from dataclasses import replace

    from trainer.commands.run import require_packages
    from trainer.micro import checkpoint
    from trainer.micro.evaluation import MicroEvaluationConfig
    from trainer.micro.warmup import WarmupConfig

    config = WarmupConfig(seed=seed)
    config = replace(config, steps=steps) if steps else config
    partial = checkpoint.prepare(out)
    require_packages()
    warm = _warm_up(config, processes)
    checkpoint.save(warm, partial)
    checkpoint.write_records(partial, checkpoint.manifest(warm, partial, []))
    checkpoint.publish(partial, out)  # before the evaluation, so that its failure does not lose the weights
    figures: list[Evaluation] = []
    if problems:
        sampled = MicroEvaluationConfig(problems=problems)
        greedy = replace(sampled, temperature=0.0, samples=1, problems=2 * problems)
        for settings in (sampled, greedy):
            figures.append(_evaluate(f"hf:{out.absolute()}", sandbox, settings))
    record = checkpoint.manifest(warm, out, figures)
    checkpoint.write_records(out, record)
    if as_json:
        click.echo(json.dumps(record, indent=1))
        return
    click.echo(f"{out}: {record['parameters']:,} parameters, loss {record['loss_by_100_steps'][-1]:.3f}")
    _show(figures)


@click.command("micro-eval")
@click.option("--model", default="micro", show_default=True, help="Model spec: micro, hf:DIRECTORY.")
@click.option("--problems", type=click.IntRange(min=1), default=48, show_default=True, help="Number of problems.")
@click.option("-n", "--samples", type=click.IntRange(min=1), default=8, show_default=True,
              help="Programs, tests and repairs per problem.")  # fmt: skip
@click.option("--temperature", type=click.FloatRange(min=0), default=1.0, show_default=True,
              help="Sampling temperature; 0 is greedy.")  # fmt: skip
@click.option("--split", type=click.Choice(["heldout", "train"]), default="heldout", show_default=True,
              help="heldout: kinds of problems that no training text has; train: the other kinds.")  # fmt: skip
@click.option("--seed", type=int, default=1000, show_default=True, help="Random seed of problems and samples.")
@click.option("--sandbox", type=_SANDBOXES, default="auto", show_default=True, help="Runs the programs.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def micro_eval(
    model: str, problems: int, samples: int, temperature: float, split: str, seed: int, sandbox: str, as_json: bool
) -> None:
    """Measure a micro checkpoint on micro problems."""
    import json
    from dataclasses import asdict
    from typing import cast

    from trainer.micro.evaluation import MicroEvaluationConfig
    from trainer.micro.problems import Split

    config = MicroEvaluationConfig(cast(Split, split), problems, samples, temperature, seed)
    figures = _evaluate(model, sandbox, config)
    if as_json:
        click.echo(json.dumps(asdict(figures), indent=1))
    else:
        _show([figures])


@click.command("micro-problems")
@click.option("--split", type=click.Choice(["heldout", "train"]), default="heldout", show_default=True,
              help="heldout: kinds of problems that no training text has; train: the other kinds.")  # fmt: skip
@click.option("--count", type=click.IntRange(min=1), default=10, show_default=True, help="Number of problems.")
@click.option("--index", "indices", type=click.IntRange(min=0), multiple=True,
              help="Write these problems of the sequence, not the first --count.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True, help="Random seed of the problems.")
@click.option("--out", type=click.Path(path_type=Path), help="File to write; standard output without it.")
def micro_problems(split: str, count: int, indices: tuple[int, ...], seed: int, out: Path | None) -> None:
    """Write micro problems as CURE's JSON, each with its kind and reference solution."""
    import json
    from typing import cast

    from trainer.errors import TrainerError
    from trainer.micro.problems import Split, problem, rows

    made = [problem(seed, cast(Split, split), index) for index in indices or range(count)]
    text = json.dumps(rows(made), indent=1)
    if out is None:
        click.echo(text)
        return
    try:
        out.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        raise TrainerError(f"cannot write {out}: {error.strerror}") from error


def _warm_up(config: WarmupConfig, processes: int) -> WarmModel:
    """The warmed-up model; the warm-up shows a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

    from trainer.micro.warmup import StepReport, warm_up

    columns = (
        TextColumn("warm-up"),
        BarColumn(),
        TextColumn("{task.completed:.0f}/{task.total:.0f} steps  loss {task.fields[loss]:.3f}"),
        TextColumn("{task.fields[speed]:.0f} examples/s "),
        TimeRemainingColumn(),
    )
    console = Console(stderr=True)
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("", total=config.steps, loss=float("nan"), speed=0.0)
        average = 0.0

        def on_step(report: StepReport) -> None:
            nonlocal average
            average = report.loss if report.step == 1 else 0.95 * average + 0.05 * report.loss
            speed = report.step * config.batch / report.seconds
            progress.update(bar, completed=report.step, loss=average, speed=speed)
            if not console.is_terminal and report.step % 100 == 0:
                console.print(f"step {report.step}/{config.steps}, loss {average:.3f}, {report.seconds:.0f} s")

        return warm_up(config, processes, on_step)


def _evaluate(model: str, sandbox: str, config: MicroEvaluationConfig) -> Evaluation:
    """The model's figures; the evaluation shows a progress bar on stderr."""
    from rich.console import Console
    from rich.progress import Progress

    from cure.interrupt import run_interruptible
    from cure.session import open_session
    from trainer.micro.evaluation import evaluate

    async def work() -> Evaluation:
        async with open_session([model], sandbox) as session:
            with Progress(console=Console(stderr=True)) as progress:
                bar = progress.add_task(f"evaluation at temperature {config.temperature:g}", total=None)
                return await evaluate(
                    session.engines[model],
                    session.sandbox,
                    config,
                    lambda done, total: progress.update(bar, completed=done, total=total),
                )

    return run_interruptible(work())


def _show(figures: list[Evaluation]) -> None:
    """Print a line for each evaluation."""
    for item in figures:
        click.echo(
            f"temperature {item.temperature:g}, {item.problems} problems x {item.samples}: code {item.code:.3f}, "
            f"tests {item.test:.3f}, best of {item.samples} {item.best_of_n:.3f}, repair {item.repair:.3f}, "
            f"not extracted: code {item.code_unextracted:.3f}, tests {item.test_unextracted:.3f}"
        )
