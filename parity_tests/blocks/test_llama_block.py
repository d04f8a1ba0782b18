"""A block of Llama: its properties and oracles."""

import zlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st
from transformers import LlamaConfig
from transformers.models.llama import modeling_llama

from parity_tests.attention.bridges import by_torch
from parity_tests.attention.changes import with_parameters
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.example import Example
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.patterns import PATTERNS, SCALES, numbers
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import dtypes, parameters_of, seeds
from parity_tests.oracles.float64 import in_float64
from parity_tests.oracles.llama import in_huggingface_layout, llama_config, to_llama
from parity_tests.text.real_text import PRECISIONS, described, embedding, windows

PATH = "blocks/llama_block"
SMALL = {"emb_dim": 4, "hidden_dim": 3, "num_heads": 2, "num_kv_heads": 1}
WIDE = {"emb_dim": 24, "hidden_dim": 40, "num_heads": 6, "num_kv_heads": 3}
NORMS = ("norm1.weight", "norm2.weight")
GAINS = st.sampled_from((1.0, 1.0, 5.0, 30.0, 1e3))  # exponentials overflow
Config = Mapping[str, Any]


@st.composite
def configurations(draw: st.DrawFn) -> dict[str, Any]:
    """Draw heads in groups, a hidden width, and eps as it is in use, and large."""
    groups, group_size = draw(st.integers(1, 2)), draw(st.integers(1, 3))
    return {
        "emb_dim": groups * group_size * draw(st.sampled_from((2, 4))),
        "hidden_dim": draw(st.integers(1, 6)),
        "num_heads": groups * group_size,
        "num_kv_heads": groups,
        "theta": draw(st.sampled_from((10_000.0, 100.0))),
        "eps": draw(st.sampled_from((1e-5, 1e-6, 1e-2))),
        "pairing": draw(st.sampled_from(("halves", "neighbours"))),
    }


def block_case(config: Config, x: Array, seed: int, dtype: Any) -> Case:
    """Make a case of vectors and parameters."""
    parameters = parameters_of(PATH, config, seed, dtype)
    return Case(config, {"x": x.astype(dtype)}, parameters, seed=seed)


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Draw texts, now and then none, or of no token."""
    config, seed = draw(configurations()), draw(seeds)
    sizes = draw(st.sampled_from(((1, 1), (2, 3), (1, 5), (3, 4), (0, 2), (2, 0))))
    pattern, scale = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from(SCALES))
    x = scale * numbers(pattern, (*sizes, config["emb_dim"]), seed)
    case = block_case(config, x, seed, draw(dtypes))
    gains = {name: draw(GAINS) * case.parameters[name] for name in NORMS}
    return with_parameters(case, gains)


def it_is_its_parts_in_turn(run: OneBackend, case: Case) -> Agreement:
    """Each part is a pair of its own."""
    config = case.config
    sizes = {"dim": config["emb_dim"], "eps": config["eps"]}
    heads = {n: config[n] for n in ("num_heads", "num_kv_heads", "theta", "pairing")}

    def part(path: str, name: str, config: Config, **inputs: Any) -> torch.Tensor:
        own = f"{name}."
        state = {
            n.removeprefix(own): a
            for n, a in case.parameters.items()
            if n.startswith(own)
        }
        return by_torch(path, Case(config, inputs, state)).detach()

    x = case.inputs["x"]
    normed = part("norms/rms_norm", "norm1", sizes, x=x)
    attention = {"emb_dim": config["emb_dim"], **heads}
    slots = (
        len(x),
        config["num_kv_heads"],
        0,
        config["emb_dim"] // config["num_heads"],
    )
    past = {f"past_{name}": np.zeros(slots, case.dtype) for name in ("keys", "values")}
    past["lengths"] = np.zeros(len(x), np.int64)
    attended = part("attention/llama", "attention", attention, x=normed.numpy(), **past)
    between = torch.from_numpy(x) + attended
    normed = part("norms/rms_norm", "norm2", sizes, x=between.numpy())
    widths = {"emb_dim": config["emb_dim"], "hidden_dim": config["hidden_dim"]}
    computed = part("blocks/swiglu", "feed_forward", widths, x=normed.numpy())
    return compare(between + computed, run(case), run.rounding(case))


def parts_that_give_zero_leave_x_as_it_is(run: OneBackend, case: Case) -> Agreement:
    """The shortcuts add nothing of their own."""
    last = ("attention.out_proj.weight", "feed_forward.down_proj.weight")
    zeros = {name: np.zeros_like(case.parameters[name]) for name in last}
    return compare(case.inputs["x"], run(with_parameters(case, zeros)))


def doubling_x_and_quadrupling_eps_adds_the_same(
    run: OneBackend, case: Case
) -> Agreement:
    """The first norm divides the length out: attention takes the same from 2x."""
    twice = case.with_inputs(x=2 * case.inputs["x"])
    config = {**case.config, "eps": 4 * case.config["eps"]}
    twice = Case(config, twice.inputs, twice.parameters, seed=case.seed)
    expected = run.quantity("attended", case)
    unit = run.rounding(case, "attended")
    return compare(expected, run.quantity("attended", twice), unit)


def later_tokens_do_not_influence_earlier_ones(
    run: Implementation, case: Case
) -> Agreement:
    """Attention is causal, and the rest sees one token at a time."""
    x = case.inputs["x"].copy()
    x[:, -1:] = 1 - x[:, -1:]
    earlier = run(case.with_inputs(x=x))[:, :-1]
    return compare(run(case)[:, :-1], earlier, run.rounding(case))


def texts_do_not_meet(run: Implementation, case: Case) -> Agreement:
    """Each of a batch has what it has alone."""
    x = case.inputs["x"]
    alone = [run(case.with_inputs(x=x[n : n + 1])) for n in range(len(x))]
    together = run(case)
    rows = [together[n : n + 1] for n in range(len(x))]
    return compare(alone, rows, run.rounding(case))


def decoder_layer(case: Case) -> torch.Tensor:
    """Run the decoder layer of transformers' Llama."""
    x = torch.from_numpy(case.inputs["x"])
    theirs: LlamaConfig = llama_config(case.config)
    layer = modeling_llama.LlamaDecoderLayer(theirs, layer_idx=0).to(x.dtype)
    layer.load_state_dict(to_llama(case.parameters))
    hidden = torch.full((x.shape[1], x.shape[1]), -torch.inf, dtype=x.dtype).triu(1)
    with in_float64(modeling_llama):
        tables = in_huggingface_layout(theirs, x, torch.arange(x.shape[1])[None])
        output: torch.Tensor = layer(
            x, attention_mask=hidden[None, None], position_embeddings=tables
        )
    return output


