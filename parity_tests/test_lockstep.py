"""Proof that the walk in lockstep can fail, and that it names the right step."""

import sys
from itertools import count
from textwrap import dedent

import numpy as np
import pytest
import torch

from parity_tests.lockstep import compare_in_lockstep, record

NAMES = (f"panel_{number}" for number in count())

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


@pytest.fixture
def panel(tmp_path, monkeypatch):
    """Write a source as a package of its own, and import its `run`."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(source):
        name = next(NAMES)
        folder = tmp_path / name
        folder.mkdir()
        (folder / "__init__.py").touch()
        (folder / "part.py").write_text(dedent(source), encoding="utf-8")
        part = __import__(f"{name}.part").part
        part.np = np
        return name, part.run

    return write


@pytest.fixture
def compared(panel):
    """Compare two sources on the same input, the left side's in lockstep."""

    def compare(left, right, x=None, yardsticks=None):
        x = np.array([1.0, 2.0, 4.0]) if x is None else x
        (one, run), (other, run_other) = panel(left), panel(right)
        return compare_in_lockstep(
            lambda: run(x), lambda: run_other(x), yardsticks or {}, (one, other)
        )

    return compare


def named(departure):
    """Say which step of which function departs, and in which quantity."""
    return departure.function, departure.step.number, departure.name


@pytest.mark.parametrize(
    ("source", "n_steps"),
    [(CHAIN, 4), (LOOP, 7), (CALLS, 4)],
    ids=["chain", "loop", "calls"],
)
def test_a_program_agrees_with_itself_at_every_step(compared, source, n_steps):
    comparison = compared(source, source)

    assert comparison.departure is None
    assert comparison.n_steps == n_steps
    assert comparison.score == comparison.difference == 0


def test_numpy_agrees_with_torch(panel):
    (left, run), (right, run_torch) = panel(CHAIN), panel(CHAIN)

    comparison = compare_in_lockstep(
        lambda: run(np.ones(3)),
        lambda: run_torch(torch.ones(3).double()),
        {},
        (left, right),
    )

    assert comparison.departure is None
    assert comparison.n_steps == 4


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
def test_the_first_step_that_departs_is_named(compared, line, wrong, step, name):
    departure = compared(CHAIN, CHAIN.replace(line, wrong)).departure

    assert named(departure) == ("part.run", step, name)


def test_the_first_departure_is_named_though_later_steps_are_wrong_as_well(compared):
    wrong = CHAIN.replace("doubled + 1", "doubled + 2").replace("** 2", "** 3")

    comparison = compared(CHAIN, wrong)

    assert str(comparison.departure) == (
        "part.run, step 2. Add one.\n  more: at [0]: expected 3.0, got 4.0 (score inf)"
    )
    assert comparison.n_steps == 1


def test_a_wrong_value_is_named_though_the_output_is_right(compared):
    wrong = CHAIN.replace("doubled + 1", "-doubled - 1")

    assert named(compared(CHAIN, wrong).departure) == ("part.run", "2", "more")


def test_rounding_within_the_yardstick_agrees_and_ten_times_it_does_not(compared):
    near = CHAIN.replace("doubled + 1", "doubled + 1 + 1e-9")
    honest = {"squares": 1e-7, "mean": 1e-7, "return": 1e-7, "result": 1e-7}

    assert compared(CHAIN, near, None, honest | {"more": 1e-9}).departure is None
    departure = compared(CHAIN, near, None, honest | {"more": 1e-10}).departure
    assert named(departure) == ("part.run", "2", "more")
    assert departure.agreement.score == pytest.approx(10)


@pytest.mark.parametrize(
    ("wrong", "reason"),
    [
        ("np.append(x[:-1] * 2, np.nan)", "at [2]: expected 8.0, got nan"),
        ("np.append(x[:-1] * 2, np.inf)", "at [2]: expected 8.0, got inf"),
        ("(x * 2).astype(np.float32)", "expected float64, got float32"),
        ("(x * 2)[None]", "expected shape (3,), got (1, 3)"),
    ],
)
def test_what_departs_is_told(compared, wrong, reason):
    departure = compared(CHAIN, CHAIN.replace("x * 2", wrong)).departure

    assert departure.agreement.reason == reason


def test_a_whole_number_off_by_one_departs(compared):
    x = np.array([1, 2])
    wrong = CHAIN.replace("x * 2", "x * 2 + (x == 2)")

    departure = compared(CHAIN, wrong, x, {"doubled": 1e9}).departure

    assert departure.agreement.reason == "at [1]: expected 4, got 5"


def test_a_fused_step_stands_for_those_that_it_hides(compared):
    for left, right in ((CHAIN, FUSED), (FUSED, CHAIN)):
        comparison = compared(left, right)
        assert comparison.departure is None
        assert comparison.n_steps == 2


def test_a_fused_step_that_departs_is_named_by_its_range(compared):
    departure = compared(CHAIN, FUSED.replace("** 2", "** 3")).departure

    assert named(departure) == ("part.run", "2-4", "mean")


