"""A run goes on from its file to the last bit, and a broken file is rejected."""

import json
import pickle
import sys

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from diptych.training.checkpoint import FORMAT, CheckpointError, load, save
from diptych.training.run import TRAINERS, Run
from diptych.training.tiny import TINY, tiny_batches

DIGEST = "of the text"
TABLE = "numpy/parameters/embedding.token_embedding.weight"


def steps(run, n):
    """Take some steps."""
    for _, _ in zip(range(n), run.steps(tiny_batches()), strict=False):
        pass


@pytest.fixture
def path(tmp_path):
    """Save a run after three steps."""
    run = Run.begin(TINY, [*TRAINERS])
    steps(run, 3)
    save(tmp_path / "run.safetensors", run, DIGEST)
    return tmp_path / "run.safetensors"


@pytest.mark.parametrize("backends", [["numpy"], ["torch"], ["numpy", "torch"]])
def test_a_resumed_run_is_the_uninterrupted_one_bit_for_bit(tmp_path, backends):
    whole, first = Run.begin(TINY, backends), Run.begin(TINY, backends)
    steps(whole, TINY.steps)
    steps(first, 7)
    save(tmp_path / "run", first, DIGEST)
    second = load(tmp_path / "run", DIGEST)
    steps(second, TINY.steps)

    assert second.losses == whole.losses
    assert second.position == whole.position == TINY.steps
    save(tmp_path / "second", second, DIGEST)
    save(tmp_path / "whole", whole, DIGEST)
    same = (tmp_path / "second").read_bytes() == (tmp_path / "whole").read_bytes()
    assert same


def test_a_run_that_has_not_begun_can_be_saved(tmp_path):
    save(tmp_path / "run", Run.begin(TINY, ["torch"]), DIGEST)

    assert load(tmp_path / "run", DIGEST).position == 0


def test_another_number_of_steps_is_another_schedule(path):
    assert load(path, DIGEST, steps=50).recipe.steps == 50


def change(path, about=None, recipe=None, tensors=None, text=None):
    """Write the file anew with some of it changed."""
    with safe_open(path, "numpy") as file:
        written = file.metadata()
    run = json.loads(written[FORMAT])
    run |= about or {}
    run["recipe"] |= recipe or {}
    found = load_file(path) | (tensors or {})
    found = {name: array for name, array in found.items() if array is not None}
    save_file(found, path, text or {FORMAT: json.dumps(run)})


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"text": {"else": "{}"}}, "is no 'diptych training 1', got ['else']"),
        ({"text": {FORMAT: "{"}}, "holds no run"),
        ({"text": {FORMAT: "[]"}}, "holds no run: []"),
        ({"text": {FORMAT: "{}"}}, "holds no run: KeyError"),
        ({"about": {"position": -1}}, "position must be an integer, 0 or more, got -1"),
        (
            {"about": {"position": 4}},
            "numpy/losses must be float64(4,), got float64(3,)",
        ),
        ({"about": {"text": "else"}}, "another text"),
        ({"recipe": {"emb_dim": "16"}}, "emb_dim must be of type int, got '16'"),
        ({"recipe": {"steps": True}}, "steps must be of type int, got True"),
        ({"recipe": {"peak": -1.0}}, "peak must be finite and above 0, got -1.0"),
        ({"recipe": {"batch_size": 0}}, "batch_size must be finite and above 0"),
        ({"recipe": {"eps": float("nan")}}, "eps must be finite and 0 or more"),
        ({"recipe": {"betas": [0.9]}}, "betas must be two numbers in [0, 1)"),
        ({"recipe": {"betas": 3}}, "holds no run: TypeError"),
        ({"recipe": {"dtype": "object"}}, "dtype must be float32 or float64"),
        ({"recipe": {"n_heads": 3}}, "emb_dim must be a multiple of n_heads"),
        ({"recipe": {"n_layers": 10**9}}, "n_layers is 1000000000, with"),
        ({"recipe": {"emb_dim": 2**24}}, "numpy/first_moments/blocks.0.attention"),
        ({"recipe": {"emb_dim": 2**60}}, "holds no run"),
        ({"recipe": {"warmup_steps": 99}}, "decay_steps must be at least 1"),
        ({"recipe": {"more": 1}}, "the recipe must have"),
        ({"tensors": {TABLE: None}}, f"{TABLE} must be float64(16, 16), got absent"),
        ({"tensors": {"more": np.ones(1)}}, "more must be absent, got float64(1,)"),
        ({"tensors": {TABLE: np.ones((16, 16), "f4")}}, "got float32(16, 16)"),
    ],
)
def test_what_does_not_fit_is_named(path, changes, message):
    change(path, **changes)

    with pytest.raises(CheckpointError) as raised:
        load(path, DIGEST)
    assert message in str(raised.value)


@pytest.mark.parametrize(
    "content", [b"", b"\0" * 64, b"{}", pickle.dumps({"a": 1}), b"\xff" * 8 + b"{}"]
)
def test_a_file_of_another_format_is_rejected(path, content):
    path.write_bytes(content)

    with pytest.raises(CheckpointError, match=r"run\.safetensors cannot be read"):
        load(path, DIGEST)


def test_a_file_that_is_cut_off_is_rejected(path):
    whole = path.read_bytes()
    for length in (4, 100, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(CheckpointError):
            load(path, DIGEST)


def test_a_changed_byte_is_rejected_or_changes_no_form(path):
    whole, rng = path.read_bytes(), np.random.default_rng(0)
    header = 8 + int.from_bytes(whole[:8], "little")
    for place in rng.integers(0, header, 100):
        changed = bytearray(whole)
        changed[place] ^= 1 << int(rng.integers(8))
        path.write_bytes(changed)
        try:
            run = load(path, DIGEST)
        except CheckpointError:
            continue
        assert run.position == 3


def test_a_missing_file_is_an_error_of_the_system(tmp_path):
    with pytest.raises(OSError, match="No such file"):
        load(tmp_path / "absent", DIGEST)


def test_without_safetensors_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "safetensors", None)

    with pytest.raises(CheckpointError, match="pip install"):
        save(tmp_path / "run", Run.begin(TINY, ["numpy"]), DIGEST)
