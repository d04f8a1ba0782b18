"""The command `diptych vectors`: the contract as files, for other languages."""

from pathlib import Path
from typing import Annotated

import typer

# Whatever imports torch is imported inside: that takes seconds, `--help` should not.


def vectors(
    folder: Annotated[
        Path | None, typer.Argument(metavar="OUT", help="Write them to this folder.")
    ] = None,
    verify: Annotated[
        Path | None, typer.Option(help="Replay the vectors of this folder instead.")
    ] = None,
    seed: Annotated[
        int, typer.Option(min=0, help="Seed of the numbers in the cases.")
    ] = 0,
) -> None:
    """Write cases of every pair for other languages, or replay such files.

    The exit status is 0 if all is well, 1 if a replay differs from the files, 2 if
    they could not be written or read.
    """
    import torch

    from parity_tests.vectors.files import VectorsError

    torch.set_num_threads(1)  # the arrays are small
    if (folder is None) == (verify is None):
        typer.echo("diptych: name a folder to write to, or one to --verify", err=True)
        raise typer.Exit(2)
    try:
        status = replay(verify) if verify else write(folder or Path(), seed)
    except (VectorsError, OSError) as error:
        typer.echo(f"diptych: {error}", err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(status)


def write(folder: Path, seed: int) -> int:
    """Write the vectors; return the exit status."""
    from parity_tests.vectors.write import write_vectors

    n_cases = write_vectors(folder, seed)
    size = sum(path.stat().st_size for path in folder.rglob("*"))
    typer.echo(f"{n_cases} cases, {size / 1e6:.1f} MB in {folder}")
    return 0


def replay(folder: Path) -> int:
    """Replay vectors; return the exit status."""
    from parity_tests.vectors.verify import verify_vectors

    found = verify_vectors(folder)
    for difference in found.differences:
        typer.echo(difference)
    if found.differences:
        typer.echo(f"{len(found.differences)} differences in {found.n_cases} cases")
        return 1
    typer.echo(f"{found.n_cases} cases: reference and torch_impl agree with the files")
    typer.echo(f"{found.n_negatives} known mistakes: none agrees with its case")
    return 0
