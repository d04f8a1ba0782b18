"""The comparison step by step can fail, and names the right step."""

import numpy as np
import pytest
import torch

CHAIN = """
    def run(x):
        # 1. Double.
        doubled = x * 2

        # 2. Add one.
        more = doubled + 1

        # 3. Square.
        squares = more ** 2

        # 4. Take the mean.
        mean = squares.mean()
        return mean
"""


FUSED = """
    def run(x):
        # 1. Double.
        doubled = x * 2

        # 2-4. Do the rest.
        mean = ((doubled + 1) ** 2).mean()
        return mean
"""


LOOP = """
    def run(x):
        # 1. Begin.
        total = x * 0
        for factor in (1, 2, 3):
            # 2. Multiply.
            product = x * factor

            # 3. Add.
            total = total + product
        return total
"""


CALLS = """
    def run(x):
        # 1. Halve.
        half = halve(x)

        # 2. Add.
        total = half + halve(half)
        return total

    def halve(x):
        # 1. Multiply.
        half = x * 0.5
        return half
"""


def named(first):
    """Say which step of which function differs, and in which quantity."""
    return first.function, first.step.number, first.name


@pytest.mark.parametrize(
    ("source", "n_steps"),
    [(CHAIN, 4), (LOOP, 7), (CALLS, 4)],
    ids=["chain", "loop", "calls"],
)
def test_a_program_agrees_with_itself_at_every_step(compared, source, n_steps):
    comparison = compared(source, source)

    assert comparison.first_difference is None
    assert comparison.n_steps == n_steps
    assert comparison.error == comparison.difference == 0


@pytest.mark.parametrize(
    ("line", "wrong", "step", "name"),
    [
        ("x * 2", "x * 3", "1", "doubled"),
        ("doubled + 1", "doubled + 2", "2", "more"),
        ("more ** 2", "more ** 3", "3", "squares"),
        ("squares.mean()", "squares.max()", "4", "mean"),
        ("return mean", "return mean + 1", "4", "return"),
    ],
)
def test_the_first_step_that_differs_is_named(compared, line, wrong, step, name):
    first = compared(CHAIN, CHAIN.replace(line, wrong)).first_difference

    assert named(first) == ("part.run", step, name)


def test_the_first_difference_is_named_though_later_steps_are_wrong_as_well(compared):
    wrong = CHAIN.replace("doubled + 1", "doubled + 2").replace("** 2", "** 3")

    comparison = compared(CHAIN, wrong)

    assert str(comparison.first_difference) == (
        "part.run, step 2. Add one.\n"
        "  more: at [0]: expected 3.0, got 4.0 (error inf rounding units)"
    )
    assert comparison.n_steps == 1


def test_a_wrong_value_is_named_though_the_output_is_right(compared):
    wrong = CHAIN.replace("doubled + 1", "-doubled - 1")

    assert named(compared(CHAIN, wrong).first_difference) == ("part.run", "2", "more")


def test_rounding_within_the_limit_agrees_and_ten_times_it_does_not(compared):
    near = CHAIN.replace("doubled + 1", "doubled + 1 + 1e-9")
    honest = {"squares": 1e-7, "mean": 1e-7, "return": 1e-7, "result": 1e-7}

    assert compared(CHAIN, near, None, honest | {"more": 1e-9}).first_difference is None
    first = compared(CHAIN, near, None, honest | {"more": 1e-10}).first_difference
    assert named(first) == ("part.run", "2", "more")
    assert first.agreement.error == pytest.approx(10)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("np.append(x[:-1] * 2, np.nan)", "at [2]: expected 8.0, got nan"),
        ("np.append(x[:-1] * 2, np.inf)", "at [2]: expected 8.0, got inf"),
        ("(x * 2).astype(np.float32)", "expected float64, got float32"),
        ("(x * 2)[None]", "expected shape (3,), got (1, 3)"),
    ],
)
def test_what_differs_is_told(compared, wrong, reason):
    first = compared(CHAIN, CHAIN.replace("x * 2", wrong)).first_difference

    assert first.agreement.reason == reason


def test_an_integer_off_by_one_differs(compared):
    x = np.array([1, 2])
    wrong = CHAIN.replace("x * 2", "x * 2 + (x == 2)")

    first = compared(CHAIN, wrong, x, {"doubled": 1e9}).first_difference

    assert first.agreement.reason == "at [1]: expected 4, got 5"


