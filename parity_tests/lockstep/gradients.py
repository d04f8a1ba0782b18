"""Gradients: the reference's backward against autograd, at every step.

Autograd is asked for the gradient of each quantity that PyTorch's own `forward` stored:
`grad_attn_scores` of the reference is compared with what it says of `attn_scores`. Then
come the gradients of the inputs and of every parameter.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from parity_tests.contract.agreement import compare
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.alignment import OUTCOME
from parity_tests.lockstep.backward import (
    Backward,
    Forward,
    autograd,
    reference_backward,
    torch_forward,
)
from parity_tests.lockstep.comparison import Compared, Comparison
from parity_tests.lockstep.recording import Invocation
from parity_tests.rounding.expected import ExpectedBackward, expected_backward
from parity_tests.sources.steps import Step

AT_THE_END = "what came out"
NO_UNITS: Mapping[str, Any] = {}


@dataclass(frozen=True)
class Gradient:
    """A gradient of the reference: where it is stored, and its value.

    `call` counts the calls of its function from the last one, since backward passes
    run in reverse; -1 stands for what came out in the end. Of what is expected, the
    rounding units are told as well.
    """

    function: str
    step: Step
    name: str
    value: Any
    call: int = -1
    units: Any = 0.0

    @property
    def place(self) -> tuple[str, int]:
        """The forward that its backward belongs to, and which call of it."""
        if self.function.endswith("_backward"):
            return self.function.removesuffix("_backward"), self.call
        return self.function.replace(".backward", ".forward"), self.call


def compare_gradients(pair: Pair, case: Case, part: Any = None) -> Comparison:
    """Run a case forward and backward on both backends; compare every gradient.

    `part` may stand in the place of the reference.
    """
    right = expected_backward(pair, case)
    case = replace(case, grad_output=right.backward.grad_output).astype(case.dtype)
    ours = reference_backward(pair, case, part)
    forward = torch_forward(pair, case)
    quantities: list[Compared] = []
    for truth, own, theirs in with_autograd(right, ours, forward, case):
        for backend, value in [("reference", own.value), ("torch", theirs)]:
            if right.dtype or backend == "torch" or part is not None:
                agreement = compare(truth.value, value, truth.units, right.dtype)
                where = truth.function, truth.step, truth.name
                quantities.append(Compared(*where, agreement, backend=backend))
    names = compare(sorted(ours.gradients), sorted(forward.leaves))
    quantities.append(Compared(AT_THE_END, OUTCOME, "names", names))
    steps = {(each.function, each.step) for each in quantities if each.step != OUTCOME}
    first = next((each for each in quantities if not each.agreement.holds), None)
    return Comparison(tuple(quantities), len(steps), first)


def with_autograd(
    expected: ExpectedBackward, ours: Backward, forward: Forward, case: Case
) -> Iterator[tuple[Gradient, Gradient, Any]]:
    """Put beside each gradient of the reference the same in its dtype, and autograd's.

    Only what PyTorch stores under the same name has an autograd's gradient.
    """
    tensors = tensors_by_call(forward)
    truths = gradients(expected.backward, expected.fine)
    rows = [
        (right, own, of)
        for right, own in zip(truths, gradients(ours), strict=True)
        if (of := tensors.get(right.place, {}).get(right.name)) is not None
    ]
    of_all = [tensor for *_, of in rows for tensor in listed(of)]
    found = iter(autograd(forward.recording.result, of_all, case.grad_output))
    for right, own, of in rows:
        several = [next(found) for _ in listed(of)]
        yield right, own, several if isinstance(of, list) else several[0]


def gradients(
    backward: Backward, fine: Mapping[str, Any] = NO_UNITS
) -> Iterator[Gradient]:
    """List the gradients that a backward pass stored, then those of what went in."""
    for nth, call in numbered(backward.recording.invocations):
        for snapshot in call.snapshots:
            for name, value in sorted(snapshot.values.items()):
                if name.startswith("grad_"):
                    where = call.function, snapshot.step, name
                    yield Gradient(*where, value, nth, snapshot.units.get(name, 0.0))
    for name, value in backward.gradients.items():
        yield Gradient(AT_THE_END, OUTCOME, name, value, units=fine.get(name, 0.0))


def tensors_by_call(forward: Forward) -> dict[tuple[str, int], dict[str, Any]]:
    """Find what PyTorch stored in each call, the last first, by its gradient's name.

    An argument's gradient is whole in the outermost call alone: others share it.
    """
    found: dict[tuple[str, int], Any] = {(AT_THE_END, -1): {**forward.leaves}}
    calls = forward.recording.invocations
    for nth, call in numbered(calls[::-1]):
        made = {n: v for snapshot in call.snapshots for n, v in snapshot.values.items()}
        if call is calls[0]:
            made |= call.arguments
        found[call.function, nth] = {f"grad_{name}": v for name, v in made.items()}
    return found


def numbered(calls: list[Invocation]) -> Iterator[tuple[int, Invocation]]:
    """Number the calls of each function from 0."""
    seen: dict[str, int] = defaultdict(int)
    for each in calls:
        yield seen[each.function], each
        seen[each.function] += 1


def listed(value: Any) -> list[Any]:
    """Return a list as it is, and one tensor as a list of one."""
    return value if isinstance(value, list) else [value]
