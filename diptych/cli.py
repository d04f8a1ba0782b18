"""The `diptych` command."""

import json
from pathlib import Path
from typing import Annotated

import typer

from diptych.site.commands import serve, site

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The parts of a language model, written twice, and held together.",
)


@app.callback()
def main() -> None:
    """Keep `check` a command of its own, even while it is the only one."""


@app.command()
def check(
    names: Annotated[
        list[str] | None, typer.Argument(help="Pairs to run; all of them by default.")
    ] = None,
    text: Annotated[
        Path | None,
        typer.Option(help="A UTF-8 text to run on; the Jargon File by default."),
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the weights and of dropout.")
    ] = 0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON.")
    ] = False,
) -> None:
    """Run pairs on real text, and compare both sides at every numbered step.

    The exit status is 0 if all agree, 1 if one departs, 2 if it could not be run.
    """
    # Imported here, since importing torch takes seconds and `--help` should not.
    from diptych.check import Checked, report, run_checks
    from parity_tests.catalogue import CATALOGUE, concept

    try:
        concepts = [concept(name) for name in names] if names else list(CATALOGUE)
        content = text.read_text(encoding="utf-8") if text else None
    except KeyError as error:
        raise typer.BadParameter(error.args[0]) from None
    except (OSError, UnicodeDecodeError) as error:
        raise typer.BadParameter(f"cannot read {text}: {error}") from None

    checked: list[Checked] = run_checks(concepts, content, seed, quiet=as_json)
    if as_json:
        typer.echo(json.dumps([each.as_dict() for each in checked], indent=2))
    else:
        report(checked)
    raise typer.Exit(0 if all(each.agrees for each in checked) else 1)


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


app.command()(site)
app.command()(serve)
