"""Editing in a real browser: the numbers follow soon, and are the terminal's."""

import re
from pathlib import Path
from typing import Any

from typer.testing import CliRunner

from diptych.cli import app

CAUSAL = "attention/causal.html"
HEADS = "attention/multi_head.html"
N_TOKENS = "n => document.querySelectorAll('#outcome .token').length === n"


def numbers(text: str) -> list[str]:
    """Find the numbers with two decimals, whatever minus sign they have."""
    return re.findall(r"-?\d+\.\d\d\b", text.replace("−", "-"))


def test_the_numbers_are_those_of_the_terminal(site: Path, view: Any) -> None:
    view.goto((site / CAUSAL).as_uri())

    steps = ("#step-4", "#causalattention-backward-step-4")
    figures = [view.locator(f"{step} .figures").inner_text() for step in steps]
    ours = numbers("\n".join(figures))
    command = ["show", "causal", "--step", "4", "--no-code"]
    theirs = CliRunner(env={"NO_COLOR": "1", "COLUMNS": "200"}).invoke(app, command)

    assert theirs.exit_code == 0
    values, _, _ = theirs.output.partition("✓ Both backends agree")
    assert sorted(ours) == sorted(numbers(values))
    assert len(ours) > 70


def test_an_edit_changes_every_number_that_depends_on_it(
    served: str, view: Any
) -> None:
    view.goto(served + HEADS)

    view.fill("#in-text", "she saw seas")
    view.fill("#in-num_heads", "4")
    view.wait_for_url("**text=she*num_heads=4*")
    view.wait_for_function(N_TOKENS, arg=3)
    edited = view.locator("#rows").inner_text()
    briefs = view.locator("#step-3 .brief").text_content()
    view.reload()

    assert "T\xa03\xa0×\xa0T\xa03" in briefs
    assert "T\xa06" not in edited
    assert view.locator("#in-text").input_value() == "she saw seas"
    assert view.locator("#rows").inner_text() == edited


def test_what_cannot_be_run_is_a_sentence_and_the_numbers_stay(
    served: str, view: Any
) -> None:
    view.goto(served + CAUSAL)
    before = view.locator("#rows").inner_text()

    view.fill("#in-d_in", "99")
    view.wait_for_selector("#outcome .rejection")

    assert "an integer from 1 to 16" in view.locator(".rejection").inner_text()
    assert view.locator("#rows").inner_text() == before
    view.errors.clear()  # the browser itself notes the answer 400


def test_adversarial_text_stays_text(served: str, view: Any) -> None:
    view.goto(served + CAUSAL)

    view.fill("#in-text", "<img/src=x/onerror=alert(1)> \u202eabc {{1+1}}")
    view.wait_for_function(N_TOKENS, arg=3)

    tokens = view.locator("#outcome .token").all_inner_texts()
    assert tokens == ["<img/src=x/onerror=alert(1)>", "<U+202E>abc", "{{1+1}}"]
    assert view.locator("main img").count() == 0
