"""Llama: its properties and oracles."""

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from transformers.models.llama import modeling_llama

import reference
import torch_impl
from parity_tests.attention.changes import with_parameters
from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import TORCH, unchecked
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.example import Example
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import dtypes, parameters_of, seeds
from parity_tests.lockstep.backward import gradient_for
from parity_tests.oracles.float64 import in_float64
from parity_tests.oracles.llama import llama_config, set_frequencies, to_llama
from parity_tests.text.real_text import PRECISIONS, byte_windows, described

PATH = "models/llama"
SMALL: dict[str, Any] = {
    "vocab_size": 5,
    "emb_dim": 4,
    "hidden_dim": 3,
    "n_layers": 2,
    "num_heads": 2,
    "num_kv_heads": 1,
}
WIDE: dict[str, Any] = {
    "vocab_size": 97,
    "emb_dim": 24,
    "hidden_dim": 40,
    "n_layers": 3,
    "num_heads": 6,
    "num_kv_heads": 3,
}
GAINS = st.sampled_from((1.0, 1.0, 5.0, 30.0, 1e3))  # exponentials overflow
Config = Mapping[str, Any]
ONE = torch.tensor([[1]])


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a small model: heads in groups, one to three blocks."""
    groups, group_size = draw(st.integers(1, 2)), draw(st.integers(1, 2))
    return {
        "vocab_size": draw(st.integers(1, 7)),
        "emb_dim": groups * group_size * draw(st.sampled_from((2, 4))),
        "hidden_dim": draw(st.integers(1, 5)),
        "n_layers": draw(st.sampled_from((2, 1, 3))),
        "num_heads": groups * group_size,
        "num_kv_heads": groups,
        "theta": draw(st.sampled_from((10_000.0, 100.0))),
        "eps": draw(st.sampled_from((1e-5, 1e-2))),
        "pairing": draw(st.sampled_from(("halves", "neighbours"))),
    }


def model_case(config: Config, ids: Array, seed: int, dtype: Any) -> Case:
    """Make a case of ids and parameters, of the size that training gives them."""
    drawn = parameters_of(PATH, config, seed, dtype)
    width = np.dtype(dtype).type(np.sqrt(config["emb_dim"]))
    parameters = {n: a / width if a.ndim > 1 else a for n, a in drawn.items()}
    return Case(config, {"ids": ids}, parameters, seed=seed)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw texts of ids that repeat more often than not."""
    config, seed = draw(configurations()), draw(seeds)
    sizes = draw(st.sampled_from(((1, 1), (2, 3), (1, 6), (3, 4), (0, 2), (2, 0))))
    ids = np.random.default_rng(seed).integers(0, config["vocab_size"], sizes)
    case = model_case(config, ids, seed, draw(dtypes))
    gains = {n: draw(GAINS) * a for n, a in case.parameters.items() if a.ndim == 1}
    return with_parameters(case, gains)


def later_tokens_change_no_earlier_logit(run: Implementation, case: Case) -> Agreement:
    """What comes next is told from what came before."""
    ids = case.inputs["ids"].copy()
    ids[:, -1:] = (ids[:, -1:] + 1) % case.config["vocab_size"]
    earlier = run(case.with_inputs(ids=ids))[:, :-1]
    return compare(run(case)[:, :-1], earlier, run.rounding(case))


def texts_do_not_meet(run: Implementation, case: Case) -> Agreement:
    """Each of a batch has what it has alone."""
    ids = case.inputs["ids"]
    alone = [run(case.with_inputs(ids=ids[n : n + 1])) for n in range(len(ids))]
    together = run(case)
    rows = [together[n : n + 1] for n in range(len(ids))]
    return compare(alone, rows, run.rounding(case))


