"""Cross-attention: its properties, rejections, oracles and bridges."""

import zlib
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from torch import nn

from parity_tests.attention.bridges import by_torch
from parity_tests.attention.cases import attention_cases, head_dims, n_heads
from parity_tests.attention.changes import in_evaluation, with_parameters
from parity_tests.attention.kernels import causal_mask, masks
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.example import Example
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.patterns import LEADING, PATTERNS, SCALES, numbers
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import dtypes, parameters_of, seeds
from parity_tests.text.real_text import PRECISIONS, SIZES, described, embedding, windows

PATH = "attention/cross"
SMALL = {"d_in": 3, "d_memory": 5, "d_out": 4, "num_heads": 2, "qkv_bias": True}


@st.composite
def cross_cases(draw: st.DrawFn, square: bool = False) -> Case:
    """Draw a text, a memory of another length and width, and any mask or none.

    `square` cases have as many channels going in as coming out, as `nn` demands.
    """
    small, heads, seed = st.integers(1, 6), draw(n_heads), draw(seeds)
    d_out, dtype = heads * draw(head_dims), draw(dtypes)
    config: dict[str, Any] = {
        "d_in": d_out if square else draw(small),
        "d_memory": draw(small),
        "d_out": d_out,
        "num_heads": heads,
        "qkv_bias": True if square else draw(st.booleans()),
    }
    leading = draw(st.sampled_from((*LEADING, *LEADING, (0,))))
    n_tokens = draw(st.sampled_from((1, 2, 3, 5, 7, 0)))
    n_memory = draw(st.sampled_from((n_tokens, 1, 2, 4, 6, 0)))
    shapes = {"x": (n_tokens, config["d_in"]), "memory": (n_memory, config["d_memory"])}
    inputs: dict[str, Any] = {}
    for index, (name, shape) in enumerate(shapes.items()):
        pattern, scale = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from(SCALES))
        array = scale * numbers(pattern, (*leading, *shape), seed + index)
        inputs[name] = array.astype(dtype)
    inputs["mask"] = draw(masks(leading, (n_tokens, n_memory)))
    return Case(config, inputs, parameters_of(PATH, config, seed, dtype), seed=seed)


def score_shape(case: Case) -> tuple[int, ...]:
    """Return the shape to which a mask broadcasts."""
    return (*case.inputs["x"].shape[:-1], case.inputs["memory"].shape[-2])


def whole_mask(case: Case) -> Array:
    """Return the mask of a case in full."""
    mask = case.inputs["mask"]
    return np.broadcast_to(True if mask is None else mask, score_shape(case)).copy()


def the_order_of_the_memory_does_not_matter(
    run: Implementation, case: Case
) -> Agreement:
    """Its tokens and their columns of the mask may be permuted together."""
    memory, mask = case.inputs["memory"], whole_mask(case)
    order = case.stream("order of the memory").permutation(memory.shape[-2])
    moved = case.with_inputs(memory=memory[..., order, :], mask=mask[..., order])
    return compare(run(case), run(moved), run.rounding(case))


def each_token_attends_by_itself(run: Implementation, case: Case) -> Agreement:
    """The last token alone gets what it gets in company."""
    x, mask = case.inputs["x"], whole_mask(case)
    alone = case.with_inputs(x=x[..., -1:, :], mask=mask[..., -1:, :])
    return compare(run(case)[..., -1:, :], run(alone), run.rounding(case))


def a_hidden_token_of_the_memory_has_no_influence(
    run: Implementation, case: Case
) -> Agreement:
    """Padding may hold any number."""
    mask, memory = whole_mask(case), case.inputs["memory"].copy()
    mask[..., -1:] = False
    case = case.with_inputs(mask=mask)
    memory[..., -1:, :] = 7
    return compare(run(case), run(case.with_inputs(memory=memory)), run.rounding(case))


