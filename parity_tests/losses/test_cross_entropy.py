"""Cross-entropy: its properties, rejections and oracles."""

import math
import zlib
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import strategies as st

from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.example import Example
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.layouts import LAYOUTS
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import arrays, dtypes, lengths, seeds
from parity_tests.primitives import properties
from parity_tests.text.real_text import PRECISIONS

PATH = "losses/cross_entropy"
IGNORED = -100


def case_of(logits: Array, targets: Array, seed: int, ignored: int = IGNORED) -> Case:
    """Make a case of logits and targets."""
    inputs = {"logits": logits, "targets": targets}
    return Case({"ignore_index": ignored}, inputs, seed=seed)


@st.composite
def loss_cases(draw: st.DrawFn) -> Case:
    """Draw logits, some -inf, and targets, of which some, none or all are ignored.

    No target has a logit of -inf: the loss would be infinite.
    """
    n_tokens, n_ids = draw(lengths(6)), draw(st.integers(1, 7))
    seed, dtype = draw(seeds), draw(dtypes)
    logits = draw(arrays(n_tokens, n_ids, seed=seed)).astype(dtype)
    rng = np.random.default_rng(seed)
    targets = rng.integers(0, n_ids, logits.shape[:-1])
    share = draw(st.sampled_from([0.0, 0.3]))
    masked = (rng.random(logits.shape) < share) & ~one_hot(targets, n_ids)
    ignored = draw(st.sampled_from([IGNORED, -1, 0, n_ids - 1]))
    share = draw(st.sampled_from([0.0, 0.3, 0.3, 0.8, 1.0]))
    targets[rng.random(targets.shape) < share] = ignored
    kind = draw(st.sampled_from([np.int64, np.int32]))
    logits[masked] = -np.inf
    return case_of(logits, targets.astype(kind), seed, ignored)


def one_hot(targets: Array, n_ids: int) -> Array:
    """Mark the logit of each target."""
    return np.arange(n_ids) == targets[..., None]


def counted(case: Case) -> Array:
    """Mark the tokens whose target is not ignored."""
    return case.inputs["targets"] != case.config["ignore_index"]


def adding_a_number_to_all_logits_of_a_token_changes_nothing(
    run: Implementation, case: Case
) -> Agreement:
    """Only differences of logits count."""
    logits = case.inputs["logits"]
    shifted = case.with_inputs(logits=logits + logits.dtype.type(2))
    return compare(run(case), run(shifted), run.rounding(shifted))


def ignored_tokens_have_no_influence(run: Implementation, case: Case) -> Agreement:
    """Whatever their logits are: they are in neither sum nor count."""
    logits = np.where(counted(case)[..., None], case.inputs["logits"], 1.0)
    other = case.with_inputs(logits=logits.astype(case.inputs["logits"].dtype))
    return compare(run(case), run(other), run.rounding(case))


def no_loss_is_negative(run: Implementation, case: Case) -> Agreement:
    """A probability is at most one."""
    loss = run(case)
    return compare(np.abs(loss), loss, run.rounding(case))


def equal_logits_have_a_loss_of_ln_v(run: OneBackend, case: Case) -> Agreement:
    """All ids have the probability 1 / V: the loss of a model that knows nothing."""
    logits = np.zeros_like(case.inputs["logits"])
    case, n_ids = case.with_inputs(logits=logits), logits.shape[-1]
    expected = math.log(n_ids) if counted(case).any() else math.nan
    return compare(logits.dtype.type(expected), run(case), run.rounding(case))


def a_batch_has_the_mean_of_its_parts_weighted_by_their_tokens(
    run: OneBackend, case: Case
) -> Agreement:
    """Where it is cut does not matter: gradients may be accumulated."""
    case = flat(case)
    targets, dtype = case.inputs["targets"], case.inputs["logits"].dtype
    total, n_tokens = 0.0, int(counted(case).sum())
    for start, end in cuts(case):
        names = case.inputs.items()
        part = case.with_inputs(**{name: value[start:end] for name, value in names})
        n_counted = int(counted(part).sum())
        total += n_counted * float(run(part)) if n_counted else 0.0
    expected = dtype.type(total / n_tokens if n_tokens else math.nan)
    assert len(targets) == 0 or cuts(case)[-1][1] == len(targets)
    return compare(expected, run(case), 2 * run.rounding(case))


def flat(case: Case) -> Case:
    """Put the tokens of all texts one behind the other."""
    logits, targets = case.inputs["logits"], case.inputs["targets"]
    rows = logits.reshape(-1, logits.shape[-1])
    return case.with_inputs(logits=rows, targets=targets.reshape(-1))


def cuts(case: Case) -> list[tuple[int, int]]:
    """Cut the tokens of a flat case somewhere, into three parts at most."""
    n_tokens = len(case.inputs["targets"])
    inner = case.stream("cuts").integers(0, n_tokens + 1, 2).tolist()
    edges = sorted({0, n_tokens, *inner})
    return [*pairwise(edges)]


