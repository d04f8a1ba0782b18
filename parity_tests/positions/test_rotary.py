"""Rotary position embedding: its rejections and oracles, and what torch users do.

Its cases are in rotary_cases.py, its properties in rotary_properties.py.
"""

from functools import cache
from typing import Any

import numpy as np
import onnx
import onnx.parser
import pytest
import torch
from onnx.reference import ReferenceEvaluator
from transformers import PreTrainedConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS
from transformers.models.llama.modeling_llama import apply_rotary_pos_emb

from parity_tests.contract.agreement import compare
from parity_tests.contract.backend import REFERENCE, TORCH
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.rejection import Rejection
from parity_tests.positions.rotary_cases import (
    CONFIGS,
    FAR,
    places_of,
    plain,
    rotary_cases,
    rotary_examples,
    rotary_on_text,
    rotary_probes,
)
from parity_tests.positions.rotary_properties import PROPERTIES
from reference.positions.rotary import rotary_frequencies

PARTIAL = CONFIGS.filter(lambda config: config["reading"] == "partial")
HALVES = CONFIGS.filter(lambda config: config["pairing"] == "halves")
PAPER = PARTIAL.filter(
    lambda config: config["pairing"] == "neighbours" and config["rotary_dim"] != 0
)
TYPES = {"float32": "float", "float64": "double"}
MODEL = """
<ir_version: 11, opset_import: ["": 23]>
rotary ({type}[B, H, T, D] X, {type}[B, T, F] C, {type}[B, T, F] S)
    => ({type}[B, H, T, D] Y)
{{ Y = RotaryEmbedding <interleaved = {neighbours}, rotary_embedding_dim = {width}>
    (X, C, S) }}
"""


def angles_of(case: Case) -> Array:
    """Write the angles of every token: the paper's frequencies, or those given."""
    config = case.config
    width = config["rotary_dim"] if config["rotary_dim"] else config["head_dim"]
    if config["reading"] == "proportional":
        width = config["head_dim"]
    frequencies = [config["theta"] ** (-2 * i / width) for i in range(width // 2)]
    if config["rotary_dim"] == 0 and config["reading"] == "partial":
        frequencies = []
    elif config["reading"] == "proportional" and config["rotary_dim"] is not None:
        n_turning = config["rotary_dim"] // 2
        frequencies[n_turning:] = [0.0] * (len(frequencies) - n_turning)
    given = config["frequencies"]
    rows = np.array(frequencies if given is None else given)
    return np.multiply.outer(places_of(case), rows)


def tables(case: Case) -> tuple[Array, Array]:
    """Return cosines and sines, times the attention factor, in the case's dtype."""
    angles, factor = angles_of(case), case.config["attention_factor"]
    shape = (*case.inputs["x"].shape[:-1], angles.shape[-1])
    return tuple(
        np.broadcast_to(factor * wave(angles), shape).astype(case.dtype)
        for wave in (np.cos, np.sin)
    )


def llama(case: Case) -> Array:
    """Turn the channels that turn as transformers' Llama does, in halves."""
    x, (cosines, sines) = case.inputs["x"], tables(case)
    turn = torch.from_numpy(x[..., : 2 * cosines.shape[-1]].copy())
    both = (torch.from_numpy(np.concatenate([t, t], -1)) for t in (cosines, sines))
    turned, _ = apply_rotary_pos_emb(turn[None], turn[None], *both, unsqueeze_dim=0)
    return np.concatenate([turned[0], x[..., turn.shape[-1] :]], axis=-1)


def complex_numbers(case: Case) -> Array:
    """Multiply every pair, as a complex number, by another, as Meta's Llama does."""
    x, (cosines, sines) = case.inputs["x"], tables(case)
    turn = x[..., : 2 * cosines.shape[-1]]
    product = (turn[..., ::2] + 1j * turn[..., 1::2]) * (cosines + 1j * sines)
    turned = np.stack([product.real, product.imag], axis=-1).reshape(turn.shape)
    return np.concatenate([turned, x[..., turn.shape[-1] :]], axis=-1)


def by_onnx(case: Case) -> Array:
    """Run ONNX's operator, which takes cosines and sines."""
    x, (cosines, sines) = case.inputs["x"], tables(case)
    width = 2 * cosines.shape[-1]
    neighbours = int(case.config["pairing"] == "neighbours")
    operator = evaluator(TYPES[case.dtype], neighbours, width)
    flat = {"X": x, "C": cosines, "S": sines}
    flat = {name: a.reshape(-1, *a.shape[-2:]) for name, a in flat.items()}
    return operator.run(None, {**flat, "X": flat["X"][:, None]})[0].reshape(x.shape)


@cache
def evaluator(type: str, neighbours: int, width: int) -> Any:
    """Build the operator."""
    text = MODEL.format(type=type, neighbours=neighbours, width=width)
    model = onnx.parser.parse_model(text)
    onnx.checker.check_model(model)
    return ReferenceEvaluator(model)


def rejected(
    error: type[Exception], text: str, given: Any = None, **changes: Any
) -> Rejection:
    """Make a rejection of an argument, or of the input that is `given`."""
    return Rejection(error, text, {"head_dim": 4, **changes}, inputs=given or {})


X = np.zeros((2, 3, 4))
PAIR = Pair(
    path="positions/rotary",
    cases=rotary_cases(),
    properties=PROPERTIES,
    rejections=(
        rejected(ValueError, "head_dim must be at least 1, got 0", head_dim=0),
        rejected(TypeError, "head_dim must be an integer, got 2.0", head_dim=2.0),
        rejected(
            *(ValueError, "rotary_dim must be even, in 0 to head_dim = 5, got 5"),
            head_dim=5,
        ),
        rejected(
            *(ValueError, "rotary_dim must be even, in 0 to head_dim = 4, got 6"),
            rotary_dim=6,
        ),
        rejected(ValueError, "theta must be finite and above 0, got 0", theta=0),
        rejected(
            *(ValueError, "pairing must be 'halves' or 'neighbours', got 'half'"),
            pairing="half",
        ),
        rejected(
            *(ValueError, "reading must be 'partial' or 'proportional', got 'p'"),
            reading="p",
        ),
        rejected(
            *(ValueError, "there must be 2 frequencies, one a pair, got 1"),
            frequencies=(1.0,),
        ),
        rejected(
            *(ValueError, "x must have d_in = 4 channels, got 3"),
            {"x": np.zeros((2, 3))},
        ),
        rejected(
            *(TypeError, "positions must be integers, got float64"),
            {"x": X, "positions": np.zeros(3)},
        ),
        rejected(
            *(TypeError, "positions must be an array of this backend, got list"),
            {"x": X, "positions": [0, 1, 2]},
        ),
        rejected(
            ValueError,
            "positions must have shape (…, T) that broadcasts to (2, 3), got (4,)",
            {"x": X, "positions": np.zeros(4, int)},
        ),
        rejected(
            ValueError,
            "positions must have shape (…, T) that broadcasts to (2, 3), got (3, 3)",
            {"x": X, "positions": np.zeros((3, 3), int)},
        ),
    ),
    oracles=(
        Oracle(
            *("transformers’ apply_rotary_pos_emb of Llama", llama),
            rotary_cases(HALVES),
        ),
        Oracle(
            "multiplication of complex numbers", complex_numbers, rotary_cases(PAPER)
        ),
        Oracle(
            "ONNX's RotaryEmbedding",
            by_onnx,
            rotary_cases(
                CONFIGS.filter(lambda config: config["rotary_dim"] != 0)
            ).filter(lambda case: case.inputs["x"].size > 0),
        ),
    ),
    on_text=rotary_on_text,
    examples=rotary_examples,
    probes=rotary_probes,
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"leading_axes"}),
)


