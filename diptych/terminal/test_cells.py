"""A value in a terminal can be read, and says where the backends differ."""

import numpy as np
import pytest

from diptych.reader.measure import Measure
from diptych.terminal.cells import value_block
from diptych.terminal.heat import heat, luminance


def test_a_difference_is_shown_with_its_index() -> None:
    here, there = np.ones((2, 2)), np.array([[1.0, 1.0], [1.5, 1.0]])
    (value,) = Measure({}, "").values({"attn_scores": here}, {"attn_scores": there}, {})

    drawn = "\n".join(line.plain for line in value_block(value, 0, 80))

    assert "attn_scores (2, 2) ✗ differs by 5e-01" in drawn
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
