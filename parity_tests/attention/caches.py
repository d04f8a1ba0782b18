"""What pairs with a cache of keys and values share: cases, properties, rejections."""

import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from hypothesis import strategies as st

from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import Backend, unchecked
from parity_tests.contract.case import Array, Case
from parity_tests.contract.example import Example
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.pair import Pair
from parity_tests.contract.patterns import PATTERNS, SCALES, numbers
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import dtypes, parameters_of, seeds

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


def width_of(config: dict[str, Any]) -> int:
    """Return how many channels a token has."""
    width: int = config.get("d_in") or config["emb_dim"]
    return width


def head_dim_of(config: dict[str, Any]) -> int:
    """Return how many channels a head has."""
    width: int = config.get("d_out") or config["emb_dim"]
    return width // config["num_heads"]


def cached_case(
    path: str,
    config: dict[str, Any],
    sizes: Sizes,
    seed: int,
    dtype: Any,
    scale: float = 1.0,
) -> Case:
    """Draw new tokens, and a cache of texts of unequal length."""
    n_texts, n_before, n_tokens = sizes
    slots = (n_texts, config["num_kv_heads"], n_before, head_dim_of(config))
    x = numbers("normal", (n_texts, n_tokens, width_of(config)), seed)
    keys, values = (numbers("normal", slots, seed + n) for n in (1, 2))
    lengths = np.random.default_rng(seed).integers(0, n_before + 1, n_texts)
    lengths[:1] = n_before  # one text is the longest
    arrays = {"x": scale * x, "past_keys": scale * keys, "past_values": values}
    inputs: dict[str, Any] = {n: a.astype(dtype) for n, a in arrays.items()}
    parameters = parameters_of(path, config, seed, dtype)
    return Case(config, inputs | {"lengths": lengths}, parameters, seed=seed)


@st.composite
def cached_cases(
    draw: st.DrawFn,
    path: str,
    configurations: st.SearchStrategy[dict[str, Any]],
    even: bool = False,
) -> Case:
    """Draw texts of which some tokens are cached; `even` if as many in each text."""
    n_texts = draw(st.sampled_from((1, 2, 3, 2, 3, 4)))
    sizes = (
        n_texts,
        draw(st.sampled_from((0, 1, 2, 3, 5, 6))),
        draw(st.integers(1, 5)),
    )
    sizes = draw(st.sampled_from((sizes,) * 12 + ((0, 0, 2), (2, 3, 0))))
    config, seed, dtype = draw(configurations), draw(seeds), draw(dtypes)
    case = cached_case(path, config, sizes, seed, dtype)
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
    use: Use,
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


def has_tokens(case: Case) -> bool:
    """Whether there is a text with a new token."""
    return bool(case.inputs["x"].size)


PROPERTIES = (
    REPEATABLE,
    Property(each_text_goes_on_by_itself, for_all=True),
    Property(slots_behind_a_text_have_no_influence, for_all=True),
    Property(later_tokens_do_not_influence_earlier_ones, for_all=True),
    Property(any_chunking_is_one_shot),
    Property(without_a_cache_nothing_is_remembered),
    Property(drafts_that_are_taken_back_were_never_there),
    Property(texts_may_be_reordered_and_copied),
    Property(slots_behind_a_text_have_no_gradient),
    *GRADIENTS,
)


SKETCHES: dict[str, tuple[str, Sizes, dict[str, Any]]] = {
    "small": ("Texts of unequal length go on by three tokens.", (2, 5, 3), {}),
    "decoding": ("One token at a time, at positions up to 7.", (3, 7, 1), {}),
    "beginning": ("Nothing is cached yet.", (2, 0, 4), {}),
    "single-precision": ("float32.", (2, 3, 2), {"dtype": np.float32}),
    "no-new-token": ("A chunk of no token appends nothing.", (2, 3, 0), {}),
    "no-text": ("A batch of no text.", (0, 0, 2), {}),
    "large-scores": ("exp overflows unless the maximum goes first.", (2, 3, 2), {}),
}


def cached_examples(path: str, small: dict[str, Any], seed: int) -> Iterator[Example]:
    """Make the named cases."""
    for name, (comment, sizes, options) in SKETCHES.items():
        own_seed = zlib.crc32(f"{seed}/{path}/{name}".encode())
        dtype = options.get("dtype", np.float64)
        scale = 30.0 if name == "large-scores" else 1.0
        case = cached_case(path, dict(small), sizes, own_seed, dtype, scale)
        yield Example(name, case, comment)


def cached_probes(path: str, config: dict[str, Any], seed: int) -> Iterator[Probe]:
    """Make caches around tiles, decoded a token or a chunk at a time."""
    for index, sizes in enumerate(((3, 16, 1), (2, 33, 17), (5, 65, 2), (2, 0, 65))):
        dtype = (np.float32, np.float64)[index % 2]
        case = cached_case(path, config, sizes, seed + index, dtype)
        yield Probe(f"{sizes[2]} new tokens behind up to {sizes[1]}", case)


@dataclass(frozen=True, repr=False)
class OfCache(Rejection):
    """What is rejected in the use of a cache of two texts, with room for three."""

    use: Callable[..., Any] = print

    def ask(self, backend: Backend, part: Any) -> None:
        """Make attention and a cache in float64, and use them."""
        attention = part(**self.arguments).double()
        self.use(attention, attention.make_cache(2, 3), backend.own)


def rejected_of_caches(small: dict[str, Any]) -> tuple[Rejection, ...]:
    """Gather what is rejected of a chunk, and in the use of a cache."""
    width, groups = width_of(small), small["num_kv_heads"]
    own = f"{groups}, {head_dim_of(small)}"
    one, two, four = (np.zeros((2, n, width)) for n in (1, 2, 4))
    room = "the cache has room for 3 tokens, of which"

    def twice(attention: Any, made: Any, own: Any) -> None:
        attention(own(two), made)
        attention(own(two), made)

    return (
        Rejection(
            ValueError,
            f"num_heads must be a multiple of num_kv_heads, got {small['num_heads']} "
            f"and {2 * small['num_heads']}",
            {**small, "num_kv_heads": 2 * small["num_heads"]},
        ),
        Rejection(
            ValueError,
            f"x must have d_in = {width} channels, got {width - 1}",
            *(small, "__call__", np.zeros((1, 2, width - 1))),
        ),
        Rejection(
            ValueError,
            f"x must have shape (B, T, C), got (2, {width})",
            *(small, "__call__", np.zeros((2, width))),
        ),
        OfCache(
            ValueError,
            f"texts, heads and channels must be those of the cache, (2, {own}), "
            f"got (5, {own})",
            small,
            use=lambda attend, made, own: attend(own(np.zeros((5, 1, width))), made),
        ),
        OfCache(
            ValueError,
            f"{room} 0 are used, got 4",
            small,
            use=lambda attend, made, own: attend(own(four), made),
        ),
        OfCache(ValueError, f"{room} 2 are used, got 2", small, use=twice),
        OfCache(
            TypeError,
            "keys must have the dtype of the cache, float64, got float32",
            small,
            use=lambda attend, made, own: attend.float()(
                own(one.astype(np.float32)), made
            ),
        ),
        OfCache(
            ValueError,
            "texts have [0, 0] tokens, and cannot keep [1, 0]",
            small,
            use=lambda attend, made, own: made.truncate(own(np.array([1, 0]))),
        ),
        OfCache(
            ValueError,
            "texts have [0, 0] tokens, and cannot keep [-1, -1]",
            small,
            use=lambda attend, made, own: made.truncate(-1),
        ),
    )
