"""`cure-agent eval DATASET`: one evaluation, or what is missing of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from evaluator.run.execute import Progress
    from evaluator.run.settings import RoleSettings, Settings


def run_of(dataset: str) -> click.Command:
    """The command that evaluates on this dataset."""

    @click.command(dataset, help=f"Evaluate on {dataset}: ask for what is missing, run it, score it, report it.")
    @click.option("--model", help="Model spec of both roles.")
    @click.option("--coder", help="Model spec; run:DIRECTORY for an earlier run's programs; pool for the set's own.")
    @click.option("--tester", help="Model spec; run:DIRECTORY for an earlier run's tests.")
    @click.option("-n", "programs", type=click.IntRange(min=0), default=16, show_default=True,
                  help="Programs per problem.")  # fmt: skip
    @click.option("-m", "tests", type=click.IntRange(min=0), default=16, show_default=True,
                  help="Tests per problem; 0 measures one-shot coding alone.")  # fmt: skip
    @click.option("--style", type=click.Choice(["auto", "chat", "micro", "release"]), default="auto", show_default=True)
    @click.option("--temperature", type=click.FloatRange(min=0), default=0.8, show_default=True)
    @click.option("--top-p", type=click.FloatRange(min=0, max=1), default=0.95, show_default=True)
    @click.option("--max-tokens", type=click.IntRange(min=1), default=10_000, show_default=True)
    @click.option("--seed", type=int, default=0, show_default=True, help="For engines that take seeds.")
    @click.option("--limit", type=click.IntRange(min=1), help="Only the first so many problems.")
    @click.option("--max-test", type=click.IntRange(min=1), default=8, show_default=True,
                  help="Hidden tests that the release's metrics look at; all are run.")  # fmt: skip
    @click.option("--extraction", type=click.Choice(["robust", "release"]), default="robust", show_default=True)
    @click.option("--comparison", default="tokens", show_default=True, help="Where a problem names none of its own.")
    @click.option("--give-up-after", type=click.IntRange(min=0), default=1, show_default=True, metavar="N",
                  help="Time-outs of a program after which its other tests are not run; 0 runs them all.")  # fmt: skip
    @click.option("--outputs", type=click.Path(path_type=Path), default=Path("outputs"), show_default=True)
    @click.option("--sandbox", type=click.Choice(["auto", "docker", "bubblewrap", "none"]), default="auto",
                  show_default=True)  # fmt: skip
    @click.option("--concurrency", type=click.IntRange(min=1), default=32, show_default=True,
                  help="Requests to a server at once.")  # fmt: skip
    @click.option("--rpm", type=click.FloatRange(min=0, min_open=True), help="Requests a minute to a server at most.")
    @click.option("--tpm", type=click.FloatRange(min=0, min_open=True),
                  help="Tokens a minute from and to a server at most, prompts and completions.")  # fmt: skip
    @click.option("--price", metavar="IN:OUT", help="US dollars per million tokens of prompts and of completions.")
    @click.option("--prices", type=click.Path(path_type=Path), metavar="FILE",
                  help="The same by model, TOML or JSON: for each model spec, input and output.")  # fmt: skip
    @click.option("--batch", is_flag=True, help="Ask through the provider's batch API: cheaper, and takes its time.")
    @click.option("--fresh", is_flag=True, help="Begin anew, although such a run lies there.")
    @click.option("--retry-failed", is_flag=True, help="Ask again for samples that could not be had.")
    @click.option("--dry-run", is_flag=True, help="Say what would be asked for and run; do nothing.")
    @click.option("--json", "as_json", is_flag=True, help="Print the metrics as JSON.")
    def run(
        model: str | None,
        coder: str | None,
        tester: str | None,
        programs: int,
        tests: int,
        style: str,
        temperature: float,
        top_p: float,
        max_tokens: int,
        seed: int,
        limit: int | None,
        max_test: int,
        extraction: str,
        comparison: str,
        give_up_after: int,
        outputs: Path,
        sandbox: str,
        concurrency: int,
        rpm: float | None,
        tpm: float | None,
        price: str | None,
        prices: Path | None,
        batch: bool,
        fresh: bool,
        retry_failed: bool,
        dry_run: bool,
        as_json: bool,
    ) -> None:
        import asyncio
        import json
        from typing import Any, cast

        from cure.table.compare import comparison as known_comparison
        from engines import HttpOptions
        from evaluator.run.prices import given_prices
        from evaluator.run.settings import RoleSettings, Settings
        from evaluator.run.start import evaluate, read_problems

        table = given_prices(price, prices)
        known_comparison(comparison)
        path = _find(dataset)
        problems, sha256 = read_problems(path, limit)

        def role(spec: str | None, samples: int) -> RoleSettings | None:
            if not samples:
                return None
            if spec is None:
                raise click.UsageError("name a model: --model SPEC, or --coder and --tester apart")
            asked = (cast(Any, style), temperature, top_p, None, max_tokens, seed)
            return RoleSettings(spec, samples, *asked)

        settings = Settings(
            dataset, sha256, role(coder or model, programs), role(tester or model, tests), limit,
            cast(Any, extraction), comparison, max_test, give_up_after=give_up_after or None,
        )  # fmt: skip
        if dry_run:
            click.echo(_plan(settings, problems, as_json))
            return
        options = HttpOptions(concurrency=concurrency, rpm=rpm, tpm=tpm)
        with _display() as show:
            directory = asyncio.run(
                evaluate(
                    settings, problems, outputs, sandbox, options, fresh, retry_failed,
                    show, lambda made: click.echo(f"{made.path}", err=True), batch,
                )
            )  # fmt: skip
        from evaluator.run.summary import summarise, write_summary

        metrics = summarise(directory, table)
        write_summary(directory, metrics)
        from evaluator.report.write import write_report

        write_report(directory, metrics, on_missing=lambda line: click.echo(line, err=True))
        if as_json:
            click.echo(json.dumps(metrics, indent=1))
            return
        from evaluator.run.terminal import show_metrics

        show_metrics(directory, metrics)

    return run


def _find(dataset: str) -> Path:
    from cure.errors import ProblemError

    path = Path(dataset)
    if path.is_file():
        return path
    try:
        from evaluator.datasets import find_dataset
    except ImportError:
        raise ProblemError(f"{dataset}: no such file") from None
    found: Path = find_dataset(dataset)
    return found


def _plan(settings: Settings, problems: list, as_json: bool) -> str:  # type: ignore[type-arg]  # of problems
    """What would be asked for and run."""
    import json

    count = len(problems)

    def samples(role: RoleSettings | None) -> int:
        return 0 if role is None else role.samples * count

    hidden = sum(len(problem.hidden) + len(problem.examples) for problem in problems)
    programs, tests = (0 if role is None else role.samples for role in (settings.coder, settings.tester))
    plan = {
        "problems": count,
        "requests": samples(settings.coder) + samples(settings.tester),
        "most_completion_tokens": sum(
            samples(role) * role.max_tokens for role in (settings.coder, settings.tester) if role is not None
        ),
        "most_executions": programs * (hidden + tests * count),
    }
    if as_json:
        return json.dumps(plan, indent=1)
    return "\n".join(f"{name.replace('_', ' '):<24}{value:,}" for name, value in plan.items())


class _display:  # noqa: N801 (reads as a statement)
    """Bars on stderr for samples and tables."""

    def __enter__(self) -> _display:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (TextColumn("{task.description:<8}"), BarColumn(bar_width=30), MofNCompleteColumn(),
                   TimeRemainingColumn(), TextColumn("{task.fields[note]}"))  # fmt: skip
        self._bars = Progress(*columns, console=Console(stderr=True))
        self._samples = self._bars.add_task("samples", total=None, note="")
        self._tables = self._bars.add_task("tables", total=None, note="")
        self._bars.start()
        return self

    def __call__(self, progress: Progress) -> None:
        failed = f"{progress.failed} could not be had" if progress.failed else ""
        if progress.batch is not None:
            waiting = progress.batch
            failed += (
                f" {waiting.batches} batches: {waiting.queued} queued, {waiting.running} running, {waiting.done} done"
            )
        self._bars.update(self._samples, completed=progress.samples, total=progress.of_samples, note=failed)
        note = f"{progress.executions:,} executions"
        self._bars.update(self._tables, completed=progress.tables, total=progress.of_tables, note=note)

    def __exit__(self, *_: object) -> None:
        self._bars.stop()
