"""Right attention that rounds otherwise is accepted, and what is nearly right is not.

Many more cases are tried by benchmarks/evidence.py.
"""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from hypothesis import Phase, given, settings

from parity_tests.attention.sizes import config_of, even_parameters
from parity_tests.catalogue import load
from parity_tests.contract.case import Case
from parity_tests.kit.asking import Request
from parity_tests.kit.check import check
from parity_tests.kit.faults.multi_head import MultiHead
from parity_tests.kit.right_forms import all_forms, right_form
from parity_tests.kit.right_forms.in_torch import InTorch
from parity_tests.kit.right_forms.trial import Trial

PATHS = ("attention/multi_head", "attention/causal")
N_CASES = 30
FORMS = all_forms()
each_form = pytest.mark.parametrize("form", FORMS, ids=str)


@cache
def drawn(path):
    """Draw cases of a pair, the same ones each time, of which none is empty."""
    found = []

    @settings(
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        max_examples=3 * N_CASES,
        deadline=None,
    )
    @given(load(path).cases)
    def draw(case):
        found.append(case)

    draw()
    return [case for case in found if case.inputs["x"].size][:N_CASES]


@cache
def tiny(path):
    """Make cases whose scores are about the smallest normal number, and below it."""
    sizes = {"head_dim": 3, "num_heads": 2, "d_in": 5, "qkv_bias": False}
    config = config_of(path, {**sizes, "n_tokens": 16, "room": 0, "dropout": 0.0})
    parameters = even_parameters(path, config, 0)
    x = np.random.default_rng(0).normal(size=(16, 5))
    return [
        Case(config, {"x": scale * x}, parameters).astype(dtype)
        for dtype, scales in (
            (np.float64, (1e-150, 1e-154, 1e-160, 1e-310)),
            (np.float32, (1e-17, 1e-19, 1e-22, 1e-42)),
        )
        for scale in scales
    ]


@cache
def trials(path):
    """Measure what is expected of drawn cases, of the pair's probes, of tiny scores."""
    probes = [probe.case for probe in load(path).probes(0)]
    cases = [replace(c, training=False) for c in (*drawn(path), *probes, *tiny(path))]
    return [Trial(load(path), case) for case in cases if case.inputs["x"].size]


def differences(form):
    """Run a form on every case that it is right for."""
    return [
        f"{path}, {trial.case.dtype}: {difference}"
        for path in PATHS
        for trial in trials(path)
        if trial.suits(form)
        for difference in trial.differences(form)
    ]


@each_form
def test_a_right_form_is_accepted(form):
    assert differences(form) == []


def test_every_form_is_tried_on_most_cases():
    for form in FORMS:
        taken = [trial.suits(form) for path in PATHS for trial in trials(path)]
        assert sum(taken) > 40, form


def test_titles_are_short_and_each_is_there_once():
    titles = [form.title for form in FORMS]

    assert len({*titles}) == len(titles) >= 60
    assert max(map(len, titles)) <= 60


# As anyone would check them: in a process of their own


@pytest.mark.parametrize("name", ["softmax:LogSumExp", "blocks:TorchOnline"])
def test_a_right_form_agrees_where_it_is_checked_by_name(name):
    target = f"parity_tests.kit.right_forms.{name}"
    supports = frozenset({"leading_axes", "gradients"})
    request = Request(load(PATHS[0]), target, examples=30, supports=supports)

    assert "differs" not in str(check(request).first_difference)


# Nearly right


@right_form()
class ThroughBfloat16(InTorch):
    """Attention weights have eight digits."""

    def softmax(self, scores):
        return scores.softmax(dim=-1).bfloat16().to(scores.dtype)


@right_form()
class EpsilonInTheSum(MultiHead):
    """The sum of exponentials is too large by 1e-4."""

    def softmax(self, scores):
        exps = np.exp(scores - scores.max(axis=-1, keepdims=True))
        return exps / (exps.sum(axis=-1, keepdims=True) + 1e-4)


@right_form(gradients=True)
class MeanWithoutOnePercent(MultiHead):
    """The backward pass of softmax subtracts too little."""

    def of_scores(self, grad_weights):
        mean = (self.weights * grad_weights).sum(axis=-1, keepdims=True)
        return self.weights * (grad_weights - 0.99 * mean)


@pytest.mark.parametrize(
    ("wrong", "least"),
    [(ThroughBfloat16, 100), (EpsilonInTheSum, 150), (MeanWithoutOnePercent, 100)],
)
def test_what_is_nearly_right_is_not_accepted(wrong, least):
    assert len(differences(wrong.form)) >= least