def padding_behind_a_memory_changes_nothing(
    run: Implementation, case: Case
) -> Agreement:
    """A hidden token is as good as none, so texts of a batch may differ in length."""
    memory, mask = case.inputs["memory"], whole_mask(case)
    wider = [(0, 0)] * (memory.ndim - 2) + [(0, 3), (0, 0)]
    padded = np.pad(memory, wider, constant_values=1)
    hidden = np.zeros((*mask.shape[:-1], 3), bool)
    mask = np.concatenate([mask, hidden], axis=-1)
    longer = case.with_inputs(memory=padded, mask=mask)
    return compare(run(case), run(longer), run.rounding(case))


def a_token_that_sees_nothing_gets_the_bias(run: OneBackend, case: Case) -> Agreement:
    """Its context vector is zero, never NaN; only the bias is added."""
    blind = run(case.with_inputs(mask=np.zeros(score_shape(case), bool)))
    bias = case.parameters["out_proj.bias"]
    return compare(np.broadcast_to(bias, blind.shape), blind)


def a_token_that_sees_nothing_has_no_gradient(run: OneBackend, case: Case) -> Agreement:
    """Neither it nor the memory gets one: zero, never NaN."""
    blind = case.with_inputs(mask=np.zeros(score_shape(case), bool))
    found = [run.gradients(blind)[name] for name in ("x", "memory")]
    return compare([np.zeros_like(each) for each in found], found)


def a_memory_of_one_token_gives_its_value(run: OneBackend, case: Case) -> Agreement:
    """Whatever the query is, one key has all the attention."""
    one = case.with_inputs(memory=numbers_like(case, 1), mask=None)
    value = run.quantity("values", one)
    expected = np.broadcast_to(value, run.quantity("context", one).shape)
    return compare(expected, run.quantity("context", one), run.rounding(one, "context"))


def numbers_like(case: Case, n_memory: int) -> Array:
    """Draw a memory of another length."""
    leading, width = case.inputs["memory"].shape[:-2], case.config["d_memory"]
    drawn = numbers("normal", (*leading, n_memory, width), case.seed + 9)
    return drawn.astype(case.dtype)


def with_the_text_as_memory_it_is_multi_head_attention(
    run: OneBackend, case: Case
) -> Agreement:
    """On cases of multi-head attention: memory = x, and a causal mask."""
    case = in_evaluation(case)
    config = {n: case.config[n] for n in ("d_in", "d_out", "num_heads", "qkv_bias")}
    n_tokens = case.inputs["x"].shape[-2]
    mask = {"memory": case.inputs["x"], "mask": causal_mask(n_tokens, n_tokens)}
    own = replace(case, config={**config, "d_memory": config["d_in"]})
    own = own.with_inputs(**mask)
    return compare(by_torch("attention/multi_head", case), run(own), run.rounding(own))


def head_by_head(case: Case) -> torch.Tensor:
    """Let PyTorch attend in each head by itself, and join the heads."""
    state = {name: torch.from_numpy(array) for name, array in case.parameters.items()}
    x, memory = (torch.from_numpy(case.inputs[name]) for name in ("x", "memory"))
    mask = torch.from_numpy(whole_mask(case))
    queries, keys, values = (
        F.linear(text, state[f"{name}.weight"], state.get(f"{name}.bias"))
        for name, text in (("W_query", x), ("W_key", memory), ("W_value", memory))
    )
    heads = case.config["num_heads"]
    chunks = zip(*(each.chunk(heads, -1) for each in (queries, keys, values)), strict=1)
    context = torch.cat(
        [F.scaled_dot_product_attention(*each, attn_mask=mask) for each in chunks], -1
    )
    return F.linear(context, state["out_proj.weight"], state["out_proj.bias"])


