"""The `diptych` command."""

from typing import Annotated

import typer

from diptych.check_command import check
from diptych.site.commands import serve, site

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The parts of a language model, written twice, and held together.",
)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="A concept; `diptych list` names all.")],
    text: Annotated[str | None, typer.Option(help="Your own text.")] = None,
    step: Annotated[int | None, typer.Option(help="One step alone.")] = None,
    head: Annotated[int, typer.Option(help="The head to show.")] = 0,
    values: Annotated[bool, typer.Option(help="Run both sides, show values.")] = True,
    code: Annotated[bool, typer.Option(help="Show the code.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of the vectors and weights.")] = 0,
) -> None:
    """Show both sides of a concept step by step, with the numbers of your text."""
    from diptych.reader import terminal

    choices = terminal.Choices(text=text, seed=seed)
    view = terminal.View(step, head, values, code)
    try:
        terminal.show(name, choices, view, terminal.plain_or_coloured())
    except (KeyError, ValueError) as error:
        typer.echo(f"diptych: {error.args[0]}", err=True)
        raise typer.Exit(2) from None


@app.command("list")
def list_concepts() -> None:
    """List every concept in reading order."""
    from diptych.reader import terminal

    terminal.list_all(terminal.plain_or_coloured())


app.command()(check)
app.command()(site)
app.command()(serve)
