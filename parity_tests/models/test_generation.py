"""Generation: properties and oracles of one choice, and texts token by token."""

import math
import zlib
from collections.abc import Iterator
from importlib import import_module
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import strategies as st
from transformers.generation import logits_process as hf

from parity_tests.attention.changes import with_config
from parity_tests.contract.agreement import Agreement, as_array, compare
from parity_tests.contract.backend import BACKENDS, REFERENCE, TORCH, Backend
from parity_tests.contract.case import Array, Case
from parity_tests.contract.convention import NOT_EMPTY
from parity_tests.contract.example import Example
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.oracle import Oracle
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.contract.patterns import numbers
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection, rejection
from parity_tests.contract.strategies import dtypes, parameters_of, seeds
from parity_tests.text.real_text import PRECISIONS

PATH = "models/generation"
TEMPERATURES = st.sampled_from((1.0, 0.7, 2.5, 0.0))
TOP_K = st.sampled_from((None, 1, 2, 3, 50))
TOP_P = st.sampled_from((None, 0.37, 0.62, 0.83, 0.93, 1.0))  # no n-th parts of 1


@st.composite
def cases(draw: st.DrawFn, patterns: Any = ("normal", "ties", "ones")) -> Case:
    """Draw rows of logits, some of them equal or minus infinity, and how to choose."""
    n_rows, n_ids = draw(st.sampled_from((5, 16, 1, 0))), draw(st.integers(1, 9))
    seed, pattern = draw(seeds), draw(st.sampled_from(patterns))
    scale, dtype = draw(st.sampled_from((1.0, 1.0, 1e-3, 5.0, 1e3))), draw(dtypes)
    logits = scale * numbers(pattern, (n_rows, n_ids), seed)
    if pattern == "normal" and draw(st.booleans()):
        out = np.random.default_rng(seed).random(logits.shape) < 0.3
        out[:, 0] = False
        logits = np.where(out, -np.inf, logits)
    config = {
        "temperature": draw(TEMPERATURES),
        "top_k": draw(TOP_K),
        "top_p": draw(TOP_P),
    }
    return case_of(config, logits.astype(dtype), seed)


def case_of(config: dict[str, Any], logits: Array, seed: int) -> Case:
    """Add a draw for each row."""
    draws = np.random.default_rng([seed, 1]).random(len(logits)).astype(logits.dtype)
    draws = np.minimum(draws, np.nextafter(draws.dtype.type(1), draws.dtype.type(0)))
    return Case(config, {"logits": logits, "draws": draws}, seed=seed)


def at_temperature(case: Case) -> Case:
    """Let draws count."""
    return with_config(case, temperature=case.config["temperature"] or 1.5)


def greedy(case: Case) -> Array:
    """Take the largest logit, and of equal ones the lower id."""
    return np.argmax(case.inputs["logits"], axis=-1)


def probabilities_of(case: Case) -> list[list[tuple[int, float]]]:
    """List, for each row, ids with their probabilities, by the definitions in a loop.

    The most probable come first.
    """
    temperature = case.config["temperature"]
    top_k, top_p = case.config["top_k"], case.config["top_p"] or 1.0
    rows = []
    for logits in case.inputs["logits"].tolist():
        best = sorted(range(len(logits)), key=lambda n: (-logits[n], n))[:top_k]
        exps = [math.exp((logits[n] - logits[best[0]]) / temperature) for n in best]
        n_left = 1
        while top_p < 1 and math.fsum(exps[:n_left]) < top_p * math.fsum(exps):
            n_left += 1
        left = exps[: n_left if top_p < 1 else None]
        pairs = zip(best, left, strict=False)
        rows.append([(n, e / math.fsum(left)) for n, e in pairs])
    return rows


def by_definition(case: Case) -> Array:
    """Add up probabilities until they exceed the draw, one row after another."""
    if case.config["temperature"] == 0:
        return greedy(case)
    chosen = []
    for row, draw in zip(
        probabilities_of(case), case.inputs["draws"].tolist(), strict=True
    ):
        sums = [math.fsum(p for _, p in row[: n + 1]) for n in range(len(row))]
        places = [n for n, total in enumerate(sums) if total > draw]
        last = max(n for n, (_, p) in enumerate(row) if p > 0)
        chosen.append(row[places[0] if places else last][0])
    return np.array(chosen, np.int64)


