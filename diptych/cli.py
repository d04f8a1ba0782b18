"""The `diptych` command."""

import typer

from diptych.check_command import check
from diptych.reader.commands import list_concepts, show
from diptych.site.commands import serve, site
from diptych.vectors_command import vectors

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    help="The parts of a language model, written twice, and held together.",
)

app.command()(show)
app.command("list")(list_concepts)
app.command()(check)
app.command()(vectors)
app.command()(site)
app.command()(serve)
