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

    `stop_ids` end a text. `tokenizer` and `chat_template` are None where the file has
    none.
    """

    class_name: str
    config: Mapping[str, Any]
    read: Callable[[Any], dict[str, Array]]
    tokenizer: Any = None
    stop_ids: frozenset[int] = frozenset()
    chat_template: str | None = None

    def build(self, backend: str, dtype: Any = np.float32) -> Any:
        """Build the model on a backend, in evaluation, with these parameters.

        Whoever made the checkpoint has compared their shapes with the arguments.
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


def ids_in(said: Any) -> frozenset[int]:
    """Gather ids: a file has none, one, or a list.

    >>> sorted(ids_in([2, 1])), sorted(ids_in(7)), sorted(ids_in(None))
    ([1, 2], [7], [])
    """
    ids = said if isinstance(said, list) else [said]
    return frozenset(each for each in ids if isinstance(each, int))


def assigned(model: Any, parameters: Mapping[str, Array]) -> Any:
    """Put parameters in the place of those of a model of the reference, by name."""
    modules = dict(model.named_modules())
    for name, array in parameters.items():
        path, _, attribute = name.rpartition(".")
        setattr(modules[path], attribute, array)
    return model.eval()
