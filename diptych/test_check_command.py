"""Pairs from the command line: on a text, on a kept case, there and back again."""

import json
import shlex

import pytest
from typer.testing import CliRunner

import reference
from diptych.cli import app
from parity_tests.catalogue import concept
from parity_tests.gradients import compare_gradients
from parity_tests.known_mistakes import mistaken_class, mistakes_of
from parity_tests.known_mistakes.trial import cases_of


def run(*arguments):
    """Run `diptych check`; return its status and what it says."""
    result = CliRunner().invoke(app, ["check", *map(str, arguments)])
    return result.exit_code, result.output


@pytest.fixture
def text(tmp_path):
    """Keep a few words as a file."""
    path = tmp_path / "words.txt"
    path.write_text("Your journey starts with one step.", encoding="utf-8")
    return path


def test_a_pair_is_run_there_and_back_again(text):
    status, said = run("simple", "--text", text, "--json")
    rows = [(row["dtype"], row["gradients"]) for row in json.loads(said)]

    assert status == 0
    assert rows == [
        ("float64", False),
        ("float64", True),
        ("float32", False),
        ("float32", True),
    ]


def test_every_line_fits_a_terminal_of_80_columns(text):
    _, said = run("multi_head_wrapper", "word", "--text", text)

    assert "And back again" in said
    assert max(map(len, said.splitlines())) <= 80


def test_the_way_back_can_be_run_alone(text):
    _, said = run("causal", "--text", text, "--gradients", "--json")

    assert {row["gradients"] for row in json.loads(said)} == {True}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["word", "--gradients"], "word has no gradients"),
        (["causal", "--impl", "a:b", "--gradients"], "it is --supports gradients"),
    ],
)
def test_gradients_that_cannot_be_compared_have_the_status_2(arguments, said):
    status, message = run(*arguments)

    assert status == 2
    assert said in message


def test_a_departure_on_the_way_back_gives_the_command_that_shows_it_again(
    monkeypatch,
):
    simple = concept("simple")
    mistake = next(m for m in mistakes_of(simple) if m.id == "grad-softmax-no-sum")
    monkeypatch.setattr(reference, simple.class_name, mistaken_class(mistake))
    comparisons = (compare_gradients(simple, case) for case in cases_of(simple.path))
    departure = next(filter(None, (each.departure for each in comparisons)))

    program, command, *arguments = shlex.split(departure.rerun)
    status, said = run(*arguments)

    assert (program, command) == ("diptych", "check")
    assert status == 1
    assert str(departure) in said
    assert "SimpleSelfAttention.backward, step 2." in said
