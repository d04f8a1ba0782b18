"""PyTorch in bfloat16 and float16 agrees with the truth by the same measure."""

from unittest import mock

import numpy as np
import pytest
import torch
from hypothesis import assume, given, reject, settings

from parity_tests import catalogue
from parity_tests.contract.agreement import as_array
from parity_tests.contract.backend import REFERENCE, unchecked
from parity_tests.contract.case import Case
from parity_tests.lockstep.backward import as_tuple
from parity_tests.rounding.low_precision import judge_in

PAIRS = [pair for pair in catalogue.load_all() if pair.has_gradients]
CAUSAL = catalogue.load("attention/causal")
SOFTMAX = torch.Tensor.softmax


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_torch_in_low_precision_agrees_with_the_truth(pair, dtype):
    @settings(max_examples=15)
    @given(pair.cases)
    def agree(case):
        with unchecked():
            output = pair.call(REFERENCE, case.astype(np.float64))
            assume(all(np.isfinite(as_array(o)).all() for o in as_tuple(output)))
            try:
                agreement = judge_in(pair, case, dtype)
            except ValueError:
                reject()

        assert agreement.holds, agreement.reason

    agree()


def test_a_case_that_no_precision_so_low_can_hold_is_not_judged():
    case = Case({"dim": 3, "eps": 1e-12}, {"x": np.zeros((1, 3))})

    with pytest.raises(ValueError, match="of norms/rms_norm cannot be measured in"):
        judge_in(catalogue.load("norms/rms_norm"), case, "float16")


def test_attention_weights_off_by_a_twentieth_are_seen_in_float16():
    case = next(e.case for e in CAUSAL.examples(0) if e.name == "small")
    assert judge_in(CAUSAL, case, "float16").holds

    def off(scores, **options):
        return SOFTMAX(scores, **options) * 1.05

    with mock.patch.object(torch.Tensor, "softmax", off):
        assert not judge_in(CAUSAL, case, "float16").holds


def test_another_dtype_than_the_one_asked_for_differs():
    simple = catalogue.load("attention/simple")
    case = next(e.case for e in simple.examples(0) if e.name == "small")

    def wide(left, right):
        return torch.matmul(left.float(), right.float())

    with mock.patch.object(torch.Tensor, "__matmul__", wide):
        agreement = judge_in(simple, case, "bfloat16")

    assert agreement.reason.startswith("expected bfloat16, got float32; ")