def any_chunking_of_a_text_is_one_shot(run: OneBackend, case: Case) -> Agreement:
    """Caches hold what a token needs of those before it, in every block."""
    rng, ids = case.stream("chunks"), case.inputs["ids"]
    at = np.sort(rng.integers(0, ids.shape[1] + 1, rng.integers(1, 4)))
    with unchecked(), torch.no_grad():
        model = run.backend.build(run.part, case)
        caches = model.make_caches(len(ids), ids.shape[1] + 1)
        chunks = [
            as_array(model(run.backend.own(chunk), caches))
            for chunk in np.split(ids, at, axis=1)
        ]
    return compare(run(case), np.concatenate(chunks, axis=1), run.rounding(case))


def renaming_the_ids_renames_the_logits(run: OneBackend, case: Case) -> Agreement:
    """An id is a row of the table, and the head reads the same rows."""
    order = case.stream("new names").permutation(case.config["vocab_size"])
    rows = {"embedding.weight": case.parameters["embedding.weight"][order]}
    renamed = with_parameters(case, rows)
    renamed = renamed.with_inputs(ids=np.argsort(order)[case.inputs["ids"]])
    return compare(run(case)[..., order], run(renamed), run.rounding(case))


def blocks_that_add_nothing_leave_the_embedding(
    run: OneBackend, case: Case
) -> Agreement:
    """The logits are then those of its norm, times the table."""
    last = ("out_proj.weight", "down_proj.weight")
    zeros = {n: 0 * a for n, a in case.parameters.items() if n.endswith(last)}
    table = case.parameters["embedding.weight"]
    x = torch.from_numpy(table[case.inputs["ids"]])
    width, gain = (x.shape[-1],), torch.from_numpy(case.parameters["norm.weight"])
    normed = torch.nn.functional.rms_norm(x, width, gain, case.config["eps"])
    expected = normed @ torch.from_numpy(table).T
    empty = with_parameters(case, zeros)
    return compare(expected, run(empty), run.rounding(empty))


def the_table_has_the_gradients_of_embedding_and_head(
    run: OneBackend, case: Case
) -> Agreement:
    """One matrix is used twice: a gradient that leaves one out is another one."""
    gradient = run.gradients(case)["embedding.weight"]
    state = {n: torch.from_numpy(a) for n, a in case.parameters.items()}
    table = state.pop("embedding.weight")
    in_, out = table.clone().requires_grad_(), table.clone().requires_grad_()
    with unchecked():
        model = run.pair.build(TORCH, case)
        x = in_[torch.from_numpy(case.inputs["ids"])]
        for block in model.blocks:
            x = block(x)
        logits = model.norm(x) @ out.T
        logits.backward(torch.from_numpy(gradient_for(case, as_array(logits.detach()))))
    both = [each.grad for each in (in_, out) if each.grad is not None]
    unit = run.gradient_rounding(case, "embedding.weight")
    return compare(sum(both), gradient, unit)


def llama_for_causal_lm(case: Case) -> torch.Tensor:
    """Run transformers' Llama."""
    ids = torch.from_numpy(case.inputs["ids"])
    theirs = llama_config(case.config)
    model = modeling_llama.LlamaForCausalLM(theirs).to(getattr(torch, case.dtype))
    state = to_llama(case.parameters)
    state["lm_head.weight"] = state["model.embed_tokens.weight"]
    model.load_state_dict(state)
    with in_float64(modeling_llama), torch.no_grad():
        set_frequencies(model.model.rotary_emb, theirs)
        logits: torch.Tensor = model(ids, use_cache=False).logits
    return logits


