"""Twice as many tokens cost attention with a state twice as much memory, no more.

What PyTorch allocates, forward and backward, does not depend on the machine as seconds
do, and whatever grows with the square of the tokens shows in it.
"""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.profiler import ProfilerActivity, profile

from parity_tests.catalogue import load
from parity_tests.contract.backend import TORCH, unchecked
from parity_tests.lockstep.backward import as_tuple

N_TOKENS = 64
RECURRENT = ("linear", "decayed_linear", "delta", "gated_delta", "kimi_delta")
STATES = ("state", "normalizer")


def allocated(path, n_tokens):
    """Count the bytes that a run allocates, of chunks of two tokens."""
    pair = load(path)
    case = next(iter(pair.examples(0))).case
    assert case.config["chunk_size"] == 2
    inputs = {
        name: longer(name, value, n_tokens) for name, value in case.inputs.items()
    }
    module = pair.build(TORCH, replace(case, inputs=inputs))
    leaves = [TORCH.own(value).requires_grad_() for value in inputs.values()]
    with (
        unchecked(),
        profile(profile_memory=True, activities=[ProfilerActivity.CPU]) as run,
    ):
        outputs = as_tuple(module(*leaves))
        torch.autograd.grad([each.sum() for each in outputs], leaves)
    return sum(max(event.self_cpu_memory_usage, 0) for event in run.events())


def longer(name, value, n_tokens):
    """Repeat the tokens of an input; a state has none."""
    if name in STATES:
        return value
    axis = 1  # behind that of the texts
    return np.repeat(value, n_tokens, axis=axis).take(range(n_tokens), axis=axis)


@pytest.mark.parametrize("name", RECURRENT)
def test_twice_the_tokens_allocate_twice_as_much(name):
    path = f"attention/{name}"

    assert allocated(path, 2 * N_TOKENS) <= 2.1 * allocated(path, N_TOKENS)
