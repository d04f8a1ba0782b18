"""A named case of a pair: what it is, and why it is there."""

from dataclasses import dataclass

from parity_tests.contract.case import Case


@dataclass(frozen=True)
class Example:
    """A case with a name, a sentence on why it is there, and flags to choose by.

    Long texts go without steps, which would be too many to write down.
    """

    name: str
    case: Case
    comment: str
    flags: tuple[str, ...] = ()
    with_steps: bool = True
