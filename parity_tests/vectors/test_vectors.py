"""Vectors: the same bytes for a seed, a reason for each case, true of both sides."""

import json

import pytest

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
