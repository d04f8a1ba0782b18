"""The command `diptych site`: every pair as pages that open from a folder."""

from pathlib import Path
from typing import Annotated

import typer


def site(
    out: Annotated[
        Path | None, typer.Option(help="The folder to write the site into.")
    ] = None,
    picture: Annotated[
        Path | None, typer.Option(help="A PNG file to draw the reader into.")
    ] = None,
) -> None:
    """Write every pair as a site that opens from a folder, without a server."""
    if out is None and picture is None:
        raise typer.BadParameter("say where to: --out DIR or --picture FILE")
    try:
        if out is not None:
            write_site(out)
        if picture is not None:
            draw_picture(picture)
    except (OSError, ModuleNotFoundError) as error:
        typer.echo(f"diptych: {error}", err=True)
        raise typer.Exit(2) from None


def write_site(out: Path) -> None:
    """Build the site and say how large it is."""
    from diptych.site.build import build

    pages = build(out, progress=lambda name: typer.echo(name, err=True))
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    index = out / "index.html"
    typer.echo(f"{len(pages)} pages, {size / 1e6:.1f} MB in all; open {index}")


def draw_picture(picture: Path) -> None:
    """Draw the picture of the README."""
    from diptych.site.picture import draw

    draw(picture)
    typer.echo(f"{picture}: {picture.stat().st_size / 1e3:.0f} kB")
