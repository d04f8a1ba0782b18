"""A convention that an implementation may declare; and is then checked by it.

The reference has one convention each. A request to an implementation of another one
is translated, so that the same thing is computed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from hypothesis.strategies import SearchStrategy

from parity_tests.contract.case import Case

Request = dict[str, Any]
Cases = SearchStrategy[Case]


@dataclass(frozen=True)
class Convention:
    """A name, what it says, and how a request is translated.

    For an implementation that cannot take all cases `cases` restricts those that are
    drawn, and `fitted` changes a fixed one, or returns None if that cannot be.
    """

    name: str
    sentence: str
    translate: Callable[[Request], Request] = lambda request: request
    cases: Callable[[Cases], Cases] = lambda cases: cases
    fitted: Callable[[Case], Case | None] = lambda case: case


def is_not_empty(case: Case) -> bool:
    """Whether there is a text, and a token in it."""
    arrays = (each for each in case.inputs.values() if isinstance(each, np.ndarray))
    return all(array.size for array in arrays)


NOT_EMPTY = Convention(
    "not_empty",
    "there is a text, and a token in it",
    cases=lambda cases: cases.filter(is_not_empty),
    fitted=lambda case: case if is_not_empty(case) else None,
)
