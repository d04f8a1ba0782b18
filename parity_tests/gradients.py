"""Gradients: the reference's backward against autograd, at every step.

Autograd is asked for the gradient of each quantity that the twin's own `forward`
stored: `grad_scores` of the reference stands beside what it says of `scores`. Then
come the gradients of the input and of every weight.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch

from parity_tests.agreement import compare
from parity_tests.backward import reference_backward, torch_forward
from parity_tests.concept import Case, Concept
from parity_tests.lockstep import Compared, Comparison
from parity_tests.pairing import OUTCOME
from parity_tests.pinned import with_rerun
from parity_tests.recording import Invocation, Recording
from parity_tests.steps import Step

AT_THE_END = ("what came out", OUTCOME)


@dataclass(frozen=True)
class Wanted:
    """A gradient of the reference, and the tensors of the twin that it belongs to.

    `call` counts the calls of its function from 0.
    """

    function: str
    step: Step
    name: str
    expected: Any
    of: Any
    call: int = 0


@dataclass(frozen=True)
class BothBack:
    """The gradients of the reference, each with autograd's, and all names of either."""

    grad_output: Any
    gradients: list[tuple[Wanted, Any]]
    names: tuple[list[str], list[str]]


def compare_gradients(
    concept: Concept, case: Case, reference: Any = None
) -> Comparison:
    """Run a case forward on both sides and back again, and compare every gradient.

    `reference` may be a class to take in the place of the concept's own. Otherwise a
    departure says how to run it again.
    """
    both = go_back(concept, case, reference)
    yardsticks = concept.gradient_yardsticks(case, both.grad_output)
    quantities: list[Compared] = []
    for each, actual in both.gradients:
        agreement = compare(each.expected, actual, yardsticks.get(each.name, 0.0))
        quantities.append(Compared(each.function, each.step, each.name, agreement))
    names = compare(*both.names)
    quantities.append(Compared(*AT_THE_END, "names", names))
    steps = {(each.function, each.step) for each, _ in both.gradients} - {AT_THE_END}
    departure = next((each for each in quantities if not each.agreement.holds), None)
    comparison = Comparison(tuple(quantities), len(steps), departure)
    if reference is not None:
        return comparison
    return with_rerun(comparison, concept.path, case, "--gradients")


def go_back(concept: Concept, case: Case, reference: Any = None) -> BothBack:
    """Run a case forward on both sides, and back again from one drawn gradient."""
    grad_output, backward = reference_backward(concept, case, reference)
    module, forward = torch_forward(concept, case)
    wanted = [*at_steps(backward, forward), *at_the_end(backward, forward, module)]
    of = [tensor for each in wanted for tensor in rowed(each.of)]
    autograd = iter(gradients_of(forward.result, of, torch.from_numpy(grad_output)))
    gradients = []
    for each in wanted:
        found = [next(autograd) for _ in rowed(each.of)]
        gradients.append((each, found if isinstance(each.of, list) else found[0]))
    names = [*backward.result], [*leaves(forward, module)]
    return BothBack(grad_output, gradients, names)


def at_steps(backward: Recording, forward: Recording) -> Iterator[Wanted]:
    """Pair what each step of a backward stored with what that of the forward did."""
    calls = defaultdict(list)
    for call in forward.invocations:
        calls[call.function].append(call)
    for nth, back in numbered(backward.invocations):
        ahead = calls[back.function.removesuffix("backward") + "forward"][nth]
        made = stored(ahead)
        if back is backward.invocations[0]:
            made |= ahead.arguments
        for snapshot in back.snapshots:
            for name, expected in sorted(snapshot.values.items()):
                of = made.get(name.removeprefix("grad_"))
                if name.startswith("grad_") and of is not None:
                    yield Wanted(back.function, snapshot.step, name, expected, of, nth)


def numbered(invocations: list[Invocation]) -> Iterator[tuple[int, Invocation]]:
    """Number the calls of each function from 0."""
    seen: dict[str, int] = defaultdict(int)
    for each in invocations:
        yield seen[each.function], each
        seen[each.function] += 1


def stored(call: Invocation) -> dict[str, Any]:
    """Gather what the steps of a call stored."""
    return {
        name: value
        for snapshot in call.snapshots
        for name, value in snapshot.values.items()
    }


def at_the_end(
    backward: Recording, forward: Recording, module: torch.nn.Module
) -> Iterator[Wanted]:
    """Pair the gradients that came out with the input and the weights."""
    of = leaves(forward, module)
    for name, gradient in backward.result.items():
        if name in of:
            yield Wanted(*AT_THE_END, name, gradient, of[name])


def leaves(forward: Recording, module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Name what autograd ends at: the input, if it is no ids, and every weight."""
    x = forward.invocations[0].arguments.get("x")
    return ({} if x is None else {"x": x}) | dict(module.named_parameters())


def rowed(value: Any) -> list[Any]:
    """Return a row as it is, and one tensor as a row of one."""
    return value if isinstance(value, list) else [value]


def gradients_of(
    output: torch.Tensor, of: list[torch.Tensor], grad_output: torch.Tensor
) -> tuple[torch.Tensor, ...]:
    """Ask autograd; what has no influence on the output has a gradient of zero."""
    return torch.autograd.grad(output, of, grad_output, materialize_grads=True)