def test_a_fused_step_that_hides_too_few_departs(compared):
    few = FUSED.replace("2-4", "2-3").replace("mean = ", "more = squares = mean = ")

    departure = compared(few, few.replace("2-3", "2-4")).departure

    assert named(departure) == ("part.run", "2-3", "next step")
    assert departure.agreement.reason == "expected 'step 2-3', got 'step 2-4'"


def test_swapped_steps_depart(compared):
    doubled = "# 1. Double.\n        doubled = x * 2"
    tripled = "# 2. Triple.\n        tripled = x * 3"
    frame = "\n    def run(x):\n        {}\n        {}\n        return x\n"

    departure = compared(
        frame.format(doubled, tripled), frame.format(tripled, doubled)
    ).departure

    assert named(departure) == ("part.run", "1", "next step")


def test_the_right_values_under_swapped_numbers_depart(compared):
    swapped = CHAIN.replace("2. Add", "3. Add").replace("3. Square", "2. Square")

    assert compared(CHAIN, swapped).departure.name == "next step"


def test_a_step_without_a_common_name_departs(compared):
    departure = compared(CHAIN, CHAIN.replace("more", "other")).departure

    assert named(departure) == ("part.run", "2", "names")
    assert departure.agreement.reason == "no name in common: more and other"


def test_a_value_that_one_side_did_not_store_departs(compared):
    optional = CHAIN.replace(
        "more = doubled + 1", "more = doubled + 1\n        if {}:\n            seen = 1"
    )

    departure = compared(optional.format("True"), optional.format("False")).departure

    assert named(departure) == ("part.run", "2", "seen")
    assert departure.agreement.reason == "expected a value, got none"


def test_names_of_one_side_alone_are_its_own_affair(compared):
    longer = CHAIN.replace(
        "more = doubled + 1", "one = 1\n        more = doubled + one"
    )

    assert compared(CHAIN, longer).departure is None


@pytest.mark.parametrize("factors", ["(1, 2)", "(1, 2, 3, 4)", "()"])
def test_a_missing_or_an_extra_pass_of_a_loop_departs(compared, factors):
    departure = compared(LOOP, LOOP.replace("(1, 2, 3)", factors)).departure

    assert departure.name == "next step"


def test_the_pass_of_a_loop_that_departs_is_named(compared):
    departure = compared(LOOP, LOOP.replace("(1, 2, 3)", "(1, 3, 2)")).departure

    assert str(departure).startswith("part.run, step 2. Multiply. (pass 2)\n")


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

    assert comparison.departure is None
    assert comparison.n_steps == 7


@pytest.mark.parametrize(
    "body",
    [
        "total = (\n                total\n                + 1\n            )",
        "for _ in range(2):\n                total = total + 0.5",
        "count = 0\n            while count < 2:\n                count += 1\n"
        "            total = total + 1",
        "total = sum([part for part in (total, 1)])",
    ],
)
@pytest.mark.parametrize("head", ["for _ in range(3):", "while total < 3:"])
def test_a_loop_of_one_step_gives_one_snapshot_a_pass(panel, head, body):
    package, run = panel(f"""
    def run(x):
        total = 0
        {head}
            # 1. Add.
            {body}
        return total
    """)

    (invocation,) = record(package, lambda: run(0)).invocations

    passes = [snapshot.values["total"] for snapshot in invocation.snapshots]
    assert passes == [1, 2, 3]


def test_an_endless_loop_gives_one_snapshot_a_pass(panel):
    package, run = panel("""
    def run(x):
        while True:
            # 1. Add.
            x = x + 1
            if x == 3:
                return x
    """)

    (invocation,) = record(package, lambda: run(0)).invocations

    assert [each.values["x"] for each in invocation.snapshots] == [1, 2, 3]


def test_a_loop_that_begins_a_step_belongs_to_it(panel):
    package, run = panel("""
    def run(x):
        # 1. Add.
        while x < 3:
            x = x + 1

        # 2. Add more.
        for _ in range(2):
            x = x + 1
        return x
    """)

    (invocation,) = record(package, lambda: run(0)).invocations

    assert [each.values["x"] for each in invocation.snapshots] == [3, 5]


def test_a_wrong_step_of_a_called_function_is_named_before_its_caller(compared):
    departure = compared(CALLS, CALLS.replace("0.5", "0.25")).departure

    assert named(departure) == ("part.halve", "1", "half")


def test_a_wrong_argument_is_found_in_the_function_called(compared):
    departure = compared(CALLS, CALLS.replace("halve(half)", "halve(x)")).departure

    assert named(departure) == ("part.halve", "1", "half")


@pytest.mark.parametrize("side", [0, 1])
def test_a_call_on_one_side_only_departs(compared, side):
    sides = [CALLS, CALLS]
    sides[side] = CALLS.replace("halve(half)", "half * 0.5")

    departure = compared(*sides).departure

    assert departure.name == "call"
    assert "nothing more" in departure.agreement.reason or side == 0


