"""The kit from the command line, and by pytest from wherever one is."""

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from diptych.cli import app
from parity_tests.contract.pinned import read_pinned, write_pinned

MISBEHAVING = "parity_tests.kit.misbehaving"
MIXES_UP = f"{MISBEHAVING}:mixes_up_axes"


def run(*arguments):
    """Run `diptych check` on simple attention; return its status and what it prints."""
    options = ["check", "simple", "--examples", "15", *map(str, arguments)]
    result = CliRunner().invoke(app, options)
    return result.exit_code, result.output


@pytest.fixture(scope="module")
def differing():
    """What is found of a known mistake, as JSON."""
    status, output = run("--impl", MIXES_UP, "--json")
    assert status == 1
    return json.loads(output)


@pytest.fixture
def case(differing, tmp_path):
    """Write the case in which it differs to a file of known differences."""
    arguments = shlex.split(differing["reproduce"])
    entries = read_pinned(Path(arguments[arguments.index("--case") + 1]))
    path = tmp_path / "differences.json"
    write_pinned(path, entries)
    return path


# The verdict


def test_json_has_the_whole_verdict(differing):
    assert differing["agrees"] is False
    assert differing["first_difference"].startswith("at [")
    assert "softmax-wrong-axis" in differing["looks_like"]
    assert differing["examples"] > 0
    assert differing["error"] >= 0
    assert [*differing["not_tried"]] == ["gradients", "leading_axes"]


def test_the_terminal_says_the_same_in_words():
    status, output = run("--impl", MIXES_UP)

    assert status == 1
    assert f"{MIXES_UP} differs from attention/simple\n" in output
    assert "\n  first difference: at [" in output
    assert "\n  looks like: softmax-wrong-axis\n" in output
    assert "\n  property: the same input gives the same result: holds\n" in output
    first, second, *_ = output.splitlines()
    assert first == f"{MIXES_UP} differs from attention/simple"
    assert second == "  not tried: gradients, leading_axes, since not declared"
    assert "\n  reproduce with: diptych check attention/simple \\\n" in output
    assert max(map(len, output.splitlines())) <= 80


def test_a_report_is_written_beside_what_is_printed(tmp_path):
    path = tmp_path / "report.html"
    status, output = run("--impl", MIXES_UP, "--report", path)

    assert status == 1
    page = path.read_text(encoding="utf-8")
    assert f"{MIXES_UP} differs from attention/simple" in output
    assert f"{MIXES_UP} differs from attention/simple" in page
    assert "changed by softmax-wrong-axis" in page


def test_what_agrees_is_one_line_and_what_it_rests_on():
    status, output = run("--impl", f"{MISBEHAVING}:right")

    assert status == 0
    assert output.startswith(f"{MISBEHAVING}:right agrees with attention/simple\n")
    assert re.search(r"\n  \d\d+ examples, worst error ", output)
    assert " rounding units (the limit is 8)\n" in output


def test_what_is_not_tried_is_an_error_with_strict():
    status, output = run("--impl", f"{MISBEHAVING}:right", "--strict")

    assert status == 1
    assert "\n  error (--strict): not tried: gradients, leading_axes, since" in output


def test_the_command_that_reproduces_it_does(case):
    status, output = run("--impl", MIXES_UP, "--case", case)

    assert status == 1
    assert "looks like: softmax-wrong-axis" in output


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--impl", "no.such:thing"], "could not be run"),
        (["--impl", "a:b", "--supports", "telepathy"], "knows no ability telepathy"),
        (["--impl", "a:b", "--convention", "other"], "knows no convention other"),
        (["--impl", "a:b", "--dtype", "float8"], "dtype must be float64 or float32"),
        (["--impl", "a:b", "--time-limit", "0"], "the time limit must be finite"),
        (["causal", "--impl", "a:b"], "--impl is checked against one pair"),
        (["--impl", "a:b", "--report", "r.pdf"], "a report is .html or .md, got r.pdf"),
        (["--report", "r.html"], "--report is about --impl; name it"),
    ],
)
def test_what_cannot_be_run_has_the_status_2(arguments, message):
    status, output = run(*arguments)

    assert status == 2
    assert message in output


