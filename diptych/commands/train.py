"""The command `diptych train`: a small GPT learns on both backends, side by side."""

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from diptych.printable import printable

# Whatever imports torch is imported inside: that takes seconds, `--help` should not.


def train(
    backend: Annotated[
        str | None, typer.Option(help="numpy, torch or both, which is the default.")
    ] = None,
    text: Annotated[
        Path | None,
        typer.Option(help="A UTF-8 text to learn from; the Jargon File by default."),
    ] = None,
    steps: Annotated[
        int | None, typer.Option(min=1, help="How many; 300 by default.")
    ] = None,
    tokenizer: Annotated[
        str, typer.Option(help="bytes, gpt2, or the file of a saved tokenizer.")
    ] = "bytes",
    check: Annotated[
        bool,
        typer.Option("--check", help="Compare every quantity of every step."),
    ] = False,
    resume: Annotated[
        Path | None, typer.Option(help="Go on with the run of this file.")
    ] = None,
    save: Annotated[
        Path | None,
        typer.Option(help="Save the run, every 50 steps and at the end."),
    ] = None,
    svg: Annotated[
        Path | None, typer.Option(help="Draw the curve to this file.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of parameters and batches; 0.")
    ] = None,
) -> None:
    """Train a small GPT in NumPy and in PyTorch, on the same batches.

    NumPy's backward pass and optimizer are written by hand. The losses of both are
    shown step by step, and how far they are apart. The exit status is 0 if that is at
    most 1e-12, 1 if it is more or a step differs, 2 if the run could not begin.

    With --check, every step of PyTorch is compared with a step of the reference from
    the same numbers: the loss, gradients, clipped gradients, moments and parameters,
    in rounding units. The first quantity that differs is named, and ends the run.

    A run that was saved goes on to the last bit as if it had not stopped; --steps
    then sets another number of steps in all, and with it another schedule.
    """
    if "numpy" not in sys.modules:  # read once; threads cost more than they give here
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    from diptych.training.session import Asked, train_as_asked

    asked = Asked(backend, text, steps, tokenizer, check, resume, save, svg, seed)
    try:
        status = train_as_asked(asked)
    except (ValueError, OSError) as error:
        typer.echo(printable(f"diptych: {error}"), err=True)
        raise typer.Exit(2) from None
    raise typer.Exit(status)
