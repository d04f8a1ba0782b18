"""A run is recorded at every numbered step, and nothing else of it."""

import sys

import numpy as np
import pytest

from parity_tests.lockstep.recording import record
from parity_tests.meta_tests.programs import CHAIN, LOOP


@pytest.fixture
def stored(panel):
    """Run a source, and return what its one call stores in each snapshot."""

    def run_source(source, x):
        package, run = panel(source)
        (invocation,) = record(package, lambda: run(x)).invocations
        return [snapshot.values for snapshot in invocation.snapshots]

    return run_source


BODIES = [
    "total = (\n                total\n                + 1\n            )",
    "for _ in range(2):\n                total = total + 0.5",
    "count = 0\n            while count < 2:\n                count += 1\n"
    "            total = total + 1",
    "total = sum([part for part in (total, 1)])",
]


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("head", ["for _ in range(3):", "while total < 3:"])
def test_a_loop_of_one_step_gives_one_snapshot_a_round(stored, head, body):
    source = f"""
    def run(total):
        {head}
            # 1. Add.
            {body}
        return total
    """

    assert [values["total"] for values in stored(source, 0)] == [1, 2, 3]


ENDLESS = """
    def run(x):
        while True:
            # 1. Add.
            x = x + 1
            if x == 3:
                return x
"""
LOOPS = """
    def run(x):
        # 1. Add.
        while x < 3:
            x = x + 1

        # 2. Add more.
        for _ in range(2):
            x = x + 1
        return x
"""
IN_PLACE = """
    def run(x):
        # 1. Copy.
        x = x.copy()

        # 2. Fill.
        x[0] = 9.0

        # 3. Add in place.
        np.add.at(x, [0], 1.0)
        return x
"""


@pytest.mark.parametrize(
    ("source", "x", "expected"),
    [
        pytest.param(ENDLESS, 0, [1, 2, 3], id="an endless loop, one a round"),
        pytest.param(LOOPS, 0, [3, 5], id="a loop that begins a step is of it"),
        pytest.param(IN_PLACE, np.zeros(1), [0, 9, 10], id="a copy before each change"),
    ],
)
def test_a_snapshot_has_what_its_step_has_stored(stored, source, x, expected):
    assert [values["x"] for values in stored(source, x)] == expected


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
    runs = []

    def both():
        runs.append(record(inner, lambda: run_inner(1)))
        return run(np.ones(1))

    runs.append(record(outer, both))

    assert [len(each.invocations[0].snapshots) for each in runs] == [7, 4]


def test_a_long_text_is_recorded_with_only_what_each_step_stores(stored):
    text = np.zeros(1_700_000, np.int64)
    held = [sum(map(np.size, values.values())) for values in stored(CHAIN, text)]

    assert held == [len(text), len(text), len(text), 1]
