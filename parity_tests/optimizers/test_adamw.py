"""AdamW: its properties, rejections and oracles; groups, and exact resume."""

import math
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import BACKENDS, REFERENCE, Backend
from parity_tests.contract.case import Array, Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Implementation, Property
from parity_tests.contract.rejection import Rejection, rejection
from parity_tests.optimizers import cases, properties

PATH = "optimizers/adamw"
CONFIG: dict[str, Any] = {
    "step": 3,
    "lr": 1e-2,
    "betas": (0.9, 0.95),
    "eps": 1e-8,
    "weight_decay": 0.1,
}
CONFIGS = st.fixed_dictionaries(
    {
        "step": st.sampled_from((1, 2, 3, 10, 1_000)),
        "lr": st.sampled_from((1e-2, 1e-3, 1.0, 0.0)),
        "betas": st.sampled_from(((0.9, 0.95), (0.9, 0.999), (0.0, 0.5))),
        "eps": st.sampled_from((1e-8, 1e-5, 1e-15)),
        "weight_decay": st.sampled_from((0.1, 0.0, 0.01)),
    }
)


def moments_of(gradient: Array, rng: np.random.Generator) -> dict[str, Array]:
    """Draw moments of the size of the gradient: a mean, and a mean of squares."""
    scale = np.abs(gradient).max(initial=0.0)
    first, second = rng.normal(size=(2, *gradient.shape))
    return {"first_moment": scale * first, "second_moment": (scale * second) ** 2}


def with_config(case: Case, **changes: Any) -> Case:
    """Change some numbers of the rule."""
    return replace(case, config={**case.config, **changes})


def from_rest(case: Case) -> Case:
    """Begin with the first step: both moments are zero."""
    zeros = {
        n: np.zeros_like(case.inputs[n]) for n in ("first_moment", "second_moment")
    }
    return with_config(case, step=1).with_inputs(**zeros)


def the_first_step_is_the_rate_times_the_sign_of_the_gradient(
    run: OneBackend, case: Case
) -> Agreement:
    """G / (|g| + ε): however large the gradient, and however the betas are chosen."""
    case = with_config(from_rest(case), weight_decay=0.0)
    parameter, gradient = (
        case.inputs[name].astype(np.float64) for name in ("parameter", "gradient")
    )
    sign = gradient / (np.abs(gradient) + case.config["eps"])
    expected = np.asarray(parameter - case.config["lr"] * sign).astype(case.dtype)
    return compare(expected, run(case)[0], 2 * run.rounding(case))


def weight_decay_is_decoupled(run: OneBackend, case: Case) -> Agreement:
    """It takes lr λ p from the parameter, whatever the gradients, and no moment."""
    bare = run(with_config(case, weight_decay=0.0))
    decay = case.config["lr"] * case.config["weight_decay"]
    taken = case.inputs["parameter"].dtype.type(decay) * case.inputs["parameter"]
    expected = [np.asarray(bare[0] - taken), *bare[1:]]
    return compare(expected, [*run(case)], 2 * run.rounding(case))


def the_moments_do_not_depend_on_the_parameter(
    run: Implementation, case: Case
) -> Agreement:
    """Nor on rate, decay or ε: they are of gradients alone."""
    other = with_config(case, lr=0.5, weight_decay=0.3, eps=1.0, step=7)
    other = other.with_inputs(parameter=np.asarray(case.inputs["parameter"] + 1))
    unit = run.repeatability(case)
    return compare([*run(case)[1:]], [*run(other)[1:]], unit)


def a_rate_of_zero_changes_no_parameter(run: Implementation, case: Case) -> Agreement:
    """Neither by the gradient nor by the decay."""
    return compare(case.inputs["parameter"], run(with_config(case, lr=0.0))[0])


