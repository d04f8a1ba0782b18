"""Ask an implementation, in its conventions, and read its answer in the reference's."""

from hashlib import sha256
from typing import Any

from parity_tests.contract import border
from parity_tests.contract.agreement import compare
from parity_tests.contract.case import Case
from parity_tests.contract.convention import Request as Asked
from parity_tests.kit.arrays import adapter_of
from parity_tests.kit.asking import Request
from parity_tests.kit.conventions import translated
from parity_tests.kit.gradients import Named, asked_backward, restored, wrong_form
from parity_tests.kit.process import Process
from parity_tests.kit.scripts import Script
from parity_tests.kit.verdict import Verdict

Answer = dict[str, Any]
RUN_SESSION = "parity_tests.kit.session:run_session"
BACKWARD_IN_TURN = "parity_tests.kit.session:run_backward_in_turn"
N_REMEMBERED = 2000  # answers, to notice that one is not repeated
UNREPEATABLE = "it gives different results for the same input"


class Differs(Exception):  # noqa: N818 - it says what happened
    """An answer is not the reference's, or breaks a property, or none came."""


class GaveUp(BaseException):
    """No answer will come; a `BaseException`, so that no smaller case is sought."""


class Dialogue:
    """Questions to one implementation; what it prints is a remark of the verdict.

    `answers` is true as long as it can be asked, and answers, in the forward pass.
    `unequal` has two answers to one question, once there were such.
    """

    def __init__(self, request: Request, process: Process, verdict: Verdict):
        self.pair = request.pair
        self.conventions = request.conventions
        self.process = process
        self.verdict = verdict
        self.answers = True
        self.given: dict[bytes, Answer] = {}
        self.unequal: tuple[Answer, Answer] | None = None

    def ask(self, case: Case) -> Any:
        """Ask for what comes out of a case.

        Raises:
            Differs: there was no answer to this.
            GaveUp: it hangs, or ended its process, and would do so again.
        """
        try:
            return self.answer_to(self.request_of(case))["output"]
        except Differs:
            self.answers = False
            raise

    def fresh(self, case: Case) -> Answer:
        """Return the answer of a new object, or what went wrong with it.

        Raises:
            GaveUp: it hangs, or ended its process, and would do so again.
        """
        try:
            return {"output": self.answer_to(self.request_of(case))["output"]}
        except Differs as difference:
            return {"trouble": str(difference).removeprefix("it ")}

    def ask_backward(self, case: Case, grad_output: Any) -> Named:
        """Ask for the gradients of what went in; they come laid out as the reference's.

        Raises:
            Differs: there was no answer to this, or it has another form.
            GaveUp: it hangs, or ended its process, and would do so again.
        """
        asked = asked_backward(self.request_of(case), grad_output)
        return self.gradients_in(self.answer_to(asked), case)

    def gradients_in(self, answer: Answer, case: Case) -> Named:
        """Read gradients by name, laid out as the reference's.

        Raises:
            Differs: they are none, or have another form.
        """
        if "trouble" in answer:
            raise Differs(f"it {answer['trouble']}")
        gradients = answer["gradients"]
        if wrong := wrong_form(case, self.request_of(case), gradients):
            raise Differs(f"it {wrong}")
        return restored(self.pair, self.conventions, case, gradients)

    def in_session(self, script: Script, seconds: float) -> Answer:
        """Make the calls of a script, on objects that are kept; stop after a time.

        Raises:
            Differs: it changes what it is given.
            GaveUp: it hangs, or ended its process, and would do so again.
        """
        cases = list(dict.fromkeys(call.case for call in script.calls))
        requests = [self.request_of(case) for case in cases]
        asked = {
            "worker": RUN_SESSION,
            "runner": adapter_of(self.pair).worker,
            "requests": requests,
            "calls": [(c.which, cases.index(c.case), c.loads) for c in script.calls],
            "in_one_array": script.in_one_array,
            "seconds": seconds,
        }
        return self.answer_to(asked)

    def backward_in_turn(self, cases: list[Case], grad_outputs: list[Any]) -> Answer:
        """Run one module forward on all cases, and then backward through each.

        Raises:
            Differs: it cannot do so.
            GaveUp: it hangs, or ended its process, and would do so again.
        """
        asked = map(asked_backward, map(self.request_of, cases), grad_outputs)
        return self.answer_to({"worker": BACKWARD_IN_TURN, "requests": [*asked]})

    def request_of(self, case: Case) -> Asked:
        """Write a case as a request, in the conventions that are declared."""
        adapter = adapter_of(self.pair)
        request = adapter.request(self.pair, case)
        translation = translated(self.pair, self.conventions, request)
        return {**translation, "worker": adapter.worker}

    def answer_to(self, request: Asked) -> Answer:
        """Pass a request on, and notice what it prints and that it answers otherwise.

        Raises:
            Differs: there was no answer to this.
            GaveUp: there will be none to any other.
        """
        message = border.write(request)
        answer = self.process.ask(message)
        if answer.pop("printed", "") and "it prints" not in self.verdict.remarks:
            self.verdict.remarks.append("it prints")
        self.notice(sha256(message).digest(), answer)
        if answer.get("final"):
            self.answers = False
            raise GaveUp(f"it {answer['trouble']}")
        if "trouble" in answer:
            raise Differs(f"it {answer['trouble']}")
        return answer

    def notice(self, question: bytes, answer: Answer) -> None:
        """Notice that the same question was answered otherwise before."""
        before = self.given.setdefault(question, answer)
        if before is not answer and border.write(before) != border.write(answer):
            self.unequal = before, answer
        if len(self.given) > N_REMEMBERED:
            self.given.pop(next(iter(self.given)))

    def two_results(self) -> str:
        """Write down both of two answers to one question."""
        if self.unequal is None:
            return UNREPEATABLE
        if any("trouble" in each for each in self.unequal):
            said = (each.get("trouble", "answers") for each in self.unequal)
            return f"{UNREPEATABLE}: first it {', then it '.join(said)}"
        values = (each.get("output", each.get("gradients")) for each in self.unequal)
        one, other = ([*v.values()] if isinstance(v, dict) else v for v in values)
        reason = compare(one, other).reason or "expected 0.0, got -0.0"
        both = reason.replace("expected ", "first ", 1).replace("got ", "then ", 1)
        return f"{UNREPEATABLE}: {both}"
