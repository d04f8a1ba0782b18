"""A value in a terminal can be read, and says where the sides differ."""

import numpy as np
import pytest

from diptych.reader.cases import prepare
from diptych.reader.cells import value_block
from diptych.reader.heat import heat, luminance
from diptych.reader.inputs import Choices
from diptych.reader.measure import Measure
from parity_tests.catalogue import concept
from parity_tests.expected import Expected
from parity_tests.recording import Recording


def test_a_departure_is_told_with_its_place() -> None:
    prepared = prepare(concept("causal"), Choices())
    here, there = np.ones((2, 2)), np.array([[1.0, 1.0], [1.5, 1.0]])
    measure = Measure(prepared, Expected(Recording("reference"), {}))
    (value,) = measure.values({"scores": here}, {"scores": there}, {})

    drawn = "\n".join(line.plain for line in value_block(value, 0, 80))

    assert "scores (2, 2) ✗ differs by 5e-01" in drawn
    assert "at [1, 0]: expected 1.0, got 1.5" in drawn


@pytest.mark.parametrize("value", [-1.0, -0.3, 0.01, 0.1, 0.5, 0.8, 1.0])
@pytest.mark.parametrize("background", ["15;0", "0;15"], ids=["dark", "light"])
def test_a_number_can_be_read_on_its_colour(
    value: float, background: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLORFGBG", background)

    style = heat(value, 1.0)

    if style.bgcolor and style.color:
        shades = sorted(luminance(c.name) for c in (style.bgcolor, style.color))
        assert (shades[1] + 0.05) / (shades[0] + 0.05) >= 4.5
