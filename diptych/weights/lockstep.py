"""Run a real model on both backends in lockstep, through all of its blocks."""

from collections.abc import Iterator

import numpy as np
import torch
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from diptych.check import Checked
from diptych.weights.checkpoint import Checkpoint
from parity_tests.catalogue import load
from parity_tests.contract.case import Case
from parity_tests.lockstep.forward import compare_forward

SENTENCE = "The capital of France is"
MOST_TOKENS = 64  # of a text: every quantity of every step is held in memory


def check_model(
    path: str, checkpoint: Checkpoint, text: str | None, quiet: bool = False
) -> Iterator[Checked]:
    """Compare every step of every block, in float64 and in float32.

    Raises:
        ValueError: the pair is not the model of these weights, or the text is empty.
    """
    pair = load(path)
    if pair.class_name != checkpoint.class_name:
        rule = f"these are the weights of {checkpoint.class_name}"
        raise ValueError(f"{rule}, got {path}")
    if checkpoint.tokenizer is None:
        raise ValueError("the files have no tokenizer that is supported")
    ids = checkpoint.tokenizer.encode(SENTENCE if text is None else text)[:MOST_TOKENS]
    if not ids:
        raise ValueError("the text must have a token")
    torch.set_num_threads(1)  # as in every check: runs are then equal
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    console = Console(stderr=True, quiet=quiet)
    with Progress(*columns, console=console, transient=True) as progress:
        bar = progress.add_task("", total=None)
        for dtype in (np.float64, np.float32):
            what = f"{checkpoint.config['n_layers']} blocks, {len(ids)} tokens"
            progress.update(bar, description=f"{path}, {what}, {dtype.__name__}")
            inputs = {"ids": np.array([ids])}
            case = Case(checkpoint.config, inputs, checkpoint.read(dtype))
            yield Checked(path, what, False, compare_forward(pair, case))
