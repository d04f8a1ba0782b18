"""What a terminal shows: both sides, with the values, and no escape of the text's."""

import io
import os
import re
import subprocess
import sys

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from diptych.cli import app
from diptych.reader.contents import READING_ORDER
from diptych.reader.heat import number
from diptych.reader.inputs import PRESETS, Choices
from diptych.reader.reading import read
from diptych.reader.terminal import show
from diptych.reader.view import View

every_concept = pytest.mark.parametrize("path", READING_ORDER)


def shown(
    name: str, view: View | None = None, width: int = 80, text: str | None = None
) -> str:
    """Show a concept as to a pipe, and return the text."""
    out = io.StringIO()
    console = Console(file=out, width=width)
    show(name, Choices(text=text), view or View(), console)
    return out.getvalue()


@every_concept
@pytest.mark.parametrize("width", [60, 140])
def test_no_line_is_wider_than_the_terminal(path: str, width: int) -> None:
    printed = shown(path, width=width)

    assert max(map(cell_len, printed.splitlines())) <= width


@every_concept
def test_every_concept_can_be_shown_with_its_values(path: str) -> None:
    printed = shown(path)

    reading = read(path)
    assert reading.title in printed
    assert "Both sides agree at every step" in printed
    for section in reading.sections:
        for row in section.rows[1:]:
            assert row.steps[0].sentence.split()[0] in printed


def test_the_values_shown_are_those_of_the_reading() -> None:
    weights = next(
        value
        for row in read("causal").sections[0].rows
        for run in row.runs
        for value in run.values
        if value.name == "weights"
    )

    lines = shown("causal").splitlines()
    start = next(i for i, line in enumerate(lines) if "weights (6, 6) ✓" in line)
    column = lines[start].index("weights")
    for offset, row in enumerate(weights.reference):
        line = lines[start + 2 + offset][column:].split()
        assert line == [weights.axes[0].labels[offset], *map(number, row)]


@pytest.mark.parametrize("name", ["causal", "character", "windows"])
def test_hostile_text_is_made_visible(name: str) -> None:
    hostile = PRESETS["attention"][-1].text

    printed = shown(name, text=hostile)

    assert not re.search(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", printed
    )
    assert "<0x1B>" in printed
    assert "<U+202E>" in printed


def test_mark_up_of_rich_is_text_like_any_other() -> None:
    assert "[bold]x[/] :smile:" in shown("causal", text="[bold]x[/] :smile:")


def test_one_step_alone() -> None:
    printed = shown("causal", View(step=3))

    assert "── 3. Hide the future" in printed
    assert "── 2." not in printed
    assert "visible (6, 6)" in printed


def test_a_function_without_the_step_is_left_out() -> None:
    printed = shown("character", View(step=3))

    assert "CharacterTokenizer.encode" in printed
    assert "CharacterTokenizer.decode" not in printed


def test_the_chosen_head_is_shown() -> None:
    first, second = (shown("multi_head", View(head=h, step=5)) for h in (0, 1))

    assert "weights (2, 6, 6) ✓" in first
    assert "head 0" in first
    assert "head 1" in second
    assert first != second


def test_a_head_that_is_a_call_is_shown() -> None:
    assert "call 2 of 2" in shown("multi_head_wrapper", View(head=1))


def test_without_code_the_values_stay() -> None:
    printed = shown("causal", View(code=False))

    assert "softmax" not in printed
    assert "weights (6, 6)" in printed


def test_without_values_torch_is_never_imported() -> None:
    program = (
        "import sys; from diptych.reader.terminal import *; "
        "show('causal', Choices(), View(values=False), Console()); "
        "list_all(Console()); sys.exit('torch' in sys.modules)"
    )

    done = subprocess.run([sys.executable, "-c", program], capture_output=True)

    assert done.returncode == 0, done.stderr.decode()
    assert b"Hide the future" in done.stdout


@pytest.mark.parametrize("arguments", [["list"], ["show", "causal", "--step", "4"]])
def test_no_escape_is_sent_to_a_pipe(arguments: list[str]) -> None:
    printed = CliRunner().invoke(app, arguments).stdout

    assert "\x1b" not in printed
    assert "causal" in printed


def test_no_color_leaves_no_escape_even_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from diptych.reader.terminal import plain_or_coloured

    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm-256color")
    coloured = capture(plain_or_coloured())
    monkeypatch.setenv("NO_COLOR", "1")

    assert "\x1b" in coloured
    assert "\x1b" not in capture(plain_or_coloured())


def capture(console: Console) -> str:
    """Show a step on a console and return what it wrote."""
    with console.capture() as captured:
        show("causal", Choices(), View(step=4, values=False), console)
    return captured.get()


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["casual"], "no concept is called 'casual'; there are "),
        (["causal", "--step", "9"], "causal has steps 0 to 6, got 9"),
        (["multi_head", "--head", "2"], "multi_head has heads 0 to 1, got 2"),
        (["causal", "--head", "1"], "causal has one head, 0, got 1"),
        (["causal", "--text", ""], "the text has no words; one is needed at least"),
        (["causal", "--seed", "-1"], "seed must be a whole number from 0 to"),
    ],
)
def test_what_cannot_be_shown_is_answered_with_a_sentence(
    arguments: list[str], sentence: str
) -> None:
    result = CliRunner().invoke(app, ["show", *arguments])

    assert result.exit_code == 2
    assert result.stderr.startswith(f"diptych: {sentence}")
    assert "Traceback" not in result.output


def test_list_has_every_concept_in_reading_order() -> None:
    printed = CliRunner().invoke(app, ["list"]).stdout

    places = [printed.index(f"  {path.partition('/')[2]} ") for path in READING_ORDER]
    assert places == sorted(places)
    assert os.linesep.join(["", "Attention", ""]) in printed
