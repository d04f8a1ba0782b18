"""How cases cross to an implementation under test, where arrays by name will not do."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from parity_tests.contract.agreement import Agreement
from parity_tests.contract.case import Case
from parity_tests.contract.convention import Cases, Request


@dataclass(frozen=True)
class Adapter:
    """How the kit asks an implementation of a pair, and how it reads the answer.

    `request(pair, case)` is what crosses to the process of the implementation: plain
    values and arrays. `worker` names, as `module:name`, the function of implementation
    and request that is run there; its module must import quickly.
    `answer(pair, case, part)` is what the reference, or a part in its form, would
    answer, and `judge(pair, case, answer)` compares an answer with the reference's.
    `cases` changes those of the pair, for what implementations need not agree on.
    """

    worker: str
    request: Callable[[Any, Case], Request]
    answer: Callable[[Any, Case, Any], Any]
    judge: Callable[[Any, Case, Any], Agreement]
    cases: Callable[[Cases], Cases] = lambda cases: cases
