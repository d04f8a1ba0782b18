"""Vectors: the same bytes for a seed, a reason for each case, true of both backends."""

import json

import numpy as np
import pytest

from parity_tests import catalogue
from parity_tests.known_mistakes import mistakes_of
from parity_tests.vectors import files
from parity_tests.vectors.negative import ABOUT, FLAG, FOLDER, is_wrong
from parity_tests.vectors.verify import verify_vectors
from parity_tests.vectors.write import write_vectors

PAIRS = [*catalogue.load_all()]
CAUSAL = "attention/causal"
SOME = [pair for pair in PAIRS if pair.path.endswith(("/word", "/windows", "/causal"))]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write the vectors of every pair, once."""
    folder = tmp_path_factory.mktemp("vectors")
    write_vectors(folder)
    return folder


def test_the_same_seed_gives_the_same_bytes(tmp_path):
    for name in ("one", "other"):
        write_vectors(tmp_path / name, seed=3, pairs=SOME)

    one, other = (contents_of(tmp_path / name) for name in ("one", "other"))
    assert one == other


def test_another_seed_gives_other_numbers_in_the_same_cases(tmp_path):
    causal = catalogue.load("attention/causal")
    for seed in (1, 2):
        write_vectors(tmp_path / str(seed), seed, [causal])

    one, other = (contents_of(tmp_path / name) for name in ("1", "2"))
    assert one["attention/causal.safetensors"] != other["attention/causal.safetensors"]
    entries = [json.loads(each["manifest.json"])["pairs"][0] for each in (one, other)]
    cases = [[c for c in e["cases"] if FLAG not in c["flags"]] for e in entries]
    names = [[n["name"] for n in e["negative"]["cases"]] for e in entries]
    assert cases[0] == cases[1]
    assert names[0] == names[1]


def contents_of(folder):
    """Read all files of a folder."""
    found = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def test_the_manifest_lists_every_pair_and_says_what_each_case_is_for(folder):
    manifest = json.loads((folder / "manifest.json").read_bytes())

    assert tuple(each["pair"] for each in manifest["pairs"]) == catalogue.PATHS
    for entry in manifest["pairs"]:
        assert (folder / entry["json"]).is_file()
        assert (folder / entry["tensors"]).is_file()
    cases = [case for entry in manifest["pairs"] for case in entry["cases"]]
    used = {flag for case in cases for flag in case["flags"]}
    explained = (folder / "README.md").read_text(encoding="utf-8")
    assert all(case["comment"].endswith((".", "!")) for case in cases)
    assert used >= {"EdgeCase", "EmptyText", "LargeScores", "Ties", "LoneByte"}
    assert not [flag for flag in used if f"`{flag}`" not in explained]


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_cases_have_names_of_their_own_and_only_what_is_to_be_rejected_is(folder, pair):
    cases = files.read_pair(folder, pair.path)

    assert len({case["name"] for case in cases}) == len(cases) >= 2
    for case in cases:
        assert ("rejected" in case) == ("Rejected" in case["flags"]), case["name"]


def test_a_case_has_its_steps_its_output_and_its_gradients(folder):
    case = files.read_pair(folder, "attention/causal")[0]

    own = own_steps(case)
    assert [*own] == [*"123456"]
    assert own["2"]["attn_scores"].shape == (3, 3)
    assert case["gradients"]["of"].keys() == {"x", *case["parameters"]}
    assert 0 < case["rounding_units"]["output"] < 1e-12


def own_steps(case):
    """Return what each step of causal attention itself stores, by its number."""
    own = [step for step in case["steps"] if step["function"].startswith("attention.")]
    return {step["step"]: step["values"] for step in own}


def test_a_case_with_dropout_has_its_masks(folder):
    cases = files.read_pair(folder, "attention/causal")
    case = next(case for case in cases if case["name"] == "dropout")

    (mask,) = case["masks"]
    dropped = own_steps(case)["5"]["dropped_weights"] == 0
    assert np.array_equal(dropped, ~mask | (np.tri(mask.shape[-1]) == 0))


def test_what_a_mistake_gives_is_written_for_a_case_and_is_wrong_there(folder):
    rights = {case["name"]: case for case in files.read_pair(folder, CAUSAL)}
    wrongs = {each["name"]: each for each in files.read_pair(folder / FOLDER, CAUSAL)}
    mistakes = {each.id: each for each in mistakes_of(CAUSAL)}

    assert wrongs.keys() <= mistakes.keys()
    assert len(wrongs) > 0.9 * len(mistakes)
    for name, wrong in wrongs.items():
        is_of_gradients = mistakes[name].caught_by == "gradients"
        assert wrong.keys() == {*ABOUT, "gradients" if is_of_gradients else "output"}
        assert is_wrong(wrong, rights[wrong["case"]])
    right = rights[wrongs["no-scale"]["case"]]
    assert not is_wrong({"output": right["output"]}, right)
    assert wrongs["grad-softmax-no-sum"]["gradients"]["of"].keys() == {
        *("x", "W_query.weight", "W_key.weight")
    }


def test_both_backends_give_what_the_vectors_say_in_a_few_megabytes(folder):
    replayed = verify_vectors(folder)
    sizes = {name: len(content) for name, content in contents_of(folder).items()}

    assert replayed.differences == []
    assert replayed.n_cases > 300
    assert replayed.n_negatives > 500
    assert sum(sizes.values()) <= 260_000 * len(catalogue.PATHS)
    most = 13_000 * len(catalogue.PATHS)
    assert sum(sizes[name] for name in sizes if name.startswith(FOLDER)) <= most