def without_a_gradient_the_parameter_only_decays(
    run: Implementation, case: Case
) -> Agreement:
    """From the first step on: 0 / (0 + ε) is 0."""
    case = from_rest(case)
    case = case.with_inputs(gradient=np.zeros_like(case.inputs["gradient"]))
    share = 1 - case.config["lr"] * case.config["weight_decay"]
    parameter = case.inputs["parameter"]
    expected = np.asarray(parameter * parameter.dtype.type(share))
    return compare(expected, run(case)[0], run.rounding(case))


def scaling_the_gradients_and_eps_changes_no_parameter(
    run: OneBackend, case: Case
) -> Agreement:
    """The unit of the loss does not matter; by 4 nothing is rounded."""
    scaled = with_config(case, eps=4 * case.config["eps"]).with_inputs(
        gradient=np.asarray(4 * case.inputs["gradient"]),
        first_moment=np.asarray(4 * case.inputs["first_moment"]),
        second_moment=np.asarray(16 * case.inputs["second_moment"]),
    )
    return compare(run(case)[0], run(scaled)[0], run.rounding(case))


def with_an_eps_far_above_the_gradients_steps_follow_their_mean(
    run: OneBackend, case: Case
) -> Agreement:
    """P - lr mean / ε: ε is added to the corrected root, and is in the gradient's unit.

    Added inside the root, or before the correction, it would have another size.
    """
    case = with_config(from_rest(case), weight_decay=0.0)
    gradient = case.inputs["gradient"].astype(np.float64)
    eps = float(2.0 ** np.ceil(np.log2(np.abs(gradient).max(initial=1e-30)) + 1))
    case = with_config(case, eps=eps)
    parameter = case.inputs["parameter"].astype(np.float64)
    move = case.config["lr"] * gradient / (np.abs(gradient) + eps)
    expected = np.asarray(parameter - move).astype(case.dtype)
    return compare(expected, run(case)[0], 2 * run.rounding(case))


def the_mean_of_a_constant_gradient_is_that_gradient(
    run: OneBackend, case: Case
) -> Agreement:
    """Bias correction: after any number of steps from rest."""
    gradient = case.inputs["gradient"]
    case = from_rest(case)
    for step in range(1, 5):
        case = with_config(case, step=step)
        mean = run.quantity("mean", case)
        unit = run.rounding(case, "mean")
        _, first, second = run(case)
        case = case.with_inputs(first_moment=first, second_moment=second)
    return compare(gradient, mean, 4 * unit)


def every_number_is_by_itself(run: OneBackend, case: Case) -> Agreement:
    """In another order, or another shape, all move as before."""
    order = case.stream("order").permutation(case.inputs["parameter"].size)
    shuffled = {n: np.ravel(value)[order] for n, value in case.inputs.items()}
    expected = [np.ravel(each)[order] for each in run(case)]
    unit = run.rounding(case)
    return compare(expected, [*run(case.with_inputs(**shuffled))], unit)


def the_optimizer_takes_this_step_with_every_parameter(
    run: OneBackend, case: Case
) -> Agreement:
    """Three steps of the class, from rest; PyTorch's own on the other backend."""
    case = from_rest(case)
    gradients = [case.inputs["gradient"] * dtype for dtype in (1, -2, 3)]
    optimizer, parameter = made(run.backend, run.part, case)
    for number, gradient in enumerate(map(np.asarray, gradients)):
        take_step(run.backend, optimizer, {"p": parameter}, {"p": gradient})
        case = with_config(case, step=number + 1).with_inputs(gradient=gradient)
        unit, after = run.rounding(case), run(case)
        names = ("parameter", "first_moment", "second_moment")
        case = case.with_inputs(**dict(zip(names, map(np.asarray, after), strict=True)))
    return compare(case.inputs["parameter"], as_array(parameter), 8 * unit)


def made(backend: Backend, part: Any, case: Case) -> tuple[Any, Any]:
    """Make an optimizer of one parameter, which decays as the case says."""
    names = ("lr", "betas", "eps")
    numbers = {name: case.config[name] for name in names}
    parameter = own_parameter(backend, case.inputs["parameter"])
    group = {"params": [("p", parameter)], "weight_decay": case.config["weight_decay"]}
    return import_module(part.__module__).AdamW([group], **numbers), parameter


