"""Tests of byte pairs that both the textbook and the parallel tokenizer pass."""

import hashlib
import lzma
from contextlib import nullcontext
from functools import cache
from importlib import import_module
from pathlib import Path
from random import Random
from typing import ClassVar

import numpy as np
import pytest

from parity_tests.contract.pair import Pair
from parity_tests.contract.rejection import rejection
from parity_tests.text.sample_text import ADVERSARIAL, jargon_file
from parity_tests.tokenizers.byte_pair_properties import merges_of
from parity_tests.tokenizers.cases import TIE_BREAKS, gpt2
from parity_tests.tokenizers.oracles import (
    learn_merges,
    merges_of_hugging_face,
    merges_of_tiktoken,
    pre_tokens_by_regex,
    tiktoken_gpt2,
)
from parity_tests.tokenizers.tokenizer_tests import TokenizerTests

N_CORPORA, N_MERGES = 300, 6
PUBLISHED = "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"
UNKNOWN = "special tokens are ['<a>', '<b>'], got ['<c>']"
DISALLOWED = (
    "the text holds the special token '<a>' at position 2: allow it in "
    "allowed_special, or pass disallowed_special=()"
)
TOO_MUCH = "a token has at most 1048576 bytes, a vocabulary 67108864, got"
CHAIN = [[97, 97], *([256 + n, 97] for n in range(19_999))]


def doublings(n_merges):
    """List merges of which each joins the last token to itself."""
    return [[97, 97], *([256 + n, 256 + n] for n in range(n_merges - 1))]


