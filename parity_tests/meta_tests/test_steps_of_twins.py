"""Both backends have the same numbered steps, with equal sentences and names."""

import ast
import re

import pytest

from parity_tests.sources.panels import PACKAGES, module_name, root, tree, twin_files
from parity_tests.sources.steps import definitions, stepped_functions


def stepped(package, path):
    """Find the functions with steps of a file by name."""
    found = stepped_functions(root(package) / path, module_name(path))
    return {function.name: function for function in found}


EVERY = {
    (package, name): function
    for package in PACKAGES
    for path in twin_files()
    for name, function in stepped(package, path).items()
}
PAIRS = sorted(
    {n for _, n in EVERY if all((package, n) in EVERY for package in PACKAGES)}
)
every_function = pytest.mark.parametrize(
    "function", EVERY.values(), ids=lambda f: f.name
)


def beside(step, function):
    """List the steps of a function that have a number in common with a step."""
    return [s for s in function.steps if s.first <= step.last and step.first <= s.last]


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


@every_function
def test_steps_count_from_one_and_begin_with_a_term_or_with_the_equation(function):
    """A step of a backward pass quotes the equation that it differentiates."""
    numbers = [n for step in function.steps for n in range(step.first, step.last + 1)]
    is_backward = function.name.endswith("backward")
    form = r".*( = |: )" if is_backward else r"[A-Z][\w /-]{1,40}: \S"

    assert sorted(numbers) == [*range(1, len(numbers) + 1)]
    firsts = [step.first for step in function.steps]
    assert firsts == sorted(firsts, reverse=is_backward)
    for step in function.steps:
        # A long sentence goes on in the lines of comment below.
        assert step.end > step.start
        assert re.match(form, step.sentence), step


@pytest.mark.parametrize("name", PAIRS)
def test_twins_have_the_same_steps_sentences_and_names(name):
    left, right = (EVERY[package, name] for package in PACKAGES)
    theirs = {step.number: step.sentence for step in right.steps}

    assert len(PAIRS) >= 10
    assert left.steps[-1].last == right.steps[-1].last
    for step in left.steps:
        assert theirs.get(step.number, step.sentence) == step.sentence
        twins = beside(step, right)
        stored = {name for twin in twins for name in twin.names}
        covered = {n for twin in twins for own in beside(twin, left) for n in own.names}
        assert covered & stored or not (covered | stored), step
        for each in step.names - {"return"}:
            elsewhere = [s for s in right.steps if each in s.names]
            assert each in stored or not elsewhere, f"{each} of step {step.number}"


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("path", twin_files())
def test_a_function_with_steps_is_never_cached(package, path):
    """A call that a cache answers has no steps to compare."""
    lines = {function.line for function in stepped(package, path).values()}
    for _, node in definitions(tree(package, path)):
        decorators = [ast.unparse(each) for each in node.decorator_list]
        assert node.lineno not in lines or "cache" not in " ".join(decorators)
