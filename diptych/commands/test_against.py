"""Suites on trial: a weak one, a good one, and those of which nothing can be said."""

import json

import pytest
from typer.testing import CliRunner

from diptych.cli import app

ATTENTION = """
import torch
import torch.nn.functional as F
from torch import nn


class Attention(nn.Module):
    def __init__(self, d_in, d_out, context_length, dropout, qkv_bias=False):
        super(Attention, self).__init__()
        self.W_query = nn.Linear(d_in, d_out, qkv_bias)
        self.W_key = nn.Linear(d_in, d_out, qkv_bias)
        self.W_value = nn.Linear(d_in, d_out, qkv_bias)

    def forward(self, x):
        queries, keys, values = self.W_query(x), self.W_key(x), self.W_value(x)
        scores = queries @ keys.mT / keys.shape[-1] ** 0.5
        later = torch.ones_like(scores, dtype=torch.bool).triu(1)
        return scores.masked_fill(later, -torch.inf).softmax(-1) @ values
"""
WEAK = """
import torch
from mine import Attention


def test_shapes():
    assert Attention(3, 4, 6, 0.0)(torch.randn(2, 5, 3)).shape == (2, 5, 4)
"""
GOOD = """
import torch
import torch.nn.functional as F
from mine.attention import Attention


def test_output_and_gradients():
    attention = Attention(3, 4, 6, 0.0).double()
    x = torch.randn(2, 5, 3, dtype=torch.float64, requires_grad=True)
    projected = attention.W_query(x), attention.W_key(x), attention.W_value(x)
    right = F.scaled_dot_product_attention(*projected, is_causal=True)
    output, leaves = attention(x), [x, *attention.parameters()]
    torch.testing.assert_close(output, right)
    for one, other in zip(
        torch.autograd.grad(output.square().sum(), leaves),
        torch.autograd.grad(right.square().sum(), leaves),
    ):
        torch.testing.assert_close(one, other)
"""
FUNCTION = """
def attention(inputs, parameters, config):
    return 7
"""
PYTEST = "python -m pytest -q"


@pytest.fixture
def package(tmp_path, monkeypatch):
    """Write a package of someone's, with two suites, and go there."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine").mkdir()
    for name, text in {
        "mine/__init__.py": "from mine.attention import Attention",
        "mine/attention.py": ATTENTION,
        "test_weak.py": WEAK,
        "test_good.py": GOOD,
        "function.py": FUNCTION,
        "suite.py": "from function import attention\nassert attention({}, {}, {}) == 7",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")


def run(command, *mistakes, target="mine.attention:Attention", more=()):
    """Try a suite on some mistakes; return the exit status and what is printed."""
    options = [option for name in mistakes for option in ("--mistake", name)]
    about = ["check", "attention/causal", "--against", command, "--as", target]
    result = CliRunner().invoke(app, [*about, *options, *more])
    return result.exit_code, result.output


def test_a_weak_suite_lets_mistakes_pass(package):
    status, output = run(f"{PYTEST} test_weak.py", "softmax-wrong-axis")

    assert status == 1
    assert "\nNOT NOTICED  softmax-wrong-axis          output\n" in output
    assert "\n             Softmax over the queries\n" in output
    assert output.endswith("\nyour suite notices 0 of 1\n")
    assert max(map(len, output.splitlines())) <= 80


def test_a_good_suite_notices_those_of_gradients_too(package):
    mistakes = "mask-off-by-one", "grad-softmax-no-sum", "bias-dropped-on-keys"
    more = ["--json", "--jobs", "2"]
    status, output = run(f"{PYTEST} test_good.py", *mistakes, more=more)
    found = json.loads(output)

    assert status == 0
    assert (found["noticed"], found["tried"]) == (2, 2)
    assert [each["outcome"] for each in found["outcomes"]] == ["noticed"] * 2
    assert [each["shows_in"] for each in found["outcomes"]] == ["output", "gradients"]
    assert [*found["left_out"]] == ["bias-dropped-on-keys"]


@pytest.mark.parametrize(
    ("command", "target", "message"),
    [
        ("python -c 'raise SystemExit(3)'", "function:attention", "fail already, with"),
        ("python -c 'pass'", "function:attention", "no test imports function"),
        ("python suite.py", "function:attention", "fail with right code in the place"),
        ("python -c 'import function'", "function:attention", "no test runs function:"),
        ("no-such-program", "function:attention", "No such file or directory"),
        ("python suite.py", "function", "--as must be module:name, got function"),
    ],
)
def test_what_proves_nothing_has_the_status_2(package, command, target, message):
    status, output = run(command, "no-scale", target=target)

    assert status == 2
    assert message in " ".join(output.split())


def test_an_unknown_mistake_and_half_a_request_are_rejected(package):
    status, output = run("python suite.py", "no-such-mistake")
    half = CliRunner().invoke(app, ["check", "causal", "--against", "pytest"])

    assert status == 2
    assert "attention/causal has no known mistake no-such-mistake" in output
    assert half.exit_code == 2
    assert "--against needs one pair and --as, and no --impl" in half.output


def test_nothing_is_left_in_the_folder_of_the_suite(package, tmp_path):
    (tmp_path / "test_one.py").write_text("def test_one(): ...", encoding="utf-8")
    run(f"{PYTEST} test_one.py", target="function:attention")

    assert not (tmp_path / ".pytest_cache").exists()
