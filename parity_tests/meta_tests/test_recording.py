"""A run is recorded at every numbered step, and nothing else of it."""

import sys

import numpy as np
import pytest

from parity_tests.lockstep.recording import record

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
def test_a_loop_of_one_step_gives_one_snapshot_a_round(panel, head, body):
    package, run = panel(f"""
    def run(x):
        total = 0
        {head}
            # 1. Add.
            {body}
        return total
    """)

    (invocation,) = record(package, lambda: run(0)).invocations

    rounds = [snapshot.values["total"] for snapshot in invocation.snapshots]
    assert rounds == [1, 2, 3]


def test_an_endless_loop_gives_one_snapshot_a_round(panel):
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
    inner_runs = []

    def both():
        inner_runs.append(record(inner, lambda: run_inner(1)))
        return run(np.ones(1))

    recording = record(outer, both)

    assert len(recording.invocations[0].snapshots) == 4
    assert len(inner_runs[0].invocations[0].snapshots) == 7


def test_a_long_text_is_recorded_with_only_what_each_step_stores(panel):
    package, run = panel(CHAIN)
    text = np.zeros(1_700_000, np.int64)

    (invocation,) = record(package, lambda: run(text)).invocations

    held = [sum(np.size(v) for v in s.values.values()) for s in invocation.snapshots]
    assert held == [len(text), len(text), len(text), 1]