def the_order_of_tokens_does_not_matter(run: OneBackend, case: Case) -> Agreement:
    """A mean has no order."""
    case = flat(case)
    order = case.stream("order").permutation(len(case.inputs["targets"]))
    changed = {name: value[order] for name, value in case.inputs.items()}
    return compare(run(case), run(case.with_inputs(**changed)), run.rounding(case))


def renumbering_the_vocabulary_changes_nothing(
    run: OneBackend, case: Case
) -> Agreement:
    """Logits and targets by the same permutation; ids have no order."""
    logits, targets = case.inputs["logits"], case.inputs["targets"]
    order = case.stream("ids").permutation(logits.shape[-1])
    new = np.argsort(order)[np.where(counted(case), targets, 0)]
    new = np.where(counted(case), new, IGNORED)
    renamed = case_of(logits[..., order], new, case.seed)
    return compare(run(case), run(renamed), run.rounding(case))


def doubling_a_batch_by_copies_changes_nothing(
    run: OneBackend, case: Case
) -> Agreement:
    """Twice the sum, and twice the tokens."""
    twice = {name: np.stack([value] * 2) for name, value in case.inputs.items()}
    return compare(run(case), run(case.with_inputs(**twice)), run.rounding(case))


def the_gradient_of_each_token_sums_to_zero(run: OneBackend, case: Case) -> Agreement:
    """Softmax and the one-hot vector both sum to one."""
    gradient = run.gradients(case)["logits"]
    unit = 4 * run.gradient_rounding(case, "logits")
    sums = gradient.sum(axis=-1)
    return compare(np.zeros_like(sums), sums, unit)


def ignored_tokens_have_no_gradient(run: OneBackend, case: Case) -> Agreement:
    """Not a small one: none."""
    gradient = run.gradients(case)["logits"][~counted(case)]
    return compare(np.zeros_like(gradient), gradient)


def token_by_token(case: Case) -> Array:
    """Add up the losses in a loop, in exact sums of Python's numbers."""
    logits, targets = (case.inputs[name] for name in ("logits", "targets"))
    losses = []
    for at in np.ndindex(targets.shape):
        target, row = int(targets[at]), [float(logit) for logit in logits[at]]
        if target != case.config["ignore_index"]:
            largest = max(row)
            exps = math.fsum(math.exp(logit - largest) for logit in row)
            losses.append(math.log(exps) - (row[target] - largest))
    mean = math.fsum(losses) / len(losses) if losses else math.nan
    return np.asarray(mean, logits.dtype)


OPERATOR = """
<ir_version: 11, opset_import: ["": 23]>
loss ({type}[N, V] logits, int64[N] targets) => ({type} loss)
{{
    loss = SoftmaxCrossEntropyLoss <ignore_index = {ignored}, reduction = "mean">
        (logits, targets)
}}
"""


@cache
def operator(type: str, ignored: int) -> Any:
    """Build ONNX's operator; skip the test without `onnx`."""
    onnx = pytest.importorskip("onnx")
    reference = import_module("onnx.reference")
    text = OPERATOR.format(type=type, ignored=ignored)
    return reference.ReferenceEvaluator(onnx.parser.parse_model(text))


def of_onnx(case: Case) -> Array:
    """Let the reference evaluator of ONNX run its operator."""
    inputs = dict(flat(case).inputs)
    inputs["targets"] = inputs["targets"].astype(np.int64)
    type = {"float32": "float", "float64": "double"}[case.dtype]
    return operator(type, case.config["ignore_index"]).run(None, inputs)[0]


