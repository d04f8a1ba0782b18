"""Both backends have the same numbered steps, with equal sentences and names."""

import ast
import re

import pytest

from parity_tests.sources.panels import (
    PACKAGES,
    module_name,
    root,
    tree,
    twin_files,
)
from parity_tests.sources.steps import SteppedFunction, definitions, stepped_functions


def stepped(package: str, path: str) -> dict[str, SteppedFunction]:
    """Find the functions with steps of a file by name."""
    found = stepped_functions(root(package) / path, module_name(path))
    return {function.name: function for function in found}


def pairs():
    """Yield the functions that have steps on both backends."""
    for path in twin_files():
        left, right = (stepped(package, path) for package in PACKAGES)
        for name in sorted(left.keys() & right.keys()):
            yield pytest.param(left[name], right[name], id=name)


def every():
    """Yield every function that has steps."""
    for package in PACKAGES:
        for path in twin_files():
            for name, function in stepped(package, path).items():
                yield pytest.param(function, id=f"{package}.{name}")


def test_there_are_steps_to_compare():
    assert len([*pairs()]) >= 10


@pytest.mark.parametrize("path", twin_files())
def test_a_function_of_both_backends_has_steps_on_both_or_on_none(path):
    defined, marked = [], []
    for package in PACKAGES:
        names = {
            f"{module_name(path)}.{owner}{node.name}"
            for owner, node in definitions(tree(package, path))
        }
        defined.append({name.replace("__call__", "forward") for name in names})
        marked.append({*stepped(package, path)})

    assert marked[0] & defined[1] == marked[1] & defined[0]


@pytest.mark.parametrize("function", [*every()])
def test_steps_count_from_one_without_gap_or_repeat(function):
    numbers = [n for step in function.steps for n in range(step.first, step.last + 1)]
    backwards = function.name.endswith("backward")

    assert sorted(numbers) == [*range(1, len(numbers) + 1)]
    assert numbers == sorted(numbers, reverse=backwards)


@pytest.mark.parametrize("function", [*every()])
def test_a_step_begins_with_its_term_and_has_code_below(function):
    """A step of a backward pass quotes the equation that it differentiates."""
    for step in function.steps:
        # A long sentence goes on in the lines of comment below.
        assert step.end > step.start
        if function.name.endswith("backward"):
            assert re.search(r" = |: ", step.sentence), step
        else:
            assert re.match(r"[A-Z][\w /-]{1,40}: \S", step.sentence), step


@pytest.mark.parametrize(("left", "right"), [*pairs()])
def test_twins_have_the_same_last_step(left, right):
    assert left.steps[-1].last == right.steps[-1].last


@pytest.mark.parametrize(("left", "right"), [*pairs()])
def test_twins_have_the_same_sentences(left, right):
    sentences = [
        {step.number: step.sentence for step in function.steps}
        for function in (left, right)
    ]
    both = sentences[0].keys() & sentences[1].keys()

    assert {n: sentences[0][n] for n in both} == {n: sentences[1][n] for n in both}


@pytest.mark.parametrize(("left", "right"), [*pairs()])
def test_each_step_stores_a_name_that_its_twin_stores(left, right):
    for step in left.steps:
        twins = [
            s for s in right.steps if s.first <= step.last and step.first <= s.last
        ]
        theirs = {name for twin in twins for name in twin.names}
        covered = {
            name
            for twin in twins
            for own in left.steps
            if twin.first <= own.last and own.first <= twin.last
            for name in own.names
        }
        assert covered & theirs or not (covered | theirs), step


@pytest.mark.parametrize(("left", "right"), [*pairs()])
def test_a_name_of_both_backends_is_stored_in_the_same_steps(left, right):
    for step in left.steps:
        for name in step.names - {"return"}:
            theirs = [s for s in right.steps if name in s.names]
            inside = [
                s for s in theirs if s.first <= step.last and step.first <= s.last
            ]
            assert inside or not theirs, f"{name} of step {step.number}"


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("path", twin_files())
def test_a_function_with_steps_is_never_cached(package, path):
    """A call that a cache answers has no steps to compare."""
    lines = {function.line for function in stepped(package, path).values()}
    for _, node in definitions(tree(package, path)):
        if node.lineno in lines:
            decorators = [ast.unparse(each) for each in node.decorator_list]
            assert not [each for each in decorators if "cache" in each]
