"""Linear layer: its properties, rejections and oracles."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st
from torch import nn

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property
from parity_tests.contract.rejection import rejection
from parity_tests.primitives import cases, properties
from parity_tests.primitives.probes import array_probes

PATH = "primitives/linear"
SIZES = {"in_features": 3, "out_features": 2}
CONFIGS = st.fixed_dictionaries(
    dict.fromkeys(SIZES, st.integers(1, 6)) | {"bias": st.booleans()}
)
MAKE = cases.of_array(PATH, "x")


def a_zero_input_gives_the_bias(run: OneBackend, case: Case) -> Agreement:
    """Only the bias is left."""
    output = run(case.with_inputs(x=np.zeros_like(case.inputs["x"])))
    bias = case.parameters.get("bias", np.zeros(output.shape[-1], case.dtype))
    return compare(np.broadcast_to(bias, output.shape), output)


def doubling_the_parameters_doubles_the_output(
    run: OneBackend, case: Case
) -> Agreement:
    """The output is linear in the parameters, to the last bit."""
    twice = {name: 2 * array for name, array in case.parameters.items()}
    return compare(2 * run(case), run(replace(case, parameters=twice)))


def the_identity_matrix_changes_nothing(run: OneBackend, case: Case) -> Agreement:
    """With the identity as weight and no bias, what goes in comes out."""
    x = case.inputs["x"]
    config = {"in_features": x.shape[-1], "out_features": x.shape[-1], "bias": False}
    weight = {"weight": np.eye(x.shape[-1], dtype=x.dtype)}
    return compare(x, run(replace(case, config=config, parameters=weight)))


def sum_over_channels(case: Case) -> np.ndarray:
    """Add up the products, channel by channel."""
    x, weight = case.inputs["x"], case.parameters["weight"]
    output = np.zeros((*x.shape[:-1], len(weight)), x.dtype)
    for channel in range(x.shape[-1]):
        output += x[..., channel, None] * weight[:, channel]
    return output + case.parameters.get("bias", x.dtype.type(0))


PAIR = Pair(
    path=PATH,
    cases=cases.array_cases(MAKE, CONFIGS, lambda config: config["in_features"]),
    properties=(
        *properties.OF_ALL,
        Property(a_zero_input_gives_the_bias),
        Property(doubling_the_parameters_doubles_the_output),
        Property(the_identity_matrix_changes_nothing),
    ),
    rejections=(),
    oracles=(Oracle("a sum over channels", sum_over_channels),),
    on_text=cases.on_text(MAKE, {"in_features": 48, "out_features": 32}),
    examples=cases.examples(MAKE, SIZES, (4, 3)),
    probes=array_probes(MAKE, lambda n: {"in_features": n, "out_features": 19}),
    abilities=frozenset({"leading_axes"}),
    torch=nn.Linear,
    torch_code="y = nn.Linear(in_features, out_features, bias)(x)",
)


class TestLinear(PairTests):
    """All that is asked of every pair."""

    pair = PAIR

    def test_another_dtype_is_rejected_in_pytorch_s_words(self, backend):
        layer = PAIR.part(backend)(**SIZES).double()
        x = backend.own(np.zeros((4, 3), np.float32))
        text = "mat1 and mat2 must have the same dtype, but got Float and Double"

        assert rejection(lambda: layer(x)) == (RuntimeError, text)
