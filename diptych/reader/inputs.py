"""What a reader may choose, and within which limits."""

from dataclasses import dataclass

MOST_TOKENS, MOST_CHARACTERS = 12, 200
LIMITS = {
    "d_in": (1, 16),
    "d_out": (1, 16),
    "num_heads": (1, 8),
    "seed": (0, 2**32 - 1),
}


@dataclass(frozen=True)
class Choices:
    """What goes into a part; None leaves a choice to the concept.

    `corpus` is what a tokenizer learns from before it encodes `text`. `dropout` above
    0 runs a part as while training.
    """

    text: str | None = None
    corpus: str | None = None
    d_in: int = 3
    d_out: int | None = None
    num_heads: int = 2
    max_length: int = 4
    stride: int = 2
    seed: int = 0
    dropout: float = 0.0
    dtype: str = "float64"

    def refuse(self) -> None:
        """Refuse what is outside the limits.

        >>> Choices(d_in=40).refuse()
        Traceback (most recent call last):
        ValueError: d_in must be a whole number from 1 to 16, got 40

        Raises:
            ValueError: a choice is outside its limits.
        """
        for name, (least, most) in LIMITS.items():
            chosen = getattr(self, name)
            if chosen is not None and not (
                isinstance(chosen, int) and least <= chosen <= most
            ):
                raise ValueError(
                    f"{name} must be a whole number from {least} to {most}, "
                    f"got {chosen}"
                )
        if not 0 <= self.dropout < 1:
            raise ValueError(
                f"dropout must be at least 0 and below 1, got {self.dropout}"
            )
        if self.dtype not in ("float64", "float32"):
            raise ValueError(f"dtype must be float64 or float32, got {self.dtype}")


@dataclass(frozen=True)
class Preset:
    """A text to try, and why."""

    name: str
    text: str
    why: str


HOSTILE = Preset(
    "hostile",
    "<b>bold</b> \x1b[31mred \u202egnp.exe 👩‍👩‍👧 a\x00b",
    "mark-up, control characters and marks of direction are shown, not obeyed",
)

# The first of each group is what is shown unless the reader chooses.
PRESETS = {
    "tokenizers": (
        Preset("low, lower, lowest", "lowest and slowest", "words of known parts"),
        Preset("white space", "a  b\n\n\tc ", "white space counts"),
        Preset("other scripts", "naïve 東京 👍🏽", "characters of several bytes"),
        HOSTILE,
    ),
    "data": (
        Preset("a sentence", "the cat sat on the mat too", "equal words, equal ids"),
        Preset("too short", "the cat", "a text no longer than a window gives none"),
        HOSTILE,
    ),
    "attention": (
        Preset("a sentence", "the cat sat on the mat", "the same word stands twice"),
        Preset("one word", "alone", "a single token can only see itself"),
        Preset("all alike", "la la la la", "equal words get equal vectors"),
        HOSTILE,
    ),
}

CORPUS = "low low low low low, lower lower, newest newest newest, widest and slow."