def of_pytorch(case: Case) -> torch.Tensor:
    """Run `nn.MultiheadAttention` with a memory of its own width; True hides there."""
    x, memory = (torch.from_numpy(case.inputs[name]) for name in ("x", "memory"))
    heads, width = case.config["num_heads"], case.config["d_out"]
    theirs = nn.MultiheadAttention(
        *(width, heads),
        kdim=memory.shape[-1],
        vdim=memory.shape[-1],
        batch_first=True,
        dtype=x.dtype,
    )
    theirs.load_state_dict(to_pytorch(case))
    n_texts, mask = x.shape[:-2].numel(), torch.from_numpy(whole_mask(case))
    mask = mask.reshape(n_texts, *mask.shape[-2:]).repeat_interleave(heads, dim=0)
    x_of_all, memory_of_all = (
        each.reshape(n_texts, *each.shape[-2:]) for each in (x, memory)
    )
    output = theirs(x_of_all, memory_of_all, memory_of_all, attn_mask=~mask)[0]
    return output.reshape(x.shape)


def to_pytorch(case: Case) -> dict[str, torch.Tensor]:
    """Convert parameters to those of `nn.MultiheadAttention` with `kdim`."""
    state = {name: torch.from_numpy(array) for name, array in case.parameters.items()}
    names = [("query", "q"), ("key", "k"), ("value", "v")]
    if case.config["d_memory"] == case.config["d_out"]:
        parts = [state.pop(f"W_{own}.weight") for own, _ in names]
        state["in_proj_weight"] = torch.cat(parts)
    else:
        for own, theirs in names:
            state[f"{theirs}_proj_weight"] = state.pop(f"W_{own}.weight")
    state["in_proj_bias"] = torch.cat([state.pop(f"W_{n}.bias") for n, _ in names])
    return state


