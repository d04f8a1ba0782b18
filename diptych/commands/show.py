"""The command `diptych show`: both panels of a pair, with the numbers of one's text."""

from typing import Annotated

import typer

from diptych.reader.inputs import Choices
from diptych.terminal.show import plain_or_coloured
from diptych.terminal.show import show as show_reading
from diptych.terminal.view import View


def show(
    name: Annotated[str, typer.Argument(help="A pair; `diptych list` names all.")],
    text: Annotated[str | None, typer.Option(help="Your own text.")] = None,
    choice: Annotated[
        list[str] | None,
        typer.Option("--set", help="Choose, such as seed=3 or dropout=0.5."),
    ] = None,
    example: Annotated[
        str, typer.Option(help="An example, of a pair that takes no text.")
    ] = "",
    step: Annotated[int | None, typer.Option(help="One step alone.")] = None,
    head: Annotated[int, typer.Option(help="The head to show.")] = 0,
    values: Annotated[bool, typer.Option(help="Run both, and show values.")] = True,
    code: Annotated[bool, typer.Option(help="Show the code.")] = True,
) -> None:
    """Show both panels of a pair step by step, with the numbers of your text."""
    try:
        choices = Choices(text, chosen(choice or []), example)
        view = View(step, head, values, code)
        show_reading(name, choices, view, plain_or_coloured())
    except (KeyError, ValueError) as error:
        typer.echo(f"diptych: {error.args[0]}", err=True)
        raise typer.Exit(2) from None


def chosen(written: list[str]) -> dict[str, str]:
    """Read choices such as `seed=3`.

    Raises:
        ValueError: one has no equals sign.
    """
    for each in written:
        if "=" not in each:
            raise ValueError(f"--set takes NAME=VALUE, got {each!r}")
    return dict(each.split("=", 1) for each in written)
