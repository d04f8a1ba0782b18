"""A convention that an implementation may declare; and is then checked by it.

The reference has one convention each. A request to an implementation of another one
is translated, so that the same thing is computed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis.strategies import SearchStrategy

from parity_tests.contract.case import Case

Request = dict[str, Any]
Cases = SearchStrategy[Case]


@dataclass(frozen=True)
class Convention:
    """A name, what it says, and how a request is translated.

    `cases` restricts the cases, for an implementation that cannot take them all.
    """

    name: str
    sentence: str
    translate: Callable[[Request], Request] = lambda request: request
    cases: Callable[[Cases], Cases] = lambda cases: cases


def not_empty(cases: Cases) -> Cases:
    """Draw cases with a text, and a token in it."""
    return cases.filter(lambda case: all(len(i.flat) for i in case.inputs.values()))


NOT_EMPTY = Convention(
    "not_empty", "there is a text, and a token in it", cases=not_empty
)
