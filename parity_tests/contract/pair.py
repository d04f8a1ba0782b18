"""A pair: one part of a language model, written twice, and what is asked of it."""

import inspect
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from importlib import import_module
from typing import Any

import torch
from hypothesis.strategies import SearchStrategy

from parity_tests.contract.adapter import Adapter
from parity_tests.contract.agreement import as_array
from parity_tests.contract.backend import REFERENCE, TORCH, Backend
from parity_tests.contract.case import Case, remember
from parity_tests.contract.convention import Convention
from parity_tests.contract.example import Example
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.replay import Mask, record_masks, replay
from parity_tests.contract.shown import Shown
from parity_tests.contract.typed import Typed
from parity_tests.sources.panels import subject

OnText = Callable[[str, int], list[tuple[str, Case]]]
Run = Callable[[Backend, Any, Case], Any]


def as_arrays(result: Any) -> Any:
    """Convert what comes out to NumPy: an array, or a tuple of several."""
    if isinstance(result, tuple):
        return tuple(map(as_array, result))
    return as_array(result)


@dataclass(frozen=True, repr=False, eq=False)
class Pair(Shown):
    """Where a pair is, what cases it takes, and what is true of it.

    `properties` hold on each backend alone, `rejections` on both in the same words.
    `oracles` are other people's implementations, and `conventions` what one of another
    convention may declare; `abilities` names what it can do beyond the least.

    `on_text(text, seed)` gives cases on a real text, each with what it runs in words.
    `examples(seed)` gives named cases, which the vectors hold; `probes(seed)` those
    that every check tries beside the drawn ones: sizes and values at which code fails.
    `typed` makes a case of what a reader types; without it pages show the examples.
    `torch` is PyTorch's own class or function, where `torch_impl` has no file, and
    `torch_code` how it is written.
    `run(backend, part, case)` runs a case where calling the part is not all.
    `answer(result)` is what an implementation from outside would give of a result, and
    `adapter` how it is asked, where arrays by name will not do.
    """

    path: str
    cases: SearchStrategy[Case]
    properties: tuple[Property, ...]
    rejections: tuple[Rejection, ...]
    oracles: tuple[Oracle, ...]
    on_text: OnText
    examples: Callable[[int], Iterable[Example]] = lambda seed: ()
    probes: Callable[[int], Iterable[Probe]] = lambda seed: ()
    typed: Typed | None = None
    conventions: tuple[Convention, ...] = ()
    abilities: frozenset[str] = frozenset()
    torch: Any = None
    torch_code: str = ""
    run: Run | None = None
    answer: Callable[[Any], Any] = as_arrays
    adapter: Adapter | None = None

    def __str__(self) -> str:
        return self.path

    @property
    def class_name(self) -> str:
        """The name of its class, or of its function."""
        return subject(self.path)

    def part(self, backend: Backend) -> Any:
        """Return the class, or the function, of one backend."""
        if backend is TORCH and self.torch is not None:
            return self.torch
        module = import_module(f"{backend.package}.{self.path.replace('/', '.')}")
        return getattr(module, self.class_name)

    @property
    def is_module(self) -> bool:
        """Whether its reference is built of parameters and called."""
        return hasattr(self.part(REFERENCE), "state_dict")

    @property
    def has_gradients(self) -> bool:
        """Whether its reference has a backward written by hand."""
        return self.backward_function is not None or (
            inspect.isclass(self.part(REFERENCE))
            and "backward" in vars(self.part(REFERENCE))
        )

    @property
    def backward_function(self) -> Any:
        """The backward of a function, such as `softmax_backward` of `softmax`."""
        part = self.part(REFERENCE)
        return getattr(inspect.getmodule(part), f"{part.__name__}_backward", None)

    def call(self, backend: Backend, case: Case, part: Any = None) -> Any:
        """Run a case on a backend, or on `part` in the place of the backend's own."""
        part = part or self.part(backend)
        if self.run is not None:
            return self.run(backend, part, case)
        inputs = [backend.own(value) for value in case.inputs.values()]
        if not inspect.isclass(part):
            return part(*inputs, **case.config)
        return self.build(backend, case, part)(*inputs)

    def build(self, backend: Backend, case: Case, part: Any = None) -> Any:
        """Build a module, ready to draw the dropout masks that PyTorch draws."""
        module = backend.build(part or self.part(backend), case)
        if backend is REFERENCE and case.training:
            replay(module, dropout_masks(self, case), case.seed)
        return module

    def with_masks(self, case: Case) -> Case:
        """Let a case have the dropout masks that PyTorch draws for it."""
        is_drawn = self.is_module and case.training
        return replace(case, masks=dropout_masks(self, case)) if is_drawn else case


@remember(4096)
def dropout_masks(pair: Pair, case: Case) -> tuple[Mask, ...]:
    """Run a case on PyTorch, and return the mask of every dropout, in order."""
    if case.masks is not None:
        return case.masks
    module = TORCH.build(pair.part(TORCH), case)
    masks = record_masks(module)
    with torch.no_grad():
        module(*(TORCH.own(value) for value in case.inputs.values()))
    return tuple(masks)
