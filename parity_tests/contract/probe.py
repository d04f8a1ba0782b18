"""A fixed case that every check tries, whatever is drawn beside it."""

from dataclasses import dataclass

from parity_tests.contract.case import Case


@dataclass(frozen=True, eq=False)
class Probe:
    """A case, and in one sentence the rule or the size that it tries.

    One whose numbers are for `own_dtype` alone is not tried in another.
    """

    rule: str
    case: Case
    own_dtype: bool = False
