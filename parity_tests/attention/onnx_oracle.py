"""ONNX's operator `Attention`, run by the reference evaluator of ONNX itself.

Source: ONNX operator `Attention`, opset 23, with which runtimes exchange attention:
        causal masks, several heads, and key/value heads that several queries share.
"""

from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from parity_tests.attention.changes import in_evaluation
from parity_tests.contract.case import Array, Case
from parity_tests.contract.oracle import Oracle

TYPES = {"float32": "float", "float64": "double"}  # as ONNX calls them
MODEL = """
<ir_version: 11, opset_import: ["": 23]>
attention ({type}[B, T, E] Q, {type}[B, T, F] K, {type}[B, T, F] V)
    => ({type}[B, T, E] Y)
{{
    Y = Attention <is_causal = 1, q_num_heads = {heads}, kv_num_heads = {groups}>
        (Q, K, V)
}}
"""


def onnx_attention(cases: st.SearchStrategy[Case]) -> Oracle:
    """Make an oracle of causal attention with the projections of a case.

    ONNX has neither dropout in the operator nor attention among no tokens.
    """
    run_whole = cases.map(in_evaluation).filter(lambda case: case.inputs["x"].size > 0)
    return Oracle("ONNX's Attention", attend, run_whole)


def attend(case: Case) -> Array:
    """Project, let ONNX attend, and project what comes out if the case says how."""
    x, heads = case.inputs["x"], case.config.get("num_heads", 1)
    flat = x.reshape(-1, *x.shape[-2:])
    names = ("W_query", "W_key", "W_value")
    queries, keys, values = (project(case, name, flat) for name in names)
    operator = evaluator(
        TYPES[case.dtype], heads, case.config.get("num_kv_heads", heads)
    )
    context = operator.run(None, {"Q": queries, "K": keys, "V": values})[0]
    if "out_proj.weight" in case.parameters:
        context = project(case, "out_proj", context)
    return context.reshape(*x.shape[:-1], context.shape[-1])


def project(case: Case, name: str, x: Array) -> Array:
    """Apply a linear layer of the case, with its bias if it has one."""
    weight = case.parameters[f"{name}.weight"]
    bias = case.parameters.get(f"{name}.bias", np.zeros(len(weight), x.dtype))
    return x @ weight.T + bias


@cache
def evaluator(type: str, heads: int, groups: int) -> Any:
    """Build the operator for some numbers of heads; skip the test without `onnx`."""
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    text = MODEL.format(type=type, heads=heads, groups=groups)
    model = onnx.parser.parse_model(text)
    onnx.checker.check_model(model)
    return reference.ReferenceEvaluator(model)
