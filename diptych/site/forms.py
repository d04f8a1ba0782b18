"""The form: what a reader may choose, with the values of this run and the limits."""

from dataclasses import dataclass
from typing import Any

from diptych.reader.inputs import MOST_CHARACTERS, limits
from diptych.reader.reading import Reading

LABELS = {
    "corpus": "Learned from",
    "max_length": "Window",
    "d_in": "Channels in",
    "d_out": "Channels out",
    "num_heads": "Heads",
    "qkv_bias": "Bias",
    "dtype": "Numbers",
}


@dataclass(frozen=True)
class Field:
    """One choice of the form: what it is called, its kind, value and limits."""

    name: str
    kind: str
    value: Any
    least: Any = None
    most: Any = None
    step: str = "1"
    options: tuple[str, ...] = ()

    @property
    def label(self) -> str:
        """What the reader sees."""
        return LABELS.get(self.name, self.name.replace("_", " ").capitalize())


def form(reading: Reading) -> list[Field]:
    """List the choices that the pair takes, with the values of this run."""
    given = reading.input
    if given is None or given.text is None:
        return []
    text = Field("text", "text", given.text, most=MOST_CHARACTERS)
    fields = (
        field(name, value, given.options.get(name, ()))
        for name, value in given.chosen.items()
    )
    return sorted([text, *fields], key=lambda each: each.kind != "text")


def field(name: str, value: Any, options: tuple[str, ...]) -> Field:
    """Make the field of one choice, by the kind of its value."""
    if options:
        return Field(name, "choice", str(value), options=options)
    if isinstance(value, float):
        return Field(name, "number", value, 0, 0.9, "0.1")
    if isinstance(value, int):
        return Field(name, "number", value, *limits(name))
    return Field(name, "text", value, most=MOST_CHARACTERS)
