"""What a reader may choose, and within which limits."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MOST_TOKENS, MOST_CHARACTERS = 12, 200
LARGEST_SIZE, LARGEST_SEED = 16, 2**32 - 1


@dataclass(frozen=True)
class Choices:
    """What goes into a part: a text or the name of an example, and other choices.

    None leaves the text to the reader; `others` are by name, as the pair offers them.
    """

    text: str | None = None
    others: Mapping[str, Any] = field(default_factory=dict)
    example: str = ""


def completed(chosen: Mapping[str, Any], offered: Mapping[str, Any]) -> dict[str, Any]:
    """Complete what was chosen by what is offered, after a check of every choice.

    >>> completed({"seed": "3"}, {"d_in": 2, "seed": 0})
    {'d_in': 2, 'seed': 3}
    >>> completed({"d_in": 40}, {"d_in": 2})
    Traceback (most recent call last):
    ValueError: d_in must be an integer from 1 to 16, got 40

    Raises:
        ValueError: a choice is not offered, or is outside its limits.
    """
    for name in chosen:
        if name not in offered:
            known = ", ".join(offered) or "none"
            raise ValueError(f"there is no choice called {name!r}; there are: {known}")
    return {
        name: checked(name, chosen.get(name, begin), begin)
        for name, begin in offered.items()
    }


def checked(name: str, value: Any, begin: Any) -> Any:
    """Read one choice as the kind that it begins with, and check its limits."""
    if isinstance(begin, tuple):
        return begin[0] if value is begin else check_option(name, value, begin)
    if isinstance(begin, float):
        return check_probability(name, value)
    if isinstance(begin, int):
        return check_integer(name, value, *limits(name))
    return str(value)[:MOST_CHARACTERS]


def check_option(name: str, value: Any, options: tuple[Any, ...]) -> Any:
    """Check that a choice is one of a few.

    >>> check_option("bias", "True", (False, True))
    True
    """
    known = {str(option): option for option in options}
    if str(value) not in known:
        raise ValueError(f"{name} must be {' or '.join(known)}, got {value!s:.20}")
    return known[str(value)]


def limits(name: str) -> tuple[int, int]:
    """Return the least and the largest integer that may be chosen."""
    return (0, LARGEST_SEED) if name == "seed" else (1, LARGEST_SIZE)


def check_integer(name: str, value: Any, least: int, most: int) -> int:
    """Check that a choice is an integer between two others."""
    written = str(value)
    is_integer = written.removeprefix("-").isdecimal() and len(written) < 20
    if not is_integer or not least <= int(written) <= most:
        rule = f"an integer from {least} to {most}"
        raise ValueError(f"{name} must be {rule}, got {written:.20}")
    return int(written)


def check_probability(name: str, value: Any) -> float:
    """Check that a choice is at least 0 and below 1."""
    try:
        number = float(value)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1:
        raise ValueError(f"{name} must be at least 0 and below 1, got {value!s:.20}")
    return number


@dataclass(frozen=True)
class Preset:
    """A text to try, and why."""

    name: str
    text: str
    why: str


ADVERSARIAL = Preset(
    "adversarial",
    "<b>bold</b> \x1b[31mred \u202egnp.exe 👩‍👩‍👧 a\x00b",
    "mark-up, control characters and marks of direction are shown, not obeyed",
)

# The first of each is what is shown unless the reader chooses.
OF_WORDS = (
    Preset("a sentence", "the cat sat on the mat", "the same word comes twice"),
    Preset("one word", "alone", "a single token, which has no other before it"),
    Preset("repeated token", "la la la la", "equal words are equal tokens"),
    ADVERSARIAL,
)
OF_CHARACTERS = (
    Preset("low, lower, lowest", "lowest and slowest", "words of known parts"),
    Preset("white space", "a  b\n\n\tc ", "white space counts"),
    Preset("other scripts", "naïve 東京 👍🏽", "characters of several bytes"),
    ADVERSARIAL,
)


def presets(by_word: bool) -> tuple[Preset, ...]:
    """List the texts to try with a pair."""
    return OF_WORDS if by_word else OF_CHARACTERS


def words_of(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Split a text at white space, and say so if there are too many words.

    Raises:
        ValueError: there is no word.
    """
    words = text.split()
    if not words:
        raise ValueError("the text has no words; one is needed at least")
    remark = f"The first {MOST_TOKENS} of {len(words):,} words are shown."
    remarks = (remark,) if len(words) > MOST_TOKENS else ()
    return tuple(words[:MOST_TOKENS]), remarks


def characters_of(text: str) -> tuple[str, tuple[str, ...]]:
    """Cut a text, and say so if it is too long."""
    remark = f"The first {MOST_CHARACTERS} of {len(text):,} characters are read."
    return text[:MOST_CHARACTERS], (remark,) if len(text) > MOST_CHARACTERS else ()
