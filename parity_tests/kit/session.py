"""Keep objects and call them again, in the process of the implementation.

A session names its `requests` and its `calls`: which object gets which request, and
whether it is given the parameters of that request first. An object is made of the
first request that it gets. Answers come in the order of the calls, and as `later`
those that have changed when all calls are done.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from parity_tests.contract import border
from parity_tests.kit.runner import Answer, Asked, Runner
from parity_tests.kit.running import forward_pass, make_object, read_result
from parity_tests.kit.worker import load, raised


@dataclass
class Session:
    """The objects that are alive, and the arrays in which inputs are handed over."""

    implementation: Any
    runner: Runner
    objects: dict[int, Any] = field(default_factory=dict)
    arrays: dict[Any, Any] = field(default_factory=dict)

    def call(self, which: int, request: Asked, loads: bool) -> Any:
        """Call an object, made now if it is new."""
        if which not in self.objects:
            self.objects[which] = self.runner.make(self.implementation, request)
        elif loads:
            self.runner.load(self.objects[which], request)
        return self.runner.call(self.objects[which], request)

    def in_one_array(self, request: Asked) -> Asked:
        """Hand inputs over in the arrays in which earlier ones of this form were."""
        inputs = dict(request["inputs"])
        for name, value in inputs.items():
            if isinstance(value, np.ndarray):
                key = name, value.shape, value.dtype.str
                inputs[name] = self.arrays.setdefault(key, np.empty_like(value))
                inputs[name][...] = value
        return {**request, "inputs": inputs}


def run_session(implementation: Any, asked: Asked) -> Answer:
    """Make the calls of a session in their order, as many as there is time for."""
    session = Session(implementation, load(asked["runner"]))
    results, answers, ends = [], [], time.monotonic() + asked["seconds"]
    for which, index, loads in asked["calls"]:
        request = asked["requests"][index]
        if asked["in_one_array"]:
            request = session.in_one_array(request)
        result, answer = attempted(
            lambda: session.call(which, request, loads),  # noqa: B023 - called at once
            session.runner.read,
        )
        results.append(result)
        answers.append(answer)
        if time.monotonic() > ends:
            break
    later = changed_since(results, answers, session.runner.read)
    return {"answers": [border.read(each) for each in answers], "later": later}


def attempted(
    call: Callable[[], Any], read: Callable[[Any], Answer]
) -> tuple[Any, bytes]:
    """Return what a call gives, and how it reads now."""
    try:
        result = call()
        return result, border.write(read(result))
    except BaseException as error:
        return None, border.write({"trouble": raised(error)})


def changed_since(
    results: list[Any], answers: list[bytes], read: Callable[[Any], Answer]
) -> list[tuple[int, Answer]]:
    """Read results once more; return those that have changed, with their indices."""
    changed = []
    for index, (result, before) in enumerate(zip(results, answers, strict=True)):
        if result is not None:
            now = read(result)
            if border.write(now) != before:
                changed.append((index, now))
    return changed


def run_backward_in_turn(implementation: Any, asked: Asked) -> Answer:
    """Run several forward passes of one module, and then backward through each."""
    module = make_object(implementation, asked["requests"][0])
    passes = [forward_pass(module, request) for request in asked["requests"]]
    return {"answers": [read_result(each.gradients()) for each in passes]}
