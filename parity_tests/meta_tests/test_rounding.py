"""Rounding units: every right evaluation passes, and numeric defects are seen."""

from dataclasses import replace
from functools import partial
from unittest import mock

import numpy as np
import pytest
import torch

from parity_tests import catalogue
from parity_tests.contract.agreement import LIMIT, compare
from parity_tests.contract.backend import REFERENCE, TORCH, unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.strategies import accepted, parameters_of
from parity_tests.lockstep.forward import compare_forward
from parity_tests.lockstep.gradients import compare_gradients
from parity_tests.rounding.expected import expected, expected_backward
from parity_tests.sources.panels import root

CAUSAL = catalogue.load("attention/causal")
SOFTMAX = torch.Tensor.softmax
DIVIDED = "exps / exps.sum(axis=-1, keepdims=True)"
CONTEXT = "context = dropped_weights @ values  #"
BY_LOGARITHM = "np.exp(masked_scores - (row_max + np.log(exps.sum(-1, keepdims=True))))"
SUM_TOO_LARGE = DIVIDED.replace("exps.sum", "(1e-4 + exps).sum")
REVERSED = CONTEXT.replace("@ values", "[:, ::-1] @ values[::-1]")
in_both_dtypes = pytest.mark.parametrize("dtype", ["float64", "float32"])


def case_of(seed, dtype="float64", scale=1.0, n_tokens=8, pair=CAUSAL):
    """Draw a case whose scores grow with the square of the scale."""
    sizes = {"d_in": 4, "d_out": 4, "context_length": n_tokens, "dropout": 0.0}
    config = accepted(pair.path, {**sizes, "num_heads": 2})
    x = scale * np.random.default_rng(seed).normal(size=(n_tokens, 4))
    parameters = parameters_of(pair.path, config, seed, dtype)
    return Case(config, {"x": x.astype(dtype)}, parameters, seed=seed)


def planted(was, now):
    """Return the reference with a line changed; every step stays at its line."""
    path = root("reference") / "attention/causal.py"
    source = path.read_text(encoding="utf-8")
    assert source.count(was) == 1
    scope = {"__name__": "reference.attention.causal"}
    exec(compile(source.replace(was, now), path, "exec"), scope)
    return scope["CausalAttention"]


def errors_of(was, now, cases):
    """Run the reference with a line changed; return each error in rounding units."""
    part, call = planted(was, now), partial(CAUSAL.call, REFERENCE)
    with unchecked(), np.errstate(all="ignore"):
        return [expected(CAUSAL, c).judge(call(c, part)).error for c in cases]


# Right evaluations pass


@in_both_dtypes
@pytest.mark.parametrize("scale", [1e-3, 1.0, 2.0, 5.0, 8.0, 30.0, 1e3])
@pytest.mark.parametrize(
    ("was", "now"), [(DIVIDED, BY_LOGARITHM), (CONTEXT, REVERSED)], ids=["exp", "sum"]
)
def test_an_equivalent_evaluation_passes(was, now, scale, dtype):
    """On any tokens, and on equal ones, whose scores are near sixty at scale 8."""
    cases = [case_of(seed, dtype, scale) for seed in range(20)]
    cases += [c.with_inputs(x=c.inputs["x"][:1].repeat(8, axis=0)) for c in cases]

    assert max(errors_of(was, now, cases)) <= LIMIT


@pytest.mark.parametrize("path", ["attention/causal", "attention/multi_head"])
def test_scores_near_the_smallest_normal_number_pass(path):
    pair = catalogue.load(path)
    case = case_of(0, scale=1e-150, n_tokens=100, pair=pair)
    unit = expected(pair, case).units["result"]
    with unchecked():
        truth = pair.call(REFERENCE, case.astype(np.longdouble)).astype(float)
        for backend in (REFERENCE, TORCH):
            assert compare(truth, pair.call(backend, case), unit).holds
    assert compare_forward(pair, case).first_difference is None


# Defects are seen


@pytest.mark.parametrize(
    ("was", "now", "dtype"),
    [
        (DIVIDED, f"({DIVIDED}).astype(np.float16).astype(exps.dtype)", "float32"),
        (DIVIDED, f"({DIVIDED}).astype(np.float32).astype(exps.dtype)", "float64"),
        (DIVIDED, SUM_TOO_LARGE, "float32"),
        (DIVIDED, DIVIDED.replace("exps.sum", "(1e-9 + exps).sum"), "float64"),
        ("math.sqrt(keys.shape[-1])", "math.sqrt(keys.shape[-1] + 1e-3)", "float32"),
        ("math.sqrt(keys.shape[-1])", "math.sqrt(keys.shape[-1]) * 1.00001", "float64"),
        ("attn_scores, -np.inf)", "attn_scores, -10.0)", "float32"),
    ],
)
def test_a_numeric_defect_is_seen(was, now, dtype):
    errors = errors_of(was, now, [case_of(s, dtype) for s in range(20)])

    assert sum(error > LIMIT for error in errors) >= 10


