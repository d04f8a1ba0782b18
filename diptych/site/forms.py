"""The form: which choices a pair takes, with their values and limits."""

from dataclasses import dataclass
from typing import Any

from diptych.reader.inputs import LIMITS, MOST_CHARACTERS
from diptych.reader.reading import Reading

LABELS = {
    "text": "Text",
    "corpus": "Learned from",
    "max_length": "Window",
    "stride": "Stride",
    "d_in": "Channels in",
    "d_out": "Channels out",
    "num_heads": "Heads",
    "dropout": "Dropout",
    "seed": "Seed",
    "dtype": "Numbers",
}
SIZES = ("d_in", "d_out", "num_heads", "max_length", "stride")


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
    if reading.input is None or reading.agreement is None:
        return []
    config, choices = reading.input.config, reading.input.choices
    inputs = [Field("text", "text", reading.input.text, most=MOST_CHARACTERS)]
    if reading.group == "tokenizers":
        inputs.append(
            Field("corpus", "text", reading.input.corpus, most=MOST_CHARACTERS)
        )
    floats = reading.agreement.dtype.startswith("float")
    names = [name for name in SIZES if name in config]
    names += ["d_in", "seed"] if floats else []
    for name in dict.fromkeys(sorted(names, key=list(LABELS).index)):
        least, most = LIMITS.get(name, (1, None))
        value = config.get(name, getattr(choices, name))
        inputs.append(Field(name, "number", value, least, most))
    if "dropout" in config:
        inputs.append(Field("dropout", "number", choices.dropout, 0, 0.9, "0.1"))
    if floats:
        both = ("float64", "float32")
        inputs.append(Field("dtype", "choice", choices.dtype, options=both))
    return inputs
