"""PyTorch in bfloat16 and float16 agrees with the truth by the same measure."""

from dataclasses import replace
from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import assume, given

from parity_tests import catalogue
from parity_tests.contract.agreement import as_array
from parity_tests.contract.backend import REFERENCE, unchecked
from parity_tests.rounding.low_precision import judge_in

PAIRS = [pair for pair in catalogue.load_all() if pair.has_gradients]
CAUSAL = catalogue.load("attention/causal")
SOFTMAX = torch.Tensor.softmax


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_torch_in_low_precision_agrees_with_the_truth(pair, dtype):
    @given(pair.cases)
    def agree(case):
        with unchecked():
            output = pair.call(REFERENCE, case.astype(np.float64))
            assume(np.isfinite(as_array(output)).all())
            agreement = judge_in(pair, case, dtype)

        assert agreement.holds, agreement.reason

    agree()


def test_attention_weights_off_by_a_hundredth_are_seen_in_bfloat16():
    def off(scores, **options):
        weights = SOFTMAX(scores, **options)
        return weights * 1.1

    case = next(e.case for e in CAUSAL.examples(0) if e.name == "batch")
    case = replace(case, inputs={"x": case.inputs["x"] * 0.1})
    assert judge_in(CAUSAL, case, "bfloat16").holds

    with mock.patch.object(torch.Tensor, "softmax", off):
        agreement = judge_in(CAUSAL, case, "bfloat16")

    assert not agreement.holds


def test_another_dtype_than_the_one_asked_for_differs():
    def wide(scores, **options):
        return SOFTMAX(scores, **options).float()

    simple = catalogue.load("attention/simple")
    case = next(e.case for e in simple.examples(0) if e.name == "small")
    with mock.patch.object(torch.Tensor, "__matmul__", lambda a, b: (a.float().mm(b.float()))):
        assert judge_in(simple, case, "bfloat16").reason == ("expected bfloat16, got float32")
