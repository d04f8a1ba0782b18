"""The `diptych` command. Only the command that is asked for is imported."""

from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup

from diptych.printable import escape_what_cannot_be_encoded

COMMANDS = {  # each in a file of its own name
    "list": "list_pairs",
    "show": "show",
    "check": "check",
    "generate": "generate",
    "train": "train",
    "vectors": "vectors",
    "site": "site",
    "serve": "serve",
}


class Commands(TyperGroup):
    """Imports a command when it is asked for: some of them wait for torch."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Name the commands, in the order in which one gets to know them."""
        return [*COMMANDS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Import a command, if there is one of this name."""
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"diptych.commands.{cmd_name}")
        alone = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        alone.command(cmd_name)(getattr(module, COMMANDS[cmd_name]))
        return typer.main.get_command(alone)


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="markdown",
)


@app.callback()
def diptych() -> None:
    """Show the parts of a language model, written twice, and compare the two."""
    escape_what_cannot_be_encoded()
