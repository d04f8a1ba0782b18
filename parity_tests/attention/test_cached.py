"""Cached attention: its properties, rejections, oracles and bridges."""

import tracemalloc
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from hypothesis import strategies as st

import reference
import torch_impl
from parity_tests.attention.bridges import by_torch
from parity_tests.attention.cases import attention_cases
from parity_tests.attention.changes import in_evaluation
from parity_tests.attention.onnx_oracle import TYPES
from parity_tests.attention.test_grouped_query import configurations
from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import Backend, unchecked
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
from parity_tests.text.real_text import PRECISIONS, described, embedding, windows

PATH = "attention/cached"
SMALL = {"d_in": 3, "d_out": 4, "num_heads": 2, "num_kv_heads": 1, "qkv_bias": True}
Sizes = tuple[int, int, int]  # texts, tokens of the longest that are cached, new ones
Use = Callable[[Any, Any, Callable[..., Any]], list[Any]]


class CachedPair(Pair):
    """Its cases hold a cache as three arrays, of which a cache is made for each run."""

    def build(self, backend: Backend, case: Case, part: Any = None) -> Any:
        """Build the module so that it takes the arrays in the place of a cache."""
        module = super().build(backend, case, part)
        module.forward = partial(on_arrays, module)
        return module


def on_arrays(
    module: Any, x: Any, keys: Any, values: Any, lengths: Any, **tape: Any
) -> Any:
    """Make a cache that holds these, and run the module."""
    n_before = keys.shape[2]
    made = module.make_cache(len(x), n_before + x.shape[1] + 1)
    made.keys[:, :, :n_before], made.values[:, :, :n_before] = keys, values
    made.lengths, made.longest = lengths + 0, n_before
    return type(module).forward(module, x, made, **tape)


def cached_case(
    config: dict[str, Any], sizes: Sizes, seed: int, dtype: Any, scale: float = 1.0
) -> Case:
    """Draw new tokens, and a cache of texts of unequal length."""
    n_texts, n_before, n_tokens = sizes
    head_dim = config["d_out"] // config["num_heads"]
    slots = (n_texts, config["num_kv_heads"], n_before, head_dim)
    x = numbers("normal", (n_texts, n_tokens, config["d_in"]), seed)
    keys, values = (numbers("normal", slots, seed + n) for n in (1, 2))
    lengths = np.random.default_rng(seed).integers(0, n_before + 1, n_texts)
    lengths[:1] = n_before  # one text is the longest
    arrays = {"x": scale * x, "past_keys": scale * keys, "past_values": values}
    inputs: dict[str, Any] = {n: a.astype(dtype) for n, a in arrays.items()}
    parameters = parameters_of(PATH, config, seed, dtype)
    return Case(config, inputs | {"lengths": lengths}, parameters, seed=seed)


@st.composite
def cached_cases(draw: st.DrawFn, even: bool = False) -> Case:
    """Draw texts of which some tokens are cached; `even` if as many in each text."""
    n_texts = draw(st.sampled_from((1, 2, 3, 2, 3, 4)))
    sizes = (
        n_texts,
        draw(st.sampled_from((0, 1, 2, 3, 5, 6))),
        draw(st.integers(1, 5)),
    )
    sizes = draw(st.sampled_from((sizes,) * 12 + ((0, 0, 2), (2, 3, 0))))
    case = cached_case(draw(configurations()), sizes, draw(seeds), draw(dtypes))
    for index, name in enumerate(("x", "past_keys", "past_values")):
        pattern, scale = draw(st.sampled_from(PATTERNS)), draw(st.sampled_from(SCALES))
        if name == "past_keys":
            # Where large scores tie, a gradient is w₀ w₁ (dw₀ - dw₁): the rounding of
            # w = exp(s - lse) cancels there, and in PyTorch's fused call it does not.
            pattern = "normal"
        drawn = scale * numbers(pattern, case.inputs[name].shape, case.seed + index)
        case = case.with_inputs(**{name: drawn.astype(case.dtype)})
    if even:
        lengths = np.full_like(case.inputs["lengths"], sizes[1])
        case = case.with_inputs(lengths=lengths)
    return case


