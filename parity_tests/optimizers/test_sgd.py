"""SGD with momentum: its properties, rejections and oracles."""

from dataclasses import replace
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.case import Array, Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.optimizers import cases, properties

PATH = "optimizers/sgd"
CONFIG = {"lr": 0.1, "momentum": 0.9, "weight_decay": 0.01}
CONFIGS = st.fixed_dictionaries(
    {
        "lr": st.sampled_from((0.1, 1e-3, 1.0, 0.0)),
        "momentum": st.sampled_from((0.9, 0.0, 0.5)),
        "weight_decay": st.sampled_from((0.0, 0.1, 0.01)),
    }
)


def velocity_of(gradient: Array, rng: np.random.Generator) -> dict[str, Array]:
    """Draw a velocity of the size of the gradient."""
    scale = np.abs(gradient).max(initial=0.0)
    return {"velocity": 3 * scale * rng.normal(size=gradient.shape)}


def with_config(case: Case, **changes: Any) -> Case:
    """Change some numbers of the rule."""
    return replace(case, config={**case.config, **changes})


def without_momentum_and_decay_it_is_gradient_descent(
    run: Implementation, case: Case
) -> Agreement:
    """P - lr g; the velocity is the gradient."""
    case = with_config(case, momentum=0.0, weight_decay=0.0)
    parameter, gradient = case.inputs["parameter"], case.inputs["gradient"]
    expected = (
        parameter - parameter.dtype.type(case.config["lr"]) * gradient,
        gradient,
    )
    return compare([*expected], [*run(case)], run.rounding(case))


def the_velocity_does_not_depend_on_the_rate(
    run: Implementation, case: Case
) -> Agreement:
    """A schedule acts on the update alone."""
    _, velocity = run(case)
    _, other = run(with_config(case, lr=2 * case.config["lr"] + 1))
    return compare(velocity, other, run.repeatability(case))


def a_rate_of_zero_changes_no_parameter(run: Implementation, case: Case) -> Agreement:
    """But the velocity goes on."""
    parameter, _ = run(with_config(case, lr=0.0))
    return compare(case.inputs["parameter"], parameter)


def weight_decay_is_a_gradient(run: OneBackend, case: Case) -> Agreement:
    """That of an L2 penalty: adding λ p to the gradient by hand does the same."""
    decay = case.config["weight_decay"]
    dtype = case.inputs["gradient"].dtype.type
    total = case.inputs["gradient"] + dtype(decay) * case.inputs["parameter"]
    by_hand = with_config(case, weight_decay=0.0).with_inputs(
        gradient=np.asarray(total)
    )
    return compare([*run(case)], [*run(by_hand)], 2 * run.rounding(case))


def a_gradient_and_velocity_of_zero_leave_the_parameter(
    run: OneBackend, case: Case
) -> Agreement:
    """Without decay, that is."""
    zero = np.zeros_like(case.inputs["gradient"])
    case = with_config(case, weight_decay=0.0).with_inputs(gradient=zero, velocity=zero)
    parameter, _ = run(case)
    return compare(case.inputs["parameter"], parameter)


def a_constant_gradient_drives_the_velocity_to_g_over_one_minus_momentum(
    run: OneBackend, case: Case
) -> Agreement:
    """After t steps from rest it is g (1 - μᵗ) / (1 - μ)."""
    case = with_config(case, weight_decay=0.0)
    gradient, momentum = case.inputs["gradient"], case.config["momentum"]
    case = case.with_inputs(velocity=np.zeros_like(gradient))
    for _ in range(4):
        parameter, velocity = run(case)
        case = case.with_inputs(parameter=parameter, velocity=velocity)
    share = gradient.dtype.type((1 - momentum**4) / (1 - momentum))
    expected = np.asarray(share * gradient)
    return compare(expected, velocity, 4 * run.rounding(case, "velocity"))


def every_number_is_by_itself(run: OneBackend, case: Case) -> Agreement:
    """In another order, or another shape, all move as before."""
    order = case.stream("order").permutation(case.inputs["parameter"].size)
    shuffled = {n: np.ravel(value)[order] for n, value in case.inputs.items()}
    expected = [np.ravel(each)[order] for each in run(case)]
    unit = run.rounding(case)
    return compare(expected, [*run(case.with_inputs(**shuffled))], unit)


def of_pytorch(case: Case) -> Any:
    """Let PyTorch's optimizer take the step, with its buffer filled."""
    parameter = torch.nn.Parameter(torch.from_numpy(case.inputs["parameter"].copy()))
    parameter.grad = torch.from_numpy(case.inputs["gradient"].copy())
    optimizer = torch.optim.SGD([parameter], **case.config, foreach=False)
    buffer = torch.from_numpy(case.inputs["velocity"].copy())
    optimizer.state[parameter]["momentum_buffer"] = buffer
    optimizer.step()
    return as_array(parameter), as_array(buffer)


def number_by_number(case: Case) -> Any:
    """Move each number by itself in Python."""
    lr, momentum, decay = (case.config[n] for n in ("lr", "momentum", "weight_decay"))
    arrays = [np.ravel(case.inputs[n]) for n in ("parameter", "gradient", "velocity")]
    parameters, velocities = [], []
    for p, g, v in zip(*(map(float, array) for array in arrays), strict=True):
        velocities.append(momentum * v + g + decay * p)
        parameters.append(p - lr * velocities[-1])
    form = case.inputs["parameter"]
    both = (np.array(each, form.dtype) for each in (parameters, velocities))
    return tuple(each.reshape(form.shape) for each in both)


def has_momentum(case: Case) -> bool:
    """Whether PyTorch's optimizer has a buffer at all."""
    return bool(case.config["momentum"])


ONES = {name: np.ones(2) for name in ("parameter", "gradient", "velocity")}

PAIR = Pair(
    path=PATH,
    cases=cases.step_cases(CONFIGS, velocity_of),
    properties=(
        *properties.OF_ALL,
        Property(without_momentum_and_decay_it_is_gradient_descent, for_all=True),
        Property(the_velocity_does_not_depend_on_the_rate, for_all=True),
        Property(a_rate_of_zero_changes_no_parameter, for_all=True),
        Property(weight_decay_is_a_gradient),
        Property(a_gradient_and_velocity_of_zero_leave_the_parameter),
        Property(a_constant_gradient_drives_the_velocity_to_g_over_one_minus_momentum),
        Property(every_number_is_by_itself),
    ),
    rejections=tuple(
        Rejection(
            ValueError,
            f"{name} must be at least 0, got -0.1",
            {**ONES, **CONFIG, name: -0.1},
        )
        for name in CONFIG
    ),
    oracles=(
        Oracle(
            "PyTorch's SGD",
            of_pytorch,
            cases.step_cases(CONFIGS, velocity_of).filter(has_momentum),
        ),
        Oracle("the formula, number by number", number_by_number),
    ),
    on_text=cases.on_text(CONFIG, velocity_of),
    examples=cases.examples(CONFIG, velocity_of),
    probes=cases.probes((CONFIG, {**CONFIG, "momentum": 0.0}), velocity_of),
)


class TestSgdStep(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
