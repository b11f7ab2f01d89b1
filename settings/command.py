"""A click command whose options are the fields of a section; its function is called with the resolved settings.

The module loads without pydantic: models are imported when a command's options are needed, not when it is listed.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

if TYPE_CHECKING:
    from settings.layers import Given
    from settings.options import SettingOption


class SettingsCommand(click.Command):
    """A command whose options are the fields of the section named `section`.

    The command's function gets that section as the argument `settings`. `beside` names further sections: the function
    then also gets them as a tuple `others`, in this order, and their fields marked with Flag are options too.
    `project` names the command's parameter with the directory whose project file counts, by default the present one.
    """

    def __init__(
        self, *arguments: Any, section: str, beside: Sequence[str] = (), project: str = "", **attributes: Any
    ) -> None:
        super().__init__(*arguments, **attributes)
        self.section, self.beside, self.project = section, beside, project

    @cached_property
    def options(self) -> list[SettingOption]:
        """The options of the section's fields, then those of fields marked with Flag in the sections `beside`."""
        from settings.options import has_flag, options_of
        from settings.registry import section

        own = options_of(section(self.section), self.section)
        others = [option for name in self.beside for option in options_of(section(name), name) if has_flag(option)]
        return own + others

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Arguments, the options of the sections, the command's own, and --help."""
        own = super().get_params(ctx)
        arguments = [parameter for parameter in own if isinstance(parameter, click.Argument)]
        return [*arguments, *self.options, *(parameter for parameter in own if parameter not in arguments)]

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Parse the command line, then replace options of sections by the resolved settings, and say on stderr what of
        a project file is ignored. Raises SettingsError where a file, a variable or a flag has an unknown key or a value
        that cannot be used.
        """
        from settings.environment import PREFIX
        from settings.gather import gather

        rest = super().parse_args(ctx, args)
        if ctx.resilient_parsing:  # a shell asks for completions: nothing is called
            return rest
        flags: dict[str, dict[str, Given]] = {}
        for option in self.options:
            self._take(ctx, option, flags)
        commands = dict.fromkeys([f"{PREFIX}_{self.section.upper()}", ctx.auto_envvar_prefix or ""])
        folder = ctx.params.get(self.project)
        found = gather([self.section, *self.beside], flags, [prefix for prefix in commands if prefix], folder)
        for line in (line for name in found for line in found[name].ignored):
            click.echo(f"cure-agent: {line}", err=True)
        ctx.params["settings"] = found[self.section].value
        if self.beside:
            ctx.params["others"] = tuple(found[name].value for name in self.beside)
        return rest

    def _take(self, ctx: click.Context, option: SettingOption, flags: dict[str, dict[str, Given]]) -> None:
        """Move the value that the command line gives an option from the context to the flags."""
        from settings.layers import Given

        assert option.name is not None
        value = ctx.params.pop(option.name)
        if ctx.get_parameter_source(option.name) is ParameterSource.COMMANDLINE:
            flags.setdefault(option.section, {})[option.key] = Given(value, option.flag, is_exact=True)