class BytePairTests(TokenizerTests):
    """Published values, peers, and bounds; and what every tokenizer passes."""

    pair: ClassVar[Pair]
    learning: ClassVar[dict] = {"vocab_size": 262, "special_tokens": ["<|e|>"]}

    # GPT-2 is tiktoken's GPT-2

    @pytest.mark.parametrize("name", sorted(ADVERSARIAL))
    def test_adversarial_text_is_what_it_is_in_tiktoken(self, backend, name):
        expected = tiktoken_gpt2().encode(ADVERSARIAL[name], allowed_special="all")
        tokenizer = gpt2(self.pair.part(backend))

        assert tokenizer.encode(ADVERSARIAL[name], "all").tolist() == expected

    @pytest.mark.parametrize("atom", ["a", " ", "猫", "ab", "\n", "👍", "'s", "x "])
    def test_a_long_run_is_what_it_is_in_tiktoken(self, backend, atom):
        whole = atom * 70_000  # longer than what is encoded at once
        tokenizer = gpt2(self.pair.part(backend))

        assert tokenizer.encode(whole).tolist() == tiktoken_gpt2().encode(whole)

    def test_real_text_is_what_it_is_in_tiktoken(self, backend):
        whole = jargon_file()[:400_000]
        tokenizer = gpt2(self.pair.part(backend))

        assert tokenizer.encode(whole).tolist() == tiktoken_gpt2().encode(whole)

    def test_every_id_has_the_bytes_that_it_has_in_tiktoken(self, backend):
        tokenizer = gpt2(self.pair.part(backend))
        ids = range(tokenizer.vocab_size)
        expected = [tiktoken_gpt2().decode_single_token_bytes(i) for i in ids]

        assert [tokenizer.decode_bytes([i]) for i in ids] == expected
        assert tokenizer.decode(ids) == tiktoken_gpt2().decode([*ids])

    def test_the_vocabulary_of_gpt2_is_the_published_one(self, backend):
        folder = Path(import_module(f"{backend.package}.tokenizers").__file__).parent
        packed = (folder / "gpt2" / "vocab.bpe.xz").read_bytes()
        tokenizer = gpt2(self.pair.part(backend))

        assert hashlib.sha256(lzma.decompress(packed)).hexdigest() == PUBLISHED
        assert len(tokenizer.merges) == 50_000
        assert sorted(tokenizer.base_bytes) == [*range(256)]
        assert tokenizer.base_bytes[220] == ord(" ")
        assert tokenizer.special_tokens == {"<|endoftext|>": 50_256}
        assert tokenizer.vocab_size == 50_257

    def test_a_text_has_its_ids_in_gpt2(self, backend):
        """The first from OpenAI's examples; then where other implementations differ."""
        expected = {
            "hello world": [31373, 995],
            "hello <|endoftext|>": [31373, 220, 50256],
            "Hello, do you like tea? <|endoftext|> In the sunlit terraces": [
                *(15496, 11, 466, 345, 588, 8887, 30, 220, 50256),
                *(554, 262, 4252, 18250, 8812, 2114),
            ],
            "a\tb": [64, 197, 65],
            "é": [2634],
            "e\u0301": [68, 136, 223],
            "": [],
        }
        tokenizer = gpt2(self.pair.part(backend))

        assert {t: tokenizer.encode(t, "all").tolist() for t in expected} == expected

    def test_bytes_that_are_not_utf8_become_the_replacement_character(self, backend):
        tokenizer = gpt2(self.pair.part(backend))
        first, second = tokenizer.encode("猫").tolist()[:2]

        assert tokenizer.decode([first]) == "\ufffd"
        assert tokenizer.decode([first, 64, second]).replace("\ufffd", "") == "a"

    # Special tokens

    def test_only_what_is_allowed_is_special(self, backend):
        tokenizer = self.pair.part(backend)([], ["<a>", "<b>"])

        assert tokenizer.encode("<a><b>", {"<b>"}, ()).tolist() == [*b"<a>", 257]

    @pytest.mark.parametrize(
        ("options", "text"),
        [
            *((each, DISALLOWED) for each in [((), "all"), ({"<b>"}, "all")]),
            *((each, DISALLOWED) for each in [("all", {"<a>"}), ((), {"<a>"})]),
            *((each, UNKNOWN) for each in [({"<c>"},), ((), {"<c>"})]),
        ],
    )
    def test_a_special_token_is_rejected(self, backend, options, text):
        """Where it is disallowed; or there is none of this name."""
        tokenizer = self.pair.part(backend)([], ["<a>", "<b>"])
        expected = ValueError, text

        assert rejection(lambda: tokenizer.encode("x <a> <b>", *options)) == expected

    # Merging: the merges as text, the word, and the tokens that it becomes

    @pytest.mark.parametrize(
        ("merges", "word", "expected"),
        [
            ("a+a", "aaa", "aa a"),  # the leftmost two
            ("a+a", "aaaa", "aa aa"),
            ("a+a", "aabaaa", "aa b aa a"),
            ("a+a aa+a", "aaa", "aaa"),
            ("a+b b+c", "abc", "ab c"),  # the lower rank, not the longer reach
            ("b+c a+b", "abc", "a bc"),
            ("b+c a+bc", "abc", "abc"),
            ("b+c a+bc a+b ab+c", "abc", "abc"),  # of equal bytes the reachable one
            ("a+b b+c a+bc", "abc", "ab c"),  # abc is no token that a text reaches
            ("a+b ab+c c+a", "abca", "abc a"),  # what a b makes takes the c
            ("a+b c+a ab+c", "abca", "ab ca"),
            ("a+b b+b", "abbbb", "ab bb b"),  # a takes the first of the run
            # v w could be taken by u v, until t u takes the u: w x is late by a round.
            ("t+u u+v uv+w w+x wx+wx", "tuvwxwxwx", "tu v wxwx wx"),
            ("t+u u+v uv+w w+x wx+wx", "uvwxwxwx", "uvw x wxwx"),
            ("t+u u+v uv+w w+x wx+wx", "vwxwxwx", "v wxwx wx"),
            # y z must wait: x can end a token that takes the y, though not at once.
            ("s+x r+sx q+rsx p+qrsx pqrsx+y y+z", "pqrsxyz", "pqrsxy z"),
            ("x+s xs+r xsr+q xsrq+p y+xsrqp z+y", "zyxsrqp", "z yxsrqp"),
            ("a+b", "", ""),
            ("", "ab", "a b"),
            ("a+b", "\0ab", "\0 ab"),  # id 0 is an id like any other
        ],
    )
    def test_a_word_becomes_its_tokens(self, backend, merges, word, expected):
        numbers = {chr(byte): byte for byte in range(128)}
        pairs = []
        for left, right in (merge.split("+") for merge in merges.split()):
            pairs.append((numbers[left], numbers[right]))
            numbers.setdefault(left + right, 255 + len(pairs))
        with self.portions(backend):
            tokenizer = self.pair.part(backend)(pairs)
            ids = tokenizer.encode(word).tolist()

        assert " ".join(tokenizer.decode([i]) for i in ids) == expected

    def portions(self, backend):
        """Work in the portions that the tokenizer has by itself."""
        return nullcontext()

    # Training

    def test_hugging_face_is_the_rule_of_its_trainer(self, backend):
        """Where two of its merges have the same bytes, it gives them one id."""
        pytest.importorskip("tokenizers")
        learn, compared = self.pair.part(backend).from_text, 0
        for corpus, expected in corpora():
            tokenizer = learn(corpus, 256 + N_MERGES, (), "hugging_face")
            decode = tokenizer.decode_bytes
            pairs = [
                (decode([one]), decode([two])) for one, two in merges_of(tokenizer)
            ]
            if len({left + right for left, right in pairs}) == len(pairs):
                assert pairs == expected
                compared += 1

        assert compared > 0.9 * N_CORPORA

    @pytest.mark.parametrize("tie_break", TIE_BREAKS)
    def test_real_text_has_the_merges_of_a_loop(self, backend, tie_break):
        whole, learn = jargon_file()[:3_000], self.pair.part(backend).from_text
        expected = learn_merges(pre_tokens_by_regex(whole), 60, tie_break)

        assert merges_of(learn(whole, 256 + 60, (), tie_break)) == expected

    def test_first_seen_is_the_order_of_the_trainer_of_tiktoken(self, backend):
        learn, whole = self.pair.part(backend).from_text, jargon_file()[:3_000]
        tokenizer = learn(whole, 256 + 40, tie_break="first_seen")
        made = [tokenizer.decode_bytes([256 + rank]) for rank in range(40)]

        assert made == merges_of_tiktoken(whole, 40)

    @pytest.mark.parametrize(
        ("whole", "tie_break", "expected"),
        [
            ("aaaaa", "first_seen", [b"aa", b"aaaa", b"aaaaa"]),  # as minbpe
            ("aaaaa", "pair_id", [b"aa", b"aaa", b"aaaaa"]),  # as rustbpe
            ("ba ab", "bytes", [b" a", b" ab", b"ba"]),
            ("ba ab", None, [b" a", b" ab", b"ba"]),  # by bytes, unless asked otherwise
            ("ba ab", "first_seen", [b"ba", b" a", b" ab"]),
            ("ba ab", "hugging_face", [b"ab", b"ba", b" ab"]),  # space after letters
            ("low lower lowest", "bytes", [b"lo", b"low", b" low"]),
            ("", "bytes", []),
            ("a", "bytes", []),
            ("a b", "bytes", [b" b"]),
        ],
    )
    def test_a_text_has_its_merges(self, backend, whole, tie_break, expected):
        rule = {"tie_break": tie_break} if tie_break else {}
        tokenizer = self.pair.part(backend).from_text(whole, 259, (), **rule)
        n_ids = tokenizer.vocab_size

        assert [tokenizer.decode_bytes([i]) for i in range(256, n_ids)] == expected

    # Bounds: a file of a few kilobytes may not fill the memory

    @pytest.mark.parametrize(
        ("merges", "sizes"),
        [
            (doublings(24), "2097152 and 4194558"),
            (doublings(28), "2097152 and 4194558"),
            (CHAIN, "20001 and 200030256"),
        ],
        ids=["24 doublings", "28 doublings", "a chain of 20,000"],
    )
    def test_a_vocabulary_of_too_many_bytes_is_rejected(self, backend, merges, sizes):
        part = self.pair.part(backend)
        saved = {**part([]).to_dict(), "merges": merges}
        expected = ValueError, f"{TOO_MUCH} {sizes}"

        assert rejection(lambda: part(merges)) == expected
        assert rejection(lambda: part.from_dict(saved)) == expected

    def test_a_token_may_have_2_to_the_20_bytes(self, backend):
        tokenizer = self.pair.part(backend)(doublings(20))

        assert tokenizer.decode_bytes([275]) == b"a" * 2**20
        assert rejection(lambda: self.pair.part(backend)([], ["é" * 2**20])) is not None

    def test_training_ends_with_an_error_where_a_token_would_be_too_long(
        self, backend, monkeypatch
    ):
        for name in ("byte_vocabulary", "parallel.train_merges"):
            module = import_module(f"{backend.package}.tokenizers.{name}")
            monkeypatch.setattr(module, "MAX_TOKEN_BYTES", 64)
        part = self.pair.part(backend)
        expected = ValueError, TOO_MUCH.replace("1048576", "64") + " 128 and 510"

        assert rejection(lambda: part.from_text("a" * 1_000, 300)) == expected

    def test_a_large_vocabulary_is_built_in_linear_memory(self, backend):
        merges = np.random.default_rng(0).integers(0, 256, (60_000, 2)).tolist()
        merges = [*dict.fromkeys(map(tuple, merges))]
        tokenizer = self.pair.part(backend)(merges)

        assert tokenizer.vocab_size == 256 + len(merges)


@cache
def corpora():
    """Draw short corpora, in which pairs tie, with the merges of Hugging Face's."""
    rng = Random(0)
    letters = ["ab ", "abcde ", "ab'1é\n "]
    drawn = [
        "".join(rng.choices(rng.choice(letters), k=n % 30)) for n in range(N_CORPORA)
    ]
    return [(corpus, merges_of_hugging_face(corpus, N_MERGES)) for corpus in drawn]
