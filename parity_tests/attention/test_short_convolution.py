"""The short convolution: its properties, rejections, oracles and bridges."""

import zlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from torch import nn

from parity_tests.attention.changes import with_parameters
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Array, Case
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
from parity_tests.text.real_text import PRECISIONS, described, embedding, windows

PATH = "attention/short_convolution"
Shape = tuple[int, ...]


def convolution_case(
    config: dict[str, Any], shape: Shape, seed: int, dtype: Any = np.float64
) -> Case:
    """Draw a text and what is before it; `shape` has leading axes and its length."""
    *leading, n_tokens = shape
    n_before, d_in = config["kernel_size"] - 1, config["d_in"]
    x = numbers("normal", (*leading, n_tokens, d_in), seed).astype(dtype)
    state = numbers("normal", (*leading, n_before, d_in), seed + 9).astype(dtype)
    parameters = parameters_of(PATH, config, seed, dtype)
    return Case(config, {"x": x, "state": state}, parameters, seed=seed)


@st.composite
def convolution_cases(draw: st.DrawFn) -> Case:
    """Draw texts longer and shorter than the kernel."""
    config = {
        "d_in": draw(st.integers(1, 4)),
        "kernel_size": draw(st.sampled_from((1, 2, 3, 4, 4, 5))),
        "bias": draw(st.booleans()),
    }
    n_tokens = draw(st.sampled_from((*range(1, 8), 11, 0)))
    shape = (*draw(st.sampled_from((*LEADING, (0,)))), n_tokens)
    case = convolution_case(config, shape, draw(seeds), draw(dtypes))
    changed = {}
    for index, (name, array) in enumerate(case.inputs.items()):
        pattern, scale = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from(SCALES))
        drawn = scale * numbers(pattern, array.shape, case.seed + index)
        changed[name] = drawn.astype(case.dtype)
    return case.with_inputs(**changed)


CASES = convolution_cases()


def history(case: Case) -> Array:
    """Put the text behind what was before it."""
    return np.concatenate([case.inputs["state"], case.inputs["x"]], axis=-2)


def a_text_goes_on_from_its_state(run: Implementation, case: Case) -> Agreement:
    """In two chunks of any sizes, shorter than the kernel too, as it does whole."""
    x = case.inputs["x"]
    at = int(case.stream("chunks").integers(0, x.shape[-2] + 1))
    first = run(case.with_inputs(x=x[..., :at, :]))
    second = run(case.with_inputs(x=x[..., at:, :], state=first[1]))
    chunks = np.concatenate([first[0], second[0]], axis=-2), second[1]
    return compare(run(case), chunks, run.rounding(case))


def the_state_is_the_last_tokens(run: Implementation, case: Case) -> Agreement:
    """As they are; those of the old state among them where the text is short."""
    expected = history(case)[..., case.inputs["x"].shape[-2] :, :]
    return compare(expected, run(case)[1])


def without_a_state_there_are_zeros_before(
    run: Implementation, case: Case
) -> Agreement:
    """None stands for the beginning of a text."""
    zeros = case.with_inputs(state=np.zeros_like(case.inputs["state"]))
    actual = run(case.with_inputs(state=None))
    return compare(run(zeros), actual, run.rounding(zeros))


def later_tokens_do_not_influence_earlier_ones(
    run: Implementation, case: Case
) -> Agreement:
    """A window ends at its own token."""
    x = case.inputs["x"].copy()
    x[..., -1:, :] = 7
    expected = run(case)[0][..., :-1, :]
    actual = run(case.with_inputs(x=x))[0][..., :-1, :]
    return compare(expected, actual, run.rounding(case))


def tokens_further_back_than_the_kernel_have_no_influence(
    run: Implementation, case: Case
) -> Agreement:
    """The last sum is of the last K tokens, so one of the first of more has none."""
    x = case.inputs["x"].copy()
    x[..., : max(x.shape[-2] - case.config["kernel_size"], 0), :] = 7
    changed = case.with_inputs(x=x)
    expected, actual = (run(each)[0][..., -1:, :] for each in (case, changed))
    return compare(expected, actual, run.rounding(case))