def is_in_huggingface_layout(case: Case) -> bool:
    """Whether there is a token, and pairs are halves."""
    return bool(case.inputs["ids"].size) and case.config["pairing"] == "halves"


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Run a model of bytes on windows of a text."""
    ids = byte_windows(text)
    case = model_case({**WIDE, "vocab_size": 256}, ids, seed, np.float64)
    return [(described(ids), case.astype(dtype)) for dtype in PRECISIONS]


SKETCHES: dict[str, tuple[str, tuple[int, int], Any]] = {
    "small": ("Three tokens of five ids, two blocks.", (1, 3), np.float64),
    "batch": ("Texts do not see each other.", (2, 3), np.float64),
    "single-precision": ("float32 comes out so.", (1, 3), np.float32),
    "one-token": ("A token by itself.", (1, 1), np.float64),
    "no-token": ("No token in, and none out.", (1, 0), np.float64),
}


def examples(seed: int) -> Iterator[Example]:
    """Make the named cases."""
    for name, (comment, sizes, dtype) in SKETCHES.items():
        own = zlib.crc32(f"{seed}/{PATH}/{name}".encode())
        ids = np.random.default_rng(own).integers(0, SMALL["vocab_size"], sizes)
        yield Example(name, model_case(dict(SMALL), ids, own, dtype), comment)


def probes(seed: int) -> Iterator[Probe]:
    """Make texts around tiles."""
    for index, n_tokens in enumerate((17, 65)):
        rng = np.random.default_rng(seed + index)
        ids = rng.integers(0, WIDE["vocab_size"], (2, n_tokens))
        dtype = (np.float32, np.float64)[index % 2]
        case = model_case(dict(WIDE), ids, seed + index, dtype)
        yield Probe(f"{n_tokens} tokens of 97 ids, three blocks", case)


PAIR = Pair(
    path=PATH,
    cases=cases(),
    properties=(
        REPEATABLE,
        Property(later_tokens_change_no_earlier_logit, for_all=True),
        Property(texts_do_not_meet, for_all=True),
        Property(any_chunking_of_a_text_is_one_shot),
        Property(renaming_the_ids_renames_the_logits),
        Property(blocks_that_add_nothing_leave_the_embedding),
        Property(the_table_has_the_gradients_of_embedding_and_head),
        *GRADIENTS,
    ),
    rejections=(
        Rejection(
            ValueError,
            "n_layers must be at least 1, got 0",
            {**SMALL, "n_layers": 0},
        ),
        Rejection(
            IndexError,
            "index out of range in self",
            *(SMALL, "__call__", np.array([[5]])),
        ),
    ),
    oracles=(
        Oracle(
            "transformers’ LlamaForCausalLM",
            llama_for_causal_lm,
            cases().filter(is_in_huggingface_layout),
        ),
    ),
    on_text=on_text,
    examples=examples,
    probes=probes,
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal"}),
)


class TestLlama(PairTests):
    """All that is asked of every pair."""

    pair = PAIR

    def test_it_compiles_whole_with_caches_and_is_exported_without(self):
        torch.compiler.reset()  # what other tests compiled counts towards a limit
        model, ids = torch_impl.Llama(**WIDE).eval(), torch.arange(12).reshape(2, 6)
        whole = torch.compile(model, fullgraph=True, backend="eager")
        plain, compiled = (model.make_caches(2, capacity=9) for _ in range(2))
        exported = torch.export.export(model, (ids,)).module()

        with torch.no_grad():
            assert torch.equal(model(ids), exported(ids))
            for chunk in (ids, ids[:, :1], ids[:, :2]):
                assert torch.equal(model(chunk, plain), whole(chunk, compiled))

    def test_there_must_be_a_cache_for_each_block(self):
        for package, ids in ((reference, np.array([[1]])), (torch_impl, ONE)):
            model = package.Llama(**SMALL)
            with pytest.raises(ValueError, match="there must be 2 caches, got 1"):
                model(ids, model.make_caches(1, capacity=1)[:1])

    def test_at_first_each_id_is_about_as_probable(self):
        ids = np.random.default_rng(1).integers(0, 97, (4, 33))
        torch.manual_seed(1)
        model = reference.Llama(**WIDE, rng=np.random.default_rng(1))
        for logits in (
            model(ids[:, :-1]),
            as_array(torch_impl.Llama(**WIDE)(torch.from_numpy(ids[:, :-1])).detach()),
        ):
            loss = reference.cross_entropy(logits.astype(np.float64), ids[:, 1:])
            assert abs(loss - np.log(97)) < 0.05
