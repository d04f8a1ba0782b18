"""Code in a terminal is never cut, and its columns line up."""

import pytest
from rich.cells import cell_len

from diptych.reader.reading import read_source
from diptych.terminal.columns import code_lines
from diptych.terminal.fold import FOLDED
from parity_tests.catalogue import PATHS

WIDTHS = (60, 80, 100, 140)
every_pair = pytest.mark.parametrize("path", PATHS)


@every_pair
@pytest.mark.parametrize("width", WIDTHS)
def test_code_is_never_cut(path: str, width: int) -> None:
    reading = read_source(path)
    for section in (*reading.sections, *reading.backward):
        for row in section.rows:
            lines = [line.plain for line in code_lines(row, width)]
            assert max(map(cell_len, lines), default=0) <= width
            text = "\n".join(lines).replace(f"\n{FOLDED}", "")
            for code in (*row.reference, *row.torch):
                for line in code.text.splitlines():
                    assert line in text


@every_pair
def test_the_two_columns_line_up(path: str) -> None:
    for section in read_source(path).sections:
        for row in section.rows:
            lines = [line.plain for line in code_lines(row, 140)]
            columns = {line.index(" │") for line in lines if " │" in line}
            assert columns <= {68}