def all_see(case: Case) -> bool:
    """Whether every token sees something; PyTorch's module gives NaN otherwise."""
    return bool(whole_mask(case).any(axis=-1).all()) and case.inputs["x"].size > 0


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Let the first half of every window attend to the second."""
    ids = windows(text)
    x = embedding(seed)(ids)
    half, width = x.shape[-2] // 2, x.shape[-1]
    sizes = {"d_out": SIZES["d_out"], "num_heads": SIZES["num_heads"]}
    config = {"d_in": width, "d_memory": width, **sizes}
    inputs = {"x": x[..., :half, :], "memory": x[..., half:, :], "mask": None}
    case = Case(
        config, inputs, parameters_of(PATH, config, seed, np.float64), seed=seed
    )
    case = with_parameters(case, {n: a / 8 for n, a in case.parameters.items()})
    return [(described(ids), case.astype(dtype)) for dtype in PRECISIONS]


def filled(
    seed: int,
    sizes: tuple[int, int] = (3, 4),
    leading: tuple[int, ...] = (),
    scale: float = 1.0,
    dtype: Any = np.float64,
    hidden: Any = None,
    **config: Any,
) -> Case:
    """Draw a text and a memory of some tokens each; `hidden` are never seen."""
    config = {**SMALL, **config}
    x, memory = (
        scale * numbers("normal", (*leading, n, config[width]), seed + index)
        for index, (n, width) in enumerate(
            zip(sizes, ("d_in", "d_memory"), strict=True)
        )
    )
    mask = None
    if hidden is not None:
        mask = np.ones(sizes, bool)
        mask[hidden] = False
    inputs = {"x": x.astype(dtype), "memory": memory.astype(dtype), "mask": mask}
    return Case(config, inputs, parameters_of(PATH, config, seed, dtype), seed=seed)


SKETCHES: dict[str, tuple[str, dict[str, Any]]] = {
    "small": ("All sizes differ, so that a swapped axis shows.", {}),
    "single-precision": ("float32 comes out as float32.", {"dtype": np.float32}),
    "two-leading-axes": ("Texts, each with a memory.", {"leading": (2, 3)}),
    "padding": ("The last token of the memory is padding.", {"hidden": np.s_[:, -1:]}),
    "sees-nothing": ("The first token sees nothing.", {"hidden": np.s_[0]}),
    "one-token": ("A memory of one token.", {"sizes": (3, 1)}),
    "no-memory": ("Without a memory only the bias is left.", {"sizes": (3, 0)}),
    "three-heads": ("No power of two.", {"num_heads": 3, "d_out": 6}),
    "large-scores": ("exp overflows unless the maximum goes first.", {"scale": 50.0}),
}


def examples(seed: int) -> Iterator[Example]:
    """Make the named cases."""
    for name, (comment, options) in SKETCHES.items():
        own_seed = zlib.crc32(f"{seed}/{PATH}/{name}".encode())
        yield Example(name, filled(own_seed, **options), comment)


def probes(seed: int) -> Iterator[Probe]:
    """Make lengths around tiles, far from each other."""
    for index, sizes in enumerate(((17, 65), (65, 17), (1, 33), (33, 1), (64, 128))):
        dtype = (np.float32, np.float64)[index % 2]
        options: dict[str, Any] = {"num_heads": 4, "d_out": 12, "leading": (2,)}
        case = filled(seed + index, sizes, dtype=dtype, hidden=np.s_[1:, :3], **options)
        yield Probe(f"{sizes[0]} tokens attend to {sizes[1]}", case)


FITTING = {"x": np.zeros((2, 3)), "memory": np.zeros((4, 5))}
BAD: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"x": np.zeros((2, 4))}, ValueError, "x must have d_in = 3 channels, got 4"),
    (
        {"memory": [[0.0]]},
        TypeError,
        "memory must be an array of this backend, got list",
    ),
    (
        {"memory": np.zeros((4, 5), np.float32)},
        TypeError,
        "memory must have the dtype of x, float64, got float32",
    ),
    (
        {"memory": np.zeros((2, 4, 5))},
        ValueError,
        "memory must have the leading axes of x, (), and two more, got (2, 4, 5)",
    ),
    (
        {"memory": np.zeros((4, 3))},
        ValueError,
        "memory must have d_memory = 5 channels, got 3",
    ),
    (
        {"mask": np.zeros((2, 4))},
        TypeError,
        "mask must be Boolean, True = may attend, got float64",
    ),
    (
        {"mask": np.ones((3, 4), bool)},
        ValueError,
        "mask must broadcast to (2, 4), got (3, 4)",
    ),
]
PAIR = Pair(
    path=PATH,
    cases=cross_cases(),
    properties=(
        REPEATABLE,
        Property(the_order_of_the_memory_does_not_matter, for_all=True),
        Property(each_token_attends_by_itself, for_all=True),
        Property(a_hidden_token_of_the_memory_has_no_influence, for_all=True),
        Property(padding_behind_a_memory_changes_nothing, for_all=True),
        Property(a_token_that_sees_nothing_gets_the_bias),
        Property(a_token_that_sees_nothing_has_no_gradient),
        Property(a_memory_of_one_token_gives_its_value),
        Property(
            with_the_text_as_memory_it_is_multi_head_attention,
            attention_cases("attention/multi_head"),
        ),
        *GRADIENTS,
    ),
    rejections=(
        Rejection(
            ValueError, "d_memory must be at least 1, got 0", {**SMALL, "d_memory": 0}
        ),
        Rejection(
            ValueError,
            "d_out must be a multiple of num_heads, got 4 and 3",
            {**SMALL, "num_heads": 3},
        ),
        *(
            Rejection(error, text, SMALL, inputs={**FITTING, **changed})
            for changed, error, text in BAD
        ),
    ),
    oracles=(
        Oracle("F.scaled_dot_product_attention, head by head", head_by_head),
        Oracle(
            "nn.MultiheadAttention with kdim and vdim",
            of_pytorch,
            cross_cases(square=True).filter(all_see),
        ),
    ),
    on_text=on_text,
    examples=examples,
    probes=probes,
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"leading_axes"}),
)


class TestCrossAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
