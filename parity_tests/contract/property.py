"""A property: a sentence that must hold on each backend alone, and its check."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from hypothesis.strategies import SearchStrategy

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.shown import Shown

NAMES = {"pytorch": "PyTorch", "torch": "PyTorch", "numpy": "NumPy", "gpt2": "GPT-2"}


class Implementation(Protocol):
    """What a property may do with an implementation, whoever wrote it."""

    def __call__(self, case: Case) -> Any:
        """Run a case and return what comes out."""

    def rounding(self, case: Case) -> float:
        """Return the rounding unit of what comes out."""

    def repeatability(self, case: Case) -> float:
        """Return how far two runs of the same thing may differ."""


@dataclass(frozen=True, repr=False)
class Property(Shown):
    """A sentence that holds on each backend alone: two can share a misreading.

    `check(implementation, case)` says how well what the property says and what the
    implementation gives agree. It has `cases` of its own where those of the pair will
    not do, such as those of a neighbour to which it is a bridge. A property `for_all`
    binds every implementation: it looks at nothing but what goes in and comes out, and
    changes no parameters.
    """

    check: Callable[[Any, Case], Agreement]
    cases: SearchStrategy[Case] | None = None
    for_all: bool = False

    @property
    def sentence(self) -> str:
        """What the property says."""
        return sentence_of(self.check.__name__)

    def __str__(self) -> str:
        return self.sentence


def sentence_of(name: str) -> str:
    """Turn the name of a property, or of a test, into the sentence that it is.

    >>> sentence_of("a_masked_key_has_no_influence")
    'a masked key has no influence'
    >>> sentence_of("test_it_is_pytorchs_embedding_twice")
    'it is PyTorch’s embedding twice'
    """
    words = []
    for word in name.removeprefix("test_").split("_"):
        whole, owner = NAMES.get(word), NAMES.get(word.removesuffix("s"))
        words.append(whole or (f"{owner}’s" if owner else word))
    return " ".join(words)


def the_same_input_gives_the_same_result(
    implementation: Implementation, case: Case
) -> Agreement:
    """Nothing is remembered from one call to the next."""
    unit = implementation.repeatability(case)
    return compare(implementation(case), implementation(case), unit)


REPEATABLE = Property(the_same_input_gives_the_same_result, for_all=True)