def every_channel_goes_by_itself(run: Implementation, case: Case) -> Agreement:
    """Changing the others leaves the first as it is."""
    changed = {name: case.inputs[name].copy() for name in ("x", "state")}
    for array in changed.values():
        array[..., 1:] = 7
    expected = [each[..., :1] for each in run(case)]
    actual = [each[..., :1] for each in run(case.with_inputs(**changed))]
    return compare(expected, actual, run.rounding(case))


def with_weight(case: Case, index: int) -> Case:
    """Let one weight of every channel be 1, and the others and the bias be 0."""
    changed = {name: np.zeros_like(array) for name, array in case.parameters.items()}
    changed["weight"][:, 0, index] = 1
    return with_parameters(case, changed)


def the_last_weight_is_that_of_the_token_itself(
    run: OneBackend, case: Case
) -> Agreement:
    """With 1 there and 0 elsewhere nothing changes."""
    return compare(case.inputs["x"], run(with_weight(case, -1))[0])


def the_first_weight_delays_by_the_length_of_the_state(
    run: OneBackend, case: Case
) -> Agreement:
    """With 1 there and 0 elsewhere the state comes out first, then the text."""
    expected = history(case)[..., : case.inputs["x"].shape[-2], :]
    return compare(expected, run(with_weight(case, 0))[0])


def from_zeros_it_is_pytorchs_conv1d_padded_and_cut(
    run: OneBackend, case: Case
) -> Agreement:
    """`nn.Conv1d(C, C, K, groups=C, padding=K - 1)` loads its parameters."""
    n_channels, size = case.config["d_in"], case.config["kernel_size"]
    case = case.with_inputs(state=np.zeros_like(case.inputs["state"]))
    x = torch.from_numpy(case.inputs["x"])
    theirs = nn.Conv1d(
        *(n_channels, n_channels, size),
        groups=n_channels,
        padding=size - 1,
        bias=case.config["bias"],
    )
    own = {name: torch.from_numpy(array) for name, array in case.parameters.items()}
    theirs.to(x.dtype).load_state_dict(own)
    if not x.numel():
        return compare(x, run(case)[0])
    with torch.no_grad():
        padded = theirs(x.reshape(-1, *x.shape[-2:]).mT).mT[:, : x.shape[-2]]
    return compare(padded.reshape(x.shape), run(case)[0], run.rounding(case))


def by_onnx(case: Case) -> tuple[Array, Array]:
    """Run ONNX's CausalConvWithState, which has channels before tokens."""
    name = "onnx.reference.ops.op_causal_conv_with_state"
    operator = pytest.importorskip(name).CausalConvWithState
    n_texts = int(np.prod(case.inputs["x"].shape[:-2]))
    x, state = (
        array.reshape(n_texts, *array.shape[-2:]).swapaxes(-2, -1)
        for array in case.inputs.values()
    )
    parameters = case.parameters["weight"], case.parameters.get("bias")
    found = operator._run(None, x, *parameters, past_state=state)
    output, last = (each.swapaxes(-2, -1) for each in found)
    shapes = case.inputs["x"].shape, case.inputs["state"].shape
    return output.reshape(shapes[0]), last.reshape(shapes[1])


SKETCHES: dict[str, tuple[str, Shape, dict[str, Any], Any]] = {
    "small": ("A text longer than the kernel.", (2, 5), {}, np.float64),
    "single-precision": ("float32 stays float32.", (2, 5), {}, np.float32),
    "no-bias": ("As most models have it.", (2, 5), {"bias": False}, np.float64),
    "one-token": ("As in decoding; most of the state stays.", (2, 1), {}, np.float64),
    "no-token": ("The state comes out as it went in.", (2, 0), {}, np.float64),
    "no-batch": ("A batch of no texts is a batch.", (0, 5), {}, np.float64),
    "no-leading-axis": ("One text.", (5,), {}, np.float64),
    "kernel-of-one": ("There is no state.", (2, 3), {"kernel_size": 1}, np.float64),
}


