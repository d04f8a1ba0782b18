"""Pairs from the command line: on a text, on a case of a file, forward and backward."""

import json
import shlex
import subprocess
import sys

import pytest
from typer.testing import CliRunner

from diptych.cli import app
from parity_tests import catalogue
from parity_tests.contract.case import forget
from reference.attention.simple import SimpleSelfAttention
from reference.tape import NO_TAPE


def run(*arguments):
    """Run `diptych check`; return its status and what it prints."""
    result = CliRunner().invoke(app, ["check", *map(str, arguments)])
    return result.exit_code, result.output


@pytest.fixture
def text(tmp_path):
    """Write a few words to a file."""
    path = tmp_path / "words.txt"
    path.write_text("Your journey starts with one step.", encoding="utf-8")
    return path


def test_a_pair_is_run_forward_and_backward(text):
    status, output = run("simple", "--text", text, "--json")
    rows = [(row["dtype"], row["gradients"]) for row in json.loads(output)]

    assert status == 0
    assert rows == [
        ("float64", False),
        ("float64", True),
        ("float32", False),
        ("float32", True),
    ]


def test_every_line_fits_a_terminal_of_80_columns(text):
    _, output = run("multi_head_wrapper", "primitives/linear", "--text", text)

    assert "Gradients" in output
    assert max(map(len, output.splitlines())) <= 80


def test_gradients_can_be_compared_alone(text):
    _, output = run("causal", "--text", text, "--gradients", "--json")

    assert {row["gradients"] for row in json.loads(output)} == {True}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["windows", "--gradients"], "data/windows has no gradients"),
        (["causal", "--impl", "a:b", "--gradients"], "it is --supports gradients"),
        (["nothing"], "no pair is called nothing"),
        (["causal", "--case", "/no/such/file"], "No such file"),
    ],
)
def test_what_cannot_be_asked_has_the_status_2(arguments, message):
    status, output = run(*arguments)

    assert status == 2
    assert message in output


def test_a_pair_that_cannot_be_read_is_reported(text, monkeypatch):
    monkeypatch.setattr(catalogue, "PATHS", ("attention/absent", "attention/simple"))
    status, output = run("--text", text)

    assert status == 2
    assert "absent" in output
    assert "attention/absent could not be run: ModuleNotFoundError" in output
    assert output.count("agrees") == 4  # the other one was run


@pytest.mark.parametrize("pass_", ["forward", "backward"])
def test_a_difference_names_the_command_that_reproduces_it(text, monkeypatch, pass_):
    right = getattr(SimpleSelfAttention, pass_)
    monkeypatch.setattr(
        SimpleSelfAttention,
        pass_,
        lambda self, x, tape=NO_TAPE: right(self, 2 * x, tape),
    )
    forget()
    status, output = run("simple", "--text", text)
    *_, last = output.strip().splitlines()
    program, name, *arguments = shlex.split(last.partition("reproduce with: ")[2])
    again, repeated = run(*arguments)

    assert (status, again) == (1, 1)
    assert (program, name, arguments[0]) == ("diptych", "check", "attention/simple")
    assert ("--gradients" in arguments) == (pass_ == "backward")
    assert "SimpleSelfAttention." in repeated
    assert ("grad_" in repeated) == (pass_ == "backward")
    forget()


def test_listing_and_help_wait_for_no_torch():
    code = (
        "import sys; from typer.testing import CliRunner; from diptych.cli import app\n"
        "for command in ['list'], ['check', '--help']:\n"
        "    assert CliRunner().invoke(app, command).exit_code == 0\n"
        "assert not {'torch', 'numpy'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
