"""GPT: its properties, rejections and oracles, and how its parameters begin."""

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import strategies as st
from transformers.models.gpt2 import modeling_gpt2

from parity_tests.attention.changes import in_evaluation, with_config, with_parameters
from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import REFERENCE, TORCH, Backend, unchecked
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY, is_not_empty
from parity_tests.contract.example import Example
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import (
    dtypes,
    leading_axes,
    lengths,
    parameters_of,
    reference_part,
    seeds,
)
from parity_tests.contract.typed import DTYPES, Typed, fresh_parameters, word_ids
from parity_tests.lockstep.backward import gradient_for
from parity_tests.oracles.gpt2 import gpt2_config, to_gpt2
from parity_tests.text.real_text import PRECISIONS
from reference.models.gpt import GPT_CONFIG_124M as REFERENCE_CONFIG
from torch_impl.models.gpt import GPT, GPT_CONFIG_124M

PATH = "models/gpt"
TABLE, POSITIONS = (f"embedding.{n}_embedding.weight" for n in ("token", "position"))
SMALL: dict[str, Any] = {
    "vocab_size": 5,
    "context_length": 4,
    "emb_dim": 6,
    "n_heads": 2,
    "n_layers": 2,
    "drop_rate": 0.0,
    "qkv_bias": False,
}
WIDE = {**SMALL, "vocab_size": 97, "context_length": 66, "emb_dim": 24, "n_heads": 3}
SHARP = 100.0  # times which scores are so large that a mask of -10,000 shows
GAINS = st.sampled_from((1.0, 1.0, 1.0, 5.0, 30.0))
Config = Mapping[str, Any]


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a small model: heads of some channels, one block or two."""
    n_heads = draw(st.integers(1, 3))
    return {
        "vocab_size": draw(st.integers(1, 7)),
        "context_length": draw(st.integers(1, 4)),
        "emb_dim": n_heads * draw(st.integers(1, 4)),
        "n_heads": n_heads,
        "n_layers": draw(st.sampled_from((2, 1))),
        "drop_rate": draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])),
        "qkv_bias": draw(st.booleans()),
    }


def model_case(
    config: Config, ids: Array, seed: int, dtype: Any, training: bool = False
) -> Case:
    """Make a case of ids and parameters, of the size that training gives them."""
    drawn = parameters_of(PATH, config, seed, dtype)
    width = np.dtype(dtype).type(np.sqrt(config["emb_dim"]))
    is_matrix = {n: a.ndim > 1 and "position" not in n for n, a in drawn.items()}
    parameters = {n: a / width if is_matrix[n] else a for n, a in drawn.items()}
    return Case(config, {"ids": ids}, parameters, training, seed)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw texts of ids that repeat; in some, attention is sharp or norms are large."""
    config, seed = draw(configurations()), draw(seeds)
    shape = (*draw(leading_axes), draw(lengths(config["context_length"])))
    ids = np.random.default_rng(seed).integers(0, config["vocab_size"], shape)
    case = model_case(config, ids, seed, draw(dtypes), draw(st.booleans()))
    factor, gain = draw(st.sampled_from((1.0, 1.0, 1.0, SHARP))), draw(GAINS)
    chosen = {"W_query": factor, "W_key": factor, "norm.weight": gain}
    return with_parameters(
        case,
        {
            name: chosen[part] * array
            for name, array in case.parameters.items()
            for part in chosen
            if part in name
        },
    )


def later_tokens_change_no_earlier_logit(run: Implementation, case: Case) -> Agreement:
    """What comes next is told from what came before."""
    ids = case.inputs["ids"].copy()
    ids[..., -1:] = (ids[..., -1:] + 1) % case.config["vocab_size"]
    earlier = run(case.with_inputs(ids=ids))[..., :-1, :]
    return compare(run(case)[..., :-1, :], earlier, run.rounding(case))


