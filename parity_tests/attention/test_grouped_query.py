"""Grouped-query attention: its properties, rejections, oracles and bridges."""

from typing import Any

import torch
import torch.nn.functional as F
from hypothesis import strategies as st

from parity_tests.attention import gradient_properties, properties
from parity_tests.attention.bridges import by_torch
from parity_tests.attention.cases import attention_cases, head_dims
from parity_tests.attention.changes import with_config, with_parameters
from parity_tests.attention.examples import attention_examples
from parity_tests.attention.onnx_oracle import onnx_attention
from parity_tests.attention.rejections import UNEVEN_GROUPS, UNEVEN_HEADS, rejected
from parity_tests.attention.variant import (
    attention_on_text,
    attention_pair,
    attention_typed,
)
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.property import Property

PATH = "attention/grouped_query"


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw numbers of heads that are multiples of the numbers of groups."""
    groups, group_size = draw(st.integers(1, 3)), draw(st.integers(1, 3))
    return {
        "d_in": draw(st.integers(1, 6)),
        "d_out": groups * group_size * draw(head_dims),
        "num_heads": groups * group_size,
        "num_kv_heads": groups,
        "qkv_bias": draw(st.booleans()),
    }


def one_group_a_head(case: Case) -> Case:
    """Repeat the key head and the value head of a group for every query head."""
    groups, heads = case.config["num_kv_heads"], case.config["num_heads"]
    repeated = {}
    for name, array in case.parameters.items():
        if name.startswith(("W_key", "W_value")):
            by_group = array.reshape(groups, -1, *array.shape[1:])
            by_head = by_group.repeat(heads // groups, axis=0)
            repeated[name] = by_head.reshape(-1, *array.shape[1:])
    return with_parameters(with_config(case, num_kv_heads=heads), repeated)


def sharing_a_head_is_having_equal_heads(run: OneBackend, case: Case) -> Agreement:
    """A key head that serves a group is as good as equal ones for each query head."""
    return compare(run(case), run(one_group_a_head(case)), run.rounding(case))


def with_one_group_a_head_it_is_multi_head_attention(
    run: OneBackend, case: Case
) -> Agreement:
    """Then nothing is shared."""
    whole = one_group_a_head(case)
    sizes = {"context_length": max(case.inputs["x"].shape[-2], 1), "dropout": 0.0}
    config = {k: v for k, v in case.config.items() if k != "num_kv_heads"} | sizes
    alone = Case(config, case.inputs, whole.parameters)
    expected = by_torch("attention/multi_head", alone)
    return compare(expected, run(whole), run.rounding(whole))


def head_by_head(case: Case) -> torch.Tensor:
    """Let each query head attend by itself, to the key head h // (H / G)."""
    state = {name: torch.from_numpy(array) for name, array in case.parameters.items()}
    x, heads = torch.from_numpy(case.inputs["x"]), case.config["num_heads"]
    queries, keys, values = (
        F.linear(x, state[f"{name}.weight"], state.get(f"{name}.bias"))
        for name in ("W_query", "W_key", "W_value")
    )
    groups, contexts = case.config["num_kv_heads"], []
    for head, query in enumerate(queries.chunk(heads, dim=-1)):
        group = head // (heads // groups)
        key, value = (each.chunk(groups, dim=-1)[group] for each in (keys, values))
        attended = F.scaled_dot_product_attention(query, key, value, is_causal=True)
        contexts.append(attended)
    context = torch.cat(contexts, dim=-1)
    return F.linear(context, state["out_proj.weight"], state["out_proj.bias"])


PAIR = attention_pair(
    PATH,
    cases=attention_cases(PATH, configurations()),
    properties=(
        *properties.OF_ALL,
        *properties.EARLIER_TOKENS,
        Property(sharing_a_head_is_having_equal_heads),
        Property(with_one_group_a_head_it_is_multi_head_attention),
        *gradient_properties.CAUSAL,
    ),
    rejections=rejected(PATH, UNEVEN_HEADS, UNEVEN_GROUPS, num_kv_heads=1),
    oracles=(
        Oracle("F.scaled_dot_product_attention, head by head", head_by_head),
        onnx_attention(attention_cases(PATH, configurations())),
    ),
    on_text=attention_on_text(PATH, num_kv_heads=2),
    examples=attention_examples(PATH, num_kv_heads=1),
    typed=attention_typed(PATH, d_out=4, num_kv_heads=1),
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal", "leading_axes"}),
)


class TestGroupedQueryAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
