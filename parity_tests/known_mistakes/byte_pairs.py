"""Known mistakes in byte-pair encoding: bytes, words, merges, special tokens."""

from parity_tests.known_mistakes.mistake import Place, known


def in_file(name: str) -> dict[str, str]:
    """Place a mistake of the byte-pair tokenizer in one of its files."""
    return {"tokenizers/byte_pair": f"tokenizers/{name}.py"}


BYTES = (
    # ---------------------------------------------------------------------- bytes
    *known(
        "bytes-as-characters",
        "Characters taken for bytes",
        "A table of 256 entries is asked for any character. English works, and so "
        "does é, with another id; the rest of the world is lost or an error.",
        Place(
            in_file("utf8"),
            "for limit in (0x80, 0x800, 0x10000):\n    sizes += points >= limit\n",
            "",
        ),
        seen_in=(
            "https://github.com/rasbt/LLMs-from-scratch/tree/main/ch02/"
            "05_bpe-from-scratch",
        ),
    ),
    *known(
        "decode-per-token",
        "Each token decoded to text by itself",
        "A character may be cut in the middle by a token. Decoded one by one, as a "
        "stream invites to, both halves become U+FFFD.",
        Place(
            in_file("byte_pair"),
            'self.decode_bytes(ids).decode(errors="replace")',
            '"".join(\n'
            '    self.decode_bytes([each]).decode(errors="replace")\n'
            "    for each in ids\n"
            ")",
        ),
        seen_in=("huggingface/tokenizers#1141", "vllm-project/vllm#48853"),
    ),
    *known(
        "decode-drops-invalid",
        "Bytes that are no UTF-8 vanish",
        '`errors="ignore"` hides that something is missing: two texts that differ '
        "are decoded alike.",
        Place(
            in_file("byte_pair"),
            'errors="replace"',
            'errors="ignore"',
            caught_by="tokenizers/test_byte_pair.py::"
            "test_bytes_that_are_not_utf8_become_the_replacement_character",
        ),
    ),
    *known(
        "gpt2-byte-order",
        "Byte b has id b under GPT-2",
        "GPT-2 lists the bytes that print first, so `!` has id 0. With the bytes in "
        "their own order every merge joins other bytes than it should.",
        Place(
            in_file("byte_pair"),
            "gpt2_vocabulary.byte_order(),",
            "",
            caught_by="tokenizers/test_byte_pair.py::test_a_text_has_its_ids_in_gpt2",
        ),
    ),
)

SPLIT = (
    # ----------------------------------------------------------------------- words
    *known(
        "bpe-across-words",
        "The text is not split into words first",
        "The paper counts pairs within words. Without the split, `e t` of `the time` "
        "is as good a pair as any, and tokens like `of the` take up the vocabulary.",
        Place(
            in_file("split"),
            "return np.flatnonzero(starts)",
            "return np.flatnonzero(end | np.append(True, end[:-1]))",
        ),
    ),
    *known(
        "trailing-space",
        "No space goes with the next word",
        "GPT-2 writes a space into the word that follows it. Split at spaces, `dog` "
        "has one id at the start of a text and everywhere else too.",
        Place(
            in_file("split"),
            "leads = (points[:-1] == SPACE) & ~white[1:] & ~end[1:]",
            "leads = np.zeros_like(changes)",
        ),
    ),
    *known(
        "white-space-not-given-back",
        "Of several spaces before a word all go with it",
        "`\\s+(?!\\S)` takes a run of white space and gives its last character back. "
        "Engines without looking ahead tempt one to leave it out; code in Python, "
        "which is indented, then gets other ids.",
        Place(
            in_file("split"),
            "starts[1:-1] |= white[:-2] & white[1:-1] & ~white[2:] & ~end[2:]\n",
            "",
        ),
    ),
    *known(
        "contraction-case",
        "`'S` is split like `'s`",
        "GPT-2's contractions are lower case, those of later vocabularies are not; "
        "the pattern of one is taken for the other.",
        Place(
            in_file("split"),
            "first, second = padded[marks + 1], padded[marks + 2]",
            "first, second = padded[marks + 1] | 0x20, padded[marks + 2] | 0x20",
        ),
    ),
    *known(
        "class-ascii-only",
        "Letters, digits and white space by ASCII alone",
        "`[A-Za-z]` for `\\p{L}`, which Python's `re` does not know. A word with an "
        "accent falls apart, and a text in another script is punctuation.",
        Place(
            in_file("character_classes"),
            "int(last, 16) + 1] = CLASSES[name]",
            "min(int(last, 16) + 1, 128)] = CLASSES[name]",
        ),
    ),
    *known(
        "white-space-of-python",
        "White space as Python sees it",
        "`str.isspace` and `re` count U+001C to U+001F as white space. Unicode does "
        "not, nor do Rust and the engine that GPT-2's pattern was written for.",
        Place(
            in_file("character_classes"),
            "table[END] = TEXT_END",
            "table[0x1C:0x20] = WHITE_SPACE\ntable[END] = TEXT_END",
            caught_by="tokenizers/test_character_classes.py::"
            "test_there_are_as_many_of_each_as_in_unicode_16",
        ),
    ),
    *known(
        "whitespace-dropped",
        "Tabs and other white space are lost",
        "Words are found by a pattern that no tab, no-break space or ideographic "
        "space fits, and what fits nothing is left out without a word.",
        Place(
            in_file("byte_words"),
            "starts = split(points)",
            "points = points[~np.isin(points, [0x09, 0xA0, 0x3000])]\n"
            "starts = split(points)",
        ),
        seen_in=(
            "https://github.com/rasbt/LLMs-from-scratch/tree/main/ch02/"
            "05_bpe-from-scratch",
        ),
    ),
)