def by_warpers(case: Case) -> Array:
    """Let transformers change the logits, and invert the sums of their softmax."""
    temperature = case.config["temperature"]
    top_k, top_p = case.config["top_k"], case.config["top_p"]
    scores = torch.from_numpy(case.inputs["logits"])
    if temperature == 0:
        return as_array(scores.argmax(-1))
    warpers: list[Any] = [hf.TemperatureLogitsWarper(temperature)]
    warpers += [hf.TopKLogitsWarper(top_k)] if top_k else []
    warpers += [hf.TopPLogitsWarper(top_p)] if top_p else []
    for warper in warpers:
        scores = warper(None, scores)
    probabilities, ids = scores.double().softmax(-1).sort(-1, descending=True)
    sums = probabilities.cumsum(-1)
    place = (sums <= torch.from_numpy(case.inputs["draws"])[:, None]).sum(-1)
    return as_array(ids[torch.arange(len(ids)), place.clamp(max=ids.shape[-1] - 1)])


def is_plain(case: Case) -> bool:
    """Whether all logits are finite and not too far apart: no sum is 1 too soon."""
    logits = case.inputs["logits"]
    return bool(logits.size and np.abs(logits).max() < 20)


def a_draw_of_zero_is_greedy(run: Implementation, case: Case) -> Agreement:
    """The most probable id comes first, and of equal ones the lower."""
    zeros = 0 * case.inputs["draws"]
    return compare(greedy(case), run(case.with_inputs(draws=zeros)))


def an_id_of_minus_infinity_is_never_chosen(
    run: Implementation, case: Case
) -> Agreement:
    """Whatever is drawn: one below 1 as well."""
    logits = case.inputs["logits"].copy()
    logits[:, 1::2] = -np.inf
    largest = np.nextafter(logits.dtype.type(1), logits.dtype.type(0))
    for draw in (case.inputs["draws"], np.full(len(logits), largest)):
        chosen = run(case.with_inputs(logits=logits, draws=draw))
        if (chosen % 2).any():
            return compare(chosen - chosen % 2, chosen)
    return compare(chosen, chosen)


def rows_do_not_meet(run: Implementation, case: Case) -> Agreement:
    """Each text of a batch goes on as it does alone."""
    logits, draws = case.inputs["logits"], case.inputs["draws"]
    rows = [slice(n, n + 1) for n in range(len(logits))]
    alone = [run(case.with_inputs(logits=logits[r], draws=draws[r])) for r in rows]
    return compare(alone, [run(case)[r] for r in rows])


def a_larger_draw_chooses_no_more_probable_id(
    run: Implementation, case: Case
) -> Agreement:
    """Ids come in order: the logit of what is chosen never rises."""
    logits = np.repeat(case.inputs["logits"][:1], len(case.inputs["logits"]), axis=0)
    draws = np.sort(case.inputs["draws"])
    chosen = run(case.with_inputs(logits=logits, draws=draws))
    found = np.take_along_axis(logits, chosen[:, None], axis=-1)[:, 0]
    return compare(np.minimum.accumulate(found), found)


def doubling_logits_and_temperature_changes_nothing(
    run: OneBackend, case: Case
) -> Agreement:
    """Temperature is the unit of logits."""
    twice = case.with_inputs(logits=2 * case.inputs["logits"])
    hot = with_config(twice, temperature=2 * case.config["temperature"])
    return compare(run(case), run(hot))


def temperature_zero_and_one_candidate_are_greedy(
    run: OneBackend, case: Case
) -> Agreement:
    """Whatever is drawn."""
    cold = run(with_config(case, temperature=0.0))
    alone = run(with_config(at_temperature(case), top_k=1))
    return compare([greedy(case)] * 2, [cold, alone])


def the_whole_vocabulary_and_all_of_the_probability_change_nothing(
    run: OneBackend, case: Case
) -> Agreement:
    """top_k = V and top_p = 1 are as if they were not there."""
    case = at_temperature(case)
    n_ids = case.inputs["logits"].shape[-1]
    plain = run(with_config(case, top_k=None, top_p=None))
    given = run(with_config(case, top_k=n_ids, top_p=1.0))
    return compare(plain, given)


