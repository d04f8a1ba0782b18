"""What a terminal shows: both panels, with the values, and no escape of the text's."""

import io
import re
import resource
import subprocess
import sys

import pytest
from rich.cells import cell_len
from rich.console import Console
from typer.testing import CliRunner

from diptych.cli import app
from diptych.reader.inputs import ADVERSARIAL, Choices
from diptych.reader.notes import by_topic
from diptych.reader.numerals import number
from diptych.reader.reading import read_source
from diptych.reader.values import read
from diptych.terminal.show import name_of, plain_or_coloured, show
from diptych.terminal.view import View
from parity_tests.catalogue import PATHS, load

every_pair = pytest.mark.parametrize("path", PATHS)


def shown(
    name: str,
    view: View | None = None,
    width: int = 80,
    text: str | None = None,
    **others: str,
) -> str:
    """Show a pair as to a pipe, and return the text."""
    out = io.StringIO()
    console = Console(file=out, width=width)
    show(name, Choices(text, others), view or View(), console)
    return out.getvalue()


@every_pair
@pytest.mark.parametrize("width", [60, 80, 140])
def test_no_line_is_wider_than_the_terminal(path: str, width: int) -> None:
    printed = shown(path, width=width)

    assert max(map(cell_len, printed.splitlines())) <= width


@every_pair
def test_every_pair_can_be_shown_with_its_values(path: str) -> None:
    printed = shown(path)

    reading = read_source(path)
    head = " ".join(printed.partition("──")[0].split())
    assert reading.title in head
    assert reading.sentence in head
    assert "Both backends agree at every step" in printed
    for section in reading.sections:
        for row in section.rows[1:]:
            assert row.steps[0].sentence.split()[0] in printed


def test_the_values_shown_are_those_of_the_reading() -> None:
    weights = next(
        value
        for row in read("causal").sections[0].rows
        for run in row.runs
        for value in run.values
        if value.name == "attn_weights"
    )

    lines = shown("causal").splitlines()
    start = next(i for i, line in enumerate(lines) if "  attn_weights (6, 6) ✓" in line)
    column = lines[start].index("attn_weights")
    for offset, row in enumerate(weights.reference):
        line = lines[start + 2 + offset][column:].split()
        assert line == [weights.axes[0].labels[offset], *map(number, row)]


@every_pair
def test_adversarial_text_is_made_visible(path: str) -> None:
    if load(path).typed is None:
        pytest.skip("it takes no text")
    printed = shown(path, text=ADVERSARIAL.text)

    assert not re.search(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e]", printed
    )
    assert "<0x1B>" in printed
    assert "<U+202E>" in printed


def test_mark_up_of_rich_is_text_like_any_other() -> None:
    assert "[bold]x[/] :smile:" in shown("causal", text="[bold]x[/] :smile:")


def test_one_step_alone() -> None:
    printed = shown("causal", View(step=3))

    assert "── 3. Causal mask" in printed
    assert "── 2." not in printed
    assert "causal_mask (6, 6)" in printed


def test_a_function_without_the_step_is_left_out() -> None:
    printed = shown("word", View(step=3, values=False))

    assert "WordTokenizer.decode" in printed
    assert "WordTokenizer.encode" not in printed


def test_the_chosen_head_is_shown() -> None:
    first, second = (shown("multi_head", View(head=h, step=5)) for h in (0, 1))

    assert "attn_weights (2, 6, 6) ✓" in first
    assert "head 0" in first
    assert "head 1" in second
    assert first != second


def test_a_head_that_is_a_call_is_shown() -> None:
    assert "call 2 of 2" in shown("multi_head_wrapper", View(head=1))


def test_without_code_the_values_stay() -> None:
    printed = shown("causal", View(code=False))

    assert "softmax(dim=-1)" not in printed
    assert "attn_weights (6, 6)" in printed


def test_pytorch_s_own_is_shown_as_one_call() -> None:
    printed = shown("softmax")

    assert "F.softmax(scores, dim=-1)" in printed
    assert "weights (4, 3) ✓" in printed


@pytest.mark.parametrize("arguments", [["list"], ["show", "causal", "--no-values"]])
def test_what_shows_source_alone_is_soon_there(arguments: list[str]) -> None:
    program = (
        "import sys; from diptych.cli import app; app(sys.argv[1:], standalone_mode=0);"
        "sys.exit(not {'torch', 'numpy'}.isdisjoint(sys.modules))"
    )
    begin = seconds_of_children()
    command = [sys.executable, "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, check=False)

    assert done.returncode == 0, done.stderr.decode()
    assert "attends to itself" in " ".join(done.stdout.decode().split())
    assert seconds_of_children() - begin < 0.5


def seconds_of_children() -> float:
    """Sum up what processes have computed: a busy machine does not change that."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


@pytest.mark.parametrize("arguments", [["list"], ["show", "causal", "--step", "4"]])
def test_no_escape_is_sent_to_a_pipe(arguments: list[str]) -> None:
    printed = CliRunner().invoke(app, arguments).stdout

    assert "\x1b" not in printed
    assert "causal" in printed


def test_no_color_leaves_no_escape_even_on_a_terminal(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
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
        (["casual"], "no pair is called casual; there are "),
        (["causal", "--step", "9"], "causal has steps 0 to 6, got 9"),
        (["multi_head", "--head", "2"], "multi_head has heads 0 to 1, got 2"),
        (["causal", "--head", "1"], "causal has one head, 0, got 1"),
        (["causal", "--head", "-1"], "head must be at least 0, got -1"),
        (["causal", "--text", ""], "the text has no words; one is needed at least"),
        (["causal", "--set", "seed=-1"], "seed must be an integer from 0 to"),
        (["causal", "--set", "seed"], "--set takes NAME=VALUE, got 'seed'"),
        (["causal", "--set", "colour=1"], "there is no choice called 'colour'; there"),
        (["softmax", "--text", "a"], "primitives/softmax takes no text"),
        (["softmax", "--example", "no"], "no example is called 'no'; there are: small"),
        (["causal", "--example", "no"], "attention/causal has no example called 'no'"),
    ],
)
def test_what_cannot_be_shown_is_answered_with_a_sentence(
    arguments: list[str], sentence: str
) -> None:
    result = CliRunner().invoke(app, ["show", *arguments])

    assert result.exit_code == 2
    assert result.stderr.startswith(f"diptych: {sentence}")
    assert "Traceback" not in result.output


def test_choices_are_set_by_name() -> None:
    printed = shown("multi_head", num_heads="4", dropout="0.5")

    assert "num_heads 4" in printed
    assert "attn_weights (4, 6, 6)" in printed


def test_list_has_every_pair_below_its_topic() -> None:
    printed = CliRunner().invoke(app, ["list"]).stdout

    for topic, paths in by_topic(PATHS).items():
        section = printed.partition(f"{topic}\n")[2].partition("\n\n")[0]
        for path in paths:
            assert f"\n  {name_of(path)} " in f"\n{section}"
