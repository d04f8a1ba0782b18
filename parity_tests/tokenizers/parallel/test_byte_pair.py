"""Parallel byte-pair tokenizer: its properties, rejections, oracles and values."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.contract.backend import BACKENDS, REFERENCE
from parity_tests.contract.pair import Pair
from parity_tests.contract.pair_tests import PairTests
from parity_tests.lockstep.recording import record
from parity_tests.tokenizers import byte_pair_properties, cases, rejections
from parity_tests.tokenizers.byte_pair_tests import BytePairTests
from parity_tests.tokenizers.cases import gpt2
from parity_tests.tokenizers.examples import byte_pair_examples
from parity_tests.tokenizers.oracles import TIKTOKEN, tiktoken_gpt2
from parity_tests.tokenizers.parallel import properties
from parity_tests.tokenizers.parallel.properties import module_of
from parity_tests.tokenizers.probes import byte_pair_probes
from parity_tests.tokenizers.requests import TOKENIZERS, unicode_16
from parity_tests.tokenizers.typed import BYTE_PAIR

PATH = "tokenizers/parallel/byte_pair"

PAIR = Pair(
    path=PATH,
    cases=cases.byte_pair_cases(),
    properties=(*byte_pair_properties.COMMON, *properties.PARALLEL),
    rejections=rejections.OF_BYTE_PAIRS,
    oracles=TIKTOKEN,
    on_text=cases.byte_pairs_on_text,
    examples=byte_pair_examples(gpt2=False),
    probes=byte_pair_probes,
    typed=BYTE_PAIR,
    conventions=(unicode_16(cases.byte_pair_cases()),),
    run=cases.run,
    answer=cases.ids_and_text,
    adapter=TOKENIZERS,
)


class TestParallelBytePairTokenizer(BytePairTests, PairTests):
    """All that is asked of byte pairs; then of what only an array program does."""

    pair = PAIR

    def portions(self, backend):
        """Merge all in rounds, few as the tokens are."""
        return properties.small_portions(backend.package)

    @pytest.mark.parametrize("alphabet", ["a's1 \n.\u3000", "'slveS "])
    def test_every_short_text_is_what_it_is_in_tiktoken(self, backend, alphabet):
        texts = ["".join(each) for each in product(alphabet, repeat=4)]
        batch = [ids.tolist() for ids in gpt2(PAIR.part(backend)).encode_batch(texts)]

        assert batch == tiktoken_gpt2().encode_batch(texts, num_threads=1)

    def test_of_many_texts_each_special_token_is_at_its_position(self, backend):
        text = "<|endoftext|>".join(["", " a b", "", "猫", "x" * 70_000, " ", ""])

        expected = tiktoken_gpt2().encode(text, allowed_special="all")
        tokenizer = gpt2(PAIR.part(backend))
        assert tokenizer.encode(text, allowed_special="all").tolist() == expected

    @pytest.mark.parametrize("letters", ["a", "ab", "abcdefghijklmnopqrstuvwxyz", "01"])
    def test_the_rounds_of_a_long_word_are_few(self, backend, letters):
        rng = np.random.default_rng(0)
        word = "".join(rng.choice([*letters], 20_000))
        tokenizer = gpt2(PAIR.part(backend))

        assert len(rounds(backend, lambda: tokenizer.encode(word))) <= 12

    def test_a_word_that_is_finished_leaves_the_rounds(self, backend):
        """So one long word costs its own length, and the others nothing."""
        chain = [(97, 98), *((256 + n, 98) for n in range(99))]
        tokenizer = PAIR.part(backend)([*chain, (32, 48)])
        text = "".join(f" {n:05}" for n in range(1_000)) + "a" + "b" * 99
        sizes = rounds(backend, lambda: tokenizer.encode(text))

        assert sum(sizes) < 3 * len(text)

    def test_of_tokens_with_equal_bytes_the_older_comes_first(self, backend):
        order = module_of(backend.package, "train_merges").TieOrder("bytes")
        for left, right in ((98, 99), (97, 98), (97, 256), (257, 99)):
            order.add(left, right)  # bc ab a-bc ab-c
        place = order.place.tolist()

        assert place[97] < place[257] < place[258] < place[259] < place[98]

    def test_the_earliest_rank_is_its_recurrence(self):
        ranks = st.lists(st.integers(0, 20) | st.just(2**30), min_size=1)

        @given(ranks, ranks)
        def hold(ranks, extension):
            extension = (extension * len(ranks))[: len(ranks)]
            expected = [ranks[0]]
            for rank, least in zip(ranks[1:], extension[1:], strict=True):
                expected.append(min(rank, max(least, expected[-1] + 1)))
            for backend in BACKENDS:
                arrays = [np.array(each, np.int32) for each in (ranks, extension)]
                earliest_rank = module_of(backend.package, "sure_merges").earliest_rank
                given_ranks, given_extension = map(backend.array, arrays)

                assert earliest_rank(given_ranks, given_extension).tolist() == expected

        hold()

    def test_pieces_are_cut_where_white_space_follows_a_word(self):
        @given(st.text("ab \n", max_size=40), st.integers(1, 6))
        def hold(whole, size):
            pieces = module_of(REFERENCE.package, "text_chunks").pieces
            found = [*pieces(whole, size)]

            assert "".join(piece for piece, _ in found) == whole
            assert not any(is_last for _, is_last in found[:-1])
            assert all(is_last or not piece[-1].isspace() for piece, is_last in found)
            for piece, _ in found[1:]:
                assert piece[0].isspace()
                assert len(piece) <= size or len(piece[:-1].split()) <= 2

        hold()


def rounds(backend, encode):
    """Record how many tokens each round of merging has."""
    return [
        len(snapshot.values["chosen"])
        for call in record(backend.package, encode).invocations
        if call.function.endswith("merge_block")
        for snapshot in call.snapshots
        if snapshot.step.first == 2
    ]