def test_help_states_the_rules_for_factories():
    _, output = run("--help")
    words = " ".join(output.split())

    assert "f(vocabulary=…, merges=…, special_tokens=…)" in words
    assert "must find special tokens inside a text" in words


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_what_a_terminal_would_obey_or_cannot_show_is_escaped(encoding):
    target = f"{MISBEHAVING}:raises_escapes"
    command = [sys.executable, "-m", "diptych", "check", "simple", "--impl", target]
    done = subprocess.run(
        command,
        capture_output=True,
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"},
        check=False,
    )

    assert done.returncode == 1, done.stderr
    assert rb"\x1b[31m red, \u202e backwards," in done.stdout
    assert b"\x1b" not in done.stdout
    assert rb"\u2717" in done.stdout


# Known differences


def test_a_known_difference_is_expected(case):
    status, output = run("--impl", MIXES_UP, "--differences", case)

    assert status == 0
    assert "differs as known" in output


def test_a_difference_that_is_gone_is_an_error(case):
    status, output = run("--impl", f"{MISBEHAVING}:right", "--differences", case)

    assert status == 1
    assert "no longer differs" in output


def test_a_file_without_differences_of_the_pair_is_rejected(case):
    arguments = ["check", "causal", "--impl", "a:b", "--differences", str(case)]
    result = CliRunner().invoke(app, arguments)

    assert result.exit_code == 2
    assert "no difference of attention/causal" in result.output


# By pytest, from another directory


def run_pytest(folder, *arguments):
    """Run pytest in a folder; return its status and what it prints."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    ("body", "options", "expected", "message"),
    [
        ("return inputs['x'] * 0", ["--diptych-examples", "9"], 1, "mine:f differs"),
        ("return", ["--diptych-supports", "telepathy"], 2, "knows no ability"),
    ],
)
def test_it_runs_by_pytest_from_another_directory(
    tmp_path, body, options, expected, message
):
    source = f"def f(inputs, parameters, config):\n    {body}\n"
    (tmp_path / "mine.py").write_text(source, encoding="utf-8")
    request = ["--diptych-pair", "simple", "--diptych-impl", "mine:f", *options]
    status, output = run_pytest(tmp_path, "-q", "--pyargs", "parity_tests", *request)

    assert status == expected, output
    assert message in output


@pytest.fixture
def theirs(tmp_path):
    """Make a project that has packages of the same names."""
    for name in ("parity_tests", "reference"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"NAME = 'my {name}'\n")
    test = "import reference, parity_tests\n\ndef test_it():\n"
    test += "    assert (reference.NAME, parity_tests.NAME) == ('my reference', "
    test += "'my parity_tests')\n"
    (tmp_path / "parity_tests" / "test_mine.py").write_text(test)
    return tmp_path


@pytest.mark.parametrize("mode", ["prepend", "importlib"])
def test_packages_of_the_same_names_are_used_and_said_to_hide_ours(theirs, mode):
    status, output = run_pytest(theirs, f"--import-mode={mode}")

    assert status == 0, output
    assert "1 passed" in output
    hidden = "hidden by packages of your own, so not used: parity_tests, reference"
    assert output.count(hidden) == 1


def test_they_cannot_answer_for_ours(theirs):
    status, output = run_pytest(
        theirs, "--diptych-pair", "simple", "--diptych-impl", "mine:f"
    )

    assert status == 4
    assert "hidden by packages of your own" in output
    assert "Traceback" not in output


def test_what_pytest_loads_imports_nothing_of_ours():
    code = (
        "import sys, diptych.pytest_plugin\n"
        "ours = {'torch', 'hypothesis', 'numpy', 'parity_tests', 'reference'}\n"
        "assert not ours & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