def own_parameter(backend: Backend, array: Array) -> Any:
    """Copy an array to a parameter of a backend."""
    copy = backend.own(array.copy())
    return copy if backend is REFERENCE else torch.nn.Parameter(copy)


def take_step(
    backend: Backend, optimizer: Any, parameters: Any, gradients: dict[str, Array]
) -> None:
    """Let an optimizer change its parameters, in the way of its backend."""
    if backend is REFERENCE:
        optimizer.step(gradients)
        return
    for name, parameter in parameters.items():
        parameter.grad = backend.own(gradients[name].copy())
    optimizer.step()


def of_pytorch(case: Case) -> Any:
    """Let PyTorch's optimizer take the step, with its state filled."""
    config = dict(case.config)
    step = torch.tensor(config.pop("step") - 1.0)
    parameter = torch.nn.Parameter(torch.from_numpy(case.inputs["parameter"].copy()))
    parameter.grad = torch.from_numpy(case.inputs["gradient"].copy())
    optimizer = torch.optim.AdamW([parameter], **config, foreach=False)
    first, second = (
        torch.from_numpy(case.inputs[name].copy())
        for name in ("first_moment", "second_moment")
    )
    optimizer.state[parameter] = {"step": step, "exp_avg": first, "exp_avg_sq": second}
    optimizer.step()
    return tuple(map(as_array, (parameter, first, second)))


def number_by_number(case: Case) -> Any:
    """Move each number by itself in Python, by the paper's lines."""
    config, form = case.config, case.inputs["parameter"]
    (beta1, beta2), t = config["betas"], config["step"]
    rows = []
    columns = (np.ravel(case.inputs[name]).tolist() for name in case.inputs)
    for p, g, m, v in zip(*columns, strict=True):
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        corrected = m / (1 - beta1**t), v / (1 - beta2**t)
        update = corrected[0] / (math.sqrt(corrected[1]) + config["eps"])
        update += config["weight_decay"] * p
        rows.append((p - config["lr"] * update, m, v))
    found = np.array(rows, form.dtype).reshape(-1, 3).T
    return tuple(column.reshape(form.shape) for column in found)


STATE = ("parameter", "gradient", "first_moment", "second_moment")
ONES = {name: np.ones(2) for name in STATE}
BAD: tuple[tuple[dict[str, Any], str], ...] = (
    ({"step": 0}, "step must be at least 1, got 0"),
    ({"lr": -1.0}, "lr must be at least 0, got -1.0"),
    ({"betas": (1.0, 0.9)}, "betas must be in [0, 1), got 1.0"),
    ({"betas": (0.9, -0.1)}, "betas must be in [0, 1), got -0.1"),
    ({"eps": -1e-8}, "eps must be at least 0, got -1e-08"),
    ({"weight_decay": -0.1}, "weight_decay must be at least 0, got -0.1"),
)

PAIR = Pair(
    path=PATH,
    cases=cases.step_cases(CONFIGS, moments_of),
    properties=(
        *properties.OF_ALL,
        Property(the_moments_do_not_depend_on_the_parameter, for_all=True),
        Property(a_rate_of_zero_changes_no_parameter, for_all=True),
        Property(without_a_gradient_the_parameter_only_decays, for_all=True),
        Property(the_first_step_is_the_rate_times_the_sign_of_the_gradient),
        Property(weight_decay_is_decoupled),
        Property(scaling_the_gradients_and_eps_changes_no_parameter),
        Property(with_an_eps_far_above_the_gradients_steps_follow_their_mean),
        Property(the_mean_of_a_constant_gradient_is_that_gradient),
        Property(every_number_is_by_itself),
        Property(the_optimizer_takes_this_step_with_every_parameter),
    ),
    rejections=tuple(
        Rejection(ValueError, text, {**ONES, **CONFIG, **bad}) for bad, text in BAD
    ),
    oracles=(
        Oracle("PyTorch's AdamW", of_pytorch),
        Oracle("the paper's lines, number by number", number_by_number),
    ),
    on_text=cases.on_text(CONFIG, moments_of),
    examples=cases.examples(CONFIG, moments_of),
    probes=cases.probes(
        (CONFIG, {**CONFIG, "step": 1_000_000}, {**CONFIG, "step": 1}), moments_of
    ),
)


