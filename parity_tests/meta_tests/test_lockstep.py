"""The comparison step by step can fail, and names the right step."""

import numpy as np
import pytest

from parity_tests.meta_tests.programs import (
    CALLS,
    CAUGHT,
    CHAIN,
    DECORATED,
    FUSED,
    GENERATOR,
    LOOP,
    METHOD,
    NESTED,
)

ADD = "more = doubled + 1"
FOR = "for factor in (1, 2, 3)"
WHILE = "factor = 0\n        while (factor := factor + 1) < 4"
CATCH = "try:\n            raise KeyError\n        except KeyError:\n            pass"
RAISED = CAUGHT.format("raise ValueError")
NO_CALL = CALLS.replace("halve(half)", "half * 0.5")
SWAPPED = CHAIN.replace("2. Add", "3. Add").replace("3. Square", "2. Square")
DOUBLE, TRIPLE = "# 1. Double.\n        y = x * 2", "# 2. Triple.\n        z = x * 3"
BOTH = f"{DOUBLE}\n        {TRIPLE}"
MOVED = f"\n    def run(x):\n        {BOTH}\n        return x\n"
TOO_FEW = FUSED.replace("2-4", "2-3").replace("mean = ", "more = squares = mean = ")


def then(line):
    """Let step 2 of the chain do something more."""
    return CHAIN.replace(ADD, f"{ADD}\n        {line}")


OPTIONAL, MAPPING = then("if True: seen = 1"), then("seen = {'a': 1, 'b': 2}")
AGREEING = [  # a program, what is changed in it, and how many steps are compared
    pytest.param(CHAIN, "", "", 4, id="a chain"),
    pytest.param(LOOP, "", "", 7, id="a loop"),
    pytest.param(CALLS, "", "", 4, id="calls"),
    pytest.param(NESTED, "", "", 2, id="a function in a function"),
    pytest.param(GENERATOR, "", "", 3, id="a generator is one call"),
    pytest.param(RAISED, "", "", 2, id="an exception that both catch"),
    pytest.param(CHAIN, CHAIN, FUSED, 2, id="a fused step stands for several"),
    pytest.param(FUSED, FUSED, CHAIN, 2, id="whichever has it"),
    pytest.param(CHAIN, "doubled + 1", "(one := doubled) + 1", 4, id="another name"),
    pytest.param(CALLS, "# 1. M", "# M", 2, id="a function with steps on one alone"),
    pytest.param(LOOP, "(1, 2, 3)", "iter((1, 2, 3))", 7, id="an iterator"),
    pytest.param(
        LOOP, "(1, 2, 3)", "(\n            1, 2, 3)", 7, id="a head of several lines"
    ),
    pytest.param(LOOP, FOR, WHILE, 7, id="another kind of loop"),
    pytest.param(CHAIN, CHAIN, then(CATCH), 4, id="an exception within a step"),
    pytest.param(CHAIN, CHAIN, DECORATED, 4, id="a decorated function"),
    pytest.param(METHOD, "forward", "__call__", 1, id="a method that is called"),
    pytest.param(CHAIN, "# ", "# Step ", 0, id="no step on one backend"),
]


@pytest.mark.parametrize(("source", "was", "now", "n_steps"), AGREEING)
def test_what_is_right_agrees_at_every_step(compared, source, was, now, n_steps):
    comparison = compared(source, source.replace(was, now))

    assert comparison.first_difference is None
    assert comparison.n_steps == n_steps
    assert comparison.error == comparison.difference == 0


