"""The commands `diptych site` and `diptych serve`."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

PICTURED = "attention/causal"


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
            draw(picture)
    except (OSError, ModuleNotFoundError) as error:
        typer.echo(f"diptych: {error}", err=True)
        raise typer.Exit(2) from None


def write_site(out: Path) -> None:
    """Build the site and say how large it is."""
    # Imported here, since importing torch takes seconds and `--help` should not.
    from diptych.site.build import build

    pages = build(out, tell=lambda name: typer.echo(name, err=True))
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    typer.echo(
        f"{len(pages)} pages, {size / 1e6:.1f} MB in all; open {out / 'index.html'}"
    )


def draw(picture: Path) -> None:
    """Build one pair and draw its page."""
    from diptych.site.browser import take_picture
    from diptych.site.build import build

    with TemporaryDirectory() as folder:
        build(Path(folder), [PICTURED])
        take_picture(Path(folder) / f"{PICTURED}.html", picture)
    typer.echo(f"{picture}: {picture.stat().st_size / 1e3:.0f} kB")


def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="0 takes one that is free.")
    ] = 0,
) -> None:
    """Serve the pages on this machine alone; answer inputs by running both sides."""
    from threading import Thread

    try:
        from diptych.site.answers import warm
        from diptych.site.serve import HOST, open_server

        server = open_server(port)
    except (OSError, ModuleNotFoundError) as error:
        typer.echo(f"diptych: {error}", err=True)
        raise typer.Exit(2) from None
    with server:
        typer.echo(f"http://{HOST}:{server.server_address[1]}/  (stop with Ctrl-C)")
        Thread(target=warm, daemon=True).start()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("stopped", err=True)
