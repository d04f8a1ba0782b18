"""What is asked of the kit: which implementation, of which pair, and how hard."""

import math
from dataclasses import dataclass

from parity_tests.contract.pair import Pair
from parity_tests.kit.abilities import abilities_of
from parity_tests.kit.conventions import conventions_of

DTYPES = (None, "float64", "float32")


@dataclass(frozen=True)
class Request:
    """What is to be checked, and how hard; `strict` is what is not tried an error.

    Raises:
        ValueError: the pair does not know an ability, a convention or a dtype, or no
            time is left.
    """

    pair: Pair
    target: str
    examples: int = 100
    seed: int = 0
    dtype: str | None = None
    supports: frozenset[str] = frozenset()
    conventions: tuple[str, ...] = ()
    time_limit: float = 10.0
    strict: bool = False

    def __post_init__(self) -> None:
        for kind, asked_for, known in (
            ("ability", self.supports, abilities_of(self.pair)),
            ("convention", self.conventions, conventions_of(self.pair)),
        ):
            if unknown := sorted(set(asked_for) - set(known)):
                raise ValueError(
                    f"{self.pair} knows no {kind} {', '.join(unknown)}; "
                    f"it knows {', '.join(sorted(known)) or 'none'}"
                )
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype must be float64 or float32, got {self.dtype}")
        if not 0 < self.time_limit < math.inf:
            limit = f"{self.time_limit:g}"
            raise ValueError(f"the time limit must be finite, above 0 s, got {limit}")

    @property
    def options(self) -> list[str]:
        """What the command line is given to ask so again, besides pair and case."""
        declared = ",".join(sorted(self.supports))
        return [
            f"--impl {self.target}",
            *([f"--supports {declared}"] if declared else []),
            *(f"--convention {name}" for name in self.conventions),
        ]


def listed(names: str) -> frozenset[str]:
    """Read names with commas between them.

    >>> sorted(listed("dropout, leading_axes,"))
    ['dropout', 'leading_axes']
    """
    return frozenset(filter(None, map(str.strip, names.split(","))))