def is_in_huggingface_layout(case: Case) -> bool:
    """Whether there is a token, and pairs are halves."""
    return bool(case.inputs["x"].size) and case.config["pairing"] == "halves"


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Run a block on windows of embedded tokens."""
    ids = windows(text)
    x = embedding(seed)(ids)
    sizes = {"emb_dim": x.shape[-1], "hidden_dim": 48, "num_heads": 4}
    config = {**sizes, "num_kv_heads": 2}
    case = block_case(config, x, seed, np.float64)
    case = with_parameters(case, {n: a / 8 for n, a in case.parameters.items()})
    return [(described(ids), case.astype(dtype)) for dtype in PRECISIONS]


SKETCHES: dict[str, tuple[str, tuple[int, int], Any, float]] = {
    "small": ("Three tokens of four channels.", (1, 3), np.float64, 1.0),
    "batch": ("Texts do not see each other.", (2, 3), np.float64, 1.0),
    "single-precision": ("float32 comes out so.", (1, 3), np.float32, 1.0),
    "one-token": ("A token by itself.", (1, 1), np.float64, 1.0),
    "no-token": ("No token in, and none out.", (1, 0), np.float64, 1.0),
    "small-values": ("eps counts as much as what is normed.", (1, 3), np.float64, 3e-3),
}


def examples(seed: int) -> Iterator[Example]:
    """Make the named cases."""
    for name, (comment, sizes, dtype, scale) in SKETCHES.items():
        own = zlib.crc32(f"{seed}/{PATH}/{name}".encode())
        x = scale * numbers("normal", (*sizes, SMALL["emb_dim"]), own)
        yield Example(name, block_case(dict(SMALL), x, own, dtype), comment)


def probes(seed: int) -> Iterator[Probe]:
    """Make texts around tiles."""
    for index, n_tokens in enumerate((17, 33, 65)):
        x = numbers("normal", (2, n_tokens, WIDE["emb_dim"]), seed + index)
        dtype = (np.float32, np.float64)[index % 2]
        case = block_case(dict(WIDE), x, seed + index, dtype)
        yield Probe(f"{n_tokens} tokens of 6 heads in 3 groups", case)


PAIR = Pair(
    path=PATH,
    cases=cases(),
    properties=(
        REPEATABLE,
        Property(later_tokens_do_not_influence_earlier_ones, for_all=True),
        Property(texts_do_not_meet, for_all=True),
        Property(it_is_its_parts_in_turn),
        Property(parts_that_give_zero_leave_x_as_it_is),
        Property(doubling_x_and_quadrupling_eps_adds_the_same),
        *GRADIENTS,
    ),
    rejections=(
        Rejection(
            ValueError,
            "num_heads must be a multiple of num_kv_heads, got 2 and 4",
            {**SMALL, "num_kv_heads": 4},
        ),
        Rejection(
            ValueError,
            "emb_dim must be a multiple of num_heads, got 5 and 2",
            {**SMALL, "emb_dim": 5},
        ),
        Rejection(
            ValueError,
            "x must have d_in = 4 channels, got 3",
            *(SMALL, "__call__", np.zeros((1, 2, 3))),
        ),
    ),
    oracles=(
        Oracle(
            "transformers’ decoder layer of Llama",
            decoder_layer,
            cases().filter(is_in_huggingface_layout),
        ),
    ),
    on_text=on_text,
    examples=examples,
    probes=probes,
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal"}),
)


class TestLlamaBlock(PairTests):
    """All that is asked of every pair."""

    pair = PAIR