class TestRotaryEmbedding(PairTests):
    """All that is asked of every pair, and what modules of PyTorch are put through."""

    pair = PAIR

    def test_scores_of_a_turned_query_and_key_are_those_of_the_paper(self):
        """Query and key are (1, 0), three tokens away, at one radian a token."""
        for backend in (REFERENCE, TORCH):
            case = Case(plain(2), {"x": np.array([[1.0, 0.0]] * 4), "positions": None})
            turned = np.asarray(PAIR.call(backend, case))

            assert compare(np.cos(3.0), turned[0] @ turned[3], 1e-16).holds

    @pytest.mark.parametrize("theta", [1e4, 1e6])
    def test_proportional_frequencies_are_those_of_transformers(self, theta):
        rope = {"rope_type": "proportional", "rope_theta": theta}
        config = PreTrainedConfig(
            head_dim=64, rope_parameters={**rope, "partial_rotary_factor": 0.25}
        )
        expected, _ = ROPE_INIT_FUNCTIONS["proportional"](config)
        actual = np.array(rotary_frequencies(64, theta, 16, "proportional"))

        assert compare(expected, actual.astype(np.float32), 1e-7).holds

    @pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
    def test_a_module_cast_down_keeps_its_frequencies_in_float64(self, dtype):
        module = PAIR.part(TORCH)(8).to(dtype).double()
        expected = torch.tensor(rotary_frequencies(8), dtype=torch.float64)

        assert compare(expected, module.frequencies).holds

    def test_a_module_made_on_meta_has_its_frequencies_when_it_leaves(self):
        with torch.device("meta"):
            module = PAIR.part(TORCH)(8)
        x = torch.ones(2, 8, dtype=torch.float64)

        assert module.state_dict() == {}
        assert compare(PAIR.part(TORCH)(8)(x), module.to_empty(device="cpu")(x)).holds

    @pytest.mark.parametrize("pairing", ["halves", "neighbours"])
    def test_it_compiles_to_one_graph_and_exports(self, pairing):
        torch.compiler.reset()  # what other tests compiled counts towards a limit
        module = PAIR.part(TORCH)(8, pairing=pairing, rotary_dim=6)
        arguments = torch.randn(2, 3, 8), torch.tensor([5, FAR, 0])
        compiled = torch.compile(module, fullgraph=True, backend="eager")
        exported = torch.export.export(module, arguments).module()

        for form in (compiled, exported):
            assert compare(module(*arguments), form(*arguments)).holds