def renaming_the_ids_renames_the_choice(run: OneBackend, case: Case) -> Agreement:
    """Where no logits are equal, nothing depends on the number of an id."""
    shape = case.inputs["logits"].shape
    logits = case.stream("logits").normal(size=shape).astype(case.dtype)
    order = case.stream("new names").permutation(shape[-1])
    expected = run(case.with_inputs(logits=logits))
    found = run(case.with_inputs(logits=logits[:, order]))
    return compare(expected, order[found])


def equal_draws_in_all_parts_choose_as_often_as_is_probable(
    run: OneBackend, case: Case
) -> Agreement:
    """A grid of n draws: each id is chosen p n times, up to one."""
    case, n = at_temperature(case), 256
    logits = case.inputs["logits"][:1]
    draws = ((np.arange(n * len(logits)) + 0.5) / n).astype(case.dtype)
    row = case.with_inputs(logits=np.repeat(logits, n, axis=0), draws=draws)
    counts = np.bincount(run(row), minlength=logits.shape[-1])
    expected = np.zeros(logits.shape[-1])
    for pairs in probabilities_of(case.with_inputs(logits=logits)):
        for number, probability in pairs:
            expected[number] = n * probability
    nearest = np.clip(counts, expected - 1.001, expected + 1.001)
    return compare(nearest, counts.astype(np.float64))


def on_text(text: str, seed: int) -> list[tuple[str, Case]]:
    """Choose the byte after each of a text, as often as it comes after it there."""
    ids = np.frombuffer(text.encode("utf-8", "surrogatepass"), np.uint8)
    counts = np.full((256, 256), 0.01)
    np.add.at(counts, (ids[:-1], ids[1:]), 1)
    logits = np.log(counts[ids[:64]])
    config = {"temperature": 0.8, "top_k": 40, "top_p": 0.9}
    told = f"{len(logits)} bytes, of 256 kinds"
    return [(told, case_of(config, logits.astype(d), seed)) for d in PRECISIONS]


SKETCHES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "small": ("Two rows of six ids.", "normal", {}),
    "greedy": ("Nothing is left to the draw.", "normal", {"temperature": 0.0}),
    "hot": ("Unlikely ids are chosen as well.", "normal", {"temperature": 2.5}),
    "top-k": ("Three stay.", "normal", {"top_k": 3}),
    "top-p": ("The one that crosses p stays.", "normal", {"top_p": 0.6}),
    "both": ("Top-p of what top-k leaves.", "normal", {"top_k": 4, "top_p": 0.6}),
    "ties": ("Of equal logits the lower id.", "ties", {"top_k": 2}),
    "single-precision": ("float32.", "normal", {"top_p": 0.83}),
}


def examples(seed: int) -> Iterator[Example]:
    """Make the named cases."""
    plain = {"temperature": 1.0, "top_k": None, "top_p": None}
    for name, (comment, pattern, own) in SKETCHES.items():
        own_seed = zlib.crc32(f"{seed}/{PATH}/{name}".encode())
        dtype = np.float32 if name == "single-precision" else np.float64
        logits = numbers(pattern, (2, 6), own_seed).astype(dtype)
        yield Example(name, case_of({**plain, **own}, logits, own_seed), comment)
    equal = case_of(plain, np.zeros((4, 4)), seed)
    equal = equal.with_inputs(draws=np.arange(4) / 4)
    yield Example("boundaries", equal, "A draw between two ids is the second's.")
    reached = with_config(equal, top_p=0.5)
    yield Example("reached", reached, "Two of four have a half together: no third.")


def probes(seed: int) -> Iterator[Probe]:
    """Make rows around tiles, and logits that overflow."""
    for n_ids, scale, dtype in ((33, 1.0, "float64"), (1030, 2.0, "float64")):
        for top_k, top_p in ((None, 0.93), (17, None), (50, 0.37)):
            logits = scale * numbers("normal", (7, n_ids), seed + n_ids)
            config = {"temperature": 0.7, "top_k": top_k, "top_p": top_p}
            case = case_of(config, logits.astype(dtype), seed + n_ids)
            yield Probe(f"{n_ids} ids, top_k {top_k}, top_p {top_p}", case)
    huge = case_of({"temperature": 0.5}, np.array([[1e4, 9_999.0, -1e4]]), seed)
    yield Probe("logits of 10,000", huge)