def test_where_one_score_is_far_above_all_others_a_defect_of_the_sum_is_seen():
    """The logarithm of a sum of one adds nothing to the score: no row moves."""
    cases = [case_of(seed, "float32", scale=1e3) for seed in range(20)]

    assert min(errors_of(DIVIDED, SUM_TOO_LARGE, cases)) > LIMIT


@pytest.mark.parametrize(
    ("was", "now"),
    [
        ("grad_x = grad_x + self.W_key", "grad_x = grad_x + 1.0001 * self.W_key"),
        ("(grad_attn_weights - weighted_mean)", "grad_attn_weights"),
        ("grad_masked_scores, 0)", "1.001 * grad_masked_scores, 0)"),
    ],
)
@in_both_dtypes
def test_a_mistake_of_the_backward_pass_is_seen(was, now, dtype):
    case = case_of(0, dtype)
    found = compare_gradients(CAUSAL, case, planted(was, now)).first_difference

    assert found is not None
    assert compare_gradients(CAUSAL, case).first_difference is None


def test_a_defect_of_torch_is_found_at_its_step_and_the_backend_is_named():
    def through_float16(scores, **options):
        return SOFTMAX(scores, **options).half().to(scores.dtype)

    with mock.patch.object(torch.Tensor, "softmax", through_float16):
        difference = compare_forward(CAUSAL, case_of(0, "float32")).first_difference

    assert str(difference).startswith(
        "attention.causal.CausalAttention.forward, step 4. Softmax: attention weights "
        "that sum to one in every row.\n  attn_weights of torch_impl: at ["
    )


def test_units_do_not_depend_on_a_defect_of_torch():
    case, measured = case_of(0, "float32"), (expected, expected_backward)
    right = [each.__wrapped__(CAUSAL, case).units for each in measured]
    with mock.patch.object(torch.Tensor, "softmax", lambda scores, dim: scores * 1e9):
        wrong = [each.__wrapped__(CAUSAL, case).units for each in measured]

    assert wrong == right


# What is measured


@pytest.mark.parametrize(
    ("dtype", "backends"), [("float32", ["reference", "torch_impl"]), ("float64", [""])]
)
def test_in_float32_both_backends_are_compared_with_the_truth(dtype, backends):
    """In float64 PyTorch is compared with the reference."""
    comparison = compare_forward(CAUSAL, case_of(0, dtype))
    named = [q.backend for q in comparison.quantities if q.name == "attn_weights"]

    assert comparison.first_difference is None
    assert comparison.n_steps == 6
    assert 0 < comparison.error < LIMIT
    assert named == backends


def test_every_floating_point_quantity_has_a_unit_and_no_other_value_has_one():
    units = expected(CAUSAL, case_of(0)).units

    assert units.keys() >= {"queries", "keys", "values", "attn_scores", "exps"}
    assert units.keys() >= {"masked_scores", "attn_weights", "context", "result"}
    assert not units.keys() & {"causal_mask", "p", "keep"}


@pytest.mark.parametrize("backend", ["reference", "torch"])
def test_another_dtype_than_that_of_the_case_is_a_difference(backend):
    def run(current, part, case):
        module = current.build(part, case)
        output = module(current.own(case.inputs["x"]))
        if current.name != backend:
            return output
        return output.astype(float) if backend == "reference" else output.double()

    wide = replace(CAUSAL, run=run)
    difference = compare_forward(wide, case_of(0, "float32")).first_difference

    assert (difference.name, difference.backend[:5]) == ("result", backend[:5])
    assert difference.agreement.reason.startswith("expected float32, got float64")


def test_steep_scores_widen_the_unit_even_where_all_tokens_are_equal():
    small, large = (
        expected(CAUSAL, case_of(0).with_inputs(x=np.full((8, 4), scale))).units
        for scale in (1.0, 1e3)
    )

    assert large["attn_weights"] > 1000 * small["attn_weights"]


def test_ten_units_are_too_many_and_not_a_number_is_worse():
    case = case_of(0, "float32")
    right = expected(CAUSAL, case)
    for error in (LIMIT + 2, np.nan):
        output = right.recording.result.astype(np.float32)
        output.flat[-1] += np.float32(error * right.units["result"])
        assert not right.judge(output).holds


def test_equal_cases_are_measured_once_and_others_are_not():
    case = case_of(0)

    assert expected(CAUSAL, case) is expected(CAUSAL, replace(case))
    assert expected(CAUSAL, case) is not expected(CAUSAL, case_of(1))
    assert expected(CAUSAL, case) is not expected(CAUSAL, case.astype(np.float32))
