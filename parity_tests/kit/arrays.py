"""Arrays by name: how the kit asks an implementation, unless the pair says how."""

from typing import Any

from parity_tests.contract.adapter import Adapter
from parity_tests.contract.agreement import Agreement, differs
from parity_tests.contract.backend import REFERENCE, unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.convention import Request
from parity_tests.contract.pair import Pair
from parity_tests.rounding.expected import expected_result


def adapter_of(pair: Pair) -> Adapter:
    """Return how implementations of a pair are asked."""
    return pair.adapter or ARRAYS


def request(pair: Pair, case: Case) -> Request:
    """Write a case as arrays by name; `keep` is the mask of dropout, or a list."""
    inputs = dict(case.inputs)
    masks = pair.with_masks(case).masks
    if case.training and masks:
        inputs["keep"] = masks[0] if len(masks) == 1 else list(masks)
    return {
        "inputs": inputs,
        "parameters": dict(case.parameters),
        "config": {**case.config, "training": case.training},
        "seed": case.seed,
    }


def answer(pair: Pair, case: Case, part: Any = None) -> Any:
    """Run the reference, or a part in its form; answer as an implementation does."""
    with unchecked():
        return pair.answer(pair.call(REFERENCE, case, part))


def judge(pair: Pair, case: Case, output: Any) -> Agreement:
    """Compare what came out with the reference, in float64 on the same numbers."""
    right = expected_result(pair, case)
    several = isinstance(right.value, tuple)
    if several != isinstance(output, list):
        form = f"a tuple of {len(right.value)}" if several else "one array"
        return differs("list", f"it returns another number of arrays; expected {form}")
    return right.judge(output)


ARRAYS = Adapter("parity_tests.kit.running:arrays", request, answer, judge)