def test_a_fused_step_stands_for_those_that_it_hides(compared):
    for left, right in ((CHAIN, FUSED), (FUSED, CHAIN)):
        comparison = compared(left, right)
        assert comparison.first_difference is None
        assert comparison.n_steps == 2


def test_a_fused_step_that_differs_is_named_by_its_range(compared):
    first = compared(CHAIN, FUSED.replace("** 2", "** 3")).first_difference

    assert named(first) == ("part.run", "2-4", "mean")


def test_a_fused_step_that_hides_too_few_differs(compared):
    few = FUSED.replace("2-4", "2-3").replace("mean = ", "more = squares = mean = ")

    first = compared(few, few.replace("2-3", "2-4")).first_difference

    assert named(first) == ("part.run", "2-3", "next step")
    assert first.agreement.reason == "expected 'step 2-3', got 'step 2-4'"


def test_swapped_steps_differ(compared):
    doubled = "# 1. Double.\n        doubled = x * 2"
    tripled = "# 2. Triple.\n        tripled = x * 3"
    frame = "\n    def run(x):\n        {}\n        {}\n        return x\n"

    first = compared(
        frame.format(doubled, tripled), frame.format(tripled, doubled)
    ).first_difference

    assert named(first) == ("part.run", "1", "next step")


def test_the_right_values_under_swapped_numbers_differ(compared):
    swapped = CHAIN.replace("2. Add", "3. Add").replace("3. Square", "2. Square")

    assert compared(CHAIN, swapped).first_difference.name == "next step"


def test_a_step_without_a_common_name_differs(compared):
    first = compared(CHAIN, CHAIN.replace("more", "other")).first_difference

    assert named(first) == ("part.run", "2", "names")
    assert first.agreement.reason == "no name in common: more and other"


def test_a_value_that_one_backend_did_not_store_differs(compared):
    optional = CHAIN.replace(
        "more = doubled + 1", "more = doubled + 1\n        if {}:\n            seen = 1"
    )

    first = compared(optional.format("True"), optional.format("False")).first_difference

    assert named(first) == ("part.run", "2", "seen")
    assert first.agreement.reason == "expected a value, got none"


def test_names_of_one_backend_alone_are_ignored(compared):
    longer = CHAIN.replace(
        "more = doubled + 1", "one = 1\n        more = doubled + one"
    )

    assert compared(CHAIN, longer).first_difference is None


@pytest.mark.parametrize("factors", ["(1, 2)", "(1, 2, 3, 4)", "()"])
def test_a_missing_or_an_extra_round_of_a_loop_differs(compared, factors):
    first = compared(LOOP, LOOP.replace("(1, 2, 3)", factors)).first_difference

    assert first.name == "next step"


def test_the_round_of_a_loop_that_differs_is_named(compared):
    first = compared(LOOP, LOOP.replace("(1, 2, 3)", "(1, 3, 2)")).first_difference

    assert str(first).startswith("part.run, step 2. Multiply. (round 2)\n")


@pytest.mark.parametrize(
    "head",
    [
        "for factor in iter((1, 2, 3)):",
        "factor = 0\n        while (factor := factor + 1) < 4:",
        "for factor in list(\n            (1, 2, 3)\n        ):",
    ],
)
def test_the_kind_of_loop_does_not_matter(compared, head):
    comparison = compared(LOOP, LOOP.replace("for factor in (1, 2, 3):", head))

    assert comparison.first_difference is None
    assert comparison.n_steps == 7


def test_a_wrong_step_of_a_called_function_is_named_before_its_caller(compared):
    first = compared(CALLS, CALLS.replace("0.5", "0.25")).first_difference

    assert named(first) == ("part.halve", "1", "half")


def test_a_wrong_argument_is_found_in_the_function_called(compared):
    first = compared(CALLS, CALLS.replace("halve(half)", "halve(x)")).first_difference

    assert named(first) == ("part.halve", "1", "half")


@pytest.mark.parametrize("which", [0, 1])
def test_a_call_on_one_backend_only_differs(compared, which):
    sources = [CALLS, CALLS]
    sources[which] = CALLS.replace("halve(half)", "half * 0.5")

    first = compared(*sources).first_difference

    assert first.name == "call"
    assert "nothing more" in first.agreement.reason or which == 0


def test_a_function_with_steps_on_one_backend_alone_is_ignored(compared):
    other = CALLS.replace("# 1. Multiply.", "# Multiply.")

    comparison = compared(CALLS, other)

    assert comparison.first_difference is None
    assert comparison.n_steps == 2