MERGES = (
    # ---------------------------------------------------------------------- merges
    *known(
        "bpe-overlap",
        "Every hit in a run is merged",
        "In `aaa` the pair a a is found twice, and one `a` is part of both. Where "
        "neighbours are compared all at once, one token is made of all three, and a "
        "letter is lost.",
        Place(
            in_file("merge_pairs"),
            "picked = (unsure < start) & ((place - start) % 2 == 0)",
            "picked = sure",
        ),
        seen_in=("karpathy/minbpe#38",),
    ),
    *known(
        "bpe-no-rank",
        "Any known pair is merged, from the left",
        "The vocabulary says which pairs there are, and the order in which they were "
        "learned is ignored. On its own training text a tokenizer from a tutorial "
        "gave 962 of 3,798 words other tokens.",
        Place(
            in_file("merge_pairs"),
            "repeats = np.append(False, ranks[1:] == ranks[:-1])\n"
            "sure = known & (ranks < from_left + repeats) & (ranks <= from_right)",
            "repeats = np.append(False, known[:-1])\nsure = known",
            caught_by="tokenizers/test_merge_pairs.py::test_a_word_becomes_its_symbols",
        ),
        seen_in=(
            "https://github.com/rasbt/LLMs-from-scratch/tree/main/ch02/"
            "05_bpe-from-scratch",
        ),
    ),
    *known(
        "bpe-stops-early",
        "Merging stops after one pass",
        "What a merge makes can be merged again; the loop is left when the first "
        "pass is over. Short words are right, long ones fall into small tokens.",
        Place(
            in_file("merge_pairs"),
            "rows[new] = table.find(symbols[new], symbols[new + 1], within)",
            "rows[new] = table.find(symbols[new], symbols[new + 1], within)\n"
            "return symbols, word_of",
        ),
    ),
)

TRAINING = (
    # -------------------------------------------------------------------- training
    *known(
        "bpe-tie-order",
        "Ties broken by the order of the text",
        "`max` over a dictionary takes the first of equals. The vocabulary then "
        "depends on the order of the documents, and with a hash map on the run.",
        Place(
            in_file("train_merges"),
            'if tie_break == "first_seen":',
            "if tie_break in TIE_BREAKS:",
        ),
        seen_in=(
            "huggingface/tokenizers#1065",
            "huggingface/tokenizers#1794",
            "karpathy/minbpe#90",
        ),
    ),
    *known(
        "bpe-train-crash",
        "No pair left is an error",
        "The loop counts to the size of the vocabulary and never asks whether there "
        "is anything to merge. `max() arg is an empty sequence`.",
        Place(
            in_file("train_merges"),
            "return merges[:rank]",
            'raise ValueError("max() arg is an empty sequence")',
        ),
        seen_in=("https://github.com/karpathy/minbpe/blob/master/minbpe/basic.py",),
    ),
    *known(
        "bpe-words-counted-once",
        "Every word counts once, however common it is",
        "Words are gathered in a set to save time, and how often each stood there is "
        "forgotten. Rare long words then shape the vocabulary.",
        Place(
            in_file("train_merges"),
            "np.bincount(which)",
            "np.ones(len(firsts), np.int64)",
        ),
    ),
)

SPECIAL = (
    # --------------------------------------------------------------- special tokens
    *known(
        "special-injected",
        "Plain text becomes a special token",
        "What a user writes is searched for special tokens as if the program had put "
        "them there. `<|endoftext|>` in a question then ends the conversation.",
        Place(
            in_file("byte_pair"),
            "allowed_special: Choice = (),",
            'allowed_special: Choice = "all",',
            caught_by="law: a special token in plain text is plain text",
        ),
        seen_in=("simonw/ttok#13",),
    ),
    *known(
        "special-shortest",
        "Of two special tokens the shorter one wins",
        "Alternatives of a pattern are tried in the order in which they stand. "
        "`<|a|>` before `<|a|>x` leaves an `x` behind.",
        Place(
            in_file("special_tokens"),
            "sorted(tokens, key=len, reverse=True)",
            "sorted(tokens, key=len)",
            caught_by="tokenizers/test_special_tokens.py::"
            "test_the_leftmost_is_taken_and_of_those_the_longest",
        ),
        seen_in=("https://github.com/karpathy/minbpe/blob/master/minbpe/regex.py",),
    ),
    *known(
        "special-ids-over-merges",
        "Special tokens get the ids of merges",
        "They were numbered behind the bytes before there were merges. Two tokens "
        "share an id, and decoding gives the other one.",
        Place(
            in_file("byte_pair"),
            "256 + len(self.merges) + numbers",
            "256 + numbers",
        ),
    ),
    *known(
        "vocab-size-without-specials",
        "Special tokens not counted",
        "The size of the vocabulary is that of bytes and merges. Special tokens lie "
        "beyond it: they cannot be decoded, and an embedding has no row for them.",
        Place(
            in_file("byte_pair"),
            "256 + len(self.merges) + len(self.special_lengths)",
            "256 + len(self.merges)",
        ),
    ),
)

BYTE_PAIRS = (*BYTES, *SPLIT, *MERGES, *TRAINING, *SPECIAL)
