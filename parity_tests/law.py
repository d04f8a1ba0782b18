"""A law: a sentence that holds on each side alone, and how to check it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from hypothesis.strategies import SearchStrategy

from parity_tests.agreement import Agreement, compare
from parity_tests.case import Case
from parity_tests.shown import Shown

NAMES = {"pytorch": "PyTorch", "torch": "PyTorch", "numpy": "NumPy", "gpt2": "GPT-2"}


class Asked(Protocol):
    """What a law for all may do with an implementation, whoever wrote it."""

    def __call__(self, case: Case) -> Any:
        """Run a case and return what comes out."""

    def repeatability(self, case: Case) -> float:
        """How far two runs of the same thing may lie apart."""


@dataclass(frozen=True, repr=False)
class Law(Shown):
    """A sentence that holds on each side alone: two sides can share a misreading.

    `check(side, case)` says how well what the law says and what the side gives agree.
    It has `cases` of its own where those of the concept will not do, such as those of
    a neighbour to which it is a bridge. A law `for_all` binds every implementation: it
    looks at nothing but what goes in and comes out, and changes no weights.
    """

    check: Callable[[Any, Case], Agreement]
    cases: SearchStrategy[Case] | None = None
    for_all: bool = False

    @property
    def sentence(self) -> str:
        """What the law says."""
        return sentence_of(self.check.__name__)

    def __str__(self) -> str:
        return self.sentence


def sentence_of(name: str) -> str:
    """Turn the name of a law, or of a test, into the sentence that it is.

    >>> sentence_of("a_hidden_key_has_no_influence")
    'a hidden key has no influence'
    >>> sentence_of("test_it_is_pytorchs_embedding_twice")
    'it is PyTorch’s embedding twice'
    """
    words = []
    for word in name.removeprefix("test_").split("_"):
        whole, owner = NAMES.get(word), NAMES.get(word.removesuffix("s"))
        words.append(whole or (f"{owner}’s" if owner else word))
    return " ".join(words)


def the_same_input_gives_the_same_result(side: Asked, case: Case) -> Agreement:
    """Nothing is remembered from one call to the next."""
    return compare(side(case), side(case), side.repeatability(case))


REPEATABLE = Law(the_same_input_gives_the_same_result, for_all=True)
