"""The `cure-agent` command: finds its sub-commands through entry points; turns errors into a line and an exit code."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from functools import cached_property
from importlib.metadata import EntryPoint, distribution

import click

EXIT_USAGE = 2
EXIT_INTERRUPTED = 130
COMMANDS_GROUP = "cure_agent.commands"


class EntryPointGroup(click.Group):
    """A click group whose commands are entry points, each imported only when it is called."""

    @cached_property
    def entries(self) -> dict[str, EntryPoint]:
        """Entry points by command name. Only this distribution is read: scanning all installed ones slows the start."""
        points = distribution("cure-agent").entry_points.select(group=COMMANDS_GROUP)
        return {point.name: point for point in points}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 (click's signature)
        return sorted(self.entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 (click's signature)
        entry = self.entries.get(cmd_name)
        if entry is None:
            return None
        command = entry.load()
        assert isinstance(command, click.Command), f"{entry.value} is not a click command"
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and len(args[0].split()) > 1:
            # Several words are no command but a task for the repository.
            return "change", self.get_command(ctx, "change"), args
        if args and args[0] not in self.entries and not args[0].startswith("-"):
            from difflib import get_close_matches

            near = get_close_matches(args[0], self.entries, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else f"; there are: {', '.join(sorted(self.entries))}"
            raise click.UsageError(f"no command {args[0]!r}{hint}", ctx)
        return super().resolve_command(ctx, args)


@click.group(
    cls=EntryPointGroup, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "CURE_AGENT"}
)
@click.version_option(package_name="cure-agent", prog_name="cure-agent")
@click.option("--debug", is_flag=True, help="Show tracebacks; may be given anywhere on the line.")
def cure_agent(debug: bool) -> None:
    """Solve programming problems and change repositories: sample candidates and tests, run each on each, hand over the
    best candidate with its evidence.

    `cure-agent "TASK IN WORDS"` changes the repository one stands in, as `cure-agent change` does.
    """


def main(arguments: list[str] | None = None) -> None:
    """Run the command and exit. Codes: 0 done and verified, 1 low confidence, 2 usage or configuration, 3 no viable
    candidate, 4 budget spent, 5 model backend, 6 sandbox, 7 state of the repository, 130 interrupted.

    Users can act on an OSError and on errors with an integer attribute `exit_code`: without `--debug`, only the message
    of such an error is shown. Other errors are raised.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal that cannot show a character shows a question mark, not a traceback.
            stream.reconfigure(errors="replace")
    from agent.terminal import restore

    restore()
    debug = "--debug" in arguments or bool(os.environ.get("CURE_AGENT_DEBUG"))
    try:
        code = cure_agent.main(
            args=[argument for argument in arguments if argument != "--debug"],
            prog_name="cure-agent",
            standalone_mode=False,
        )
    except (click.Abort, KeyboardInterrupt):
        click.echo("cure-agent: interrupted", err=True)
        sys.exit(EXIT_INTERRUPTED)
    except click.ClickException as error:
        click.echo(f"cure-agent: {error.format_message()}", err=True)
        sys.exit(error.exit_code)
    except BrokenPipeError:
        _quiet_broken_pipe()
        sys.exit(EXIT_INTERRUPTED)
    except Exception as error:
        exit_code = getattr(error, "exit_code", None)
        if debug or not (isinstance(exit_code, int) or isinstance(error, OSError)):
            raise
        click.echo(f"cure-agent: {error}", err=True)
        sys.exit(exit_code if isinstance(exit_code, int) else EXIT_USAGE)
    sys.exit(code if isinstance(code, int) else 0)


def _quiet_broken_pipe() -> None:
    """Redirect standard output to the null device, so that the interpreter's last flush does not fail again."""
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
