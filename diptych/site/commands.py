"""The commands `diptych site` and `diptych serve`."""

from pathlib import Path
from typing import Annotated

import typer


def site(
    out: Annotated[Path, typer.Option(help="The folder to write the site into.")],
) -> None:
    """Write every pair as a site that opens from a folder, without a server."""
    # Imported here, since importing torch takes seconds and `--help` should not.
    from diptych.site.build import build

    try:
        pages = build(out, lambda name: typer.echo(name, err=True))
    except OSError as error:
        raise typer.BadParameter(f"cannot write {out}: {error}") from None
    size = sum(file.stat().st_size for file in out.rglob("*") if file.is_file())
    typer.echo(
        f"{len(pages)} pages, {size / 1e6:.1f} MB in all; open {out / 'index.html'}"
    )


def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="0 takes one that is free.")
    ] = 0,
) -> None:
    """Serve the pages on this machine alone; answer inputs by running both sides."""
    from threading import Thread

    from diptych.site.answers import warm
    from diptych.site.serve import HOST, open_server

    try:
        server = open_server(port)
    except OSError as error:
        raise typer.BadParameter(f"cannot listen on port {port}: {error}") from None
    with server:
        typer.echo(f"http://{HOST}:{server.server_address[1]}/  (stop with Ctrl-C)")
        Thread(target=warm, daemon=True).start()
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            typer.echo("stopped", err=True)