DIFFERING = [  # a program, what is changed in it, and how the first difference begins
    (CHAIN, "x * 2", "x * 3", "run 1 doubled: at ["),
    (CHAIN, "doubled + 1", "doubled + 2", "run 2 more: at ["),
    (CHAIN, "more ** 2", "more ** 3", "run 3 squares: at ["),
    (CHAIN, "squares.mean()", "squares.max()", "run 4 mean: expected"),
    (CHAIN, "return mean", "return mean + 1", "run 4 return: expected"),
    (LOOP, "return total", "return total + 1", "run 0 return: at ["),
    (CHAIN, "doubled + 1", "-doubled - 1", "run 2 more: at ["),  # the output is right
    (
        CHAIN,
        "x * 2",
        "x * [2, 2, np.nan]",
        "run 1 doubled: at [2]: expected 8.0, got nan",
    ),
    (
        CHAIN,
        "x * 2",
        "x * [2, 2, np.inf]",
        "run 1 doubled: at [2]: expected 8.0, got inf",
    ),
    (
        CHAIN,
        "x * 2",
        "np.float32(x * 2)",
        "run 1 doubled: expected float64, got float32",
    ),
    (CHAIN, "x * 2", "x[None] * 2", "run 1 doubled: expected shape (3,), got (1, 3)"),
    (FUSED, "** 2", "** 3", "run 2-4 mean: expected"),
    (TOO_FEW, "2-3", "2-4", "run 2-3 next step: expected 'step 2-3', got 'step 2-4'"),
    (MOVED, BOTH, f"{TRIPLE}\n        {DOUBLE}", "run 1 next step: "),
    (CHAIN, CHAIN, SWAPPED, "run 2 next step: "),
    (CHAIN, "more", "other", "run 2 names: no name in common: more and other"),
    (OPTIONAL, "True", "False", "run 2 seen: expected a value, got none"),
    (MAPPING, "'b'", "'c'", "run 2 seen: entry 0: entry 1: "),
    (MAPPING, "'a': 1, 'b': 2", "'b': 2, 'a': 1", "run 2 seen: "),
    (then("seen = ['a', ('b', x)]"), "'b'", "'c'", "run 2 seen: entry 1: entry 0: "),
    (then("seen = {1, 2}"), "{1, 2}", "{1, 3}", "run 2 seen: entry 1: "),
    (LOOP, "(1, 2, 3)", "(1, 2)", "run 2 next step: "),
    (LOOP, "(1, 2, 3)", "(1, 2, 3, 4)", "run 2 next step: "),
    (LOOP, "(1, 2, 3)", "()", "run 2 next step: "),
    (LOOP, "(1, 2, 3)", "(1, 3, 2)", "run 2 round 2 product: at ["),
    (GENERATOR, "* factor", "* (factor % 2)", "parts 1 round 2 product: at ["),
    (CALLS, "0.5", "0.25", "halve 1 half: at ["),
    (CALLS, "halve(half)", "halve(x)", "halve 1 half: at ["),
    (CALLS, CALLS, NO_CALL, "halve 0 call: expected 'part.halve', got 'nothing more'"),
    (NO_CALL, NO_CALL, CALLS, "halve 0 call: "),
    (METHOD, "x * 2", "x * 3", "Double.forward 1 self.seen: at ["),
    (NESTED, "y * 2", "y * 3", "run.inner 1 z: at ["),
    (RAISED, "raise ValueError", "raise UnicodeError", "risky 0 raised: "),
    (RAISED, "raise ValueError", "pass", "risky 2 next step: "),
    (RAISED, "raise ValueError", "return None", "risky 2 next step: "),
    (CAUGHT.format("raise UnicodeError"), "Unicode", "Value", "risky 0 raised: "),
    (CAUGHT.format("pass"), "pass", "raise ValueError", "risky 2 next step: "),
    (
        CAUGHT.format("return None"),
        "return None",
        "raise ValueError",
        "risky 2 next step: ",
    ),
]


@pytest.mark.parametrize(("source", "was", "now", "expected"), DIFFERING)
def test_the_first_step_that_differs_is_named(compared, source, was, now, expected):
    assert source.count(was)
    first = compared(source, source.replace(was, now)).first_difference
    turn = f" round {first.turn}" if first.turn > 1 else ""
    where = f"{first.function.removeprefix('part.')} {first.step.number}{turn}"

    assert f"{where} {first.name}: {first.agreement.reason}".startswith(expected)
    assert compared(source, source).first_difference is None


def test_the_first_difference_is_written_though_later_steps_are_wrong_as_well(compared):
    wrong = CHAIN.replace("doubled + 1", "doubled + 2").replace("** 2", "** 3")
    comparison = compared(CHAIN, wrong)
    in_a_loop = compared(LOOP, LOOP.replace("(1, 2, 3)", "(1, 3, 2)"))

    assert comparison.n_steps == 1
    assert str(comparison.first_difference) == (
        "part.run, step 2. Add one.\n"
        "  more: at [0]: expected 3.0, got 4.0 (error inf rounding units)"
    )
    assert "run, step 2. Multiply. (round 2)\n" in str(in_a_loop.first_difference)


def test_rounding_within_the_limit_agrees_and_ten_times_it_does_not(compared):
    near = CHAIN.replace("doubled + 1", "doubled + 1 + 1e-9")
    wide = {"squares": 1e-7, "mean": 1e-7, "return": 1e-7, "result": 1e-7}
    first = compared(CHAIN, near, None, wide | {"more": 1e-10}).first_difference

    assert compared(CHAIN, near, None, wide | {"more": 1e-9}).first_difference is None
    assert (first.step.number, first.name) == ("2", "more")
    assert first.agreement.error == pytest.approx(10)


def test_an_integer_off_by_one_differs(compared):
    wrong = CHAIN.replace("x * 2", "x * 2 + (x == 2)")
    comparison = compared(CHAIN, wrong, np.array([1, 2]), {"doubled": 1e9})

    assert comparison.first_difference.agreement.reason == "at [1]: expected 4, got 5"