def for_onnx(case: Case) -> bool:
    """Whether a token counts, and all logits are finite: ONNX has log 0 otherwise."""
    logits = case.inputs["logits"]
    return bool(counted(case).any() and np.abs(logits).max() < 40)


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Guess each next byte of a text, with logits drawn; newlines are ignored."""
    ids = np.frombuffer(text.encode("utf-8", "surrogatepass")[:2_049], np.uint8)
    n_rows = max(min(16, (len(ids) - 1) // 64), 1)
    targets = ids[1:][: len(ids[1:]) // n_rows * n_rows].reshape(n_rows, -1)
    targets = targets.astype(np.int64)
    logits = np.random.default_rng(seed).normal(size=(*targets.shape, 256))
    told = f"{n_rows} × {targets.shape[1]} bytes, of {logits.shape[-1]} kinds"
    return [
        (told, case_of(logits.astype(dtype), targets, seed, ord("\n")))
        for dtype in PRECISIONS
    ]


SKETCHES: tuple[tuple[str, str, Any, float, int], ...] = (
    ("small", "Three tokens of four ids.", [2, 0, 3], 1.0, IGNORED),
    ("ignored", "The second token does not count.", [2, IGNORED, 3], 1.0, IGNORED),
    ("large", "Logits of thousands: exponentials overflow.", [1, 2], 1e3, IGNORED),
    ("texts", "Two texts, one is padded.", [[1, 2, 3], [0, -1, -1]], 1.0, -1),
    ("nothing-counts", "No token counts: the mean is NaN.", [7, 7], 1.0, 7),
)


def examples(seed: int) -> Iterator[Example]:
    """Make the named cases."""
    for name, comment, targets, scale, ignored in SKETCHES:
        own_seed = zlib.crc32(f"{seed}/{name}".encode())
        ids = np.array(targets, np.int64)
        logits = scale * np.random.default_rng(own_seed).normal(size=(*ids.shape, 4))
        flags = ("EdgeCase",) if name == "nothing-counts" else ()
        yield Example(name, case_of(logits, ids, own_seed, ignored), comment, flags)


SIZES: tuple[tuple[str, tuple[int, ...], int, Any, str, float], ...] = (
    ("no token", (2, 0), 5, np.float64, "", 1.0),
    ("one token, one id", (1,), 1, np.float32, "", 1.0),
    ("17 tokens of 33 ids", (2, 17), 33, np.float64, "gaps", 1.0),
    ("65 tokens of 129 ids", (65,), 129, np.float32, "transposed", 5.0),
    ("2 × 257 tokens", (2, 257), 3, np.float32, "backwards", 1.0),
    ("1,030 ids", (3, 2), 1_030, np.float32, "read-only", 1.0),
    ("logits of 10,000", (3, 5), 7, np.float64, "", 1e4),
    ("logits of 10,000", (3, 5), 7, np.float32, "", 1e4),
    ("logits near zero", (3, 5), 7, np.float32, "", 1e-30),
)


def probes(seed: int) -> Iterator[Probe]:
    """Try sizes beyond the drawn ones, and logits that overflow."""
    for rule, shape, n_ids, dtype, layout, scale in SIZES:
        rng = np.random.default_rng(zlib.crc32(f"{seed}/{rule}".encode()))
        logits = (scale * rng.normal(size=(*shape, n_ids))).astype(dtype)
        targets = np.where(rng.random(shape) < 0.2, IGNORED, rng.integers(n_ids))
        yield Probe(
            f"{rule}, in {dtype.__name__}",
            case_of(LAYOUTS[layout](logits), targets.astype(np.int64), seed),
        )


TWO = np.zeros((2, 3))
OUTSIDE = ((3, -1), (-1, 5), (2**40, 0))

PAIR = Pair(
    path=PATH,
    cases=loss_cases(),
    properties=(
        *properties.OF_ALL,
        Property(
            adding_a_number_to_all_logits_of_a_token_changes_nothing, for_all=True
        ),
        Property(ignored_tokens_have_no_influence, for_all=True),
        Property(no_loss_is_negative, for_all=True),
        Property(equal_logits_have_a_loss_of_ln_v),
        Property(a_batch_has_the_mean_of_its_parts_weighted_by_their_tokens),
        Property(the_order_of_tokens_does_not_matter),
        Property(renumbering_the_vocabulary_changes_nothing),
        Property(doubling_a_batch_by_copies_changes_nothing),
        Property(the_gradient_of_each_token_sums_to_zero),
        Property(ignored_tokens_have_no_gradient),
    ),
    rejections=tuple(
        Rejection(
            IndexError,
            f"Target {target} is out of bounds.",
            {"logits": TWO, "targets": np.array([target, other])},
        )
        for target, other in OUTSIDE
    ),
    oracles=(
        Oracle("a loop over tokens", token_by_token),
        Oracle(
            "ONNX's SoftmaxCrossEntropyLoss", of_onnx, loss_cases().filter(for_onnx)
        ),
    ),
    on_text=on_text,
    examples=examples,
    probes=probes,
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"leading_axes"}),
)


class TestCrossEntropy(PairTests):
    """All that is asked of every pair, and what the book prints."""

    pair = PAIR

    def test_the_probabilities_of_the_book_give_the_loss_of_the_book(self, backend):
        """Section 5.1.2 prints six probabilities, and 10.7940 for their mean."""
        probabilities = [7.4541e-05, 3.1061e-05, 1.1563e-05]
        probabilities += [1.0337e-05, 5.6776e-05, 4.7559e-06]
        logits = np.log([[p, 1 - p] for p in probabilities])
        loss = PAIR.part(backend)(
            *map(backend.own, (logits, np.zeros(len(logits), np.int64)))
        )

        assert f"{float(loss):.3f}" == "10.794"

    def test_where_no_token_counts_the_loss_is_nan_and_the_gradient_zero(self, backend):
        case = next(e.case for e in PAIR.examples(0) if e.name == "nothing-counts")
        one = OneBackend(PAIR, backend)

        assert np.isnan(as_array(one(case)))
        assert not one.gradients(case)["logits"].any()

    def test_a_gradient_in_python_gives_one_in_the_dtype_of_the_logits(self):
        module = import_module(PAIR.part(REFERENCE).__module__)
        logits = np.zeros((2, 3), np.float32)
        gradient = module.cross_entropy_backward(1.0, logits, np.array([0, 2]))

        assert gradient.dtype == np.float32
