"""Run pairs on real text, there and back again, and tell the outcome."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from parity_tests.case import Case
from parity_tests.concept import Concept
from parity_tests.gradients import compare_gradients
from parity_tests.lockstep import Comparison
from parity_tests.pinned import Pinned
from parity_tests.sample_text import jargon_file


@dataclass(frozen=True)
class Checked:
    """One pair on one text: what was run, and what the comparison found.

    `gradients` says that it was run back again, and that the gradients were compared.
    """

    concept: Concept
    what: str
    comparison: Comparison
    gradients: bool = False

    @property
    def agrees(self) -> bool:
        """Whether no step departed."""
        return self.comparison.departure is None

    @property
    def dtype(self) -> str:
        """The dtype of the last array of numbers that was compared."""
        dtypes = (each.agreement.dtype for each in reversed(self.comparison.quantities))
        return next((each for each in dtypes if each.endswith(("64", "32"))), "none")

    def as_dict(self) -> dict[str, Any]:
        """Say the outcome in plain values."""
        departure = self.comparison.departure
        return {
            "pair": self.concept.path,
            "what": self.what,
            "gradients": self.gradients,
            "steps": self.comparison.n_steps,
            "quantities": len(self.comparison.quantities),
            "difference": self.comparison.difference,
            "score": self.comparison.score,
            "dtype": self.dtype,
            "agrees": self.agrees,
            "departure": str(departure) if departure else None,
        }


def run_checks(
    concepts: Iterable[Concept],
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
        concepts = list(concepts)
        bar = progress.add_task("", total=len(concepts))
        for concept in concepts:
            progress.update(bar, description=concept.path)
            for what, case in concept.on_text(text, seed):
                checked += run_case(concept, what, case, only_gradients)
            progress.advance(bar)
    return checked


def run_pinned(
    concepts: Iterable[Concept],
    pinned: Iterable[Pinned],
    only_gradients: bool = False,
) -> list[Checked]:
    """Run just the cases that are kept for these pairs."""
    return [
        outcome
        for concept in concepts
        for entry in pinned
        if entry.concept == concept.path
        for outcome in run_case(
            concept, entry.reason or "a kept case", entry.case, only_gradients
        )
    ]


def run_case(
    concept: Concept, what: str, case: Case, only_gradients: bool
) -> Iterator[Checked]:
    """Run a case there, and back again where the pair has gradients.

    Where the way there departs, the way back has nothing to add.
    """
    if not only_gradients:
        there = Checked(concept, what, concept.compare(case))
        yield there
        if not there.agrees:
            return
    if concept.has_gradients:
        yield Checked(concept, what, compare_gradients(concept, case), gradients=True)


def report(checked: list[Checked], console: Console | None = None) -> None:
    """Print tables of the outcomes, and each departure in full below them."""
    console = console or Console()
    there = [each for each in checked if not each.gradients]
    back = [each for each in checked if each.gradients]
    if there:
        console.print(table_of(there))
    if back:
        console.print("\nAnd back again: gradients by hand beside autograd's\n")
        console.print(table_of(back))
    for each in checked:
        if each.comparison.departure:
            departure = f"\n{each.comparison.departure}"
            console.print(departure, markup=False, soft_wrap=True)  # to be copied


def table_of(checked: list[Checked]) -> Table:
    """Lay out outcomes, one a row."""
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=0)
    for header in ("pair", "what was run"):
        table.add_column(header, no_wrap=True)
    for header in ("steps", "largest\ndifference", "score"):
        table.add_column(header, justify="right", no_wrap=True)
    for header in ("dtype", "verdict"):
        table.add_column(header, no_wrap=True)
    group = ""
    for each in checked:
        if each.concept.group != group:
            group = each.concept.group
            table.add_section()
        difference, score = each.comparison.difference, each.comparison.score
        table.add_row(
            each.concept.name,
            each.what,
            f"{each.comparison.n_steps:,}",
            f"{difference:.1e}" if difference else "0",
            f"{score:.2f}" if score < 100 else f"{score:.0e}",
            each.dtype,
            "[green]agrees[/]" if each.agrees else "[bold red]departs[/]",
        )
    return table