def examples(seed: int) -> Iterator[Example]:
    """Make the sketched cases."""
    for name, (comment, shape, changed, dtype) in SKETCHES.items():
        own_seed = zlib.crc32(f"{seed}/{PATH}/{name}".encode())
        config = {"d_in": 3, "kernel_size": 4, "bias": True, **changed}
        yield Example(name, convolution_case(config, shape, own_seed, dtype), comment)


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Take embedded windows of a text, each from its beginning."""
    ids = windows(text)
    x = embedding(seed)(ids)  # (K, L, C)
    config = {"d_in": x.shape[-1], "kernel_size": 4, "bias": True}
    state = np.zeros((len(x), 3, x.shape[-1]))
    parameters = parameters_of(PATH, config, seed, np.float64)
    case = Case(config, {"x": x, "state": state}, parameters, seed=seed)
    return [(described(ids), case.astype(dtype)) for dtype in PRECISIONS]


def probes(seed: int) -> Iterator[Probe]:
    """Make more channels and tokens than a vector register holds."""
    for index, (n_tokens, d_in, size) in enumerate(
        ((33, 17, 4), (65, 3, 9), (2, 5, 9))
    ):
        config = {"d_in": d_in, "kernel_size": size, "bias": True}
        dtype = (np.float32, np.float64)[index % 2]
        case = convolution_case(config, (2, n_tokens), seed + index, dtype)
        yield Probe(f"{n_tokens} tokens, {d_in} channels, a kernel of {size}", case)


RIGHT = {"d_in": 3, "kernel_size": 4}
FITS = {"x": np.zeros((2, 5, 3)), "state": np.zeros((2, 3, 3))}
PAIR = Pair(
    path=PATH,
    cases=CASES,
    properties=(
        REPEATABLE,
        *GRADIENTS,
        Property(a_text_goes_on_from_its_state, for_all=True),
        Property(the_state_is_the_last_tokens, for_all=True),
        Property(without_a_state_there_are_zeros_before, for_all=True),
        Property(later_tokens_do_not_influence_earlier_ones, for_all=True),
        Property(tokens_further_back_than_the_kernel_have_no_influence, for_all=True),
        Property(every_channel_goes_by_itself, for_all=True),
        Property(the_last_weight_is_that_of_the_token_itself),
        Property(the_first_weight_delays_by_the_length_of_the_state),
        Property(from_zeros_it_is_pytorchs_conv1d_padded_and_cut),
    ),
    rejections=(
        Rejection(ValueError, "d_in must be at least 1, got 0", {**RIGHT, "d_in": 0}),
        Rejection(
            *(TypeError, "kernel_size must be an integer, got 2.5"),
            {**RIGHT, "kernel_size": 2.5},
        ),
        Rejection(
            *(ValueError, "x must have d_in = 3 channels, got 2"),
            RIGHT,
            inputs={**FITS, "x": np.zeros((2, 5, 2))},
        ),
        Rejection(
            *(TypeError, "x must hold floating-point numbers, got int64"),
            RIGHT,
            inputs={**FITS, "x": np.zeros((2, 5, 3), np.int64)},
        ),
        Rejection(
            *(ValueError, "state must have shape (2, 3, 3), got (2, 4, 3)"),
            RIGHT,
            inputs={**FITS, "state": np.zeros((2, 4, 3))},
        ),
        Rejection(
            *(ValueError, "state must have shape (2, 3, 3), got (1, 3, 3)"),
            RIGHT,
            inputs={**FITS, "state": np.zeros((1, 3, 3))},
        ),
    ),
    oracles=(
        Oracle(
            "ONNX's CausalConvWithState",
            by_onnx,
            CASES.filter(lambda case: case.inputs["x"].size > 0),
        ),
    ),
    on_text=on_text,
    examples=examples,
    probes=probes,
    abilities=frozenset({"leading_axes"}),
)


class TestShortConvolution(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