def a_prefix_has_the_logits_that_it_has_in_the_whole_text(
    run: Implementation, case: Case
) -> Agreement:
    """Cutting off what follows changes nothing for what is left."""
    case = in_evaluation(case)
    prefix = case.inputs["ids"][..., :-1]
    whole = run(case)[..., :-1, :]
    return compare(whole, run(case.with_inputs(ids=prefix)), run.rounding(case))


def below_each_other(ids: Array) -> Array:
    """Put all texts below each other, whatever their leading axes."""
    return ids.reshape(math.prod(ids.shape[:-1]), ids.shape[-1])


def texts_do_not_meet(run: Implementation, case: Case) -> Agreement:
    """Each of a batch has what it has alone."""
    case = in_evaluation(case)
    ids = below_each_other(case.inputs["ids"])
    together = run(case).reshape(*ids.shape, case.config["vocab_size"])
    alone = [run(case.with_inputs(ids=text[None]))[0] for text in ids]
    return compare(alone, [*together], run.rounding(case))


def renaming_the_ids_renames_the_logits(run: OneBackend, case: Case) -> Agreement:
    """An id is a row of the table, and the head reads the same rows."""
    order = case.stream("new names").permutation(case.config["vocab_size"])
    renamed = with_parameters(case, {TABLE: case.parameters[TABLE][order]})
    renamed = renamed.with_inputs(ids=np.argsort(order)[case.inputs["ids"]])
    return compare(run(case)[..., order], run(renamed), run.rounding(case))


def embedded(case: Case) -> Array:
    """Add up the vectors of tokens and positions, as one would do it by hand."""
    tokens, positions = case.parameters[TABLE], case.parameters[POSITIONS]
    ids = case.inputs["ids"]
    both: Array = tokens[ids] + positions[: ids.shape[-1]]
    return both


def with_blocks_that_add_nothing(case: Case) -> Case:
    """Let attention and feed-forward give zeros."""
    last = ("out_proj.weight", "out_proj.bias", "down_proj.weight", "down_proj.bias")
    zeros = {n: 0 * a for n, a in case.parameters.items() if n.endswith(last)}
    return with_parameters(case, zeros)


def normed(case: Case, x: Array) -> torch.Tensor:
    """Apply the final norm."""
    weight, bias = (
        torch.from_numpy(case.parameters[f"norm.{kind}"]) for kind in ("weight", "bias")
    )
    return F.layer_norm(torch.from_numpy(x), (x.shape[-1],), weight, bias, 1e-5)


def blocks_that_add_nothing_leave_the_embedding(
    run: OneBackend, case: Case
) -> Agreement:
    """The logits are then those of its norm, times the table."""
    empty = in_evaluation(with_blocks_that_add_nothing(case))
    expected = normed(case, embedded(case)) @ torch.from_numpy(case.parameters[TABLE]).T
    return compare(as_array(expected), run(empty), run.rounding(empty))


def evaluation_ignores_the_drop_rate(run: OneBackend, case: Case) -> Agreement:
    """Dropout is for training alone."""
    case = in_evaluation(case)
    expected = run(with_config(case, drop_rate=0.0))
    return compare(expected, run(with_config(case, drop_rate=0.9)))


def where_everything_is_dropped_all_tokens_have_the_same_logits(
    run: OneBackend, case: Case
) -> Agreement:
    """Those of the bias of the final norm: embeddings and blocks give zeros."""
    case = replace(with_config(case, drop_rate=1.0), training=True)
    row = case.parameters["norm.bias"] @ case.parameters[TABLE].T
    found = run(case)
    expected = np.broadcast_to(row, found.shape)
    return compare(expected, found, run.rounding(case))


def what_dropout_keeps_of_the_embedding_is_doubled(
    run: OneBackend, case: Case
) -> Agreement:
    """With a rate of one half."""
    case = replace(with_config(case, drop_rate=0.5), training=True)
    vectors, found = (run.quantity(n, case) for n in ("vectors", "dropped_vectors"))
    return compare(np.where(found == 0, 0, 2 * vectors), found)


