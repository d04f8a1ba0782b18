"""Known mistakes in byte-pair encoding: bytes, words, merges, special tokens."""

from functools import partial

from parity_tests.known_mistakes.mistake import Edit, Patch, known

LEARNED = "property: merges are those of counting anew before each"
Textbook = partial(Patch, only="tokenizers/byte_pair")
# Few tokens are merged in order, and only many in rounds: here all are.
Rounds = partial(Patch, more=(Edit("FEW_TOKENS", "256", "1"),))
BOOK_BPE = (
    "https://github.com/rasbt/LLMs-from-scratch/tree/main/ch02/05_bpe-from-scratch"
)

BYTES = (
    known(
        "bytes-as-characters",
        "Characters taken for bytes",
        "A table of 256 entries is asked for any character. English works, and so "
        "does é, with another id; the rest of the world is lost or an error.",
        Textbook("Start", "in pre_token.encode()", "in map(ord, pre_token)"),
        seen_in=(BOOK_BPE,),
    ),
    known(
        "decode-per-token",
        "Each token decoded to text by itself",
        "A character may be cut in the middle by a token. Decoded one by one, as a "
        "stream invites to, both halves become U+FFFD.",
        Patch(
            "decode",
            'self.decode_bytes(ids).decode(errors="replace")',
            '"".join(self.decode_bytes([i]).decode(errors="replace") for i in ids)',
        ),
        seen_in=("huggingface/tokenizers#1141", "vllm-project/vllm#48853"),
    ),
    known(
        "decode-drops-invalid",
        "Bytes that are not UTF-8 vanish",
        '`errors="ignore"` hides that something is missing: two texts that differ '
        "are decoded to one.",
        Textbook(
            "decode",
            'errors="replace"',
            'errors="ignore"',
            caught_by="test: bytes that are not utf8 become the replacement character",
        ),
    ),
    known(
        "gpt2-byte-order",
        "Byte b has id b under GPT-2",
        "GPT-2 lists the bytes that print first, so `!` has id 0. With the bytes in "
        "their own order every merge joins other bytes than it should.",
        Textbook("gpt2", ", vocabulary.GPT2_BYTES)", ")"),
    ),
)

SPLIT = (
    known(
        "bpe-across-words",
        "The text is not cut into pre-tokens first",
        "The paper counts pairs within words. Without the cut, `e t` of `the time` "
        "is as good a pair as any, and tokens like `of the` take up the vocabulary.",
        Textbook("pretokenize", "GPT2_PATTERN.findall(text)", "[text] if text else []"),
        Rounds("look_up", "rights[is_last.take(positions)] = self.table.word_end", ""),
    ),
    known(
        "trailing-space",
        "No space goes with the next word",
        "GPT-2 writes a space into the word that follows it. Split at spaces, `dog` "
        "has one id at the start of a text and everywhere else too.",
        Textbook("GPT2_PATTERN", "| ?[{L}]+| ?[{N}]+| ?[^", "|[{L}]+|[{N}]+|[^"),
    ),
    known(
        "white-space-not-given-back",
        "Of several spaces before a word all are one pre-token",
        "`\\s+(?!\\S)` takes a run of white space and gives its last character back. "
        "Engines without look-ahead tempt one to leave it out; code in Python, which "
        "is indented, then gets other ids.",
        Textbook("GPT2_PATTERN", "|[{S}]+(?![^{S}])", ""),
    ),
    known(
        "contraction-case",
        "`'S` is split like `'s`",
        "GPT-2's contractions are lower case, those of later vocabularies are not; "
        "the pattern of one is taken for the other.",
        Textbook("GPT2_PATTERN", "'(?:s|", "'(?i:s|", caught_by=LEARNED),
    ),
    known(
        "class-ascii-only",
        "Letters, digits and white space by ASCII alone",
        "`[A-Za-z]` for `\\p{L}`, which Python's `re` does not know. A word with an "
        "accent falls apart, and a text in another script is punctuation.",
        Textbook(
            "RANGES",
            'if not line.startswith("#")',
            'if not line.startswith("#") and int(line.split()[0], 16) < 128',
        ),
    ),
    known(
        "white-space-of-python",
        "White space as Python sees it",
        "`str.isspace` and `re` count U+001C to U+001F as white space. Unicode does "
        "not, nor do Rust and the engine that GPT-2's pattern was written for.",
        Textbook(
            "RANGES",
            'if not line.startswith("#")]',
            'if not line.startswith("#")] + [["1C", "1F", "white_space"]]',
            caught_by="test: a class is what the engine of tiktoken matches",
        ),
    ),
    known(
        "whitespace-dropped",
        "Tabs and other white space are lost",
        "Words are found by a pattern that no tab, no-break space or ideographic "
        "space fits, and what fits nothing is left out without a word.",
        Textbook(
            "pretokenize",
            "GPT2_PATTERN.findall(text)",
            'GPT2_PATTERN.findall(re.sub("[\\t\\xa0\\u3000]", "", text))',
        ),
        seen_in=(BOOK_BPE,),
    ),
)

