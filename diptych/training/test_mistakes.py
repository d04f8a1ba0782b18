"""The mistakes that people make in training: each is named at the first step."""

import numpy as np
import pytest

from diptych.training import by_numpy
from diptych.training.checking import StepChecker, quantities_of
from diptych.training.run import TRAINERS, Run
from diptych.training.state import initial_state
from diptych.training.tiny import TINY, tiny_batches
from reference.losses.cross_entropy import cross_entropy_backward
from reference.optimizers import adamw
from reference.optimizers.schedules import learning_rate

RIGHT = adamw.adamw_step


def l2(parameter, gradient, *moments, weight_decay, **numbers):
    """Add an L2 penalty to the gradient, in place of decoupled decay."""
    gradient = gradient + weight_decay * parameter
    return RIGHT(parameter, gradient, *moments, weight_decay=0.0, **numbers)


def no_bias_correction(*arrays, step, **numbers):
    """Take moments as they are: 1 - βᵗ is 1 after very many steps."""
    return RIGHT(*arrays, step=10**6, **numbers)


def eps_elsewhere(parameter, *arrays, root, **numbers):
    """Divide by another root of the second moment."""
    _, first, second = RIGHT(parameter, *arrays, **numbers)
    beta1, beta2 = numbers["betas"]
    mean = first / (1 - beta1 ** numbers["step"])
    correction = 1 - beta2 ** numbers["step"]
    decayed = parameter * (1 - numbers["lr"] * numbers["weight_decay"])
    root = root(second, correction, numbers["eps"])
    return decayed - numbers["lr"] * mean / root, first, second


def eps_inside_the_root(*arrays, **numbers):
    """Add eps to the square."""
    return eps_elsewhere(*arrays, root=lambda v, c, e: np.sqrt(v / c + e), **numbers)


def eps_before_bias_correction(*arrays, **numbers):
    """Add eps to a root that is corrected later."""

    def root(second, correction, eps):
        return (np.sqrt(second) + eps) / np.sqrt(correction)

    return eps_elsewhere(*arrays, root=root, **numbers)


def rate_of_the_next_step(peak, step, **numbers):
    """Ask the schedule one step early."""
    return learning_rate(peak=peak, step=step + 1, **numbers)


def mean_of_means(share, logits, targets):
    """Let each of two parts of a batch count a half, however long it is."""
    return cross_entropy_backward(0.5, logits, targets)


def no_clipping(gradients, max_norm):
    """Leave gradients as they are."""
    return gradients, 0.0


def decay_of_all(named_parameters, weight_decay):
    """Let norms and biases decay too."""
    return [{"params": [*named_parameters], "weight_decay": weight_decay}]


MISTAKES = [
    (adamw, "adamw_step", l2, "first moment of "),
    (adamw, "adamw_step", no_bias_correction, " after the update"),
    (by_numpy, "learning_rate", rate_of_the_next_step, " after the update"),
    (by_numpy, "cross_entropy_backward", mean_of_means, "gradient of "),
    (adamw, "adamw_step", eps_inside_the_root, " after the update"),
    (by_numpy, "clip_gradients", no_clipping, "clipped gradient of "),
    (by_numpy, "decay_groups", decay_of_all, "norm1.weight after the update"),
    (adamw, "adamw_step", eps_before_bias_correction, " after the update"),
]


def first_difference():
    """Compare the first step of both, with a batch in parts of 3 texts and of 1."""
    inputs, targets = tiny_batches()[0]
    parts = [(inputs[:3], targets[:3]), (inputs[3:], targets[3:])]
    before = initial_state(TINY)
    found = quantities_of(TRAINERS["torch"](TINY, before), *parts)
    return StepChecker(TINY).first_difference(before, found, *parts)


def test_without_a_mistake_every_quantity_agrees():
    assert first_difference() == ""


@pytest.mark.parametrize(
    ("module", "name", "wrong", "what"),
    [pytest.param(*each, id=each[2].__name__) for each in MISTAKES],
)
def test_a_mistake_is_named_at_the_first_step(monkeypatch, module, name, wrong, what):
    monkeypatch.setattr(module, name, wrong)

    quantity = first_difference().partition(":")[0]

    assert what in quantity
    assert what[0] == " " or quantity.startswith((what, "blocks"))


@pytest.mark.parametrize(
    ("wrong", "is_seen"),
    [(no_bias_correction, True), (eps_before_bias_correction, False)],
)
def test_a_curve_shows_a_large_mistake_after_its_first_step(
    monkeypatch, wrong, is_seen
):
    """What it does not show in 20 steps, the checker has named in the first."""
    monkeypatch.setattr(adamw, "adamw_step", wrong)
    run = Run.begin(TINY, [*TRAINERS])
    assert len([*run.steps(tiny_batches())]) == TINY.steps

    assert run.differences[0] < 1e-14 < run.differences[1]
    assert (run.differences[1] > 5e-4) == is_seen
    assert (max(run.differences) > 1e-3) == is_seen


def test_a_check_may_begin_at_any_step():
    run, batches = Run.begin(TINY, [*TRAINERS]), tiny_batches()
    assert next(run.steps(batches)) == 1
    assert next(run.steps(batches)) == 2

    assert [*run.steps(batches, StepChecker(TINY))] == [*range(3, 21)]
    assert run.first_difference == ""


def test_the_step_at_which_a_run_first_differs_ends_it(monkeypatch):
    def wrong(*arrays, step, **numbers):
        return RIGHT(*arrays, step=step + (step == 6), **numbers)

    monkeypatch.setattr(adamw, "adamw_step", wrong)
    run, checker = Run.begin(TINY, [*TRAINERS]), StepChecker(TINY)

    assert [*run.steps(tiny_batches(), checker)][-1] == 6
    assert " after the update: at [" in run.first_difference
