"""Right ways to compute attention that round otherwise: the checker must accept them.

A file here holds those of one idea: classes that are called as an implementation is,
`Form(inputs, parameters, config)`, for causal and for multi-head attention. Each is
marked, and its docstring says in a few words what it is. `benchmarks/evidence.py`
counts false alarms on all of them.
"""

import importlib
import math
import pkgutil
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from parity_tests.kit.faults import objects_of

Class = TypeVar("Class", bound=type)


@dataclass(frozen=True)
class Form:
    """One right form: what computes it, in words, and for which cases.

    `limit` is the largest |score| for which it is right: a finite fill is no mask for
    scores that are as large. `longest` is the longest text for which it is fast enough.
    """

    title: str
    run: Callable[[Any, Any, Any], Any]
    gradients: bool
    limit: float
    longest: int

    def __str__(self) -> str:
        return self.run.__name__

    def takes(self, n_tokens: int, largest_score: float) -> bool:
        """Whether it is right for such a case, and fast enough."""
        return n_tokens <= self.longest and largest_score < self.limit


def right_form(
    gradients: bool = False, limit: float = math.inf, longest: int = 1_000
) -> Callable[[Class], Class]:
    """Mark a right form."""

    def mark(form: Class) -> Class:
        title = (form.__doc__ or "").partition("\n")[0].removesuffix(".")
        form.form = Form(title, form, gradients, limit, longest)  # type: ignore[attr-defined]
        return form

    return mark


def all_forms() -> list[Form]:
    """List the forms of every file of this folder, in the order of their lines."""
    names = sorted(each.name for each in pkgutil.iter_modules(__path__))
    modules = [importlib.import_module(f"{__name__}.{name}") for name in names]
    marks = [vars(each).get("form") for m in modules for each in objects_of(m)]
    return [mark for mark in marks if isinstance(mark, Form)]