def small_model(seed: int) -> dict[str, Array]:
    """Draw what a model has: an embedding, a matrix, a bias and the gain of a norm."""
    rng = np.random.default_rng(seed)
    shapes = {"table": (5, 3), "weight": (2, 3), "bias": (2,), "gain": (3,)}
    return {name: rng.normal(size=shape) for name, shape in shapes.items()}


def train(
    backend: Backend, steps: int, resume_at: int = -1
) -> Iterator[dict[str, Array]]:
    """Take some steps with drawn gradients; at one, go on from a saved state."""
    module = import_module(PAIR.part(backend).__module__)
    parameters = {n: own_parameter(backend, p) for n, p in small_model(0).items()}

    def make() -> Any:
        groups = module.decay_groups(parameters.items(), weight_decay=0.1)
        return module.AdamW(groups, lr=0.1)

    optimizer = make()
    for step in range(steps):
        if step == resume_at:
            state, old, optimizer = optimizer.state_dict(), optimizer, make()
            optimizer.load_state_dict(state)
            if backend is REFERENCE:  # which copies, so that the old one may go on
                old.step({n: np.ones_like(p) for n, p in parameters.items()})
                for name, array in saved.items():
                    parameters[name][...] = array
        take_step(backend, optimizer, parameters, small_model(step + 1))
        saved = {name: as_array(each).copy() for name, each in parameters.items()}
        yield saved


class TestAdamwStep(PairTests):
    """All that is asked of every pair; groups, and runs that are resumed."""

    pair = PAIR

    def test_norms_and_biases_do_not_decay_and_matrices_do(self, backend):
        module = import_module(PAIR.part(backend).__module__)
        parameters = {n: own_parameter(backend, p) for n, p in small_model(0).items()}
        groups = module.decay_groups(parameters.items(), weight_decay=0.1)
        optimizer = module.AdamW(groups, lr=0.5)
        zeros = {name: np.zeros_like(p) for name, p in small_model(0).items()}
        take_step(backend, optimizer, parameters, zeros)

        for name, before in small_model(0).items():
            share = 1 - 0.5 * 0.1 if name in ("table", "weight") else 1.0
            assert compare(share * before, as_array(parameters[name])).holds, name

    def test_both_backends_train_to_the_same_parameters(self):
        for step, (ours, theirs) in enumerate(
            zip(*(train(backend, 20) for backend in BACKENDS), strict=True)
        ):
            unit = (step + 1) * 2.0**-52
            for name, expected in ours.items():
                assert compare(expected, theirs[name], unit).holds, (step, name)

    def test_a_run_that_is_resumed_is_the_uninterrupted_run_to_the_last_bit(
        self, backend
    ):
        whole = [*train(backend, 6)]
        resumed = [*train(backend, 6, resume_at=3)]

        for expected, actual in zip(whole, resumed, strict=True):
            assert compare([*expected.values()], [*actual.values()]).holds

    def test_a_state_of_other_parameters_is_rejected(self):
        module = import_module(PAIR.part(REFERENCE).__module__)
        one, other = (
            module.AdamW(module.decay_groups([(name, np.ones(2))], 0.0))
            for name in ("gain", "bias")
        )
        text = "the state must be that of ['bias'], got that of ['gain']"
        found = rejection(lambda: other.load_state_dict(one.state_dict()))

        assert found == (ValueError, text)
