"""`cure-agent train`: a training run, and sub-commands that inspect runs, compute rewards and make the micro lab."""

from __future__ import annotations

from pathlib import Path

import click

from trainer.commands.micro import micro_base, micro_eval, micro_problems
from trainer.commands.reward_tables import reward
from trainer.inspect.command import inspect


class Targets(click.Group):
    """A group in which a name that is no sub-command is the target of a run: a preset or a TOML file."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        found = super().get_command(ctx, cmd_name)
        return found if found is not None else _run_of(cmd_name)


@click.group(
    "train",
    cls=Targets,
    context_settings={"help_option_names": ["-h", "--help"]},
    subcommand_metavar="PRESET|FILE.toml|COMMAND [OPTIONS]",
)
def train() -> None:
    """Train coder and tester by reinforcement learning on execution tables (CURE).

    A run is named by a preset or by a TOML file: paper-7b, paper-14b, paper-4b-long-cot, release-7b, label-free-14b,
    micro. Repeat the command to continue an interrupted run. `cure-agent train micro --help` has the options.
    """


def _run_of(target: str) -> click.Command:
    """The command that runs this target."""

    @click.command(target, help=f"Train {target}: begin the run in --out, or continue it.")
    @click.option("--out", type=click.Path(path_type=Path), default=None,
                  help="Directory of the run.  [default: runs/NAME]")  # fmt: skip
    @click.option("--set", "overrides", multiple=True, metavar="KEY=VALUE",
                  help="Change a value, such as optimiser.learning_rate=1e-5; may be repeated.")  # fmt: skip
    @click.option("--seed", type=int, help="Random seed of tasks and samples; short for --set seed=N.")
    @click.option("--steps", type=click.IntRange(min=1), help="Short for --set steps=N.")
    @click.option(
        "--dry-run", is_flag=True, help="Show configuration, a step's plan and the memory it needs; run nothing."
    )
    @click.option("--json", "as_json", is_flag=True, help="With --dry-run: print JSON.")
    def run(
        out: Path | None, overrides: tuple[str, ...], seed: int | None, steps: int | None, dry_run: bool, as_json: bool
    ) -> None:
        for name, value in (("seed", seed), ("steps", steps)):
            if value is not None:
                overrides += (f"{name}={value}",)
        if dry_run:
            from trainer.plan.dry_run import show_plan

            show_plan(target, overrides, as_json)
            return
        from trainer.commands.run import start

        code = start(target, out or Path("runs") / Path(target).stem, overrides)
        if code:
            raise SystemExit(code)

    return run


for command in (reward, inspect, micro_base, micro_eval, micro_problems):
    train.add_command(command)