def attend(
    run: OneBackend,
    case: Case,
    use: Callable[[Any, Any, Callable[..., Any]], list[Any]],
) -> list[Array]:
    """Run `use(module, cache, own)` with a cache that holds the past of a case.

    What it returns is converted to NumPy; `own` makes arrays of the backend's kind.
    """
    own, past = run.backend.own, case.inputs["past_keys"].shape[2]
    with unchecked(), torch.no_grad():
        module = run.backend.build(run.part, case)
        made = module.make_cache(len(case.inputs["x"]), past + 40)
        made.keys[:, :, :past] = own(case.inputs["past_keys"])
        made.values[:, :, :past] = own(case.inputs["past_values"])
        made.lengths, made.longest = own(case.inputs["lengths"] + 0), past
        return [as_array(each) for each in use(module, made, own)]


def cuts(case: Case) -> list[Array]:
    """Cut the new tokens into chunks of any sizes, empty ones included."""
    rng, x = case.stream("chunks"), case.inputs["x"]
    at = np.sort(rng.integers(0, x.shape[1] + 1, rng.integers(0, 4)))
    return np.split(x, at, axis=1)


def any_chunking_is_one_shot(run: OneBackend, case: Case) -> Agreement:
    """What a chunk appends is there for the next, at its position."""

    def in_chunks(module: Any, made: Any, own: Any) -> list[Any]:
        return [module(own(chunk), made) for chunk in cuts(case)]

    chunks = np.concatenate(attend(run, case, in_chunks), axis=1)
    return compare(run(case), chunks, run.rounding(case))


def without_a_cache_nothing_is_remembered(run: OneBackend, case: Case) -> Agreement:
    """A call without a cache takes its tokens for the whole text, each time."""

    def twice(module: Any, made: Any, own: Any) -> list[Any]:
        return [module(own(case.inputs["x"])) for _ in range(2)]

    first, second = attend(run, case, twice)
    return compare(first, second)


def drafts_that_are_taken_back_were_never_there(
    run: OneBackend, case: Case
) -> Agreement:
    """Appending tokens, cutting them off and going on is going on."""
    x, lengths = case.inputs["x"], case.inputs["lengths"]

    def draft(module: Any, made: Any, own: Any) -> list[Any]:
        module(own(1 - x), made)
        made.truncate(own(lengths))
        return [module(own(x), made)]

    return compare(run(case), attend(run, case, draft)[0], run.rounding(case))


def texts_may_be_reordered_and_copied(run: OneBackend, case: Case) -> Agreement:
    """As beam search does: each goes on from what it is a copy of."""
    n_texts = len(case.inputs["x"])
    order = case.stream("order of the texts").integers(0, max(n_texts, 1), n_texts)

    def reorder(module: Any, made: Any, own: Any) -> list[Any]:
        made.reorder(own(order))
        return [module(own(case.inputs["x"][order]), made)]

    moved = attend(run, case, reorder)[0]
    return compare(run(case)[order], moved, run.rounding(case))


def each_text_goes_on_by_itself(run: Implementation, case: Case) -> Agreement:
    """Alone, from its own tokens, it gets what it gets among longer ones."""
    expected, actual, together = [], [], run(case)
    for text, length in enumerate(case.inputs["lengths"]):
        own = {"x": case.inputs["x"][text : text + 1]}
        for name in ("past_keys", "past_values"):
            own[name] = case.inputs[name][text : text + 1, :, :length]
        alone = case.with_inputs(**own, lengths=np.array([length]))
        expected.append(run(alone))
        actual.append(together[text : text + 1])
    return compare(expected, actual, run.rounding(case))


def slots_behind_a_text_have_no_influence(run: Implementation, case: Case) -> Agreement:
    """What a longer text or a taken-back draft left there is not its own."""
    lengths, past = case.inputs["lengths"], case.inputs["past_keys"].shape[2]
    behind = (np.arange(past) >= lengths[:, None])[:, None, :, None]
    changed = {
        name: np.where(behind, case.inputs[name].dtype.type(7), case.inputs[name])
        for name in ("past_keys", "past_values")
    }
    return compare(run(case), run(case.with_inputs(**changed)), run.rounding(case))


def later_tokens_do_not_influence_earlier_ones(
    run: Implementation, case: Case
) -> Agreement:
    """Nor within a chunk."""
    x = case.inputs["x"].copy()
    x[:, -1:] = 1 - x[:, -1:]
    expected, actual = run(case)[:, :-1], run(case.with_inputs(x=x))[:, :-1]
    return compare(expected, actual, run.rounding(case))


def the_order_of_the_past_does_not_matter(run: Implementation, case: Case) -> Agreement:
    """Without positions in keys, only which tokens are there."""
    keys, values = (case.inputs[name].copy() for name in ("past_keys", "past_values"))
    rng = case.stream("order of the past")
    for text, length in enumerate(case.inputs["lengths"]):
        order = rng.permutation(length)
        for array in (keys, values):
            array[text, :, :length] = array[text, :, order].swapaxes(0, 1)
    moved = case.with_inputs(past_keys=keys, past_values=values)
    return compare(run(case), run(moved), run.rounding(case))


