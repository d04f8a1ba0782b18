"""The command `diptych serve`: the pages on this machine, on inputs of one's own."""

from threading import Thread
from typing import Annotated

import typer


def serve(
    port: Annotated[
        int, typer.Option(min=0, max=65535, help="0 takes one that is free.")
    ] = 0,
) -> None:
    """Serve the pages on this machine alone; answer inputs by running both backends."""
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