HALVES = {"logits": np.zeros((2, 3)), "draws": np.array([0.5, 0.25])}
BAD: list[Any] = [
    (
        {"temperature": -1.0},
        *(ValueError, "temperature must be finite, 0 or more, got -1.0"),
    ),
    ({"temperature": "1"}, TypeError, "temperature must be a number, got '1'"),
    ({"top_k": 0}, ValueError, "top_k must be at least 1, got 0"),
    ({"top_k": 2.0}, TypeError, "top_k must be an integer, got 2.0"),
    ({"top_p": 0.0}, ValueError, "top_p must be in (0, 1], got 0.0"),
    ({"top_p": 1.5}, ValueError, "top_p must be in (0, 1], got 1.5"),
    ({"top_p": "all"}, TypeError, "top_p must be a number, got 'all'"),
    (
        {"logits": np.zeros(3)},
        *(ValueError, "logits must have shape (B, V), V > 0, got (3,)"),
    ),
    (
        {"draws": None, "temperature": 0.8},
        *(ValueError, "draws are needed at temperature 0.8, got None"),
    ),
    (
        {"draws": np.zeros((2, 1))},
        *(ValueError, "draws must have shape (2,), got (2, 1)"),
    ),
    ({"draws": np.array([0.0, 1.0])}, ValueError, "draws must lie in [0, 1), got 1.0"),
    ({"draws": np.array([0, -0.5])}, ValueError, "draws must lie in [0, 1), got -0.5"),
]
PAIR = Pair(
    path=PATH,
    cases=cases(),
    properties=(
        REPEATABLE,
        Property(a_draw_of_zero_is_greedy, for_all=True),
        Property(an_id_of_minus_infinity_is_never_chosen, for_all=True),
        Property(rows_do_not_meet, for_all=True),
        Property(
            a_larger_draw_chooses_no_more_probable_id,
            cases().map(at_temperature),
        ),
        Property(doubling_logits_and_temperature_changes_nothing),
        Property(temperature_zero_and_one_candidate_are_greedy),
        Property(the_whole_vocabulary_and_all_of_the_probability_change_nothing),
        Property(renaming_the_ids_renames_the_choice),
        Property(equal_draws_in_all_parts_choose_as_often_as_is_probable),
    ),
    rejections=tuple(
        Rejection(error, text, {**HALVES, **bad}) for bad, error, text in BAD
    ),
    oracles=(
        Oracle("a loop over ids", by_definition),
        Oracle(
            "transformers’ warpers of logits",
            by_warpers,
            cases(patterns=("normal",)).filter(is_plain),
        ),
    ),
    on_text=on_text,
    examples=examples,
    probes=probes,
    conventions=(NOT_EMPTY,),
)


def model_of(backend: Backend, path: str, config: dict[str, Any]) -> Any:
    """Build a model in float64, with parameters that give one token or another."""
    part = import_module(f"{backend.package}.models.{path}")
    class_ = getattr(part, {"gpt": "GPT", "llama": "Llama"}[path])
    parameters = parameters_of(f"models/{path}", config, 3, np.float64)
    return backend.build(class_, Case(config, {}, parameters))


LLAMA = {
    "vocab_size": 11,
    "emb_dim": 8,
    "hidden_dim": 5,
    "n_layers": 2,
    "num_heads": 4,
    "num_kv_heads": 2,
}
OF_GPT: dict[str, Any] = {
    "vocab_size": 11,
    "context_length": 5,
    "emb_dim": 6,
    "n_heads": 3,
}
OF_GPT |= {"n_layers": 2, "drop_rate": 0.0}
PROMPT = np.array([[1, 2, 3], [10, 0, 4]])
DRAWS = np.random.default_rng(0).random((8, 2))
WAYS: list[dict[str, Any]] = [
    {},
    {"temperature": 1.5, "top_k": 7, "top_p": 0.9, "draws": DRAWS},
]