def test_what_is_returned_outside_of_a_step_is_compared(compared):
    first = compared(LOOP, LOOP.replace("return total", "return total + 1"))

    assert named(first.first_difference) == ("part.run", "0", "return")


CAUGHT = """
    def run(x):
        # 1. Try.
        try:
            outcome = risky(x)
        except ValueError:
            outcome = x
        return outcome

    def risky(x):
        # 1. Double.
        double = x * 2

        # 2. Quarter.
        half = double / 4
        {}
        return half
"""


def test_an_exception_that_is_caught_on_both_backends_agrees(compared):
    source = CAUGHT.format("raise ValueError")

    comparison = compared(source, source)

    assert comparison.first_difference is None
    assert comparison.n_steps == 2


@pytest.mark.parametrize("other", ["raise UnicodeError", "pass", "return None"])
def test_an_exception_that_is_caught_on_one_backend_only_differs(compared, other):
    left, right = CAUGHT.format("raise ValueError"), CAUGHT.format(other)

    assert not compared(left, right).first_difference.agreement.holds
    assert not compared(right, left).first_difference.agreement.holds


def test_an_exception_within_a_step_does_not_end_the_recording(compared):
    source = CHAIN.replace(
        "more = doubled + 1",
        "more = doubled + 1\n"
        "        try:\n            raise KeyError\n"
        "        except KeyError:\n            pass",
    )

    assert compared(CHAIN, source).first_difference is None


def test_a_generator_is_one_call_however_often_it_pauses(compared):
    source = """
    def run(x):
        # 1. Gather.
        total = sum(parts(x))
        return total

    def parts(x):
        for factor in (1, 2):
            # 1. Multiply.
            product = x * factor
            yield product
    """

    assert compared(source, source).n_steps == 3
    first = compared(
        source, source.replace("* factor", "* (factor % 2)")
    ).first_difference
    assert named(first) == ("part.parts", "1", "product")
    assert first.turn == 2


def test_steps_of_a_function_in_a_function_are_compared(compared):
    source = """
    def run(x):
        # 1. Define.
        def inner(y):
            # 1. Double.
            z = y * 2
            return z

        # 2. Call.
        total = inner(x)
        return total
    """

    first = compared(source, source.replace("y * 2", "y * 3")).first_difference

    assert named(first) == ("part.run.inner", "1", "z")


def test_a_decorated_function_is_recorded(compared):
    decorator = """
    import functools

    def checked(function):
        @functools.wraps(function)
        def wrapper(*args):
            return function(*args)
        return wrapper

    @checked"""
    source = decorator + CHAIN

    assert compared(CHAIN, source).n_steps == 4


def test_a_method_that_is_called_has_the_name_of_forward(compared):
    source = """
    class Double:
        def {}(self, x):
            # 1. Double.
            self.seen = x * 2
            return self.seen

    def run(x):
        return Double().{}(x)
    """
    called, forward = ((name, name) for name in ("__call__", "forward"))

    comparison = compared(source.format(*called), source.format(*forward))

    assert comparison.first_difference is None
    assert comparison.quantities[0].function == "part.Double.forward"
    assert comparison.quantities[0].name == "self.seen"


@pytest.mark.parametrize("stored", ["{'a': 1, 'b': 2}", "['a', ('b', x)]", "{1, 2}"])
def test_collections_are_compared(compared, stored):
    line = "more = doubled + 1"
    source = CHAIN.replace(line, f"{line}\n        seen = {stored}")
    wrong = source.replace("'b'", "'c'").replace("{1, 2}", "{1, 3}")

    assert compared(source, source).first_difference is None
    assert named(compared(source, wrong).first_difference) == ("part.run", "2", "seen")


def test_the_order_of_a_mapping_counts(compared):
    line = "more = doubled + 1"
    source = CHAIN.replace(line, f"{line}\n        seen = {{'a': 1, 'b': 2}}")
    wrong = source.replace("'a': 1, 'b': 2", "'b': 2, 'a': 1")

    assert named(compared(source, wrong).first_difference) == ("part.run", "2", "seen")


def test_numpy_agrees_with_torch(compared):
    tensor = torch.ones(3).double()
    comparison = compared(CHAIN, CHAIN, np.ones(3), other_x=tensor)

    assert comparison.first_difference is None
    assert comparison.n_steps == 4


def test_a_comparison_of_nothing_but_the_result_has_no_steps(compared):
    unmarked = CHAIN.replace("# ", "# Step ")

    assert compared(unmarked, unmarked).n_steps == 0
    assert compared(CHAIN, unmarked).n_steps == 0
