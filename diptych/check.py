"""Run pairs on real text, forward and backward, and report the outcome."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import torch
from rich.console import Console
from rich.progress import Progress

from parity_tests.catalogue import load
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.contract.pinned import Pinned, command_for
from parity_tests.lockstep.comparison import Compared, Comparison
from parity_tests.lockstep.forward import compare_forward
from parity_tests.lockstep.gradients import compare_gradients
from parity_tests.text.sample_text import jargon_file

Cases = Iterable[tuple[str, Case]]
NOTHING = Comparison((), 0, None)


@dataclass(frozen=True)
class Checked:
    """One pair on one text: what was run, and what the comparison found.

    `gradients` says that it was run backward too, and that the gradients were compared.
    Where it could not be run, `reason` says why.
    """

    path: str
    what: str = ""
    gradients: bool = False
    comparison: Comparison = NOTHING
    reason: str = ""

    @property
    def difference(self) -> Compared | None:
        """The first quantity that differs."""
        return self.comparison.first_difference

    @property
    def verdict(self) -> str:
        """Whether the backends agree, in one word."""
        if self.reason:
            return "not run"
        return "differs" if self.difference else "agrees"

    @property
    def dtype(self) -> str:
        """The dtype of the last array of numbers that was compared."""
        dtypes = (each.agreement.dtype for each in reversed(self.comparison.quantities))
        return next((each for each in dtypes if each.endswith(("64", "32"))), "none")

    def as_dict(self) -> dict[str, Any]:
        """Return the outcome in plain values."""
        return {
            "pair": self.path,
            "what": self.what,
            "gradients": self.gradients,
            "steps": self.comparison.n_steps,
            "quantities": len(self.comparison.quantities),
            "difference": self.comparison.difference,
            "error": self.comparison.error,
            "dtype": self.dtype,
            "agrees": self.verdict == "agrees",
            "first_difference": str(self.difference) if self.difference else None,
            "not_run": self.reason or None,
        }


def run_checks(
    paths: Iterable[str],
    text: str | None,
    seed: int,
    only_gradients: bool = False,
    quiet: bool = False,
) -> list[Checked]:
    """Run every pair on `text`, the Jargon File by default, showing the progress."""
    torch.set_num_threads(1)  # waiting for each other costs more than it gives
    text = jargon_file() if text is None else text
    console = Console(stderr=True, quiet=quiet)
    checked: list[Checked] = []
    with Progress(console=console, transient=True) as progress:
        paths = list(paths)
        bar = progress.add_task("", total=len(paths))
        for path in paths:
            progress.update(bar, description=path)
            checked += run_pair(
                path, lambda pair: pair.on_text(text, seed), only_gradients
            )
            progress.advance(bar)
    return checked


def run_pinned(
    paths: Iterable[str], pinned: Iterable[Pinned], only_gradients: bool = False
) -> list[Checked]:
    """Run just the cases of a file that are of these pairs."""
    entries = list(pinned)
    checked: list[Checked] = []
    for path in paths:
        of_pair = [
            (entry.reason or "a case of the file", entry.case)
            for entry in entries
            if entry.pair == path
        ]
        if of_pair:
            checked += run_pair(path, lambda pair: of_pair, only_gradients)  # noqa: B023
    return checked


def run_pair(
    path: str, cases: Callable[[Pair], Cases], only_gradients: bool
) -> Iterator[Checked]:
    """Run the cases of one pair; where something raises, that is the outcome."""
    try:
        pair = load(path)
        if only_gradients and not pair.has_gradients:
            return
        for what, case in cases(pair):
            yield from run_case(pair, what, case, only_gradients)
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"
        yield Checked(path, reason=reason)


def run_case(
    pair: Pair, what: str, case: Case, only_gradients: bool
) -> Iterator[Checked]:
    """Run a case forward, and backward where the pair has gradients.

    Where the forward pass differs, the gradients have nothing to add.
    """
    if not only_gradients:
        comparison = with_command(compare_forward(pair, case), pair, case)
        forward = Checked(pair.path, what, False, comparison)
        yield forward
        if forward.difference:
            return
    if pair.has_gradients:
        comparison = compare_gradients(pair, case)
        comparison = with_command(comparison, pair, case, "--gradients")
        yield Checked(pair.path, what, True, comparison)


def with_command(
    comparison: Comparison, pair: Pair, case: Case, *options: str
) -> Comparison:
    """Let the first difference name the command that reproduces it."""
    first = comparison.first_difference
    if first is None:
        return comparison
    first = replace(first, command=command_for(pair.path, case, *options))
    return replace(comparison, first_difference=first)
