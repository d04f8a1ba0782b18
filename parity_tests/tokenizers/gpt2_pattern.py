r"""GPT-2's pattern for Python's own `re`, which has no `\p{L}` and another `\s`.

The classes are written out from the table of the reference, which is held against
tiktoken's engine; any other engine would have letters of another Unicode version.
"""

import re
from itertools import groupby

from reference.tokenizers.character_classes import class_table


def ranges(number: int) -> str:
    """Write the code points of a class as the inside of `[…]`."""
    places = [p for p, n in enumerate(class_table().tolist()) if n == number]
    runs = [[p for _, p in run] for _, run in groupby(enumerate(places), key=steady)]
    return "".join(f"\\U{run[0]:08x}-\\U{run[-1]:08x}" for run in runs)


def steady(numbered: tuple[int, int]) -> int:
    """Return what does not change within a run of places."""
    number, place = numbered
    return place - number


LETTER, NUMBER, SPACE = (ranges(number) for number in (1, 2, 3))
GPT2 = re.compile(
    f"'(?:[sdmt]|ll|ve|re)| ?[{LETTER}]+| ?[{NUMBER}]+| ?[^{SPACE}{LETTER}{NUMBER}]+"
    f"|[{SPACE}]+(?![^{SPACE}])|[{SPACE}]+"
)
