"""Properties of recurrent kernels, and oracles that several of them have."""

from dataclasses import replace
from functools import cache
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
import torch

from parity_tests.attention.changes import with_config
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Array, Case
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.oracles.float64 import in_float64

TOKEN_AXIS = {"queries": -2, "keys": -2, "values": -2, "betas": -1}
STATES = ("state", "normalizer")


def token_axis(case: Case, name: str) -> int:
    """Tell which axis of an input its tokens are along."""
    if name == "log_decays":
        return case.inputs["queries"].ndim - 2 - case.inputs[name].ndim
    return TOKEN_AXIS[name]


def tokens(case: Case, first: int, end: int | None) -> Case:
    """Take some tokens of a text, and leave the state as it is."""
    cut = {
        name: array.take(
            range(*slice(first, end).indices(case.inputs["queries"].shape[-2])),
            axis=token_axis(case, name),
        )
        for name, array in case.inputs.items()
        if name not in STATES
    }
    return case.with_inputs(**cut)


def going_on(case: Case, results: Any) -> Case:
    """Begin with the state, and the normalizer, that came out."""
    names = [name for name in STATES if name in case.inputs]
    return case.with_inputs(**dict(zip(names, results[1:], strict=True)))


def a_text_goes_on_from_its_state(run: Implementation, case: Case) -> Agreement:
    """In two chunks it gives what it gives whole, and ends in the same state."""
    n_tokens = case.inputs["queries"].shape[-2]
    at = int(case.stream("chunks").integers(0, n_tokens + 1))
    first = run(tokens(case, 0, at))
    second = run(going_on(tokens(case, at, None), first))
    chunks = (np.concatenate([first[0], second[0]], axis=-2), *second[1:])
    return compare(run(case), chunks, run.rounding(case))


def later_tokens_do_not_influence_earlier_ones(
    run: Implementation, case: Case
) -> Agreement:
    """What is written is read from the same token on."""
    n_before = max(case.inputs["queries"].shape[-2] - 1, 0)
    expected = run(tokens(case, 0, n_before))[0]
    return compare(expected, run(case)[0][..., :n_before, :], run.rounding(case))


def doubling_values_and_state_doubles_the_output(
    run: Implementation, case: Case
) -> Agreement:
    """The recurrence is linear in them; the normalizer does not see values."""
    both = {name: 2 * case.inputs[name] for name in ("values", "state")}
    twice = case.with_inputs(**both)
    expected, actual = run(case), run(twice)
    doubled = [2 * each for each in expected[:2]]
    return compare([*doubled, *expected[2:]], [*actual], run.rounding(twice))


def without_a_state_it_is_zero(run: Implementation, case: Case) -> Agreement:
    """None stands for the beginning of a text."""
    names = [name for name in STATES if name in case.inputs]
    zeros = {name: np.zeros_like(case.inputs[name]) for name in names}
    expected = run(case.with_inputs(**zeros))
    actual = run(case.with_inputs(**dict.fromkeys(names)))
    return compare(expected, actual, run.rounding(case.with_inputs(**zeros)))


def each_text_and_head_goes_by_itself(run: Implementation, case: Case) -> Agreement:
    """The last of a leading axis gives alone what it gives with others."""
    if case.inputs["queries"].ndim == 2:
        return compare(0, 0)
    alone = {name: array[-1:] for name, array in case.inputs.items()}
    expected = [each[-1:] for each in run(case)]
    actual = [*run(case.with_inputs(**alone))]
    return compare(expected, actual, run.rounding(case))


def the_chunk_size_changes_nothing(run: OneBackend, case: Case) -> Agreement:
    """One token at a time is the recurrence, and one chunk is masked attention."""
    n_tokens = max(case.inputs["queries"].shape[-2], 1)
    expected = run(with_config(case, chunk_size=1))
    actual = run(with_config(case, chunk_size=n_tokens))
    return compare(expected, actual, run.rounding(case))


