"""Every wrong implementation differs in a fixed case, so that no seed can miss it."""

from dataclasses import replace
from importlib import import_module

import numpy as np
import pytest

from parity_tests.catalogue import load
from parity_tests.contract import border
from parity_tests.kit.arrays import judge, request
from parity_tests.kit.asking import Request
from parity_tests.kit.check import check
from parity_tests.kit.faults import (
    attention,
    attention_gradients,
    attention_values,
    data,
    faults_in,
    right_attention,
)
from parity_tests.lockstep.backward import gradient_for
from parity_tests.rounding.expected import expected_gradients

MODULES = (attention, attention_values, attention_gradients, right_attention, data)
FAULTS = [fault for module in MODULES for fault in faults_in(module)]


def differs(fault, case):
    """Say in which way an implementation differs in a case, if it does."""
    pair = load(fault.pair)
    if "dropout" not in fault.supports:
        case = replace(case, training=False)
    implementation = getattr(import_module(fault.target.partition(":")[0]), str(fault))
    message = border.write(request(pair, case))
    asked = border.read(message)
    given = (asked["parameters"], asked["config"])
    with np.errstate(all="ignore"):
        try:
            output = implementation(asked["inputs"], *given)
            if border.write(asked) != message:
                return "changes its inputs"
            agreements = {"output": judge(pair, case, output)}
            if "gradients" in fault.supports:
                backward = {"grad_output": gradient_for(case, output)}
                gradients = implementation(asked["inputs"] | backward, *given)
                agreements |= expected_gradients(pair, case).judge(gradients)
        except (ValueError, OverflowError) as error:
            return f"raises {error}"
    return next((f"{n} {a.reason}" for n, a in agreements.items() if not a.holds), None)


@pytest.mark.parametrize("fault", FAULTS, ids=str)
def test_what_is_wrong_differs_in_a_fixed_case_and_what_is_right_in_none(fault):
    probes = load(fault.pair).probes(seed=1)
    found = next((p.rule for p in probes if differs(fault, p.case)), None)

    assert (found is not None) == fault.is_wrong, found


@pytest.mark.parametrize(
    "name", ["Right", "FromSevenTokens", "GapsRead", "QueryLastDigits"]
)
def test_a_short_run_of_the_checker_sees_them_too(name):
    fault = next(each for each in FAULTS if str(each) == name)
    pair, supports = load(fault.pair), fault.supports
    verdict = check(Request(pair, fault.target, 5, supports=supports))

    assert verdict.agrees is not fault.is_wrong, verdict