def slots_behind_a_text_have_no_gradient(run: OneBackend, case: Case) -> Agreement:
    """They are hidden, or overwritten."""
    lengths, past = case.inputs["lengths"], case.inputs["past_keys"].shape[2]
    behind = np.arange(past) >= lengths[:, None]
    gradients = run.gradients(case)
    found = [
        np.where(behind[:, None, :, None], gradients[name], 0)
        for name in ("past_keys", "past_values")
    ]
    return compare([np.zeros_like(each) for each in found], found)


def with_an_empty_cache_it_is_grouped_query_attention(
    run: OneBackend, case: Case
) -> Agreement:
    """On cases of grouped-query attention: only the past is new."""
    x = case.inputs["x"]
    x = x.reshape(-1, *x.shape[-2:]) if x.size else x.reshape(0, *x.shape[-2:])
    whole = in_evaluation(case.with_inputs(x=x))
    slots = (len(x), case.config["num_kv_heads"], 0)
    nothing = np.zeros(
        (*slots, case.config["d_out"] // case.config["num_heads"]), case.dtype
    )
    own = whole.with_inputs(
        past_keys=nothing, past_values=nothing, lengths=np.zeros(len(x), np.int64)
    )
    expected = by_torch("attention/grouped_query", whole)
    return compare(expected, run(own), run.rounding(own))


def text_by_text(case: Case) -> torch.Tensor:
    """Put past and new keys of each text in a row, and let PyTorch attend."""
    state = {name: torch.from_numpy(array) for name, array in case.parameters.items()}
    x = torch.from_numpy(case.inputs["x"])
    heads = {"W_query": case.config["num_heads"]}
    new = {}
    for name in ("W_query", "W_key", "W_value"):
        projected = F.linear(x, state[f"{name}.weight"], state.get(f"{name}.bias"))
        split = (heads.get(name, case.config["num_kv_heads"]), -1)
        new[name] = projected.unflatten(-1, split).transpose(1, 2)
    past = [
        torch.from_numpy(case.inputs[f"past_{each}"]) for each in ("keys", "values")
    ]
    contexts = []
    for text, length in enumerate(case.inputs["lengths"].tolist()):
        keys, values = (
            torch.cat([before[text, :, :length], new[name][text]], dim=1)
            for name, before in zip(("W_key", "W_value"), past, strict=True)
        )
        n_tokens = x.shape[1]
        mask = torch.ones(n_tokens, length + n_tokens).tril(length).bool()
        one = F.scaled_dot_product_attention(
            new["W_query"][text : text + 1],
            keys[None],
            values[None],
            attn_mask=mask,
            enable_gqa=True,
        )
        contexts.append(one.transpose(1, 2).flatten(-2))
    width = (0, x.shape[1], case.config["d_out"])
    context = torch.cat(contexts) if contexts else x.new_zeros(width)
    return F.linear(context, state["out_proj.weight"], state["out_proj.bias"])


MODEL = """
<ir_version: 11, opset_import: ["": 24]>
attention ({type}[B, T, E] Q, {type}[B, T, F] K, {type}[B, T, F] V,
           {type}[B, G, P, D] past_key, {type}[B, G, P, D] past_value)
    => ({type}[B, T, E] Y, {type}[B, G, S, D] key, {type}[B, G, S, D] value)
{{
    Y, key, value = Attention <
        is_causal = 1, q_num_heads = {heads}, kv_num_heads = {groups}
    > (Q, K, V, , past_key, past_value)
}}
"""


@cache
def evaluator(type: str, heads: int, groups: int) -> Any:
    """Build ONNX's operator with a past; skip the test without `onnx`."""
    onnx = pytest.importorskip("onnx")
    reference = pytest.importorskip("onnx.reference")
    text = MODEL.format(type=type, heads=heads, groups=groups)
    return reference.ReferenceEvaluator(onnx.parser.parse_model(text))


def by_onnx(case: Case) -> Array:
    """Let ONNX's Attention append to its past, which is as long in every text."""
    config, p, inputs = case.config, case.parameters, case.inputs

    def project(name: str, x: Array) -> Array:
        projected = x @ p[f"{name}.weight"].T
        return projected + p.get(f"{name}.bias", projected.dtype.type(0))

    names = {"Q": "W_query", "K": "W_key", "V": "W_value"}
    given = {each: project(name, inputs["x"]) for each, name in names.items()}
    past = {"past_key": inputs["past_keys"], "past_value": inputs["past_values"]}
    sizes = config["num_heads"], config["num_kv_heads"]
    context = evaluator(TYPES[case.dtype], *sizes).run(None, given | past)[0]
    return project("out_proj", context)


def has_tokens(case: Case) -> bool:
    """Whether there is a text with a new token."""
    return bool(case.inputs["x"].size)


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Let the second half of every window attend to the first, in the cache."""
    ids = windows(text)
    x = embedding(seed)(ids)
    config = {"d_in": x.shape[-1], "d_out": 32, "num_heads": 4, "num_kv_heads": 2}
    parameters = {
        name: array / 8
        for name, array in parameters_of(PATH, config, seed, np.float64).items()
    }
    past, new = np.array_split(x, 2, axis=1)
    cached = {}
    for own, name in (("W_key", "past_keys"), ("W_value", "past_values")):
        projected = past @ parameters[f"{own}.weight"].T
        by_head = projected.reshape(*past.shape[:2], config["num_kv_heads"], -1)
        cached[name] = by_head.swapaxes(1, 2)
    lengths = past.shape[1] - np.arange(len(x)) % 5
    inputs = {"x": new, **cached, "lengths": lengths}
    case = Case(config, inputs, parameters, seed=seed)
    return [(described(ids), case.astype(dtype)) for dtype in PRECISIONS]


SKETCHES: dict[str, tuple[str, Sizes, dict[str, Any]]] = {
    "small": ("Texts of unequal length go on by three tokens.", (2, 5, 3), {}),
    "decoding": ("One token at a time, at positions up to 7.", (3, 7, 1), {}),
    "beginning": ("Nothing is cached yet.", (2, 0, 4), {}),
    "single-precision": ("float32.", (2, 3, 2), {"dtype": np.float32}),
    "no-new-token": ("A chunk of no token appends nothing.", (2, 3, 0), {}),
    "no-text": ("A batch of no text.", (0, 0, 2), {}),
    "large-scores": ("exp overflows unless the maximum goes first.", (2, 3, 2), {}),
}


def examples(seed: int) -> Iterator[Example]:
    """Make the named cases."""
    for name, (comment, sizes, options) in SKETCHES.items():
        own_seed = zlib.crc32(f"{seed}/{PATH}/{name}".encode())
        dtype = options.get("dtype", np.float64)
        scale = 30.0 if name == "large-scores" else 1.0
        case = cached_case(dict(SMALL), sizes, own_seed, dtype, scale)
        yield Example(name, case, comment)


def probes(seed: int) -> Iterator[Probe]:
    """Make caches around tiles, decoded a token or a chunk at a time."""
    config = {**SMALL, "d_out": 24, "num_heads": 6, "num_kv_heads": 3}
    for index, sizes in enumerate(((3, 16, 1), (2, 33, 17), (5, 65, 2), (2, 0, 65))):
        dtype = (np.float32, np.float64)[index % 2]
        case = cached_case(config, sizes, seed + index, dtype)
        yield Probe(f"{sizes[2]} new tokens behind up to {sizes[1]}", case)


@dataclass(frozen=True, repr=False)
class OfCache(Rejection):
    """What is rejected in the use of a cache of two texts, with room for three."""

    use: Callable[..., Any] = print

    def ask(self, backend: Backend, part: Any) -> None:
        """Make attention and a cache in float64, and use them."""
        attention = part(**SMALL).double()
        self.use(attention, attention.make_cache(2, 3), backend.own)


TWO, FOUR = np.zeros((2, 2, 3)), np.zeros((2, 4, 3))
ROOM = "the cache has room for 3 tokens, of which"


def appended(attention: Any, made: Any, own: Any, x: Array) -> Any:
    """Append two tokens, and then others."""
    attention(own(TWO), made)
    return attention(own(x), made)


PAIR = CachedPair(
    path=PATH,
    cases=cached_cases(),
    properties=(
        REPEATABLE,
        Property(each_text_goes_on_by_itself, for_all=True),
        Property(slots_behind_a_text_have_no_influence, for_all=True),
        Property(later_tokens_do_not_influence_earlier_ones, for_all=True),
        Property(the_order_of_the_past_does_not_matter, for_all=True),
        Property(any_chunking_is_one_shot),
        Property(without_a_cache_nothing_is_remembered),
        Property(drafts_that_are_taken_back_were_never_there),
        Property(texts_may_be_reordered_and_copied),
        Property(slots_behind_a_text_have_no_gradient),
        Property(
            with_an_empty_cache_it_is_grouped_query_attention,
            attention_cases("attention/grouped_query", configurations()),
        ),
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
            "x must have d_in = 3 channels, got 2",
            *(SMALL, "__call__", np.zeros((1, 2, 2))),
        ),
        Rejection(
            ValueError,
            "x must have shape (B, T, C), got (2, 3)",
            *(SMALL, "__call__", np.zeros((2, 3))),
        ),
        OfCache(
            ValueError,
            "texts, heads and channels must be those of the cache, (2, 1, 2), "
            "got (5, 1, 2)",
            use=lambda attention, made, own: attention(own(np.zeros((5, 1, 3))), made),
        ),
        OfCache(
            ValueError,
            f"{ROOM} 0 are used, got 4",
            use=lambda attention, made, own: attention(own(FOUR), made),
        ),
        OfCache(ValueError, f"{ROOM} 2 are used, got 2", use=partial(appended, x=TWO)),
        OfCache(
            TypeError,
            "keys must have the dtype of the cache, float64, got float32",
            use=lambda attention, made, own: attention.float()(
                own(TWO.astype(np.float32)), made
            ),
        ),
        OfCache(
            ValueError,
            "texts have [0, 0] tokens, and cannot keep [1, 0]",
            use=lambda attention, made, own: made.truncate(own(np.array([1, 0]))),
        ),
        OfCache(
            ValueError,
            "texts have [0, 0] tokens, and cannot keep [-1, -1]",
            use=lambda attention, made, own: made.truncate(-1),
        ),
    ),
    oracles=(
        Oracle("F.scaled_dot_product_attention, text by text", text_by_text),
        Oracle(
            "ONNX's Attention with a past",
            by_onnx,
            cached_cases(even=True).filter(has_tokens),
        ),
    ),
    on_text=on_text,
    examples=examples,
    probes=probes,
    conventions=(NOT_EMPTY,),
    abilities=frozenset({"causal"}),
)


class TestCachedAttention(PairTests):
    """All that is asked of every pair."""

    pair = PAIR

    def test_it_compiles_whole_with_a_cache_and_is_exported_without(self):
        torch.compiler.reset()  # what other tests compiled counts towards a limit
        attention, x = torch_impl.CachedAttention(3, 6, 3, 1), torch.randn(2, 4, 3)
        whole = torch.compile(attention, fullgraph=True, backend="eager")
        plain_cache, cache_of_whole = (attention.make_cache(2, 9) for _ in range(2))
        exported = torch.export.export(attention, (x,)).module()

        with torch.no_grad():
            assert torch.equal(attention(x), exported(x))
            for chunk in (x, x[:, :1], x[:, :1], x[:, :2]):
                expected = attention(chunk, plain_cache)
                assert torch.equal(expected, whole(chunk, cache_of_whole))

    def test_under_autocast_a_cache_has_the_dtype_of_the_keys(self):
        attention, x = torch_impl.CachedAttention(3, 6, 3, 1), torch.randn(2, 4, 3)

        with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
            made = attention.make_cache(2, 9)
            assert made.keys.dtype == torch.bfloat16
            assert attention(x, made).dtype == torch.bfloat16

    def test_reading_copies_nothing(self):
        made = torch_impl.KeyValueCache(2, 1, 8, 3)
        made.append(torch.ones(2, 1, 5, 3), torch.ones(2, 1, 5, 3))
        keys, values = made.read()

        assert keys.data_ptr() == made.keys.data_ptr()
        assert values.data_ptr() == made.values.data_ptr()

    def test_what_a_later_chunk_overwrites_was_saved_for_backward(self):
        attention = reference.CachedAttention(3, 6, 3, 1, rng=np.random.default_rng(1))
        x = np.random.default_rng(2).normal(size=(2, 4, 3))
        gradients = []
        for goes_on in (False, True):
            tape, made = reference.Tape(), attention.make_cache(2, 9)
            output = attention(x, made, tape)
            if goes_on:
                made.truncate(np.array([1, 3]))
                attention(-x, made)
            gradients.append(attention.backward(np.ones_like(output), tape)[0])

        assert np.array_equal(*gradients)

    def test_a_step_copies_nothing_of_the_cache(self):
        attention = reference.CachedAttention(8, 256, 4, 2)
        made = attention.make_cache(batch_size=1, capacity=4096)
        attention(np.ones((1, 4000, 8)), made)
        tracemalloc.start()
        attention(np.ones((1, 1, 8)), made)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()

        assert peak < made.keys.nbytes / 2
