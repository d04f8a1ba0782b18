"""The kit from the command line, and by pytest from wherever one is."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from diptych.cli import app
from parity_tests.pinned import read_pinned, write_pinned

MISBEHAVING = "parity_tests.kit.misbehaving"


def run(*arguments):
    """Run `diptych check` on simple attention; return its status and what it says."""
    options = ["check", "simple", "--examples", "15", *map(str, arguments)]
    result = CliRunner().invoke(app, options)
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def departed():
    """What is said of a known mistake, as JSON."""
    status, said = run("--impl", f"{MISBEHAVING}:mixes_up_axes", "--json")
    assert status == 1
    return json.loads(said)


@pytest.fixture
def kept(departed, tmp_path):
    """Keep the case that it departs on as a known departure."""
    _, _, after = departed["rerun"].partition("--case ")
    entries = read_pinned(Path(after.partition(" --impl")[0]))
    path = tmp_path / "departures.json"
    write_pinned(path, entries)
    return path


# The verdict


def test_json_says_what_the_issue_promises(departed):
    assert departed["agrees"] is False
    assert departed["first_difference"].startswith("at [")
    assert departed["looks_like"] == ["softmax-wrong-axis"]
    assert departed["examples"] > 0
    assert departed["score"] >= 0
    assert departed["not_tried"] == ["gradients", "leading_axes"]


def test_the_terminal_says_the_same_in_words():
    status, said = run("--impl", f"{MISBEHAVING}:mixes_up_axes")

    assert status == 1
    assert "departs from attention/simple" in said
    assert "looks like: softmax-wrong-axis" in said
    assert "run it again: diptych check simple --case" in said


def test_what_it_says_to_run_again_departs_again(kept):
    status, said = run("--impl", f"{MISBEHAVING}:mixes_up_axes", "--case", kept)

    assert status == 1
    assert "looks like: softmax-wrong-axis" in said


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--impl", "no.such:thing"], "could not be run"),
        (["--impl", "a:b", "--supports", "telepathy"], "knows no capability telepathy"),
        (["--impl", "a:b", "--convention", "other"], "knows no convention other"),
        (["--impl", "a:b", "--dtype", "float8"], "dtype must be float64 or float32"),
        (["causal", "--impl", "a:b"], "--impl is checked against one pair"),
    ],
)
def test_what_cannot_be_run_has_the_status_2(arguments, said):
    status, message = run(*arguments)

    assert status == 2
    assert said in message


# Known departures


def test_a_known_departure_is_expected(kept):
    status, said = run("--impl", f"{MISBEHAVING}:mixes_up_axes", "--departures", kept)

    assert status == 0
    assert "departs as known" in said


def test_a_departure_that_is_gone_is_an_error(kept):
    status, said = run("--impl", f"{MISBEHAVING}:right", "--departures", kept)

    assert status == 1
    assert "no longer departs" in said


def test_a_file_without_departures_of_the_pair_is_refused(kept):
    arguments = ["check", "causal", "--impl", "a:b", "--departures", str(kept)]
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 2
    assert "no departure of causal" in result.output


# By pytest, from another directory


@pytest.mark.parametrize(
    ("body", "options", "status", "said"),
    [
        ("return inputs['x'] * 0", ["--diptych-examples", "9"], 1, "departs:"),
        ("return", ["--diptych-supports", "telepathy"], 2, "knows no capability"),
    ],
)
def test_it_runs_by_pytest_from_another_directory(
    tmp_path, body, options, status, said
):
    source = f"def f(inputs, weights, config):\n    {body}\n"
    (tmp_path / "mine.py").write_text(source, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "--pyargs", "parity_tests"]
    request = ["--diptych-concept", "simple", "--diptych-impl", "mine:f", *options]

    done = subprocess.run(
        [*command, *request], cwd=tmp_path, capture_output=True, text=True, check=False
    )

    assert done.returncode == status, done.stdout + done.stderr
    assert said in done.stdout + done.stderr
