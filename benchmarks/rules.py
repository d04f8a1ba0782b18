"""The rules that are compared: when is a difference still rounding?"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from parity_tests.agreement import LIMIT, compare
from parity_tests.catalogue import concept
from parity_tests.concept import Case

Array = np.ndarray[Any, Any]
MULTI_HEAD = concept("multi_head")
TORCH_DEFAULT = {"float64": (1e-7, 1e-7), "float32": (1.3e-6, 1e-5)}
WIDER = {"float64": np.longdouble, "float32": np.float64}
N_ORDERS = 3  # of the channels, to see how far right results are apart


@dataclass(frozen=True)
class Trial:
    """A case and what is right: PyTorch's output, and the truth with its spread.

    The truth is the reference in a wider dtype on the same bits. `spread` is how far
    from it the reference gets in the case's own dtype, with the channels in several
    orders, which changes nothing but the rounding.
    """

    case: Case
    right: Array
    truth: Array
    spread: float


def try_out(case: Case) -> Trial:
    """Run what is right about a case."""
    right = MULTI_HEAD.run_torch(MULTI_HEAD.torch, case).detach().numpy()
    truth = run(MULTI_HEAD.reference, in_dtype(case, WIDER[right.dtype.name]))
    rng = np.random.default_rng(case.seed)
    spread = 2 * np.finfo(right.dtype).eps * np.abs(truth).max()
    for _ in range(N_ORDERS):
        other = run(MULTI_HEAD.reference, in_another_order(case, rng))
        spread = max(spread, np.abs(other - truth).max())
    return Trial(case, right, truth, float(spread))


def run(variant: type, case: Case) -> Array:
    """Run the NumPy side, or a defective copy of it."""
    with np.errstate(all="ignore"):
        return np.asarray(MULTI_HEAD.run_reference(variant, case))


def in_dtype(case: Case, dtype: Any) -> Case:
    """Hold the same numbers in another dtype."""
    weights = {name: array.astype(dtype) for name, array in case.weights.items()}
    return replace(case, inputs={"x": case.inputs["x"].astype(dtype)}, weights=weights)


def in_another_order(case: Case, rng: np.random.Generator) -> Case:
    """Change the order of the channels: of the input, and within each head."""
    num_heads = case.config["num_heads"]
    head_dim = case.config["d_out"] // num_heads
    inward = rng.permutation(case.config["d_in"])
    runs = np.arange(num_heads)[:, None] * head_dim
    matched, mixed = ((runs + rng.permutation(head_dim)).ravel() for _ in range(2))
    weights = dict(case.weights)
    for name in ("query", "key", "value"):
        outward = mixed if name == "value" else matched
        weight = weights[f"W_{name}.weight"]
        weights[f"W_{name}.weight"] = weight[outward][:, inward]
        if f"W_{name}.bias" in weights:
            weights[f"W_{name}.bias"] = weights[f"W_{name}.bias"][outward]
    weights["out_proj.weight"] = weights["out_proj.weight"][:, mixed]
    x = case.inputs["x"][..., inward]
    return replace(case, inputs={"x": x}, weights=weights)


def by_score(trial: Trial, actual: Array) -> bool:
    """Accept what scores at most 8, as the project does."""
    yardstick = MULTI_HEAD.yardsticks(trial.case)["result"]
    return compare(trial.right, actual, yardstick).holds


def by_spread(trial: Trial, actual: Array) -> bool:
    """Accept two sides that are both at most 8 spreads from the truth."""
    sides = np.stack([trial.right, actual])
    return bool(np.abs(sides - trial.truth).max() <= LIMIT * trial.spread)


def by_torch(trial: Trial, actual: Array) -> bool:
    """Accept what `torch.testing.assert_close` accepts by default."""
    rtol, atol = TORCH_DEFAULT[trial.right.dtype.name]
    return bool(np.allclose(actual, trial.right, rtol, atol))


def by_five_digits(trial: Trial, actual: Array) -> bool:
    """Accept what lies within 1e-5, relative plus absolute."""
    return bool(np.allclose(actual, trial.right, 1e-5, 1e-5))


def by_four_decimals(trial: Trial, actual: Array) -> bool:
    """Accept what `assert_array_almost_equal(decimal=4)` accepts."""
    return bool(np.allclose(actual, trial.right, 0, 1.5e-4))


RULES: dict[str, Callable[[Trial, Array], bool]] = {
    "score ≤ 8 (ours)": by_score,
    "8 spreads": by_spread,
    "torch.testing": by_torch,
    "1e-5 / 1e-5": by_five_digits,
    "4 decimals": by_four_decimals,
}
