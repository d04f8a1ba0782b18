"""Run one backend and record every numbered step of its unmodified sources.

A trace reads the local variables each time a numbered step ends. A loop gives one
snapshot a round. Only what a step stores is plain, so that long texts stay cheap.
"""

import dis
import os
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from inspect import CO_GENERATOR
from itertools import count
from pathlib import Path
from types import FrameType
from typing import Any

from parity_tests.lockstep.copying import plain, read
from parity_tests.sources.step_lines import OUTSIDE
from parity_tests.sources.steps import Step, SteppedFunction, stepped_functions
from reference.module import Module


@dataclass(frozen=True)
class Snapshot:
    """What one step had stored when it ended, and when that was in the whole run.

    Of what is expected, the rounding units are told as well, by name.
    """

    step: Step
    values: dict[str, Any]
    moment: int
    units: dict[str, Any] = field(default_factory=dict)


@dataclass
class Invocation:
    """One call of a function with numbered steps; `part` names whose it is, in a model.

    `outcome` has what it gave as `return`, or the name of what it raised as `raised`.
    """

    function: str
    module: str
    arguments: dict[str, Any]
    began: int
    part: str = ""
    ended: int = -1
    snapshots: list[Snapshot] = field(default_factory=list)
    outcome: dict[str, Any] = field(default_factory=dict)
    outcome_units: dict[str, Any] = field(default_factory=dict)


@dataclass
class Recording:
    """All such calls of one backend, in the order they began, and what came out.

    In a `live` recording tensors are not copied but stay in the graph of autograd.
    `parts` has the modules that were seen, by identity, with their dotted names.
    """

    package: str
    live: bool = False
    invocations: list[Invocation] = field(default_factory=list)
    result: Any = None
    result_units: Any = 0.0
    clock: count = field(default_factory=count)  # type: ignore[type-arg]
    parts: dict[int, tuple[str, Any]] = field(default_factory=dict)

    def part_of(self, module: Any) -> str:
        """Name a module as the first one does in which it was seen, `blocks.7.norm`.

        One whose constructor still runs has no name yet.
        """
        is_ours = isinstance(module, Module) or "_modules" in getattr(
            module, "__dict__", ()
        )
        if id(module) not in self.parts and is_ours:
            new = {id(part): (name, part) for name, part in module.named_modules()}
            self.parts = new | self.parts
        return self.parts.get(id(module), ("", None))[0]


def record(package: str, call: Callable[[], Any], live: bool = False) -> Recording:
    """Run `call` and record each numbered step of `package` that it goes through.

    A trace that was already set, by a debugger say, waits and is then set again.
    """
    recording = Recording(package, live)
    folder = f"{root_of(package)}{os.sep}"

    def trace(frame: FrameType, event: str, arg: Any) -> Any:
        inside = frame.f_code.co_filename.startswith(folder)
        return watch(recording, frame) if inside else None

    previous = sys.gettrace()
    sys.settrace(trace)
    try:
        recording.result = call()
    finally:
        sys.settrace(previous)
    return recording


def watch(recording: Recording, frame: FrameType) -> Any:
    """Follow a frame if it runs a function with numbered steps."""
    if isinstance(getattr(frame.f_trace, "__self__", None), Follower):
        return frame.f_trace  # a generator that goes on
    code = frame.f_code
    function = function_of(recording.package, code.co_filename, code.co_qualname)
    return Follower(recording, function, frame).follow if function else None


class Follower:
    """Follows one call line by line and takes a snapshot wherever a step ends."""

    def __init__(
        self, recording: Recording, function: SteppedFunction, frame: FrameType
    ):
        self.function = function
        self.clock = recording.clock
        self.live = recording.live
        arguments = read(frame, frame.f_locals.keys(), self.live)
        part = recording.part_of(frame.f_locals.get("self"))
        self.invocation = Invocation(
            function.name, function.module, arguments, next(self.clock), part
        )
        self.place, self.entry, self.raised = OUTSIDE, 0, ""
        recording.invocations.append(self.invocation)

    def follow(self, frame: FrameType, event: str, arg: Any) -> Any:
        """Take one event of the trace; return what takes the next."""
        if event == "line":
            self.raised = ""
            self.move(frame)
        elif event == "exception":
            harmless = issubclass(arg[0], StopIteration | GeneratorExit)
            self.raised = "" if harmless else arg[0].__name__
        elif event == "return" and (self.raised or not pauses(frame)):
            self.end(frame, arg)
        return self.follow

    def move(self, frame: FrameType) -> None:
        """Go to a line: it may end a step, begin one, or begin a new pass of one.

        A step begins anew when control jumps back to where it was entered.
        """
        here = self.function.step_at(frame.f_lineno)
        if here == self.place and frame.f_lasti > self.entry:
            return
        self.finish(frame)
        self.place, self.entry = here, frame.f_lasti

    def end(self, frame: FrameType, returned: Any) -> None:
        """Leave the function: with a value, or by an exception, in mid-step."""
        if self.raised:
            self.invocation.outcome = {"raised": self.raised}
        else:
            self.finish(frame)
            if returned is not None:
                self.invocation.outcome = plain("return", returned, self.live)
        self.invocation.ended = next(self.clock)

    def finish(self, frame: FrameType) -> None:
        """Take a snapshot of the step that ends here, if this is one."""
        if self.place != OUTSIDE:
            step = self.function.steps[self.place]
            values = read(frame, step.names, self.live)
            self.invocation.snapshots.append(Snapshot(step, values, next(self.clock)))


def pauses(frame: FrameType) -> bool:
    """Whether a generator only pauses here; a trace calls that a return as well."""
    operation = dis.opname[frame.f_code.co_code[frame.f_lasti]]
    generates = bool(frame.f_code.co_flags & CO_GENERATOR)
    return generates and not operation.startswith("RETURN")


@cache
def function_of(package: str, file: str, name: str) -> SteppedFunction | None:
    """Find a function with steps by its file and by the name that Python gives it."""
    path = Path(file).relative_to(root_of(package))
    module = ".".join(path.with_suffix("").parts)
    name = name.replace("<locals>.", "").replace("__call__", "forward")
    found = stepped_functions(Path(file), module)
    return next((each for each in found if each.written == f"{module}.{name}"), None)


@cache
def find_function(package: str, module: str, name: str) -> SteppedFunction | None:
    """Find a function with numbered steps by the name that it has in both packages."""
    path = root_of(package).joinpath(*module.split(".")).with_suffix(".py")
    functions = stepped_functions(path, module) if path.exists() else ()
    return next((each for each in functions if each.name == name), None)


@cache
def root_of(package: str) -> Path:
    """Return the folder of an installed package."""
    return Path(str(import_module(package).__file__)).parent
