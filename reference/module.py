"""The smallest thing that can hold weights: named arrays, in and out.

Source: https://docs.pytorch.org/docs/stable/generated/torch.nn.Module.html
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Shaped

M = TypeVar("M", bound="Module")


class Module:
    """Base of every reference class that has weights.

    Arrays and modules set as attributes are found by name, in the order they were
    set, so `state_dict` has the same keys and shapes as the PyTorch twin. A name that
    begins with an underscore is derived from the others and is no part of the state.

    >>> class Scale(Module):
    ...     def __init__(self):
    ...         self.factor = np.array([1.0, 2.0])
    >>> scale = Scale()
    >>> scale.load_state_dict({"factor": [3, 4]})
    >>> scale.state_dict()
    {'factor': array([3., 4.])}
    """

    training: bool = True
    _made: tuple[Any, ...]  # by `forward`, for `backward`; see reference/gradients.py

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward`, as calling an `nn.Module` does."""
        return self.forward(*args, **kwargs)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute what the module is for; every subclass says what."""
        raise NotImplementedError

    def backward(self, grad_output: Any) -> dict[str, Shaped[np.ndarray, "..."]]:
        """Undo the last `forward`; modules that are trained say how."""
        raise NotImplementedError

    def children(self) -> Iterator[tuple[str, "Module"]]:
        """Yield the modules set as attributes, by name, in the order they were set."""
        for name, value in vars(self).items():
            if isinstance(value, Module) and not name.startswith("_"):
                yield name, value

    def arrays(self) -> Iterator[tuple[str, Shaped[np.ndarray, "..."]]]:
        """Yield the module's own arrays, by name, in the order they were set."""
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray) and not name.startswith("_"):
                yield name, value

    def state_dict(self) -> dict[str, Shaped[np.ndarray, "..."]]:
        """Return every weight by its dotted name; the arrays are the module's own."""
        state = dict(self.arrays())
        for child_name, child in self.children():
            for name, value in child.state_dict().items():
                state[f"{child_name}.{name}"] = value
        return state

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Copy weights in by name. Anything `np.asarray` understands will do.

        Nothing is copied unless everything fits.

        Raises:
            KeyError: a name is missing or unknown.
            ValueError: a shape differs.
        """
        require_same_names(self.state_dict(), state)
        self._refuse_state(state, prefix="")
        self._take_state(state, prefix="")

    def _refuse_state(self, state: Mapping[str, Any], prefix: str) -> None:
        for name, array in self.arrays():
            shape = np.shape(state[prefix + name])
            if shape != array.shape:
                raise ValueError(
                    f"{prefix}{name} has shape {array.shape}, got {tuple(shape)}"
                )
        for name, child in self.children():
            child._refuse_state(state, f"{prefix}{name}.")

    def _take_state(self, state: Mapping[str, Any], prefix: str) -> None:
        for name, array in self.arrays():
            array[...] = np.asarray(state[prefix + name])
        for name, child in self.children():
            child._take_state(state, f"{prefix}{name}.")

    def train(self: M, mode: bool = True) -> M:
        """Switch to training, where dropout is active, and return the module."""
        self.training = mode
        for _, child in self.children():
            child.train(mode)
        return self

    def eval(self: M) -> M:
        """Switch to evaluation, where dropout does nothing, and return the module."""
        return self.train(False)

    def to(self: M, dtype: type[np.floating[Any]]) -> M:
        """Hold every floating-point weight in `dtype` and return the module."""
        for name, value in vars(self).items():
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                setattr(self, name, value.astype(dtype))
        for _, child in self.children():
            child.to(dtype)
        return self

    def float(self: M) -> M:
        """Hold every floating-point weight in float32 and return the module."""
        return self.to(np.float32)

    def double(self: M) -> M:
        """Hold every floating-point weight in float64 and return the module."""
        return self.to(np.float64)


class ModuleList(Module):
    """Modules in a row, named by their place: `heads.0`, `heads.1`, ….

    >>> [name for name, _ in ModuleList([Module(), Module()]).children()]
    ['0', '1']
    """

    def __init__(self, modules: Iterable[Any]):
        # Not Iterable[Module]: a checker would test one of them, drawn at random.
        for place, module in enumerate(modules):
            setattr(self, str(place), module)

    def __iter__(self) -> Iterator[Module]:
        return (child for _, child in self.children())

    def __len__(self) -> int:
        return len([*self.children()])


def require_same_names(own: Mapping[str, Any], given: Mapping[str, Any]) -> None:
    """Refuse a state whose names are not exactly the module's own.

    Raises:
        KeyError: a name is missing or unknown.
    """
    if own.keys() != given.keys():
        missing, unknown = own.keys() - given.keys(), given.keys() - own.keys()
        raise KeyError(f"missing {sorted(missing)}, unknown {sorted(unknown)}")
