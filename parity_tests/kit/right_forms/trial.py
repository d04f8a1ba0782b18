"""A case on which forms are tried: what is expected of it is measured once for all."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from parity_tests.contract.agreement import Agreement
from parity_tests.contract.backend import unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.kit.arrays import request
from parity_tests.kit.faults.multi_head import Array, MultiHead, Named
from parity_tests.kit.gradients import asked_backward
from parity_tests.kit.right_forms import Form
from parity_tests.rounding.expected import (
    ExpectedBackward,
    ExpectedResult,
    expected_gradients,
    expected_result,
)


class LargestScore(MultiHead):
    """The largest |score| of a case, in the place of its output."""

    def finished(self, output: Array) -> Array:
        """Score once more, without the mask."""
        scores = self.scores(self.queries, self.keys)
        return np.abs(scores).max(initial=0.0)


@dataclass(frozen=True, eq=False)
class Trial:
    """A case as forms are given it; what is expected is measured when it is needed."""

    pair: Pair
    case: Case

    @cached_property
    def request(self) -> Named:
        """The case as arrays by name."""
        return request(self.pair, self.case)

    @cached_property
    def backward_request(self) -> Named:
        """The same with the gradient of the output."""
        grad_output = self.gradients.backward.grad_output
        return asked_backward(self.request, grad_output.astype(self.case.dtype))

    @cached_property
    def result(self) -> ExpectedResult:
        """What is expected to come out."""
        return expected_result(self.pair, self.case)

    @cached_property
    def gradients(self) -> ExpectedBackward:
        """What is expected of a backward pass."""
        return expected_gradients(self.pair, self.case)

    @cached_property
    def largest_score(self) -> float:
        """The largest |score|."""
        return float(LargestScore(*arguments(self.request)))

    def suits(self, form: Form) -> bool:
        """Whether the form is right for this case, and fast enough."""
        return form.takes(self.case.inputs["x"].shape[-2], self.largest_score)

    def output(self, form: Form) -> Any:
        """Run a form forward."""
        return called(form, self.request)

    def judged_backward(self, form: Form) -> dict[str, Agreement]:
        """Run a form backward, and compare the gradients of what went in."""
        return self.gradients.judge(called(form, self.backward_request))

    def differences(self, form: Form) -> list[str]:
        """Run a form in all that it can do, and say where it is not accepted."""
        found = {"output": self.result.judge(self.output(form))}
        if form.gradients:
            found |= self.judged_backward(form)
        return [f"{n}: {a.reason}" for n, a in found.items() if not a.holds]


def called(form: Form, asked: Named) -> Any:
    """Call a form as an implementation is called."""
    with unchecked(), np.errstate(all="ignore"):
        return form.run(*arguments(asked))


def arguments(asked: Named) -> tuple[Any, Any, Any]:
    """Return what an implementation is called with."""
    return asked["inputs"], asked["parameters"], asked["config"]