def without_positions_a_token_that_is_repeated_has_the_same_logits(
    run: OneBackend, case: Case
) -> Agreement:
    """Only the table of positions distinguishes one from another."""
    zeros = {POSITIONS: 0 * case.parameters[POSITIONS]}
    case = in_evaluation(with_parameters(case, zeros))
    ids = case.inputs["ids"]
    case = case.with_inputs(ids=np.repeat(ids[..., :1], ids.shape[-1], axis=-1))
    found = run(case)
    first = np.repeat(found[..., :1, :], ids.shape[-1], axis=-2)
    return compare(first, found, run.rounding(case))


def a_longer_context_length_changes_nothing(run: OneBackend, case: Case) -> Agreement:
    """It only adds positions, of which no token takes one."""
    table = case.parameters[POSITIONS]
    longer = with_parameters(case, {POSITIONS: np.concatenate([table, table[:1] + 7])})
    return compare(run(case), run(with_config(longer, context_length=len(table) + 1)))


def the_table_has_the_gradients_of_embedding_and_head(
    run: OneBackend, case: Case
) -> Agreement:
    """One matrix is used twice: a gradient that leaves one out is another one."""
    gradient = run.gradients(case)[TABLE]
    table = torch.from_numpy(case.parameters[TABLE])
    in_, out = table.clone().requires_grad_(), table.clone().requires_grad_()
    ids = torch.from_numpy(case.inputs["ids"])
    with unchecked():
        model = run.pair.build(TORCH, case)
        positions = model.embedding.position_embedding.weight[: ids.shape[-1]]
        x = model.drop_embedding(in_[ids] + positions)
        for block in model.blocks:
            x = block(x)
        logits = model.norm(x) @ out.T
        logits.backward(torch.from_numpy(gradient_for(case, as_array(logits.detach()))))
    both = [each.grad for each in (in_, out) if each.grad is not None]
    return compare(sum(both), gradient, run.gradient_rounding(case, TABLE))


def a_position_that_no_token_takes_has_no_gradient(
    run: OneBackend, case: Case
) -> Agreement:
    """Nor does any, where there is no text."""
    gradient = run.gradients(case)[POSITIONS]
    n_tokens = case.inputs["ids"].shape[-1] if case.inputs["ids"].size else 0
    unused = gradient[n_tokens:]
    return compare(np.zeros_like(unused), unused)


def texts_share_the_gradient_of_a_position(run: OneBackend, case: Case) -> Agreement:
    """It is the sum of those that each of a batch has by itself."""
    case = in_evaluation(case)
    ids = below_each_other(case.inputs["ids"])
    shape = (*ids.shape, case.config["vocab_size"])
    grads = case.stream("gradients").normal(size=shape).astype(case.dtype)
    whole = replace(case.with_inputs(ids=ids), grad_output=grads)
    total = np.zeros_like(case.parameters[POSITIONS])
    for text, grad in zip(ids, grads, strict=True):
        alone = replace(case.with_inputs(ids=text[None]), grad_output=grad[None])
        total = total + run.gradients(alone)[POSITIONS]
    unit = run.gradient_rounding(whole, POSITIONS)
    return compare(total, run.gradients(whole)[POSITIONS], unit * max(len(ids), 1))


