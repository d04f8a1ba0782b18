"""Every colour can be read on its ground, in either theme."""

from typing import Any

import pytest

from diptych.site.palette import (
    CODE_GROUND,
    DARK,
    LEAST_CONTRAST,
    LIGHT,
    STRENGTHS,
    code_colours,
    contrast,
    heat_colours,
)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
def test_every_cell_can_be_read_on_its_colour(theme: Any) -> None:
    for sign in "pn":
        for level in range(1, STRENGTHS + 1):
            assert contrast(*heat_colours(theme, sign, level)) >= LEAST_CONTRAST


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_of_code_can_be_read(theme: Any) -> None:
    for colour in code_colours(theme).values():
        assert contrast(colour, CODE_GROUND[theme]) >= LEAST_CONTRAST
