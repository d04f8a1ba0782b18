"""One thing to run on both backends, as plain data."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property, wraps
from hashlib import blake2b
from typing import Any, TypeVar

import numpy as np

Array = np.ndarray[Any, Any]
LARGE = 20_000  # numbers in a case
Function = TypeVar("Function", bound=Callable[..., Any])


@dataclass(frozen=True, eq=False)
class Case:
    """One thing to run on both backends; equal to itself alone.

    `config` has the constructor's arguments by name (or what a function takes besides
    arrays), `inputs` what goes in by name, in the order in which it is passed, and
    `parameters` the state by name. `grad_output` is the gradient of what comes out, or
    of each of several outputs, from which a backward pass begins; None draws it.
    `masks` are those of its dropouts in the order of their calls, True where a number
    is kept; None stands for those that PyTorch draws under the seed.
    """

    config: Mapping[str, Any]
    inputs: Mapping[str, Any]
    parameters: Mapping[str, Array] = field(default_factory=dict)
    training: bool = False
    seed: int = 0
    grad_output: Any = None
    masks: tuple[Array, ...] | None = None

    def stream(self, purpose: str) -> np.random.Generator:
        """Begin the random numbers of one purpose: other purposes have others.

        What goes in was drawn from the seed itself. A gradient drawn from it too could
        be equal to it, and then nothing that takes one for the other shows.
        """
        return np.random.default_rng([self.seed, *purpose.encode()])

    @cached_property
    def fingerprint(self) -> bytes:
        """A digest of all that is in the case: equal ones have equal numbers."""
        digest = blake2b(digest_size=16)
        for name in fields(self):
            digest.update(written(getattr(self, name.name)))
        return digest.digest()

    def arrays(self) -> Iterator[Array]:
        """Yield the floating-point arrays that go in, and the parameters."""
        for value in (*self.inputs.values(), *self.parameters.values()):
            if isinstance(value, np.ndarray) and value.dtype.kind == "f":
                yield value

    @property
    def dtype(self) -> str:
        """The dtype that the case computes in; "" where there is no such number."""
        return next((array.dtype.name for array in self.arrays()), "")

    def map(self, change: Callable[[Array], Array]) -> "Case":
        """Change every floating-point array: inputs, parameters and gradients."""
        inputs, parameters, grad_output = (
            changed(part, change)
            for part in (self.inputs, self.parameters, self.grad_output)
        )
        return replace(
            self, inputs=inputs, parameters=parameters, grad_output=grad_output
        )

    def astype(self, dtype: Any) -> "Case":
        """Hold the same numbers in another precision."""
        return self.map(lambda array: array.astype(dtype))

    def with_inputs(self, **inputs: Any) -> "Case":
        """Change some inputs."""
        return replace(self, inputs={**self.inputs, **inputs})


def changed(value: Any, change: Callable[[Array], Array]) -> Any:
    """Change the floating-point arrays in a value."""
    if isinstance(value, Mapping):
        return {name: changed(entry, change) for name, entry in value.items()}
    if isinstance(value, tuple):
        return tuple(changed(entry, change) for entry in value)
    is_floating = isinstance(value, np.ndarray) and value.dtype.kind == "f"
    return np.asanyarray(change(value)) if is_floating else value


def written(value: Any) -> bytes:
    """Write a value so that two are the same bytes only if they are equal.

    >>> written({"x": np.zeros(1)}) == written({"x": np.zeros(1, np.float32)})
    False
    """
    if isinstance(value, Mapping):
        value = [*value.items()]
    if isinstance(value, list | tuple):
        return b"[" + b",".join(map(written, value)) + b"]"
    if isinstance(value, np.ndarray):
        form = f"{value.dtype}{value.shape}{value.strides}"
        return form.encode() + np.ascontiguousarray(value).tobytes()
    return repr(value).encode("utf-8", "surrogatepass")


REMEMBERED: list[dict[tuple[Any, bytes], Any]] = []


def forget() -> None:
    """Forget all that is remembered: a test has changed a part."""
    for known in REMEMBERED:
        known.clear()


def remember(size: int) -> Callable[[Function], Function]:
    """Call a function of pair and case once for equal cases, whoever drew them.

    Properties are tried on the same cases one after another, and by both backends.
    """

    def decorate(function: Function) -> Function:
        known: dict[tuple[Any, bytes], Any] = {}
        REMEMBERED.append(known)

        @wraps(function)
        def call(pair: Any, case: Case) -> Any:
            if sum(array.size for array in case.arrays()) > LARGE:
                return function(pair, case)  # as a real text is: nobody asks twice
            key = pair, case.fingerprint
            if key not in known:
                if len(known) >= size:
                    known.clear()
                known[key] = function(pair, case)
            return known[key]

        return call  # type: ignore[return-value]

    return decorate
