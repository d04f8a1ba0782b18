"""GPT-2's vocabulary: both sides ship the same one, and it is the one published."""

import hashlib
import lzma

from parity_tests.tokenizers.array_sides import REFERENCE, TORCH, each_side

# Agreement


def test_reference_and_torch_agree():
    for name in ("byte_order", "read_merges"):
        here, there = (
            getattr(side("gpt2_vocabulary"), name)() for side in (REFERENCE, TORCH)
        )

        assert here.tolist() == there.tolist()


def test_both_sides_carry_the_same_files():
    here, there = (side("gpt2_vocabulary").MERGES.parent for side in (REFERENCE, TORCH))

    for name in ("vocab.bpe.xz", "LICENSE", "README.md"):
        assert (here / name).read_bytes() == (there / name).read_bytes()


# Bridges


@each_side
def test_the_merges_are_those_that_tiktoken_expects(side):
    published = lzma.decompress(side("gpt2_vocabulary").MERGES.read_bytes())

    assert hashlib.sha256(published).hexdigest() == (
        "1ce1664773c50f3e0cc8842619a93edc4624525b728b188a9e0be33b7726adc5"
    )


@each_side
def test_the_tokenizer_of_gpt2_is_made_of_it(side):
    vocabulary = side("gpt2_vocabulary")
    tokenizer = side("byte_pair").BytePairTokenizer.gpt2()

    assert tokenizer.special_tokens == {"<|endoftext|>": 50_256}
    assert tokenizer.base_bytes.tolist() == vocabulary.byte_order().tolist()
    assert tokenizer.merges.tolist() == vocabulary.read_merges().tolist()


# Anchor values


@each_side
def test_there_are_50000_merges_of_256_bytes(side):
    assert len(side("gpt2_vocabulary").read_merges()) == 50_000
    assert sorted(side("gpt2_vocabulary").byte_order().tolist()) == list(range(256))


@each_side
def test_id_220_is_the_space(side):
    assert side("gpt2_vocabulary").byte_order().tolist()[220] == ord(" ")
