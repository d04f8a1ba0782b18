"""A run as a file: recipe, position in the data, and the state of every backend.

The format is safetensors: tensors by name, and text beside them. Nothing is unpickled,
and what does not fit is rejected before a model is built.
"""

import json
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from diptych.training.run import TRAINERS, Run
from diptych.training.state import PARTS, Array, State
from diptych.training.validation import check_tensors, integer, recipe_of
from parity_tests.vectors.files import write_atomically

FORMAT = "diptych training 1"  # the only key of the text: several have no order


class CheckpointError(ValueError):
    """A file cannot be written, or a run cannot go on from it, and why."""


def safetensors() -> Any:
    """Import the format of the tensors, which is no dependency of the rest."""
    try:
        return import_module("safetensors")
    except ImportError:
        raise CheckpointError(
            "checkpoints are stored as safetensors, which is not installed: "
            "pip install 'diptych[kit]'"
        ) from None


def save(path: Path, run: Run, digest: str) -> None:
    """Write a run atomically; `digest` identifies its text."""
    safetensors()
    from safetensors.numpy import save as to_bytes

    about = {"recipe": asdict(run.recipe), "position": run.position, "text": digest}
    tensors: dict[str, Array] = {}
    for trainer in run.trainers:
        state = trainer.state()
        losses = np.array(run.losses[trainer.name], np.float64)
        tensors[f"{trainer.name}/losses"] = losses
        for part in PARTS:
            for name, array in getattr(state, part).items():
                tensors[f"{trainer.name}/{part}/{name}"] = array
    write_atomically(path, to_bytes(tensors, {FORMAT: json.dumps(about)}))


def load(path: Path, digest: str, steps: int | None = None) -> Run:
    """Build the run of a file, so that it goes on as if it had not stopped.

    Another number of `steps` in all is another schedule from here on.

    Raises:
        CheckpointError: the file is cut off or something else, or of another text.
    """
    about, tensors = read(path)
    try:
        recipe = recipe_of(about["recipe"], steps)
        position = integer("position", about["position"])
        if about["text"] != digest:
            raise ValueError("it was trained on another text, or by another tokenizer")
        backends = [name for name in TRAINERS if f"{name}/losses" in tensors]
        check_tensors(recipe, position, backends, tensors)
    except (LookupError, TypeError, ValueError) as error:
        reason = error.args[0] if isinstance(error, ValueError) else repr(error)
        raise CheckpointError(f"{path.name} holds no run: {reason}") from None
    states = {name: state_of(name, position, tensors) for name in backends}
    losses = {name: tensors[f"{name}/losses"].tolist() for name in backends}
    trainers = [TRAINERS[name](recipe, states[name]) for name in backends]
    return Run(recipe, trainers, losses, position=position)


def read(path: Path) -> tuple[Mapping[str, Any], dict[str, Array]]:
    """Read the text and the tensors of a file."""
    library = safetensors()
    try:
        with library.safe_open(path, "numpy") as file:
            metadata = file.metadata() or {}
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
    except OSError:
        raise
    except Exception as error:  # the format's own error is no ValueError
        reason = f"{path.name} cannot be read as safetensors: {error}"
        raise CheckpointError(reason) from None
    if FORMAT not in metadata:
        raise CheckpointError(f"{path.name} is no {FORMAT!r}, got {[*metadata]}")
    try:
        about = json.loads(metadata[FORMAT])
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path.name} holds no run: {error!r}") from None
    if not isinstance(about, dict):
        raise CheckpointError(f"{path.name} holds no run: {about!r}")
    return about, tensors


def state_of(backend: str, position: int, tensors: Mapping[str, Array]) -> State:
    """Gather the state of one backend."""
    parts = []
    for part in PARTS:
        start = f"{backend}/{part}/"
        names = [name for name in tensors if name.startswith(start)]
        parts.append({name.removeprefix(start): tensors[name] for name in names})
    return State(position, *parts)
