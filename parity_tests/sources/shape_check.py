"""Compare shape comments with the shapes that a run really has.

Within one call every letter stands for one size: first those that the signature
gives to the arguments, then those of the comments in the order in which they are
reached. `*B` takes any number of leading axes.
"""

import re
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any

from parity_tests.sources.shape_comments import (
    Commented,
    CommentedFunction,
    commented_functions,
)


def check_shapes(folder: Path, call: Callable[[], Any]) -> "list[ShapeCheck]":
    """Run `call` and follow each call of a function below `folder` with comments."""
    checks: list[ShapeCheck] = []

    def watch(frame: FrameType, event: str, arg: Any) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(str(folder)):
            return None
        function = function_of(code.co_filename, code.co_qualname)
        if function is None:
            return None
        checks.append(ShapeCheck(function))
        checks[-1].begin(frame)
        return checks[-1].follow

    previous = sys.gettrace()
    sys.settrace(watch)
    try:
        call()
    finally:
        sys.settrace(previous)
    return checks


@cache
def function_of(file: str, name: str) -> CommentedFunction | None:
    """Find a function with shape comments by the name that Python gives it."""
    name = name.replace("<locals>.", "")
    found = commented_functions(Path(file))
    return next((each for each in found if each.name == name), None)


@dataclass
class ShapeCheck:
    """Follows one call, and checks every shape comment that it meets."""

    function: CommentedFunction
    sizes: dict[str, int] = field(default_factory=dict)
    waiting: Commented | None = None
    met: set[Commented] = field(default_factory=set)
    wrong: list[str] = field(default_factory=list)

    def begin(self, frame: FrameType) -> None:
        """Bind the letters of the signature."""
        for name, shape in self.function.arguments.items():
            self.check(name, shape, frame.f_locals.get(name))

    def follow(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Check a statement once it is done: when the next line begins."""
        here = self.function.lines.get(frame.f_lineno)
        if event == "exception":
            self.waiting = None
        elif self.waiting is not None and (here != self.waiting or event == "return"):
            self.finish(self.waiting, frame, arg)
            self.waiting = None
        if event == "line":
            self.waiting = here
        return self.follow

    def finish(self, claim: Commented, frame: FrameType, returned: Any) -> None:
        """Check every shape that a statement claims."""
        outputs = iter(returned if isinstance(returned, tuple) else [returned])
        if len(claim.names) != len(claim.shapes):
            names = ", ".join(claim.names)
            self.wrong.append(f"line {claim.line}: {names} need a shape each")
        for name, shape in zip(claim.names, claim.shapes, strict=False):
            owner, _, attribute = name.rpartition(".")
            found = frame.f_locals.get(owner or attribute)
            value = getattr(found, attribute, None) if owner else found
            if name == "return":
                value = next(outputs)
            if self.check(f"line {claim.line}: {name}", shape, value):
                self.met.add(claim)

    def check(self, name: str, claimed: tuple[str, ...], value: Any) -> bool:
        """Compare a value's shape with a claim; return whether it had a shape."""
        if not hasattr(value, "shape"):
            return False
        shape = tuple(value.shape)
        if claimed and claimed[0].startswith(("*", "...")):
            shape = shape[max(len(shape) - len(claimed) + 1, 0) :]
            claimed = claimed[1:]
        if len(shape) != len(claimed) or not all(map(self.fits, claimed, shape)):
            claim = f"({', '.join(claimed)}) with {self.sizes}"
            self.wrong.append(f"{name} is said to be {claim}, and is {shape}")
        return True

    def fits(self, axis: str, size: int) -> bool:
        """Whether an axis has its size; a new letter takes the size it meets."""
        if axis in ("...", "_"):
            return True
        if axis.isidentifier():
            return self.sizes.setdefault(axis, size) == size
        letters = set(re.findall(r"[A-Za-z_]\w*", axis))
        if not letters <= self.sizes.keys():
            return True  # an expression of letters that no axis has shown yet
        return bool(eval(axis, {"__builtins__": {}}, dict(self.sizes)) == size)
