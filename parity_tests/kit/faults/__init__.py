"""Wrong implementations that the checker must see, and right ones that it must not.

A file here holds those of one family: functions and classes, each marked with its pair
and with a docstring that says in one sentence what is wrong.

    @wrong("attention/causal", "gradients")
    class ForgetsTheScale(Right):
        \"\"\"Scores are not divided by the square root of the head's size.\"\"\"
"""

import importlib
import inspect
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

Implementation = TypeVar("Implementation", bound=Callable[..., Any])


@dataclass(frozen=True)
class Fault:
    """An implementation of a pair: where it is, what it declares, what is wrong of it.

    One that is right is no fault: `is_wrong` is false, and it must agree.
    """

    pair: str
    target: str
    sentence: str
    is_wrong: bool
    supports: frozenset[str]

    def __str__(self) -> str:
        return self.target.partition(":")[2]


def wrong(pair: str, *supports: str) -> Callable[[Implementation], Implementation]:
    """Mark what is wrong, and must be seen in every run."""
    return marked(pair, supports, is_wrong=True)


def right(pair: str, *supports: str) -> Callable[[Implementation], Implementation]:
    """Mark what is right, and must agree in every run."""
    return marked(pair, supports, is_wrong=False)


def marked(
    pair: str, supports: tuple[str, ...], is_wrong: bool
) -> Callable[[Implementation], Implementation]:
    """Write down beside an implementation how it is to be tried."""

    def mark(implementation: Implementation) -> Implementation:
        target = f"{implementation.__module__}:{implementation.__qualname__}"
        sentence = (inspect.getdoc(implementation) or "").partition("\n")[0]
        fault = Fault(pair, target, sentence, is_wrong, frozenset(supports))
        implementation.fault = fault  # type: ignore[attr-defined]
        return implementation

    return mark


def faults_in(module: Any) -> list[Fault]:
    """List what a module marks, in the order of its lines."""
    marks = (vars(each).get("fault") for each in objects_of(module))
    return [mark for mark in marks if isinstance(mark, Fault)]


def objects_of(module: Any) -> list[Any]:
    """List the functions and classes that a module defines itself."""
    return [
        each
        for each in vars(module).values()
        if (inspect.isfunction(each) or inspect.isclass(each))
        and each.__module__ == module.__name__
    ]


def all_faults() -> list[Fault]:
    """List what every file of this folder marks."""
    names = sorted(each.name for each in pkgutil.iter_modules(__path__))
    modules = (importlib.import_module(f"{__name__}.{name}") for name in names)
    return [fault for module in modules for fault in faults_in(module)]
