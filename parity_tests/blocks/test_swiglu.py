"""SwiGLU: its properties, rejections and oracles."""

from types import SimpleNamespace

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from transformers.models.llama.modeling_llama import LlamaMLP

from parity_tests.attention.changes import scaled, with_parameters, with_x
from parity_tests.blocks.position_wise import OF_ALL, with_opposites
from parity_tests.blocks.shared import block_pair, block_rejected
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "blocks/swiglu"
CONFIGS = st.fixed_dictionaries(
    {"emb_dim": st.integers(1, 5), "hidden_dim": st.integers(1, 8)}
)


def doubling_the_up_projection_doubles_the_output(
    run: OneBackend, case: Case
) -> Agreement:
    """The hidden channels pass no activation: only their gates do."""
    return compare(2 * run(case), run(scaled(case, "up_proj", 2.0)))


def opposite_gates_make_a_product_of_two_projections(
    run: OneBackend, case: Case
) -> Agreement:
    """SiLU of z less SiLU of -z is z, so the gates are what the projection gives."""
    both = with_opposites(case, "gate_proj.weight", "down_proj.weight")
    x = case.inputs["x"]
    gate, up, down = (
        case.parameters[f"{name}_proj.weight"] for name in ("gate", "up", "down")
    )
    expected = ((x @ gate.T) * (x @ up.T)) @ down.T
    return compare(expected, run(both), run.rounding(both))


def a_gate_far_below_zero_lets_nothing_through(
    run: OneBackend, case: Case
) -> Agreement:
    """SiLU(-1000) is zero, whatever the hidden channel is."""
    case = with_x(case, 1 + np.abs(case.inputs["x"]))
    gate = np.full_like(case.parameters["gate_proj.weight"], -1000)
    output = run(with_parameters(case, {"gate_proj.weight": gate}))
    return compare(np.zeros_like(output), output)


def far_above_zero_a_gate_is_a_factor(run: OneBackend, case: Case) -> Agreement:
    """SiLU(z) is z there: doubling the gates doubles the output."""
    case = with_x(case, 1 + np.abs(case.inputs["x"]))
    gate = 1000 * (1 + np.abs(case.parameters["gate_proj.weight"]))
    once, twice = (
        with_parameters(case, {"gate_proj.weight": factor * gate}) for factor in (1, 2)
    )
    return compare(2 * run(once), run(twice))


def a_token_of_zeros_gives_zeros(run: OneBackend, case: Case) -> Agreement:
    """There is no bias anywhere."""
    output = run(with_x(case, 0 * case.inputs["x"]))
    return compare(np.zeros_like(output), output)


def llama(case: Case) -> torch.Tensor:
    """Run the layer of transformers' Llama."""
    theirs = SimpleNamespace(
        hidden_size=case.config["emb_dim"],
        intermediate_size=case.config["hidden_dim"],
        mlp_bias=False,
        hidden_act="silu",
    )
    layer, x = LlamaMLP(theirs), torch.from_numpy(case.inputs["x"])
    layer.to(x.dtype).load_state_dict(
        {name: torch.from_numpy(array) for name, array in case.parameters.items()}
    )
    return layer(x)


def packed(case: Case) -> torch.Tensor:
    """Project once to gates and hidden channels, and gate by the sigmoid of F.glu."""
    gate, up, down = (
        torch.from_numpy(case.parameters[f"{name}_proj.weight"])
        for name in ("gate", "up", "down")
    )
    both = F.linear(torch.from_numpy(case.inputs["x"]), torch.cat([gate, up]))
    gates, hidden = both.chunk(2, dim=-1)
    return F.glu(torch.cat([hidden * gates, gates], dim=-1)) @ down.T


PAIR = block_pair(
    PATH,
    CONFIGS,
    properties=(
        *OF_ALL,
        Property(doubling_the_up_projection_doubles_the_output),
        Property(opposite_gates_make_a_product_of_two_projections),
        Property(a_gate_far_below_zero_lets_nothing_through),
        Property(far_above_zero_a_gate_is_a_factor),
        Property(a_token_of_zeros_gives_zeros),
    ),
    rejections=block_rejected(PATH),
    oracles=(
        Oracle("transformers’ LlamaMLP", llama),
        Oracle("F.glu of one packed projection", packed),
    ),
)


class TestSwiGLU(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
