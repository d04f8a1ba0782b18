"""What is asked of the kit: which code, held to what, and how hard."""

from dataclasses import dataclass

from parity_tests.concept import Concept
from parity_tests.kit.capabilities import capabilities_of
from parity_tests.kit.conventions import conventions_of

DTYPES = (None, "float64", "float32")


@dataclass(frozen=True)
class Request:
    """What is to be checked, and how hard."""

    concept: Concept
    target: str
    examples: int = 100
    seed: int = 0
    dtype: str | None = None
    supports: frozenset[str] = frozenset()
    conventions: tuple[str, ...] = ()
    time_limit: float = 10.0

    def __post_init__(self) -> None:
        """Refuse what the concept does not know.

        Raises:
            ValueError: a capability, a convention or a dtype is unknown.
        """
        for kind, asked_for, known in (
            ("capability", self.supports, capabilities_of(self.concept)),
            ("convention", self.conventions, conventions_of(self.concept)),
        ):
            if unknown := sorted(set(asked_for) - set(known)):
                raise ValueError(
                    f"{self.concept.name} knows no {kind} {', '.join(unknown)}; "
                    f"it knows {', '.join(sorted(known)) or 'none'}"
                )
        if self.dtype not in DTYPES:
            raise ValueError(f"dtype must be float64 or float32, got {self.dtype}")

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

    >>> sorted(listed("dropout, causal,"))
    ['causal', 'dropout']
    """
    return frozenset(filter(None, map(str.strip, names.split(","))))
