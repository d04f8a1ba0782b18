"""Capabilities that an implementation may declare, and the cases that try them."""

from collections.abc import Callable, Iterable

from parity_tests.concept import Case, Concept

GRADIENTS = "gradients"
BATCH = 3  # axes of one batch of texts: texts, tokens, channels


def drops(case: Case) -> bool:
    """Tell whether dropout is active in a case."""
    return "keep" in case.inputs


def has_other_axes(case: Case) -> bool:
    """Tell whether there is no axis of texts in a case, or more than one."""
    return "x" in case.inputs and case.inputs["x"].ndim != BATCH


def has_a_future(case: Case) -> bool:
    """Tell whether a token of a case has one after it to hide."""
    x = case.inputs.get("x")
    return x is not None and x.shape[-2] > 1 and x.size > 0


def any_case(case: Case) -> bool:
    """Tell that there is a way back from every case, where there is one at all."""
    return True


TRIED_BY: dict[str, Callable[[Case], bool]] = {
    "causal": has_a_future,
    "dropout": drops,
    GRADIENTS: any_case,
    "leading_axes": has_other_axes,
}


def capabilities_of(concept: Concept) -> frozenset[str]:
    """List what an implementation of a concept may declare."""
    gradients = {GRADIENTS} if concept.has_gradients else set()
    return (concept.supports | gradients) & TRIED_BY.keys()


def optional_of(concept: Concept) -> frozenset[str]:
    """List what is not tried unless it is declared."""
    return capabilities_of(concept) - {"causal"}


def tried(case: Case, declared: Iterable[str]) -> list[str]:
    """List the declared capabilities that a case tries."""
    return [name for name in declared if TRIED_BY[name](case)]
