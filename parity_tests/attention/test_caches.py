"""Caches in any order of use give what plain recomputation gives, on both backends.

Hypothesis appends chunks of any size, cuts, reorders, reads, shares and overfills, and
after each step everything is computed again from all tokens that each text has.
"""

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import parity_tests.attention.test_cached as cached
import parity_tests.attention.test_scaled_dot_product as core
import parity_tests.attention.test_sliding_window as window
from parity_tests.attention.test_grouped_query import PAIR as GROUPED_QUERY
from parity_tests.contract.agreement import as_array, compare
from parity_tests.contract.backend import BACKENDS, REFERENCE, Backend, unchecked
from parity_tests.contract.case import Array, Case
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.pair import Pair
from parity_tests.contract.strategies import parameters_of

CAPACITY, D_IN, DIM = 20, 3, 2
CONFIG = {"d_in": D_IN, "d_out": 6, "num_heads": 3, "num_kv_heads": 1}
seeds = st.integers(0, 2**32 - 1)


def check_agrees(pair: Pair, case: Case, last: int, found: Array) -> None:
    """Compare what came out with the last rows of a recomputation by the reference."""
    recomputed = OneBackend(pair, REFERENCE)
    expected = recomputed(case)
    rows = expected[..., expected.shape[-2] - last :, :]
    agreement = compare(rows, found, recomputed.rounding(case))

    assert agreement.holds, agreement.reason


class KeyValueCaches(RuleBasedStateMachine):
    """A cache in use by one layer that appends, and by one that shares it."""

    def __init__(self, backend: Backend) -> None:
        super().__init__()
        self.backend, self.own = backend, backend.own

    @initialize(n_texts=st.integers(1, 3), seed=seeds)
    def begin(self, n_texts: int, seed: int) -> None:
        """Make the layers, an empty cache, and texts without a token."""
        self.parameters = parameters_of(cached.PATH, CONFIG, seed, np.float64)
        case = Case(CONFIG, {}, self.parameters)
        part = cached.PAIR.part(self.backend)
        self.layer = self.backend.build(part, case).double()
        self.layer.load_state_dict(self.own(self.parameters))
        self.reader = core.PAIR.part(self.backend)()
        self.cache = self.layer.make_cache(n_texts, CAPACITY)
        self.texts = [np.zeros((0, D_IN)) for _ in range(n_texts)]

    @property
    def lengths(self) -> list[int]:
        """How many tokens each text has."""
        return [len(text) for text in self.texts]

    @rule(n_tokens=st.sampled_from((0, 1, 1, 2, 3, 5)), seed=seeds)
    def append(self, n_tokens: int, seed: int) -> None:
        """Let every text go on, and recompute it whole."""
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(len(self.texts), n_tokens, D_IN))
        if max(self.lengths) + n_tokens > CAPACITY:
            with pytest.raises(ValueError, match="the cache has room for 20 tokens"):
                self.layer(self.own(x), self.cache)
            return
        found = as_array(self.layer(self.own(x), self.cache))
        for text, row in enumerate(x):
            self.texts[text] = np.concatenate([self.texts[text], row])
            case = Case(CONFIG, {"x": self.texts[text]}, self.parameters)
            check_agrees(GROUPED_QUERY, case, n_tokens, found[text])

    @rule(n_queries=st.integers(1, 4), seed=seeds)
    def share(self, n_queries: int, seed: int) -> None:
        """Let another layer read, whose queries are the last tokens of every text."""
        n_queries = min(n_queries, *self.lengths)
        queries = np.random.default_rng(seed).normal(
            size=(len(self.texts), 1, n_queries, DIM)
        )
        keys, values = self.cache.read()
        offsets = as_array(self.cache.lengths)[:, None, None] - n_queries
        positions = offsets + np.arange(n_queries)[:, None]  # (B, T, 1)
        mask = (np.arange(keys.shape[2]) <= positions)[:, None]  # (B, 1, T, S)
        found = as_array(self.reader(self.own(queries), keys, values, self.own(mask)))
        for text, length in enumerate(self.lengths):
            names = {"keys": "W_key", "values": "W_value"}
            inputs = {n: self.projected(text, name) for n, name in names.items()}
            own_mask = np.tri(n_queries, length, length - n_queries, dtype=bool)
            whole = {"queries": queries[text, 0], **inputs, "mask": own_mask}
            check_agrees(
                core.PAIR, Case({"scale": None}, whole), n_queries, found[text, 0]
            )

    def projected(self, text: int, name: str) -> Array:
        """Recompute all keys, or all values, of a text."""
        return self.texts[text] @ self.parameters[f"{name}.weight"].T

    @rule(seed=seeds)
    def truncate(self, seed: int) -> None:
        """Cut every text to a length of its own."""
        rng = np.random.default_rng(seed)
        lengths = rng.integers(0, np.array(self.lengths) + 1)
        self.cache.truncate(self.own(lengths))
        self.texts = [t[:n] for t, n in zip(self.texts, lengths, strict=True)]

    @rule(back=st.integers(0, 3))
    def truncate_all(self, back: int) -> None:
        """Cut all texts to one length, not more than the shortest has."""
        length = max(min(self.lengths) - back, 0)
        self.cache.truncate(length)
        self.texts = [text[:length] for text in self.texts]

    @rule()
    def cut_to_more(self) -> None:
        """A text cannot keep more than it has."""
        with pytest.raises(ValueError, match="cannot keep"):
            self.cache.truncate(self.own(np.array(self.lengths) + 1))

    @rule(n_texts=st.integers(1, 4), seed=seeds)
    def reorder(self, n_texts: int, seed: int) -> None:
        """Copy texts over others, drop some, or have more of them."""
        order = np.random.default_rng(seed).integers(0, len(self.texts), n_texts)
        self.cache.reorder(self.own(order))
        self.texts = [self.texts[text] for text in order]

    @precondition(lambda self: hasattr(self, "cache"))
    @invariant()
    def it_knows_how_many_tokens_each_text_has(self) -> None:
        """And reads up to the longest."""
        keys, values = self.cache.read()

        assert as_array(self.cache.lengths).tolist() == self.lengths
        assert keys.shape[2] == values.shape[2] == max(self.lengths)


