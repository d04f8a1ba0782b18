"""The command `diptych vectors`: what is wrong with files is named."""

import json
import sys

import pytest
import typer
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner

from diptych.commands.vectors import vectors
from parity_tests import catalogue
from parity_tests.vectors import files
from parity_tests.vectors.write import write_vectors

app = typer.Typer()
app.command()(vectors)
SIMPLE = "attention/simple"


@pytest.fixture
def folder(tmp_path):
    """Write the vectors of a few pairs, to do harm to."""
    write_vectors(tmp_path, pairs=map(catalogue.load, ("data/windows", SIMPLE)))
    return tmp_path


def run(*arguments):
    """Run the command; return its exit status and what it prints."""
    result = CliRunner().invoke(app, [*map(str, arguments)])
    return result.exit_code, result.output


def test_what_was_written_is_replayed(folder):
    status, output = run("--verify", folder)

    assert status == 0
    assert "reference and torch_impl agree with the files" in output
    assert "known mistakes: none agrees with its case" in output


def test_a_changed_number_is_named(folder):
    path = folder / f"{SIMPLE}.safetensors"
    tensors = load_file(path)
    tensors["small/output"][1, 2] += 1e-9
    save_file(tensors, path)

    status, output = run("--verify", folder)

    assert status == 1
    assert f"{SIMPLE}.safetensors is not as it was written" in output
    assert f"{SIMPLE}, small: reference: output: at [1, 2]: expected" in output
    assert f"{SIMPLE}, small: torch_impl: output: at [1, 2]: expected" in output


def test_a_changed_rounding_unit_is_named(folder):
    path = folder / f"{SIMPLE}.json"
    tree = json.loads(path.read_bytes())
    tree["cases"][0]["rounding_units"]["output"] *= 100
    path.write_bytes(files.as_json(tree))

    status, output = run("--verify", folder)

    assert status == 1
    assert f"{SIMPLE}, small: reference: rounding_units/output: expected" in output


def test_a_changed_byte_is_named_even_where_no_value_changes(folder):
    path = folder / f"{SIMPLE}.json"
    path.write_bytes(path.read_bytes() + b" ")

    assert run("--verify", folder)[0] == 1
    assert f"{SIMPLE}.json is not as it was written" in run("--verify", folder)[1]


def test_a_wrong_vector_that_is_right_is_named(folder):
    path = folder / "negative" / f"{SIMPLE}.safetensors"
    wrong, right = load_file(path), load_file(folder / f"{SIMPLE}.safetensors")
    tree = json.loads(path.with_suffix(".json").read_bytes())
    case = next(
        each["case"] for each in tree["cases"] if each["name"] == "scale-unasked"
    )
    wrong["scale-unasked/output"] = right[f"{case}/output"]
    save_file(wrong, path)

    status, output = run("--verify", folder)

    assert status == 1
    assert f"negative/{SIMPLE}, scale-unasked: is no mistake in {case}" in output


def test_a_wrong_vector_that_was_taken_out_is_missed(folder):
    path = folder / "negative" / f"{SIMPLE}.json"
    tree = json.loads(path.read_bytes())
    path.write_bytes(files.as_json({"cases": tree["cases"][1:]}))

    message = f"negative/{SIMPLE}: other cases than the manifest's"
    assert message in run("--verify", folder)[1]


def test_a_case_that_was_taken_out_is_missed(folder):
    path = folder / "data/windows.json"
    tree = json.loads(path.read_bytes())
    path.write_bytes(files.as_json({"cases": tree["cases"][1:]}))

    message = "data/windows: other cases than the manifest's"
    assert message in run("--verify", folder)[1]


@pytest.mark.parametrize(
    ("name", "damage", "message"),
    [
        (f"{SIMPLE}.safetensors", lambda old: old[:-9], "cannot be read as safetens"),
        (f"{SIMPLE}.safetensors", lambda old: b"", "cannot be read as safetensors"),
        (f"{SIMPLE}.json", lambda old: old[:100], "cannot be read as JSON"),
        (f"{SIMPLE}.json", lambda old: b"[]", "holds no object"),
        (f"{SIMPLE}.json", lambda old: b"{}", "does not go with its JSON"),
        (f"{SIMPLE}.json", lambda old: b'{"cases": [{}]}', "cannot be replayed"),
        ("manifest.json", lambda old: b'{"format": 1}', "has format 1"),
        ("manifest.json", lambda old: old.replace(b"simple", b"clever"), "no pair is"),
        ("SHA256SUMS", lambda old: b"0  ../other\n", "which is elsewhere"),
    ],
)
def test_a_file_that_is_damaged_or_foreign_is_rejected(folder, name, damage, message):
    path = folder / name
    path.write_bytes(damage(path.read_bytes()))

    status, output = run("--verify", folder)

    assert status == 2
    assert output.startswith("diptych: ")
    assert message in output.replace("\n", " ")


def test_a_missing_file_is_rejected(folder):
    (folder / f"{SIMPLE}.safetensors").unlink()

    status, output = run("--verify", folder)

    assert status == 2
    assert "is missing" in output


def test_a_folder_without_vectors_is_rejected(tmp_path):
    status, output = run("--verify", tmp_path)

    assert status == 2
    assert "SHA256SUMS cannot be read" in output


def test_a_folder_with_something_else_in_it_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").touch()

    status, output = run(tmp_path)

    assert status == 2
    assert "holds something else than vectors" in output


def test_either_a_folder_to_write_or_one_to_verify(tmp_path):
    assert run()[0] == 2
    assert run(tmp_path, "--verify", tmp_path)[0] == 2


def test_without_safetensors_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)

    status, output = run(tmp_path)

    assert status == 2
    assert "pip install 'diptych[kit]'" in output
