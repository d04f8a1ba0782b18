"""How far a central difference of attention can be off: a bound, not a guess.

Every quantity is followed along a straight way through the space of all inputs and
weights, by four bounds: how large it, and its first three derivatives divided by 1, 2
and 6, can be anywhere on the way. Products obey Leibniz' rule. For the weights,
softmax w = exp(s - log sum exp s) gives w' = w r' with r = log w, whose derivatives are
those of the scores less cumulants of theirs, none larger than here stated.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from parity_tests.agreement import LIMIT
from parity_tests.attention.bounds import bounds
from parity_tests.attention.gradient_yardsticks import (
    PROJECTIONS,
    gradient_yardsticks,
    raised_by,
)
from parity_tests.concept import Case
from parity_tests.finite_difference import moved

Array = np.ndarray[Any, Any]
Bounds = list[Any]  # of a quantity and its first three derivatives, each over n!

LONGEST = 2.0**-6


def step_and_error(
    case: Case, grad_output: Array, direction: Mapping[str, Array]
) -> tuple[float, float]:
    """Return the best step for a central difference, and how far the slopes can differ.

    Cutting the series off costs step² · c, where c bounds the third derivative over 6;
    rounding costs e / step, where e is the rounding error of the loss: twice that of
    the output, since the inputs were rounded when they moved. The sum is least where
    step³ = e / 2c. The gradients have rounding errors of their own.
    """
    cubic = loss_along(case, grad_output, direction)[3]
    loss = bounds(furthest(case, direction))["result"] * np.abs(grad_output).sum()
    rounding = 2 * LIMIT * float(loss)
    flat = 2 * cubic * LONGEST**3 <= rounding
    step = LONGEST if flat else math.cbrt(rounding / (2 * cubic))
    of_gradients = gradient_yardsticks(case, grad_output)
    own = sum(
        LIMIT * of_gradients[name] * np.abs(moves).sum()
        for name, moves in direction.items()
    )
    return step, float(step**2 * cubic + rounding / step + own)


def furthest(case: Case, direction: Mapping[str, Array]) -> Case:
    """Make every number as large as it can become on the way."""
    sizes = {name: np.abs(moves) for name, moves in direction.items()}
    outwards = replace(
        case,
        inputs={**case.inputs, "x": np.abs(case.inputs["x"])},
        weights={name: np.abs(array) for name, array in case.weights.items()},
    )
    return moved(outwards, sizes, LONGEST)


def loss_along(
    case: Case, grad_output: Array, direction: Mapping[str, Array]
) -> Bounds:
    """Bound the loss and its derivatives within the longest step either way."""
    along = {
        name: straight(array, direction[name])
        for name, array in {"x": case.inputs["x"], **case.weights}.items()
    }
    queries, keys, values = (projected(along, name) for name in PROJECTIONS)
    heads = case.config.get("num_heads", 1)
    queries, keys = (split(each, heads) for each in (queries, keys))
    scale = 1 / math.sqrt(keys[0].shape[-1]) if case.weights else 1.0
    scores = product(queries, [each.mT for each in keys])
    steep = softmax([scale * each.max(initial=0) for each in scores])
    tokens = tuple(range(values[0].ndim - 1))
    highest = [each.max(axis=tokens, initial=0) for each in values]
    context = product(steep, highest, np.multiply)
    context = [raised_by(case) * each for each in context]
    output = projected({**along, "x": context}, "out_proj")
    gradient = np.abs(grad_output).sum(axis=tokens)
    return [float(gradient @ each) for each in output]


def straight(start: Array, direction: Array) -> Bounds:
    """Bound what moves straight on."""
    size = np.abs(direction)
    return [np.abs(start) + LONGEST * size, size, 0 * size, 0 * size]


def product(
    left: Bounds, right: Bounds, times: Callable[[Any, Any], Any] = np.matmul
) -> Bounds:
    """Bound a product: the n-th derivative over n! is a sum of those of both."""
    return [sum(times(left[k], right[n - k]) for k in range(n + 1)) for n in range(4)]


def projected(along: Mapping[str, Bounds], name: str) -> Bounds:
    """Bound a projection, all heads side by side; without weights it is the input."""
    parts = []
    for key, weight in along.items():
        if key == name:
            parts.append(product(along["x"], weight))
        elif key.endswith(f"{name}.weight"):
            mapped = product(along["x"], [each.T for each in weight])
            bias = along.get(key.replace("weight", "bias"), [0.0] * 4)
            parts.append([a + b for a, b in zip(mapped, bias, strict=True)])
    if not parts:
        return along["x"]
    return [np.concatenate(each, axis=-1) for each in zip(*parts, strict=True)]


def split(joined: Bounds, heads: int) -> Bounds:
    """Split channels into heads."""
    shape = (*joined[0].shape[:-1], heads, joined[0].shape[-1] // heads)
    return [each.reshape(shape).swapaxes(-3, -2) for each in joined]


def softmax(scores: Bounds) -> Bounds:
    """Bound weights relative to themselves, from bounds of the scores.

    The log of the sum has as derivatives the mean of s', the mean of s'' plus the
    variance of s', and the mean of s''' plus three covariances of s' and s'' plus the
    third central moment of s', which is at most twice the largest s' cubed.
    """
    first, second, third = scores[1], 2 * scores[2], 6 * scores[3]
    r1 = 2 * first
    r2 = 2 * second + first**2
    r3 = 2 * third + 3 * first * second + 2 * first**3
    return [1.0, r1, (r1**2 + r2) / 2, (r1**3 + 3 * r1 * r2 + r3) / 6]