class RingCaches(RuleBasedStateMachine):
    """A ring in use: it wraps, and gives back what the window needs."""

    def __init__(self, backend: Backend) -> None:
        super().__init__()
        self.backend, self.own = backend, backend.own

    @initialize(size=st.integers(1, 5), n_texts=st.integers(1, 3))
    def begin(self, size: int, n_texts: int) -> None:
        """Make the ring, and texts without a token: queries, keys and values."""
        part = window.PAIR.part(self.backend)
        implementation = OneBackend(window.PAIR, self.backend)
        self.ring = window.ring_of(implementation, size)
        self.config: dict[str, Any] = {"window": size, "scale": None}
        self.attend = part(**self.config)
        self.texts = np.zeros((3, n_texts, 0, DIM))
        self.longest = 0  # the number of tokens up to which slots were written

    @rule(n_tokens=st.sampled_from((0, 1, 1, 2, 3, 7, 12)), seed=seeds)
    def append(self, n_tokens: int, seed: int) -> None:
        """Let all texts go on, also by more than the window at once."""
        shape = (3, self.texts.shape[1], n_tokens, DIM)
        chunk = np.random.default_rng(seed).normal(size=shape)
        queries, keys, values = map(self.own, chunk)
        found = as_array(self.attend(queries, *self.ring.append(keys, values)))
        self.texts = np.concatenate([self.texts, chunk], axis=2)
        names = ("queries", "keys", "values")
        inputs = dict(zip(names, self.texts, strict=True))
        case = Case(self.config, {**inputs, "mask": None})
        check_agrees(window.PAIR, case, n_tokens, found)
        self.longest = max(self.longest, self.texts.shape[2])

    @rule(backs=st.lists(st.sampled_from((1, 1, 0, 2, 4)), min_size=1, max_size=3))
    def truncate(self, backs: list[int]) -> None:
        """Take tokens back, where the window before them is still held."""
        for back in backs:
            length = self.texts.shape[2] - back
            overwritten = max(self.longest - self.config["window"], 0)
            needed = max(length - self.config["window"] + 1, 0)
            if length < 0 or needed < overwritten:
                with pytest.raises(ValueError, match="the ring can be cut to"):
                    self.ring.truncate(length)
                continue
            self.ring.truncate(length)
            self.texts = self.texts[:, :, :length]

    @rule(n_texts=st.integers(1, 3), seed=seeds)
    def reorder(self, n_texts: int, seed: int) -> None:
        """Copy texts over others, drop some, or have more of them."""
        if not self.texts.shape[2]:
            return
        order = np.random.default_rng(seed).integers(0, self.texts.shape[1], n_texts)
        self.ring.reorder(self.own(order))
        self.texts = self.texts[:, order]

    @precondition(lambda self: hasattr(self, "ring"))
    @invariant()
    def it_holds_no_more_than_its_slots(self) -> None:
        """However long the texts are."""
        assert self.ring.length == self.texts.shape[2]
        assert self.ring.oldest == max(self.longest - self.config["window"], 0)
        if self.longest:
            assert self.ring.keys.shape[-2] == self.config["window"]


@pytest.mark.parametrize("backend", BACKENDS, ids=str)
@pytest.mark.parametrize("machine", [KeyValueCaches, RingCaches])
def test_in_any_order_of_use_a_cache_gives_what_recomputing_gives(machine, backend):
    steps = settings(
        max_examples=settings.default.max_examples // 2, stateful_step_count=12
    )

    with unchecked(), torch.no_grad():
        run_state_machine_as_test(lambda: machine(backend), settings=steps)
