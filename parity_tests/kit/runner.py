"""How an implementation is run: make an object, call it, read what it returns."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Asked = dict[str, Any]
Answer = dict[str, Any]


def cannot_load(made: Any, request: Asked) -> None:
    """Say that objects of this kind take no other parameters.

    Raises:
        TypeError: always.
    """
    raise TypeError(f"{type(made).__name__} takes no other parameters")


@dataclass(frozen=True)
class Runner:
    """Three steps, so that an object can be kept and called again.

    `make(implementation, request)` builds an object, or returns a function as it is;
    `call(object, request)` returns what comes out, and `read(result)` reads it: at any
    time, so that it shows when a result has changed since. `load(object, request)`
    gives an object the parameters of another request.
    """

    make: Callable[[Any, Asked], Any]
    call: Callable[[Any, Asked], Any]
    read: Callable[[Any], Answer]
    load: Callable[[Any, Asked], None] = cannot_load

    def __call__(self, implementation: Any, request: Asked) -> Answer:
        """Run one request on an object of its own."""
        return self.read(self.call(self.make(implementation, request), request))
