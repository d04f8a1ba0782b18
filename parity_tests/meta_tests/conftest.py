"""Sources that are written and run as packages of their own, to be compared."""

from collections.abc import Callable, Mapping
from itertools import count
from pathlib import Path
from textwrap import dedent
from typing import Any

import numpy as np
import pytest

from parity_tests.lockstep.comparison import Comparison, compare_recordings
from parity_tests.lockstep.recording import record

Panel = Callable[[str], tuple[str, Callable[..., Any]]]
NAMES = (f"panel_{number}" for number in count())


@pytest.fixture
def panel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Panel:
    """Write a source as a package of its own, and import its `run`."""
    monkeypatch.syspath_prepend(tmp_path)

    def write(source: str) -> tuple[str, Callable[..., Any]]:
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
def compared(panel: Panel) -> Callable[..., Comparison]:
    """Compare two sources on the same input, step by step."""

    def compare(
        left: str,
        right: str,
        x: Any = None,
        units: Mapping[str, float] | None = None,
    ) -> Comparison:
        x = np.array([1.0, 2.0, 4.0]) if x is None else x
        (one, run), (other, run_other) = panel(left), panel(right)
        expected = record(one, lambda: run(x))
        expected.result_units = (units or {}).get("result", 0.0)
        actual = record(other, lambda: run_other(x))
        return compare_recordings(expected, [actual], units or {})

    return compare