def generated(
    backend: Backend, model: Any, caches: Any = None, **way: Any
) -> list[list[int]]:
    """Generate eight tokens, each of which comes by itself."""
    module = import_module(f"{backend.package}.models.generation")
    found = module.generate(
        model, backend.own(PROMPT), 8, caches=caches, **backend.own(way)
    )
    return [as_array(new_ids).tolist() for new_ids in found]


class TestGeneration(PairTests):
    """All that is asked of every pair; and texts, token by token."""

    pair = PAIR

    @pytest.mark.parametrize("way", WAYS)
    def test_a_text_is_the_same_with_caches_and_without(self, backend, way):
        model = model_of(backend, "llama", LLAMA)
        whole = generated(backend, model, **way)
        caches = model.make_caches(2, 3 + 8)

        assert generated(backend, model, caches, **way) == whole
        assert len({id_ for row in whole for id_ in row}) > 2  # they do not repeat
        assert caches[0].longest == 3 + 7  # the last token was never an input

    @pytest.mark.parametrize("way", WAYS)
    def test_both_backends_generate_the_same_text(self, way):
        for path, config in (("llama", LLAMA), ("gpt", OF_GPT)):
            ours, theirs = (
                generated(b, model_of(b, path, config), **way) for b in BACKENDS
            )

            assert ours == theirs
            assert [len(new) for new in ours] == [2] * 8

    def test_a_text_beyond_the_context_is_told_from_its_last_tokens(self, backend):
        model = model_of(backend, "gpt", OF_GPT)
        text, found = PROMPT, generated(backend, model)
        for new_ids in found:
            logits = as_array(model(backend.own(text[:, -5:])))[:, -1]
            assert logits.argmax(-1).tolist() == new_ids
            text = np.hstack([text, np.array(new_ids)[:, None]])

    def test_a_token_comes_before_the_next_is_computed(self, backend):
        module = import_module(f"{backend.package}.models.generation")
        seen: list[int] = []

        def model(ids: Any) -> Any:
            seen.append(ids.shape[1])
            return backend.own(np.zeros((*ids.shape, 4)))

        stream = module.generate(model, backend.own(PROMPT), 3)
        assert as_array(next(stream)).tolist() == [0, 0]
        assert seen == [3]
        assert len([*stream]) == 2
        assert seen == [3, 4, 5]

    def test_a_prompt_without_a_token_is_rejected(self, backend):
        module = import_module(f"{backend.package}.models.generation")
        empty = backend.own(np.zeros((2, 0), np.int64))
        found = rejection(lambda: next(module.generate(None, empty, 1)))

        assert found == (ValueError, "ids must have shape (B, T), T > 0, got (2, 0)")

    def test_the_margin_is_the_distance_of_the_best_two(self, backend):
        module = import_module(f"{backend.package}.models.generation")
        logits = numbers("normal", (4, 5), 0)
        best = np.sort(logits)[:, ::-1]

        assert (
            as_array(module.margin(backend.own(logits))) == best[:, 0] - best[:, 1]
        ).all()
        assert np.isinf(as_array(module.margin(backend.own(logits[:, :1])))).all()

    def test_logits_of_16_bits_are_summed_in_32(self):
        """A thousand equal ids: in bfloat16 their sum would stand still at a half."""
        logits = torch.zeros(3, 1000, dtype=torch.bfloat16)
        draws = torch.tensor([0.2505, 0.7505, 0.9985])

        assert PAIR.part(TORCH)(logits, draws, 1.0).tolist() == [250, 750, 998]
        ours = PAIR.part(REFERENCE)(np.zeros((1, 9), np.float16), np.ones(1) / 2, 1.0)
        assert ours.tolist() == [4]

    def test_there_must_be_a_draw_for_each_new_token_of_each_text(self):
        for backend in BACKENDS:
            module = import_module(f"{backend.package}.models.generation")
            ids, draws = (
                backend.own(np.zeros((2, 3), int)),
                backend.own(np.zeros((2, 3))),
            )
            rest = {"temperature": 1.0, "draws": draws}
            with pytest.raises(ValueError, match=r"shape \(4, 2\), got \(2, 3\)"):
                next(module.generate(print, ids, 4, **rest))