MERGES = (
    known(
        "bpe-overlap",
        "Every pair in a run is merged",
        "In `aaa` the pair a a is found twice, and one `a` is part of both. Where all "
        "adjacent pairs are merged at once, that letter is merged twice.",
        Textbook("merge", "n += 2", "n += 1"),
        Rounds(
            "Choose",
            "chosen = sure_merges(ranks)",
            "chosen = sure_merges(ranks)\n"
            "chosen[1:] |= chosen[:-1] & (ranks[0, 1:] == ranks[0, :-1])",
        ),
        seen_in=("karpathy/minbpe#38",),
    ),
    known(
        "bpe-no-rank",
        "Any known pair is merged, from the left",
        "The vocabulary says which pairs there are, and the order in which they were "
        "learned is ignored. On its own training text a tokenizer from a tutorial "
        "gave 962 of 3,798 words other tokens.",
        Textbook("Merge", "lowest = min(ranks)", "lowest = ranks[0]"),
        Rounds(
            "Choose",
            "chosen = sure_merges(ranks)",
            "chosen = ranks[0] < 2**30\nchosen[1:] &= ~chosen[:-1]",
        ),
        seen_in=(BOOK_BPE,),
    ),
    known(
        "bpe-stops-early",
        "Merging stops after one round",
        "What a merge makes can be merged again; the loop is left when the first "
        "round is over. Short words are right, long ones fall into small tokens.",
        Textbook("Merge", "tokens = merge(tokens, self", "return merge(tokens, self"),
    ),
)

TRAINING = (
    known(
        "bpe-tie-order",
        "Ties broken by the order of the text",
        "`max` over a dictionary takes the first of equals. The vocabulary then "
        "depends on the order of the documents, and with a hash map on the run.",
        Textbook(
            "Choose", "min(ties, key=lambda pair: order(pair, token_bytes))", "ties[0]"
        ),
        Patch("first_of", 'if self.tie_break == "first_seen"', "if self.tie_break"),
        seen_in=(
            "huggingface/tokenizers#1794",
            "karpathy/minbpe#90",
        ),
    ),
    known(
        "bpe-train-crash",
        "No pair left is an error",
        "The loop counts to the size of the vocabulary and never asks whether there "
        "is anything to merge. `max() arg is an empty sequence`.",
        Textbook("Count", "if most == 0:\n    break", ""),
        seen_in=("https://github.com/karpathy/minbpe/blob/master/minbpe/basic.py",),
    ),
    known(
        "bpe-words-counted-once",
        "Every pre-token counts once, however frequent it is",
        "Pre-tokens are gathered in a set to save time, and how often each was in the "
        "text is forgotten. Rare long words then shape the vocabulary.",
        Textbook("Count", "+= counts[pre_token]", "+= 1"),
    ),
)

SPECIAL = (
    known(
        "special-injected",
        "Plain text becomes a special token",
        "What a user writes is searched for special tokens as if the program had put "
        "them there. `<|endoftext|>` in a question then ends the conversation.",
        Textbook(
            "encode",
            "allowed_special: Names = (),",
            'allowed_special: Names = "all",',
            caught_by="property: a special token in plain text is plain text",
        ),
        seen_in=("simonw/ttok#13",),
    ),
    known(
        "special-shortest",
        "Of two special tokens the shorter one wins",
        "Alternatives of a pattern are tried in the order in which they are written. "
        "`<|a|>` before `<|a|>x` leaves an `x` behind.",
        Patch("any_of", "key=len, reverse=True", "key=len"),
        seen_in=("https://github.com/karpathy/minbpe/blob/master/minbpe/regex.py",),
    ),
    known(
        "special-ids-over-merges",
        "Special tokens get the ids of merges",
        "They were numbered behind the bytes before there were merges. Two tokens "
        "share an id, and decoding gives the other one.",
        Patch("__init__", "count(256 + len(pairs))", "count(256)"),
    ),
    known(
        "vocab-size-without-specials",
        "Special tokens not counted",
        "The size of the vocabulary is that of bytes and merges. Special tokens are "
        "beyond it: they cannot be decoded, and an embedding has no row for them.",
        Patch(
            "__init__", "len(self.token_bytes)", "len(self.token_bytes) - len(names)"
        ),
    ),
)

BYTE_PAIRS = (*BYTES, *SPLIT, *MERGES, *TRAINING, *SPECIAL)
