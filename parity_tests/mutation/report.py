"""The result of mutation testing as a table, and what is wrong with it."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from parity_tests.mutation.mutants import Change, Mutant
from parity_tests.mutation.rules import is_equivalent

COLUMNS = ("mutants", "killed", "timeout", "equivalent", "survived", "untried")


@dataclass(frozen=True)
class Report:
    """How often each ending came in each folder, and what must not be.

    `survivors` are changes that no test rejects and that no rule and no list excuses;
    `stale` are listed as equivalent though a test rejects them, or a rule names them,
    or mutmut does not make them any more.
    """

    counts: dict[str, Counter[str]]
    survivors: list[Change]
    stale: list[Change]

    @property
    def total(self) -> Counter[str]:
        """The counts of all folders."""
        return sum(self.counts.values(), Counter())

    @property
    def good(self) -> bool:
        """Whether every change was tried and is rejected or rightly listed."""
        return not (self.survivors or self.stale or self.total["untried"])


def summarize(mutants: Sequence[Mutant], listed: Collection[Change]) -> Report:
    """Compare what survived with rules and list; the list must be exact."""
    counts: dict[str, Counter[str]] = {}
    survivors, needed = [], set()
    for mutant in mutants:
        change, survived = mutant.change, mutant.ending == "survived"
        by_rule = survived and is_equivalent(change.was, change.now)
        excused = by_rule or (survived and change in listed)
        column = "equivalent" if excused else mutant.ending
        if (survived and not by_rule) or mutant.ending == "untried":
            needed.add(change)
        folder = PurePath(mutant.change.file).parent.as_posix()
        counts.setdefault(folder, Counter()).update(["mutants", column])
        if column == "survived":
            survivors.append(mutant.change)
    return Report(counts, survivors, sorted(set(listed) - needed))


def render(report: Report) -> str:
    """Write the report: the table, what is wrong, and the sentence that sums it up."""
    lines = [f"{'':24}" + "".join(f"{name:>12}" for name in COLUMNS)]
    for folder, counts in [*report.counts.items(), ("all", report.total)]:
        numbers = "".join(f"{counts[name]:12,}" for name in COLUMNS)
        lines.append(f"{folder:24}{numbers}")
    stale = "listed as equivalent, but rejected, named by a rule, or gone:"
    wrong = [("no test rejects this change:", each) for each in report.survivors]
    for what, change in [*wrong, *((stale, each) for each in report.stale)]:
        lines += ["", what, f"  {change.file}: {change.function}"]
        lines += [f"  - {change.was}", f"  + {change.now}"]
    return "\n".join([*lines, "", sentence(report.total)])


def sentence(total: Counter[str]) -> str:
    """Say in one sentence how many changes were rejected.

    >>> sentence(Counter(mutants=1000, killed=985, timeout=4, equivalent=10))
    'Of 1,000 changes 10 are equivalent; of the 990 others 989 are rejected: 99.9 %.'
    """
    others = total["mutants"] - total["equivalent"]
    rejected = total["killed"] + total["timeout"]
    percent = f"{100 * rejected / others:.4g} %" if others else "none"
    return (
        f"Of {total['mutants']:,} changes {total['equivalent']:,} are equivalent; "
        f"of the {others:,} others {rejected:,} are rejected: {percent}."
    )
