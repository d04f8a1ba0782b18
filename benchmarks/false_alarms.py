"""How often each rule rejects right code: the forms of parity_tests/kit/right_forms."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import islice

from benchmarks.detection import of_torch
from benchmarks.drawn import DTYPES, MULTI_HEAD, draw_all_scales
from benchmarks.rules import OURS, RULES, Array
from benchmarks.tables import SEPARATOR, written
from parity_tests.kit.right_forms import Form, all_forms
from parity_tests.kit.right_forms.trial import Trial
from parity_tests.lockstep.forward import compare_forward
from parity_tests.lockstep.gradients import compare_gradients

GRADIENTS, WORST = "gradients, ours", "worst error"


@dataclass
class Tally:
    """What one form has come to so far: alarms by rule, and the worst errors."""

    n_cases: int = 0
    alarms: Counter[str] = field(default_factory=Counter)
    worst: float = 0.0
    worst_gradient: float = 0.0

    def add(self, form: Form, trial: Trial, right: Array) -> None:
        """Run the form in one more case; `right` is what PyTorch gives."""
        self.n_cases += 1
        actual = trial.output(form)
        agreement = trial.result.judge(actual)
        self.worst = max(self.worst, agreement.error)
        self.alarms[OURS] += not agreement.holds
        for name, accepts in RULES.items():
            self.alarms[name] += not accepts(right, actual)
        if form.gradients:
            judged = trial.judged_backward(form).values()
            self.worst_gradient = max(
                self.worst_gradient, *(each.error for each in judged)
            )
            self.alarms[GRADIENTS] += not all(each.holds for each in judged)


def tallied(dtype: str, n_cases: int) -> dict[str, Tally]:
    """Try every form in so many cases for which it is right."""
    forms = all_forms()
    tallies = {form.title: Tally() for form in forms}
    for case in draw_all_scales(dtype):
        forms = [form for form in forms if tallies[form.title].n_cases < n_cases]
        if not forms:
            break
        trial = Trial(MULTI_HEAD, case)
        if suited := [form for form in forms if trial.suits(form)]:
            right = of_torch(case)
            for form in suited:
                tallies[form.title].add(form, trial, right)
    return tallies


def false_alarms(n_cases: int) -> str:
    """Write a row for each form, with the numbers of both dtypes in each cell."""
    of_dtypes = [tallied(dtype, n_cases) for dtype in DTYPES]
    rows = []
    for form in all_forms():
        both = [tallies[form.title] for tallies in of_dtypes]
        cells = [[str(t.alarms[name]) for t in both] for name in (OURS, *RULES)]
        cells.append([f"{t.worst:.2f}" for t in both])
        if form.gradients:
            cells.append([str(t.alarms[GRADIENTS]) for t in both])
            cells.append([f"{t.worst_gradient:.2f}" for t in both])
        rows.append([form.title, *map(SEPARATOR.join, cells)])
        rows[-1] += [""] * (2 * (not form.gradients))
    title = f"alarms in {n_cases:,} right cases, {SEPARATOR.join(DTYPES)}"
    return written([title, OURS, *RULES, WORST, GRADIENTS, WORST], rows)


def at_every_step(n_cases: int) -> str:
    """Write how the two backends compare step by step."""
    rows = []
    for name, compared in (
        ("every step", compare_forward),
        ("gradients of every step", compare_gradients),
    ):
        counts, worst = [], []
        for dtype in DTYPES:
            found = [
                compared(MULTI_HEAD, case)
                for case in islice(draw_all_scales(dtype), n_cases)
            ]
            counts.append(str(sum(f.first_difference is not None for f in found)))
            worst.append(f"{max(f.error for f in found):.2f}")
        rows.append([name, SEPARATOR.join(counts), SEPARATOR.join(worst)])
    title = f"reference and torch_impl in {n_cases:,} cases, {SEPARATOR.join(DTYPES)}"
    return written([title, OURS, WORST], rows)
