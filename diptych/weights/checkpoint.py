"""A model as a file holds it: its class, arguments, parameters and tokenizer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np
import torch

from diptych.weights.undrawn import UndrawnArrays, UndrawnTensors

Array = np.ndarray[Any, Any]
BACKENDS = {"numpy": "reference", "torch": "torch_impl"}


@dataclass(frozen=True)
class Checkpoint:
    """`class_name` and `config` build the model; `read(dtype)` gives its parameters.

    `stop_id` ends a text. `tokenizer` and `chat_template` are None where the file has
    none.
    """

    class_name: str
    config: Mapping[str, Any]
    read: Callable[[Any], dict[str, Array]]
    tokenizer: Any = None
    stop_id: int | None = None
    chat_template: str | None = None

    def build(self, backend: str, dtype: Any = np.float32) -> Any:
        """Build the model on a backend, in evaluation, with these parameters.

        Raises:
            RuntimeError: a parameter is missing, unknown, or has another shape.
        """
        part = getattr(import_module(BACKENDS[backend]), self.class_name)
        parameters = self.read(dtype)
        if backend == "numpy":
            return assigned(part(**self.config, rng=UndrawnArrays()), parameters)
        with UndrawnTensors():
            model = part(**self.config)
        state = {name: torch.from_numpy(array) for name, array in parameters.items()}
        model.load_state_dict(state, assign=True)
        return model.eval()


def assigned(model: Any, parameters: Mapping[str, Array]) -> Any:
    """Put parameters in the place of those of a model of the reference, by name.

    Raises:
        RuntimeError: a parameter is missing, unknown, or has another shape.
    """
    own = model.state_dict()
    if own.keys() != parameters.keys():
        odd = sorted(own.keys() ^ parameters.keys())[0]
        raise RuntimeError(f"{odd!r} is in the model or in the file, not in both")
    modules = dict(model.named_modules())
    for name, array in parameters.items():
        if array.shape != own[name].shape:
            shapes = f"{own[name].shape}, got {array.shape}"
            raise RuntimeError(f"{name} must have shape {shapes}")
        path, _, attribute = name.rpartition(".")
        setattr(modules[path], attribute, array)
    return model.eval()
