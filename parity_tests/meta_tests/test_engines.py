"""What PyTorch does with modules works with every pair's: tried on its examples.

A module that compiles to one graph, and runs on `meta`, never waits for the device: it
would have to read a value to go on. What only some pairs do, such as decoding with a
cache, is tried in their own files.
"""

import warnings
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch

from parity_tests import catalogue
from parity_tests.contract.agreement import Agreement, as_array, compare, named_dtype
from parity_tests.contract.backend import REFERENCE, TORCH, unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.layouts import LAYOUTS
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.backward import as_tuple, autograd, differentiable
from parity_tests.rounding.expected import expected_gradients, expected_result, taken
from parity_tests.rounding.low_precision import nearest
from parity_tests.rounding.units import floating_in, rounding_units

Tensors = tuple[Any, ...]


def example(pair: Pair) -> Case:
    """Take the first example of a pair, without dropout."""
    return replace(next(iter(pair.examples(0))).case, training=False)


def fullest(pair: Pair) -> Case:
    """Take the example that leaves the least out: options, masks, several texts."""
    cases = [replace(e.case, training=False) for e in pair.examples(0)]
    return max((case for case in cases if is_answered(pair, case)), key=n_given)


def is_answered(pair: Pair, case: Case) -> bool:
    """Whether the example is one that is not rejected."""
    try:
        pair.call(REFERENCE, case)
    except (ValueError, TypeError, LookupError, RuntimeError):
        return False
    return True


def n_given(case: Case) -> tuple[int, int]:
    """Count what is given, and the axes of all inputs."""
    given = [v for v in (*case.config.values(), *case.inputs.values()) if v is not None]
    return len(given), sum(map(np.ndim, case.inputs.values()))


MODULES = [
    pair
    for pair in catalogue.load_all()
    if pair.is_module
    if any(isinstance(value, np.ndarray) for value in example(pair).inputs.values())
]
# A cache that is made within a call is not compiled while shapes are checked: these
# pairs have a test of their own, which makes it outside; the block is in the model's.
WITH_CACHE = {
    *("attention/cached", "attention/llama", "blocks/llama_block", "models/llama"),
}
COMPILED = [pair for pair in MODULES if pair.path not in WITH_CACHE]
of_each_module = pytest.mark.parametrize("pair", MODULES, ids=str)


@pytest.fixture(autouse=True)
def _fresh() -> Iterator[None]:
    """Forget what was compiled, which counts towards a limit; check no shapes."""
    torch.compiler.reset()
    with unchecked():
        yield


def prepared(pair: Pair, case: Case) -> tuple[Any, Tensors]:
    """Build the module of a case, and its inputs."""
    return pair.build(TORCH, case), tuple(map(TORCH.own, case.inputs.values()))


def tensors_in(outputs: Any) -> list[torch.Tensor]:
    """Take the tensors among what came out: a number of Python is on no device."""
    return [each for each in as_tuple(outputs) if torch.is_tensor(each)]


def judged(pair: Pair, case: Case, outputs: Any) -> Agreement:
    """Compare what came out of a case with what is expected."""
    return expected_result(pair, case).judge(pair.answer(outputs))


@pytest.mark.parametrize("choose", [example, fullest])
@pytest.mark.parametrize("pair", COMPILED, ids=str)
def test_it_compiles_to_one_graph(pair, choose):
    case = choose(pair)
    module, inputs = prepared(pair, case)
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")

    assert judged(pair, case, compiled(*inputs)).holds


@pytest.mark.parametrize("pair", [p for p in COMPILED if p.has_gradients], ids=str)
def test_its_gradients_compile_too(pair):
    case = example(pair)
    module, inputs = prepared(pair, case)
    compiled = torch.compile(module, fullgraph=True, backend="aot_eager")
    right = expected_gradients(pair, case)
    by_name = dict(zip(case.inputs, inputs, strict=True))
    leaves = {n: by_name[n].requires_grad_() for n in differentiable(case)}
    leaves |= dict(module.named_parameters())
    output = compiled(*by_name.values())
    found = autograd(output, [*leaves.values()], right.backward.grad_output)
    gradients = dict(zip(leaves, map(as_array, found), strict=True))

    for agreement in right.judge(gradients).values():
        assert agreement.holds, agreement.reason


@pytest.mark.parametrize("choose", [example, fullest])
@of_each_module
def test_it_is_exported(pair, choose):
    case = choose(pair)
    module, inputs = prepared(pair, case)
    exported = torch.export.export(module, inputs).module()

    assert judged(pair, case, exported(*inputs)).holds


@of_each_module
def test_on_meta_it_gives_the_shapes_and_dtypes_that_it_has(pair):
    module, inputs = prepared(pair, example(pair))
    expected = tensors_in(module(*inputs))
    inputs = [x.to("meta") if torch.is_tensor(x) else x for x in inputs]
    actual = tensors_in(module.to("meta")(*inputs))

    assert {each.device.type for each in actual} == {"meta"}
    assert [(x.shape, x.dtype) for x in actual] == [
        (x.shape, x.dtype) for x in expected
    ]


@pytest.mark.parametrize("layout", ["gaps", "transposed"])
@of_each_module
def test_it_takes_strided_inputs(pair, layout):
    case = fullest(pair)
    inputs = {
        name: LAYOUTS[layout](value) if isinstance(value, np.ndarray) else value
        for name, value in case.inputs.items()
    }
    module, inputs = prepared(pair, replace(case, inputs=inputs))

    assert judged(pair, case, module(*inputs)).holds


@of_each_module
def test_its_parameters_load_strictly(pair):
    module, inputs = prepared(pair, example(pair))
    other = pair.build(TORCH, replace(example(pair), parameters={})).double()
    other.load_state_dict(module.state_dict(), strict=True)

    assert compare(as_tuple(module(*inputs)), as_tuple(other(*inputs))).holds


@of_each_module
def test_under_autocast_it_is_as_exact_as_bfloat16(pair):
    """Linear layers and products are computed in it; the rest may stay in float32."""
    case = example(pair).map(partial(nearest, dtype="bfloat16"))

    def run(case):
        return {"result": floating_in(pair.call(REFERENCE, case))}

    right = pair.call(REFERENCE, case)
    units = (
        rounding_units(case, "bfloat16", run(case), run)["result"] if case.dtype else []
    )
    module, inputs = prepared(pair, case.astype(np.float32))
    with (
        warnings.catch_warnings(),
        torch.no_grad(),
        torch.autocast("cpu", torch.bfloat16),
    ):
        warnings.simplefilter("ignore", UserWarning)  # rms_norm says it is not fused
        outputs = as_tuple(module(*inputs))

    units = taken(as_tuple(right), iter(units))
    for truth, output, unit in zip(as_tuple(right), outputs, units, strict=True):
        agreement = compare(truth, output, unit, named_dtype(output))
        assert agreement.holds, agreement.reason