OF_ALL_RECURRENCES = (
    REPEATABLE,
    *GRADIENTS,
    Property(a_text_goes_on_from_its_state, for_all=True),
    Property(later_tokens_do_not_influence_earlier_ones, for_all=True),
    Property(doubling_values_and_state_doubles_the_output, for_all=True),
    Property(without_a_state_it_is_zero, for_all=True),
    Property(each_text_and_head_goes_by_itself),
    Property(the_chunk_size_changes_nothing),
)


def is_filled(case: Case) -> bool:
    """Whether there is a text, and a token in it."""
    return all(array.size for array in case.inputs.values())


def of_heads(case: Case) -> dict[str, Array]:
    """Give every input the axes texts and heads: a text for each leading axis."""
    n_leading = case.inputs["queries"].ndim - 2
    shaped = {n: a.reshape(-1, 1, *a.shape[n_leading:]) for n, a in case.inputs.items()}
    return {name: array.astype(np.float64) for name, array in shaped.items()}


def like_the_case(case: Case, context: Any, state: Any) -> tuple[Array, Array]:
    """Give what came out the leading axes and the dtype of the case."""
    shapes = case.inputs["values"].shape, case.inputs["state"].shape
    both = zip((context, state), shapes, strict=True)
    context, state = (np.asarray(a).reshape(s).astype(case.dtype) for a, s in both)
    return context, state


class Float64NumPy:
    """The module `numpy`, in which float32 is called what float64 is."""

    def __getattr__(self, name: str) -> Any:
        return np.float64 if name == "float32" else getattr(np, name)


def by_onnx(case: Case) -> tuple[Array, Array]:
    """Run ONNX's LinearAttention by the code of its reference evaluator, in float64."""
    ops = pytest.importorskip("onnx.reference.ops.op_linear_attention")
    own = of_heads(case)
    packed = {
        name: array.reshape(*array.shape[:1], case.inputs["queries"].shape[-2], -1)
        for name, array in own.items()
        if name != "state"
    }
    is_gated, is_delta = "log_decays" in own, "betas" in own
    gated = "gated_delta" if is_delta else "gated"
    with patch.object(ops, "np", Float64NumPy()):
        context, state = ops.LinearAttention._run(
            None,
            *(packed[name] for name in ("queries", "keys", "values")),
            past_state=own["state"],
            decay=packed.get("log_decays"),
            beta=packed.get("betas"),
            kv_num_heads=1,
            q_num_heads=1,
            scale=case.config.get("scale"),
            update_rule=gated if is_gated else ("delta" if is_delta else "linear"),
        )
    return like_the_case(case, context, state)


@cache
def naive(name: str) -> ModuleType:
    """Load a naive file of fla-core alone: the rest of it needs a GPU."""
    found = find_spec("fla")
    if found is None or not found.submodule_search_locations:
        pytest.skip("fla-core is not installed")
    path = Path(found.submodule_search_locations[0]) / "ops" / name / "naive.py"
    spec = spec_from_file_location(f"fla_naive_{name}", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def by_fla(case: Case, name: str, function: str, **given: str) -> tuple[Array, Array]:
    """Run a recurrence of fla-core in float64; `given` are its names of our inputs.

    Its inputs have the axes texts, tokens and heads.
    """
    module = naive(name)
    own = {n: torch.from_numpy(a) for n, a in of_heads(case).items()}
    turned = {n: a.transpose(1, 2) for n, a in own.items() if n != "state"}
    inputs = {theirs: turned[ours] for theirs, ours in given.items()}
    with in_float64(module):
        context, state = getattr(module, function)(
            turned["queries"],
            turned["keys"],
            turned["values"],
            **inputs,
            initial_state=own["state"],
            scale=case.config.get("scale"),
            output_final_state=True,
        )
    return like_the_case(case, context.transpose(1, 2), state)


def plain(case: Case, **inputs: Any) -> Case:
    """Keep queries, keys, values and state, and add what another kernel takes."""
    names = ("queries", "keys", "values")
    own = {name: case.inputs[name] for name in names}
    return replace(case, inputs={**own, **inputs, "state": case.inputs["state"]})