def gpt2_with_head(case: Case) -> Array:
    """Run transformers' GPT-2, whose head is tied as well."""
    ids = torch.from_numpy(case.inputs["ids"])
    theirs = modeling_gpt2.GPT2LMHeadModel(gpt2_config(case.config))
    theirs = theirs.to(getattr(torch, case.dtype)).eval()
    state = to_gpt2(case.parameters)
    theirs.load_state_dict(state | {"lm_head.weight": state["transformer.wte.weight"]})
    with torch.no_grad():
        logits = theirs(ids.reshape(-1, ids.shape[-1]), use_cache=False).logits
    return as_array(logits).reshape(*ids.shape, -1)


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Read bytes of a text, in training, with fresh parameters."""
    ids = np.frombuffer(text.encode("utf-8", "surrogatepass")[:99], np.uint8)
    n_tokens = min(33, len(ids))
    ids = ids[: len(ids) // n_tokens * n_tokens].reshape(-1, n_tokens).astype(np.int64)
    config = {**WIDE, "vocab_size": 256, "drop_rate": 0.1, "qkv_bias": True}
    drawn = reference_part(PATH)(**config, rng=np.random.default_rng(seed)).state_dict()
    case = Case(config, {"ids": ids}, drawn, True, seed)
    told = f"{ids.shape[0]} × {n_tokens} bytes"
    return [(told, case.astype(dtype)) for dtype in PRECISIONS]


SKETCHES: dict[str, tuple[str, tuple[int, ...], str, dict[str, Any]]] = {
    "small": ("Three tokens of five ids, two blocks.", (3,), "float64", {}),
    "batch": ("Texts do not see each other.", (2, 3), "float64", {}),
    "single-precision": ("float32 comes out so.", (1, 3), "float32", {}),
    "full-context": ("Every position has its vector.", (4,), "float64", {}),
    "one-token": ("A token by itself.", (1, 1), "float64", {}),
    "no-token": ("No token in, and none out.", (1, 0), "float64", {}),
    "bias": ("GPT-2’s own biases.", (2, 3), "float64", {"qkv_bias": True}),
    "dropout": ("In training, with dropout.", (2, 4), "float64", {"drop_rate": 0.5}),
}


def examples(seed: int) -> Iterator[Example]:
    """Make the named cases."""
    for name, (comment, sizes, dtype, own) in SKETCHES.items():
        own_seed = zlib.crc32(f"{seed}/{PATH}/{name}".encode())
        ids = np.random.default_rng(own_seed).integers(0, SMALL["vocab_size"], sizes)
        training = name == "dropout"
        case = model_case({**SMALL, **own}, ids, own_seed, dtype, training)
        yield Example(name, case, comment)


def probes(seed: int) -> Iterator[Probe]:
    """Make texts around tiles."""
    for index, n_tokens in enumerate((17, 65)):
        rng = np.random.default_rng(seed + index)
        ids = rng.integers(0, WIDE["vocab_size"], (2, n_tokens))
        dtype = (np.float32, np.float64)[index % 2]
        config = {**WIDE, "drop_rate": 0.1 * index, "qkv_bias": index == 0}
        case = model_case(config, ids, seed + index, dtype, index == 1)
        yield Probe(f"{n_tokens} tokens of 97 ids, two blocks", case)


def typed_case(words: Sequence[str], *, seed: int, dtype: str, **sizes: Any) -> Case:
    """Number the words, and draw a model that begins to learn them."""
    ids = word_ids(words)
    config = {"vocab_size": int(ids.max()) + 1, "context_length": len(words), **sizes}
    parameters = fresh_parameters(PATH, config, seed, dtype)
    return Case(config, {"ids": ids}, parameters, config["drop_rate"] > 0, seed)


BEGIN = {"emb_dim": 4, "n_heads": 2, "n_layers": 2, "drop_rate": 0.0}
BAD_SIZES: list[Any] = [
    ({"vocab_size": 0}, ValueError, "vocab_size must be at least 1, got 0"),
    ({"context_length": 0}, ValueError, "context_length must be at least 1, got 0"),
    ({"emb_dim": 6.0}, TypeError, "emb_dim must be an integer, got 6.0"),
    ({"n_heads": 0}, ValueError, "n_heads must be at least 1, got 0"),
    ({"n_heads": 4}, ValueError, "emb_dim must be a multiple of n_heads, got 6 and 4"),
    ({"n_layers": 0}, ValueError, "n_layers must be at least 1, got 0"),
    ({"drop_rate": 1.5}, ValueError, "dropout must be in [0, 1], got 1.5"),
]
THREE = {**SMALL, "vocab_size": 3}
BAD_IDS: list[Any] = [
    (np.array([[3]]), ValueError, "ids must lie in 0..2, got 3"),
    (np.array([[-1]]), ValueError, "ids must lie in 0..2, got -1"),
    (np.array([[0.0]]), TypeError, "ids must be integers, got float64"),
    (
        *(np.zeros((2, 5), np.int64), ValueError),
        "at most context_length = 4 tokens fit, got 5",
    ),
]
PAIR = Pair(
    path=PATH,
    cases=cases(),
    properties=(
        REPEATABLE,
        Property(later_tokens_change_no_earlier_logit, for_all=True),
        Property(a_prefix_has_the_logits_that_it_has_in_the_whole_text, for_all=True),
        Property(texts_do_not_meet, for_all=True),
        Property(renaming_the_ids_renames_the_logits),
        Property(blocks_that_add_nothing_leave_the_embedding),
        Property(evaluation_ignores_the_drop_rate),
        Property(where_everything_is_dropped_all_tokens_have_the_same_logits),
        Property(what_dropout_keeps_of_the_embedding_is_doubled),
        Property(without_positions_a_token_that_is_repeated_has_the_same_logits),
        Property(a_longer_context_length_changes_nothing),
        Property(the_table_has_the_gradients_of_embedding_and_head),
        Property(a_position_that_no_token_takes_has_no_gradient),
        Property(texts_share_the_gradient_of_a_position),
        *GRADIENTS,
    ),
    rejections=(
        *(Rejection(error, text, {**SMALL, **bad}) for bad, error, text in BAD_SIZES),
        *(Rejection(error, text, THREE, "__call__", i) for i, error, text in BAD_IDS),
    ),
    oracles=(
        Oracle(
            "transformers’ GPT2LMHeadModel",
            gpt2_with_head,
            cases().filter(is_not_empty).map(in_evaluation),
        ),
    ),
    on_text=on_text,
    examples=examples,
    probes=probes,
    typed=Typed(typed_case, {**BEGIN, "seed": 0, "dtype": DTYPES}),
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal", "dropout", "leading_axes"}),
)
BEGINNING = {**SMALL, "vocab_size": 300, "emb_dim": 48, "n_layers": 4, "qkv_bias": True}


def begin(backend: Backend, **config: Any) -> Any:
    """Make a model with fresh parameters."""
    torch.manual_seed(0)
    rng = {"rng": np.random.default_rng(0)} if backend is REFERENCE else {}
    return PAIR.part(backend)(**config, **rng)


class TestGPT(PairTests):
    """All that is asked of every pair; how it begins, and its size."""

    pair = PAIR

    def test_parameters_are_drawn_as_gpt2_draws_them(self, backend):
        for name, parameter in begin(backend, **BEGINNING).state_dict().items():
            drawn = as_array(parameter).astype(float)
            if drawn.ndim == 1:
                is_gain = "norm" in name and name.endswith("weight")
                assert (drawn == is_gain).all(), name
                continue
            is_added = "out_proj" in name or "down_proj" in name
            std = 0.02 / math.sqrt(2 * 4) if is_added else 0.02
            rounding = 5 / math.sqrt(drawn.size)

            assert abs(drawn.mean() / std) < rounding, name
            assert abs(drawn.std() / std - 1) < rounding, name
            assert (np.abs(drawn) > 2 * std).mean() > 0.02, name  # normal, not uniform

    def test_the_loss_begins_at_ln_v(self, backend):
        model = begin(backend, **{**BEGINNING, "context_length": 64}).eval()
        ids = np.random.default_rng(1).integers(0, 300, (4, 65))
        with torch.no_grad():
            logits = torch.as_tensor(as_array(model(backend.own(ids[:, :-1]))))
        loss = F.cross_entropy(
            logits.flatten(0, 1), torch.as_tensor(ids[:, 1:].ravel())
        )

        assert abs(float(loss) - math.log(300)) < 0.05

    @pytest.mark.parametrize(("bias", "n"), [(False, 124_412_160), (True, 124_439_808)])
    def test_the_size_is_that_of_the_book_and_with_biases_that_of_gpt2(self, bias, n):
        """Section 4.6 prints the first, "considering weight tying"."""
        with torch.device("meta"):
            model = GPT(**{**GPT_CONFIG_124M, "qkv_bias": bias})

        assert REFERENCE_CONFIG == GPT_CONFIG_124M
        assert sum(each.numel() for each in model.parameters()) == n
