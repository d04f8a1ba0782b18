"""Scripts of sessions: in which order objects are made, called, trained and loaded."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.kit.bases import fits, like, object_of, size_of, variants

N_REPEATS = 300


@dataclass(frozen=True)
class Call:
    """One object called on a case; `loads` gives it the case's parameters first.

    What is not `compared` is there for what it leaves behind.
    """

    which: int
    case: Case
    loads: bool = False
    compared: bool = True


@dataclass(frozen=True)
class Script:
    """Calls in their order, and in words how they differ from those of new objects.

    `keeps` compares each result once more when all calls are done. `in_one_array`
    hands inputs of one form over in one array, with other numbers each time.
    """

    how: str
    calls: list[Call]
    keeps: bool = True
    in_one_array: bool = False


def scripts(pair: Pair, bases: list[Case], is_module: bool) -> Iterator[Script]:
    """Yield the scripts for objects of the first of these cases, beside the others."""
    first = bases[0]
    others = variants(pair, first)
    yield Script("on an object that was called before", shapes(first, others))
    beside = [*neighbours(pair, first), *bases[1:3]]
    if beside:
        how = "while objects with other parameters are in use"
        yield Script(how, interleaved(first, others, beside))
    same_form = [each for each in others if form_of(each) == form_of(first)]
    if form_of(first) and same_form:
        calls = [Call(0, each) for each in (first, *same_form, first)]
        how = "when one array is filled anew for each call"
        yield Script(how, calls, keeps=False, in_one_array=True)
    if is_module:
        how = "on an object that was trained in between"
        yield Script(how, [*modes(first, others)])
        if first.parameters and beside:
            how = "on an object that was given other parameters"
            yield Script(how, [*reloads(first, beside[0])], keeps=False)
    smallest = min([first, *others], key=size_of)
    how = f"in call {{n}} of {N_REPEATS} with that input"
    yield Script(how, [Call(0, smallest)] * N_REPEATS)


def shapes(first: Case, others: list[Case]) -> list[Call]:
    """Call one object on the first case between the others; another, smallest first."""
    calls = [Call(0, first)]
    for other in others:
        calls += [Call(0, other), Call(0, first)]
    return calls + [Call(1, case) for case in sorted([first, *others], key=size_of)]


def interleaved(first: Case, others: list[Case], beside: list[Case]) -> list[Call]:
    """Call objects in turn, so that each is called after each of the others."""
    calls = [Call(0, first)]
    for which, case in enumerate(beside, 1):
        calls += [Call(which, case), Call(0, first)]
    calls += [Call(0, other) for other in others[:1]]
    calls += [Call(which, case) for which, case in enumerate(beside, 1)]
    return [*calls, Call(0, first)]


def modes(first: Case, others: list[Case]) -> Iterator[Call]:
    """Train and evaluate in turn: what was drawn in training must leave no trace."""
    for case in (first, *others[:2], first):
        yield Call(0, replace(case, training=True), compared=False)
        yield Call(0, case)


def reloads(first: Case, other: Case) -> Iterator[Call]:
    """Give one object the parameters of another and its own again, in training."""
    yield Call(0, first)
    for case in (other, first):
        yield Call(0, replace(case, training=True), loads=True, compared=False)
        yield Call(0, case)


def neighbours(pair: Pair, case: Case) -> list[Case]:
    """Change the parameters of a case, and nothing else."""
    parameters = {
        name: like(array, array.shape, case.seed + index)
        for index, (name, array) in enumerate(case.parameters.items(), 1000)
    }
    other = replace(case, parameters=parameters)
    is_other = object_of(pair, other) != object_of(pair, case)
    return [other] if is_other and fits(pair, other) else []


def form_of(case: Case) -> list[tuple[str, object]]:
    """Write down the shapes of what goes in."""
    shapes = ((k, getattr(v, "shape", None)) for k, v in case.inputs.items())
    return [(name, shape) for name, shape in shapes if shape is not None]
