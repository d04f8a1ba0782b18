"""The command `diptych vectors`: what is wrong with files is named."""

import json
import sys

import pytest
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner

from diptych.cli import app
from parity_tests.catalogue import concept
from parity_tests.vectors import files
from parity_tests.vectors.write import write_vectors


@pytest.fixture
def some(tmp_path):
    """Write the vectors of a few pairs, to do harm to."""
    write_vectors(tmp_path, concepts=[concept("windows"), concept("simple")])
    return tmp_path


def run(*arguments):
    """Run `diptych vectors`; return its exit status and what it says."""
    result = CliRunner().invoke(app, ["vectors", *map(str, arguments)])
    return result.exit_code, result.output


def test_what_was_written_is_replayed(some):
    status, said = run("--verify", some)

    assert status == 0
    assert "reference and torch_impl give what they say" in said


def test_a_changed_number_is_named(some):
    path = some / "simple.safetensors"
    tensors = load_file(path)
    tensors["small/output/result"][1, 2] += 1e-9
    save_file(tensors, path)

    status, said = run("--verify", some)

    assert status == 1
    assert "simple.safetensors is not as it was written" in said
    assert "simple, small: reference: output/result: at [1, 2]: expected" in said
    assert "simple, small: torch_impl: output/result: at [1, 2]: expected" in said


def test_a_changed_yardstick_is_named(some):
    path = some / "simple.json"
    tree = json.loads(path.read_bytes())
    tree["cases"][0]["yardsticks"]["output"] *= 100
    path.write_bytes(files.as_json(tree))

    status, said = run("--verify", some)

    assert status == 1
    assert "simple, small: reference: yardsticks/output: expected" in said


def test_a_changed_byte_is_named_even_where_no_value_changes(some):
    path = some / "simple.json"
    path.write_bytes(path.read_bytes() + b" ")

    assert run("--verify", some)[0] == 1
    assert "simple.json is not as it was written" in run("--verify", some)[1]


def test_a_case_that_was_taken_out_is_missed(some):
    path = some / "windows.json"
    tree = json.loads(path.read_bytes())
    path.write_bytes(files.as_json({"cases": tree["cases"][1:]}))

    assert "windows: other cases than the manifest's" in run("--verify", some)[1]


@pytest.mark.parametrize(
    ("name", "damage", "said"),
    [
        ("simple.safetensors", lambda old: old[:-9], "cannot be read as safetensors"),
        ("simple.safetensors", lambda old: b"", "cannot be read as safetensors"),
        ("simple.json", lambda old: old[:100], "cannot be read as JSON"),
        ("simple.json", lambda old: b"[]", "holds no object"),
        ("simple.json", lambda old: b"{}", "does not go with its JSON"),
        ("simple.json", lambda old: b'{"cases": [{}]}', "cannot be replayed"),
        ("manifest.json", lambda old: b'{"format": 9}', "has format 9"),
        ("manifest.json", lambda old: old.replace(b"simple", b"clever"), "no pair is"),
    ],
)
def test_a_file_that_is_damaged_or_foreign_is_refused(some, name, damage, said):
    path = some / name
    path.write_bytes(damage(path.read_bytes()))

    status, message = run("--verify", some)

    assert status == 2
    assert message.startswith("diptych: ")
    assert said in message


def test_a_missing_file_is_refused(some):
    (some / "simple.safetensors").unlink()

    assert run("--verify", some)[0] == 2
    assert "is missing" in run("--verify", some)[1]


def test_a_folder_without_vectors_is_refused(tmp_path):
    status, said = run("--verify", tmp_path)

    assert status == 2
    assert "SHA256SUMS cannot be read" in said


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()

    status, said = run(tmp_path)

    assert status == 2
    assert "holds something else than vectors" in said


def test_either_a_folder_to_write_or_one_to_verify(tmp_path):
    assert run()[0] == 2
    assert run(tmp_path, "--verify", tmp_path)[0] == 2


def test_without_safetensors_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)

    status, said = run(tmp_path)

    assert status == 2
    assert "pip install 'diptych[kit]'" in said