def test_a_function_with_steps_on_one_side_alone_is_passed_over(compared):
    other = CALLS.replace("# 1. Multiply.", "# Multiply.")

    comparison = compared(CALLS, other)

    assert comparison.departure is None
    assert comparison.n_steps == 2


def test_a_comparison_of_nothing_departs(compared):
    for unmarked in (CHAIN.replace("# ", "# Step "), "def run(x): return x.mean()"):
        comparison = compared(unmarked, unmarked)
        assert comparison.n_steps == 0
        assert comparison.departure.name == "steps"


def test_only_the_result_of_unmarked_code_is_not_enough(compared):
    departure = compared(CHAIN, CHAIN.replace("# ", "# Step ")).departure

    assert departure.name == "steps"


def test_an_array_changed_in_place_later_was_copied_before(panel):
    package, run = panel("""
    def run(x):
        # 1. Copy.
        y = x.copy()

        # 2. Fill.
        y[0] = 9.0

        # 3. Add in place.
        np.add.at(y, [0], 1.0)
        return y
    """)

    (invocation,) = record(package, lambda: run(np.zeros(1))).invocations

    assert [each.values["y"] for each in invocation.snapshots] == [0, 9, 10]


def test_what_is_returned_outside_of_a_step_is_compared(compared):
    departure = compared(LOOP, LOOP.replace("return total", "return total + 1"))

    assert named(departure.departure) == ("part.run", "0", "return")


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

        # 2. Refuse.
        half = double / 4
        {}
        return half
"""


def test_an_exception_that_is_caught_on_both_sides_agrees(compared):
    source = CAUGHT.format("raise ValueError")

    comparison = compared(source, source)

    assert comparison.departure is None
    assert comparison.n_steps == 2


@pytest.mark.parametrize("other", ["raise UnicodeError", "pass", "return None"])
def test_an_exception_that_is_caught_on_one_side_only_departs(compared, other):
    left, right = CAUGHT.format("raise ValueError"), CAUGHT.format(other)

    assert not compared(left, right).departure.agreement.holds
    assert not compared(right, left).departure.agreement.holds


def test_an_exception_within_a_step_does_not_end_the_recording(compared):
    source = CHAIN.replace(
        "more = doubled + 1",
        "more = doubled + 1\n"
        "        try:\n            raise KeyError\n"
        "        except KeyError:\n            pass",
    )

    assert compared(CHAIN, source).departure is None


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
    departure = compared(source, source.replace("* factor", "* (factor % 2)")).departure
    assert named(departure) == ("part.parts", "1", "product")
    assert departure.turn == 2


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

    departure = compared(source, source.replace("y * 2", "y * 3")).departure

    assert named(departure) == ("part.run.inner", "1", "z")


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

    assert comparison.departure is None
    assert comparison.quantities[0].function == "part.Double.forward"
    assert comparison.quantities[0].name == "self.seen"


@pytest.mark.parametrize("stored", ["{'a': 1, 'b': 2}", "['a', ('b', x)]", "{1, 2}"])
def test_collections_are_compared(compared, stored):
    line = "more = doubled + 1"
    source = CHAIN.replace(line, f"{line}\n        seen = {stored}")
    wrong = source.replace("'b'", "'c'").replace("{1, 2}", "{1, 3}")

    assert compared(source, source).departure is None
    assert named(compared(source, wrong).departure) == ("part.run", "2", "seen")


def test_the_order_of_a_mapping_counts(compared):
    line = "more = doubled + 1"
    source = CHAIN.replace(line, f"{line}\n        seen = {{'a': 1, 'b': 2}}")
    wrong = source.replace("'a': 1, 'b': 2", "'b': 2, 'a': 1")

    assert named(compared(source, wrong).departure) == ("part.run", "2", "seen")


def test_a_trace_that_was_set_is_set_again(panel):
    package, run = panel(CHAIN)

    def before(frame, event, arg):
        return None

    previous = sys.gettrace()
    sys.settrace(before)
    try:
        record(package, lambda: run(np.ones(1)))
        with pytest.raises(TypeError):
            record(package, lambda: run("text"))
        after = sys.gettrace()
    finally:
        sys.settrace(previous)

    assert after is before


def test_recordings_may_be_nested(panel):
    (outer, run), (inner, run_inner) = panel(CHAIN), panel(LOOP)
    kept = []

    def both():
        kept.append(record(inner, lambda: run_inner(1)))
        return run(np.ones(1))

    recording = record(outer, both)

    assert len(recording.invocations[0].snapshots) == 4
    assert len(kept[0].invocations[0].snapshots) == 7


def test_a_long_text_is_recorded_with_only_what_each_step_stores(panel):
    package, run = panel(CHAIN)
    text = np.zeros(1_700_000, np.int64)

    (invocation,) = record(package, lambda: run(text)).invocations

    held = [sum(np.size(v) for v in s.values.values()) for s in invocation.snapshots]
    assert held == [len(text), len(text), len(text), 1]
