"""Feed-forward: its properties, rejections and oracles."""

import numpy as np
import torch
from hypothesis import strategies as st
from torch import nn
from transformers import GPT2Config
from transformers.models.gpt2.modeling_gpt2 import GPT2MLP

from parity_tests.attention.changes import with_parameters, with_x
from parity_tests.blocks.position_wise import OF_ALL, with_opposites
from parity_tests.blocks.shared import block_pair, block_rejected
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "blocks/feed_forward"
CONFIGS = st.fixed_dictionaries(
    {"emb_dim": st.integers(1, 5), "hidden_dim": st.integers(1, 8)}
)


def opposite_hidden_channels_make_a_linear_layer(
    run: OneBackend, case: Case
) -> Agreement:
    """GELU of x less GELU of -x is x, so what is between two projections is gone."""
    both = with_opposites(case, "up_proj.weight", "up_proj.bias", "down_proj.weight")
    up, up_bias, down, bias = (
        case.parameters[f"{name}_proj.{kind}"]
        for name in ("up", "down")
        for kind in ("weight", "bias")
    )
    expected = (case.inputs["x"] @ up.T + up_bias) @ down.T + bias
    return compare(expected, run(both), run.rounding(both))


def without_biases_zeros_give_the_bias_of_the_output(
    run: OneBackend, case: Case
) -> Agreement:
    """GELU of zero is zero."""
    zeros = {"up_proj.bias": np.zeros_like(case.parameters["up_proj.bias"])}
    case = with_parameters(with_x(case, 0 * case.inputs["x"]), zeros)
    actual, bias = run(case), case.parameters["down_proj.bias"]
    return compare(np.broadcast_to(bias, actual.shape), actual)


def far_below_zero_a_hidden_channel_adds_nothing(
    run: OneBackend, case: Case
) -> Agreement:
    """Only the bias of the output is left, and parameters get no gradient."""
    closed = {
        "up_proj.weight": 0 * case.parameters["up_proj.weight"],
        "up_proj.bias": 0 * case.parameters["up_proj.bias"] - 1000,
    }
    case = with_parameters(case, closed)
    output, gradients = run(case), run.gradients(case)
    names = ("up_proj.weight", "up_proj.bias", "down_proj.weight", "x")
    expected = [np.broadcast_to(case.parameters["down_proj.bias"], output.shape)]
    expected += [np.zeros_like(gradients[name]) for name in names]
    return compare(expected, [output, *(gradients[name] for name in names)])


def gpt2(case: Case) -> torch.Tensor:
    """Run the layer of transformers' GPT-2, whose matrices are laid out (in, out)."""
    theirs = GPT2Config(n_embd=case.config["emb_dim"], resid_pdrop=0.0)
    layer = GPT2MLP(case.config["hidden_dim"], theirs)
    names = {"up_proj": "c_fc", "down_proj": "c_proj"}
    state = {}
    for name, array in case.parameters.items():
        own, kind = name.split(".")
        state[f"{names[own]}.{kind}"] = torch.from_numpy(array.T)
    x = torch.from_numpy(case.inputs["x"])
    layer.to(x.dtype).load_state_dict(state)
    return layer(x)


def in_sequence(case: Case) -> torch.Tensor:
    """Run PyTorch's own modules one after another, as the book does."""
    width, hidden = case.config["emb_dim"], case.config["hidden_dim"]
    up, down = nn.Linear(width, hidden), nn.Linear(hidden, width)
    layers = nn.Sequential(up, nn.GELU(approximate="tanh"), down)
    named = nn.ModuleDict({"up_proj": up, "down_proj": down})
    x = torch.from_numpy(case.inputs["x"])
    named.to(x.dtype).load_state_dict(
        {name: torch.from_numpy(array) for name, array in case.parameters.items()}
    )
    return layers(x)


PAIR = block_pair(
    PATH,
    CONFIGS,
    properties=(
        *OF_ALL,
        Property(opposite_hidden_channels_make_a_linear_layer),
        Property(without_biases_zeros_give_the_bias_of_the_output),
        Property(far_below_zero_a_hidden_channel_adds_nothing),
    ),
    rejections=block_rejected(PATH),
    oracles=(
        Oracle("transformers’ GPT2MLP", gpt2),
        Oracle("nn.Sequential of PyTorch's own modules", in_sequence),
    ),
)


class TestFeedForward(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
