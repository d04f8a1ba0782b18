"""Ask an implementation, in its conventions, and read its answer in the reference's."""

from typing import Any

import numpy as np

from parity_tests.concept import Case
from parity_tests.kit.asking import Request
from parity_tests.kit.conventions import translated
from parity_tests.kit.implementation import Implementation
from parity_tests.kit.request import asked
from parity_tests.kit.verdict import Verdict
from parity_tests.kit.way_back import Named, asked_back, restored, trouble_with


class Departs(Exception):  # noqa: N818 - it says what happened
    """An answer is not what the reference gives, or breaks a law, or none came."""


class GaveUp(BaseException):
    """No answer will come; a `BaseException`, so that no smaller case is sought."""


class Dialogue:
    """Questions to one implementation; what it says on the side goes to the verdict.

    `answers` is true as long as it can be asked, and answers, on the way there.
    """

    def __init__(
        self, request: Request, implementation: Implementation, verdict: Verdict
    ):
        self.concept = request.concept
        self.conventions = request.conventions
        self.implementation = implementation
        self.verdict = verdict
        self.answers = True

    def ask(self, case: Case) -> dict[str, Any]:
        """Ask for what comes out of a case.

        Raises:
            Departs: there was no answer to this.
            GaveUp: it hangs, or ended its process, and would do so again.
        """
        try:
            answer = self.answer_to(self.request_of(case))
        except Departs:
            self.answers = False
            raise
        output = answer["output"]
        if output.dtype.kind == "f" and np.isnan(output).any():
            raise Departs("it returns NaN")
        return answer

    def ask_back(self, case: Case, grad_output: Any) -> Named:
        """Ask for the gradients of what went in; they come laid out as the reference's.

        Raises:
            Departs: there was no answer to this, or it has another form.
            GaveUp: it hangs, or ended its process, and would do so again.
        """
        request = self.request_of(case)
        gradients = self.answer_to(asked_back(request, grad_output))["gradients"]
        if trouble := trouble_with(request, gradients):
            raise Departs(f"it {trouble}")
        return restored(self.concept, self.conventions, case, gradients)

    def request_of(self, case: Case) -> dict[str, Any]:
        """Write a case as a request, in the conventions that are declared."""
        return translated(self.concept, self.conventions, asked(self.concept, case))

    def answer_to(self, request: dict[str, Any]) -> dict[str, Any]:
        """Pass a request on, and note that something was printed.

        Raises:
            Departs: there was no answer to this.
            GaveUp: there will be none to any other.
        """
        answer = self.implementation.ask(request)
        if answer.get("printed") and "it prints" not in self.verdict.remarks:
            self.verdict.remarks.append("it prints")
        if answer.get("final"):
            self.answers = False
            raise GaveUp(f"it {answer['trouble']}")
        if "trouble" in answer:
            raise Departs(f"it {answer['trouble']}")
        return answer
