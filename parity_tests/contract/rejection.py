"""What both backends reject, with the same error in the same words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from parity_tests.contract.backend import Backend
from parity_tests.contract.shown import Shown


@dataclass(frozen=True, repr=False)
class Rejection(Shown):
    """What both backends reject: how it is asked for, the type of the error, its text.

    The class is called with `arguments`, or its class method `maker` is. If a `method`
    is named, it is what rejects what it is `given`; `inputs` are what a module rejects
    that takes several.
    """

    error: type[Exception]
    text: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    method: str = ""
    given: Any = None
    maker: str = ""
    inputs: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.text

    def by(self, backend: Backend, part: Any) -> tuple[type[Exception], str] | None:
        """Return the type and the text of what a part raises when asked for it."""
        return rejection(lambda: self.ask(backend, part))

    def ask(self, backend: Backend, part: Any) -> None:
        """Ask a part for it, with arrays of the backend's own kind."""
        make = getattr(part, self.maker) if self.maker else part
        made = make(**backend.own(dict(self.arguments)))
        if self.method:
            getattr(made, self.method)(backend.own(self.given))
        if self.inputs:
            made(**backend.own(dict(self.inputs)))


def rejection(call: Callable[[], Any]) -> tuple[type[Exception], str] | None:
    """Call, and return the type and the text of what is raised."""
    try:
        call()
    except Exception as error:
        return type(error), str(error)
    return None
