"""The base of every part: arrays and modules found by name, and checks of arguments.

Twin: torch.nn.Module; the checks stand in torch_impl/validation.py
"""

import math
from collections import namedtuple
from collections.abc import Iterable, Iterator, Mapping
from numbers import Integral, Real
from typing import Any, TypeVar

import numpy as np
from jaxtyping import Shaped

Array = Shaped[np.ndarray, "..."]
M = TypeVar("M", bound="Module")
UNLIKE_ARRAYS = (np.matrix, np.ma.MaskedArray)  # whose operators differ
IncompatibleKeys = namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])


class Module:
    """Every array set as an attribute is a parameter; names follow the attributes.

    >>> class Scale(Module):
    ...     def __init__(self):
    ...         self.factor = np.array([1.0, 2.0])
    >>> Scale().state_dict()
    {'factor': array([1., 2.])}
    """

    training: bool = True

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run `forward` on arrays; a CPU tensor becomes one."""
        named = {name: as_array(value) for name, value in kwargs.items()}
        return self.forward(*map(as_array, args), **named)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Compute what the module is for; every subclass says what."""
        raise NotImplementedError

    def named_children(self) -> Iterator[tuple[str, "Module"]]:
        """Yield the modules right below this one, by name."""
        yield from ((n, v) for n, v in vars(self).items() if isinstance(v, Module))

    def children(self) -> Iterator["Module"]:
        """Yield the modules right below this one."""
        yield from (child for _, child in self.named_children())

    def named_modules(self, prefix: str = "") -> Iterator[tuple[str, "Module"]]:
        """Yield this module and all below it, by dotted name."""
        yield prefix, self
        for name, child in self.named_children():
            yield from child.named_modules(f"{prefix}.{name}".removeprefix("."))

    def modules(self) -> Iterator["Module"]:
        """Yield this module and all below it."""
        yield from (module for _, module in self.named_modules())

    def state_dict(self) -> dict[str, Array]:
        """Return every parameter by its dotted name; the arrays are not copied."""
        return {
            f"{prefix}.{name}".removeprefix("."): value
            for prefix, module in self.named_modules()
            for name, value in vars(module).items()
            if isinstance(value, np.ndarray)
        }

    def named_parameters(self) -> Iterator[tuple[str, Array]]:
        """Yield every parameter by name; one that is shared comes once."""
        first = {id(array): name for name, array in reversed(self.state_dict().items())}
        yield from ((n, a) for n, a in self.state_dict().items() if first[id(a)] == n)

    def parameters(self) -> Iterator[Array]:
        """Yield every parameter; one that is shared comes once."""
        yield from (array for _, array in self.named_parameters())

    def load_state_dict(
        self, state: Mapping[str, Any], strict: bool = True
    ) -> IncompatibleKeys:
        """Copy parameters in by name: all of them, or none if one does not fit.

        `strict=False` takes a state with names that are missing, or unknown as the
        buffer `mask` of the book's classes. What does not fit is a RuntimeError.
        """
        own, kind = self.state_dict(), type(self).__name__
        given = {n: np.asarray(state[n], a.dtype) for n, a in own.items() if n in state}
        missing = [name for name in own if name not in state]
        unexpected = [name for name in state if name not in own]
        if strict and (missing or unexpected):
            raise RuntimeError(f"{kind}: missing {missing}, unexpected {unexpected}")
        for name, array in given.items():
            if array.shape != own[name].shape:
                shapes = f"{own[name].shape}, got {array.shape}"
                raise RuntimeError(f"{kind}: {name} must have shape {shapes}")
        for name, array in given.items():
            own[name][...] = array
        return IncompatibleKeys(missing, unexpected)

    def train(self: M, mode: bool = True) -> M:
        """Switch to training, where dropout is active, and return the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self: M) -> M:
        """Switch to evaluation, where dropout does nothing, and return the module."""
        return self.train(False)

    def to(self: M, dtype: type[np.floating[Any]]) -> M:
        """Convert floating-point parameters; what is shared stays shared."""
        floats = (array for array in self.parameters() if array.dtype.kind == "f")
        new = {id(array): array.astype(dtype, copy=False) for array in floats}
        for module in self.modules():
            vars(module).update({n: new.get(id(v), v) for n, v in vars(module).items()})
        return self

    def float(self: M) -> M:
        """Convert every parameter to float32 and return the module."""
        return self.to(np.float32)

    def double(self: M) -> M:
        """Convert every parameter to float64 and return the module."""
        return self.to(np.float64)

    def __repr__(self) -> str:
        own = [f"{n}={v.shape}" for n, v in vars(self).items() if hasattr(v, "shape")]
        rows = [f"\n({name}): {child!r}" for name, child in self.named_children()]
        below = "".join(rows).replace("\n", "\n  ") + "\n" * bool(rows)
        return f"{type(self).__name__}({', '.join(own)}{below})"


class ModuleList(Module):
    """Modules in a list, named by their index: `heads.0`, `heads.1`, …."""

    def __init__(self, modules: Iterable[Any]):
        vars(self).update({str(i): module for i, module in enumerate(modules)})

    def __iter__(self) -> Iterator[Any]:
        return self.children()

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __getitem__(self, index: int) -> Any:
        return [*self][index]


def as_array(value: Any) -> Any:
    """Convert an array of another library, such as a CPU tensor; leave the rest."""
    if isinstance(value, UNLIKE_ARRAYS):
        raise TypeError(f"a plain array is needed, got {type(value).__name__}")
    return np.asanyarray(value) if hasattr(value, "__array__") else value


def check_input(x: Array, d_in: int | None, context_length: int | None = None) -> None:
    """Check that `x` holds floating-point numbers of shape (…, T, C), C = `d_in`."""
    if not isinstance(x, np.ndarray):
        raise TypeError(f"x must be an array of this backend, got {type(x).__name__}")
    if x.dtype.kind != "f":
        raise TypeError(f"x must hold floating-point numbers, got {x.dtype}")
    if x.ndim < 2:
        raise ValueError(f"x must have shape (…, T, C), got {x.shape}")
    if d_in is not None and x.shape[-1] != d_in:
        raise ValueError(f"x must have d_in = {d_in} channels, got {x.shape[-1]}")
    if context_length is not None and x.shape[-2] > context_length:
        limit = f"context_length = {context_length}"
        raise ValueError(f"at most {limit} tokens fit, got {x.shape[-2]}")


def check_same_dtype(x: Array, weight: Array, bias: Array | None = None) -> None:
    """Check that a product's dtypes are equal; the error is in PyTorch's words."""
    if x.dtype != weight.dtype:
        names = {"float16": "c10::Half", "float32": "float", "float64": "double"}
        m1, m2 = (names.get(each.dtype.name, each.dtype.name) for each in (x, weight))
        error = f"expected m1 and m2 to have the same dtype, but got: {m1} != {m2}"
        if bias is not None:
            m1, m2 = (m.removeprefix("c10::").capitalize() for m in (m1, m2))
            error = f"mat1 and mat2 must have the same dtype, but got {m1} and {m2}"
        raise RuntimeError(error)


def check_sizes(**sizes: int) -> None:
    """Check, by name, that sizes are integers of at least one."""
    for name, size in sizes.items():
        if not isinstance(size, Integral) or isinstance(size, bool):
            raise TypeError(f"{name} must be an integer, got {size!r}")
        if size < 1:
            raise ValueError(f"{name} must be at least 1, got {size}")


def check_multiple(**sizes: int) -> None:
    """Check, by name, that the first of two sizes is a multiple of the second."""
    (name, size), (part_name, part) = sizes.items()
    if size % part:
        rule = f"{name} must be a multiple of {part_name}"
        raise ValueError(f"{rule}, got {size} and {part}")


def check_dropout(dropout: float) -> None:
    """Check that dropout is a probability, 1 included."""
    if not isinstance(dropout, Real):
        raise TypeError(f"dropout must be a number, got {dropout!r}")
    if not 0 <= dropout <= 1:
        raise ValueError(f"dropout must be in [0, 1], got {dropout}")


def check_eps(eps: float) -> None:
    """Check that `eps` is a number that is not negative."""
    if not isinstance(eps, Real) or isinstance(eps, bool):
        raise TypeError(f"eps must be a number, got {eps!r}")
    if not 0 <= eps < math.inf:
        raise ValueError(f"eps must be finite, 0 or more, got {eps}")


def check_positive(**numbers: float) -> None:
    """Check, by name, that numbers are above zero and finite."""
    for name, number in numbers.items():
        if not isinstance(number, Real) or isinstance(number, bool):
            raise TypeError(f"{name} must be a number, got {number!r}")
        if not 0 < number < math.inf:
            raise ValueError(f"{name} must be finite and above 0, got {number}")
