"""The commands `diptych show` and `diptych list`; neither waits for torch to begin."""

from typing import Annotated

import typer

from diptych.reader.inputs import Choices
from diptych.reader.terminal import list_all, plain_or_coloured
from diptych.reader.terminal import show as show_reading
from diptych.reader.view import View


def show(
    name: Annotated[str, typer.Argument(help="A concept; `diptych list` names all.")],
    text: Annotated[str | None, typer.Option(help="Your own text.")] = None,
    corpus: Annotated[
        str | None, typer.Option(help="What a tokenizer learns from first.")
    ] = None,
    step: Annotated[int | None, typer.Option(help="One step alone.")] = None,
    head: Annotated[int, typer.Option(help="The head to show.")] = 0,
    values: Annotated[bool, typer.Option(help="Run both sides, show values.")] = True,
    code: Annotated[bool, typer.Option(help="Show the code.")] = True,
    seed: Annotated[int, typer.Option(help="Seed of the vectors and weights.")] = 0,
) -> None:
    """Show both sides of a concept step by step, with the numbers of your text."""
    choices = Choices(text=text, corpus=corpus, seed=seed)
    view = View(step, head, values, code)
    try:
        show_reading(name, choices, view, plain_or_coloured())
    except (KeyError, ValueError) as error:
        typer.echo(f"diptych: {error.args[0]}", err=True)
        raise typer.Exit(2) from None


def list_concepts() -> None:
    """List every concept in reading order."""
    list_all(plain_or_coloured())
