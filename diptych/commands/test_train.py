"""The command `diptych train`: both backends, one of them, saved, resumed, checked."""

import re
import signal
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

import reference
from diptych.cli import app
from diptych.training import by_numpy, session
from diptych.training.recipe import recipe_for
from diptych.training.screen import Screen


def run(*arguments):
    """Run `diptych train`; return its status and what it prints."""
    result = CliRunner().invoke(app, ["train", *map(str, arguments)])
    return result.exit_code, result.output


@pytest.fixture(autouse=True)
def small_model(monkeypatch):
    """Let the command train a model that takes no time."""
    sizes = {"context_length": 16, "emb_dim": 16, "n_layers": 1, "batch_size": 4}
    small = lambda *numbers: replace(recipe_for(*numbers), **sizes)  # noqa: E731
    monkeypatch.setattr(session, "recipe_for", small)


@pytest.fixture
def text(tmp_path):
    """Write three thousand letters."""
    letters = np.random.default_rng(0).choice([*"abcd "], 3_000)
    path = tmp_path / "text.txt"
    path.write_text("".join(letters), encoding="utf-8")
    return path


def losses_in(output):
    """Find the rows of losses."""
    return re.findall(r"^ +(\d+ +\d\.\d{6}.*)$", output, re.MULTILINE)


def test_both_backends_learn_and_agree(text, tmp_path):
    svg = tmp_path / "curve.svg"
    status, output = run("--text", text, "--steps", 2, "--svg", svg)

    assert status == 0
    assert re.search(r"step +loss numpy +loss torch +difference", output)
    first, last = (row.split() for row in losses_in(output))
    assert first[:2] == ["1", first[2]]
    assert float(first[3]) < 1e-14
    assert last[0] == "2"
    assert "max |Δloss| = " in output
    assert svg.read_text("utf-8").count("<polyline") == 3


def test_every_line_fits_a_terminal_of_80_columns(text):
    _, output = run("--text", text, "--steps", 1)

    assert max(map(len, output.splitlines())) <= 80


@pytest.mark.parametrize("backend", ["numpy", "torch"])
def test_a_backend_alone_goes_on_from_its_file(text, tmp_path, backend):
    options = ["--text", text, "--backend", backend]
    whole, half = tmp_path / "whole", tmp_path / "half"
    assert run(*options, "--steps", 4, "--save", whole)[0] == 0

    def interrupt(_):
        signal.raise_signal(signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Screen, "sample", interrupt)  # which the first step has
        status, output = run(*options, "--steps", 4, "--save", half)
    assert status == 0
    assert "stopped after step 1" in output

    status, output = run("--text", text, "--resume", half, "--save", half)

    assert status == 0
    assert [row.split()[0] for row in losses_in(output)] == ["4"]
    assert half.read_bytes() == whole.read_bytes()


def test_a_check_counts_what_it_compares(text):
    status, output = run("--text", text, "--steps", 1, "--check")

    assert status == 0
    assert re.search(r"86 quantities agree; largest error \d\.\d\d round", output)


def test_a_mistake_ends_with_status_1_and_is_named(text, monkeypatch):
    monkeypatch.setattr(by_numpy, "clip_gradients", lambda gradients, _: (gradients, 0))

    status, output = run("--text", text, "--steps", 2, "--check")

    assert status == 1
    assert "step 1 differs: clipped gradient of " in output


def test_losses_that_part_end_with_status_1(text, monkeypatch):
    monkeypatch.setattr(by_numpy, "clip_gradients", lambda gradients, _: (gradients, 0))

    assert run("--text", text, "--steps", 2)[0] == 1


def test_a_tokenizer_of_a_file_is_used(text, tmp_path):
    path = tmp_path / "tokenizer.json"
    content = text.read_text("utf-8")
    reference.CharacterTokenizer.from_text(content).save(path)

    status, output = run("--text", text, "--tokenizer", path, "--steps", 1)

    assert status == 0
    assert "ln V = 1.6094" in output  # five letters


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--backend", "jax"], "--backend must be one of both, numpy, torch, got jax"),
        (["--backend", "numpy", "--check"], "--check compares both backends"),
        (["--text", "/no/such/file"], "No such file"),
        (["--resume", "/no/such/file"], "No such file"),
        (["--tokenizer", "/no/such/file"], "No such file"),
        (["--tokenizer", "TEXT"], "text.txt holds no tokenizer"),
        (["--resume", "TEXT"], "text.txt cannot be read as safetensors"),
        (["--text", "SHORT"], "a text must have 65 tokens or more, got 4"),
    ],
)
def test_what_cannot_be_done_has_the_status_2(text, tmp_path, arguments, message):
    (tmp_path / "short").write_text("four", encoding="utf-8")
    files = {"TEXT": text, "SHORT": tmp_path / "short"}
    status, output = run("--text", text, *(files.get(each, each) for each in arguments))

    assert status == 2
    assert message in output.replace("\n", " ")


def test_a_resumed_run_keeps_seed_backends_and_text(text, tmp_path):
    saved = tmp_path / "run"
    begun = ["--text", text, "--backend", "torch", "--steps", 1, "--save", saved]
    assert run(*begun)[0] == 0
    resume = ["--text", text, "--resume", saved]

    assert "leave --seed out" in run(*resume, "--seed", 1)[1]
    assert "run holds torch" in run(*resume, "--backend", "both")[1]
    assert "has taken 1 of 1 steps; --steps asks for more" in run(*resume)[1]
    assert "another text" in run("--resume", saved)[1]
    assert run(*resume, "--steps", 2)[0] == 0
