"""Vectors: the same bytes for a seed, true of both sides, and wrong ones are named."""

import json
import sys

import pytest
from safetensors.numpy import load_file, save_file
from typer.testing import CliRunner

from diptych.cli import app
from parity_tests.catalogue import CATALOGUE, concept
from parity_tests.vectors import files
from parity_tests.vectors.plan import plan
from parity_tests.vectors.verify import verify_vectors
from parity_tests.vectors.write import write_vectors

SOME = [concept(name) for name in ("word", "windows", "embedding", "causal")]


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Write the vectors of every pair, once."""
    folder = tmp_path_factory.mktemp("vectors")
    write_vectors(folder)
    return folder


@pytest.fixture
def some(tmp_path):
    """Write the vectors of a few pairs, to do harm to."""
    write_vectors(tmp_path, concepts=[concept("windows"), concept("simple")])
    return tmp_path


def run(*arguments):
    """Run `diptych vectors`; return its exit status and what it says."""
    result = CliRunner().invoke(app, ["vectors", *map(str, arguments)])
    return result.exit_code, result.output


# What is written


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name in ("one", "other"):
        write_vectors(tmp_path / name, seed=3, concepts=SOME)

    one, other = (contents_of(tmp_path / name) for name in ("one", "other"))
    assert one == other


def test_another_seed_gives_other_numbers_in_the_same_cases(tmp_path):
    for seed in (1, 2):
        write_vectors(tmp_path / str(seed), seed, [concept("causal")])

    one, other = (contents_of(tmp_path / name) for name in ("1", "2"))
    assert one["causal.safetensors"] != other["causal.safetensors"]
    manifests = [json.loads(each["manifest.json"]) for each in (one, other)]
    assert manifests[0]["concepts"] == manifests[1]["concepts"]


def contents_of(folder):
    """Read all files of a folder."""
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def test_the_manifest_lists_every_pair_and_says_why_each_case_is_there(written):
    manifest = json.loads((written / "manifest.json").read_bytes())

    assert [each["concept"] for each in manifest["concepts"]] == [
        each.path for each in CATALOGUE
    ]
    for entry in manifest["concepts"]:
        assert (written / entry["json"]).is_file()
        assert (written / entry["tensors"]).is_file()
        for case in entry["cases"]:
            assert case["comment"].endswith(".")


@pytest.mark.parametrize("pair", CATALOGUE, ids=lambda each: each.path)
def test_the_cases_of_a_pair_have_names_of_their_own(pair):
    names = [planned.name for planned in plan(pair, 0)]

    assert len({*names}) == len(names) >= 10


def test_every_flag_is_explained(written):
    manifest = json.loads((written / "manifest.json").read_bytes())
    explained = (written / "README.md").read_text(encoding="utf-8")

    used = {
        flag
        for entry in manifest["concepts"]
        for case in entry["cases"]
        for flag in case["flags"]
    }
    assert used >= {"EdgeCase", "EmptyText", "LargeScores", "Ties", "LoneByte"}
    assert not [flag for flag in used if f"`{flag}`" not in explained]


def test_a_case_that_is_to_be_refused_is_and_no_other(written):
    for pair in CATALOGUE:
        for case in files.read_concept(written, pair.name):
            assert ("refused" in case) == ("Refused" in case["flags"]), case["name"]


def test_a_case_has_its_steps_its_output_and_its_gradients(written):
    case = files.read_concept(written, "causal")[0]

    assert [step["step"] for step in case["steps"]] == [*"123456"]
    assert case["steps"][1]["values"]["scores"].shape == (3, 3)
    assert case["gradients"]["of"].keys() == {"x", *case["weights"]}
    assert 0 < case["yardsticks"]["output"] < 1e-12


def test_all_of_it_is_small(written):
    assert sum(path.stat().st_size for path in written.iterdir()) <= 5_000_000


# What is replayed


def test_both_sides_give_what_the_vectors_say(written):
    found = verify_vectors(written)

    assert found.departures == []
    assert found.n_cases > 300


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
