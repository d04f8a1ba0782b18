"""What both sides refuse, with the same error in the same words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol


class Refuses(Protocol):
    """A side of a pair, of which something is asked."""

    @property
    def class_(self) -> Any:
        """The class that it is."""

    def own(self, value: Any) -> Any:
        """Make every array in a value the side's own kind of array."""


@dataclass(frozen=True)
class Refusal:
    """What both sides refuse: how it is asked for, the type of the error, its text.

    The class is called with `arguments`, or its class method `maker` is. If a `method`
    is named, it is what refuses what it is `given`.
    """

    error: type[Exception]
    text: str
    arguments: Mapping[str, Any] = field(default_factory=dict)
    method: str = ""
    given: Any = None
    maker: str = ""

    def __str__(self) -> str:
        return self.text

    def by(self, side: Refuses) -> tuple[type[Exception], str] | None:
        """Return the type and the text of what a side raises when asked for it."""
        return refusal(lambda: self.ask(side))

    def ask(self, side: Refuses) -> None:
        """Ask a side for it, with arrays of the side's own kind."""
        make = getattr(side.class_, self.maker) if self.maker else side.class_
        made = make(**side.own(self.arguments))
        if self.method:
            getattr(made, self.method)(side.own(self.given))


def refusal(call: Callable[[], Any]) -> tuple[type[Exception], str] | None:
    """Call, and return the type and the text of what is raised."""
    try:
        call()
    except Exception as error:
        return type(error), str(error)
    return None
