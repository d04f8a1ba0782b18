"""Known mistakes in byte-pair encoding: bytes, words, merges, special tokens."""

BYTE_PAIRS = r"""
bytes-as-characters: Characters taken for bytes
    A table of 256 entries is asked for any character. English works, and so does é,
    with another id; the rest of the world is lost or an error.
    Seen in
    https://github.com/rasbt/LLMs-from-scratch/tree/main/ch02/05_bpe-from-scratch
@ Start in tokenizers/byte_pair: in pre_token.encode() → in map(ord, pre_token)

decode-per-token: Each token decoded to text by itself
    A token may cut a character in two: decoded one by one, both halves become U+FFFD.
    Seen in huggingface/tokenizers#1141, vllm-project/vllm#48853
@ decode:
    - self.decode_bytes(ids).decode(errors="replace")
    + "".join(self.decode_bytes([i]).decode(errors="replace") for i in ids)

decode-drops-invalid: Bytes that are not UTF-8 vanish
    `errors="ignore"` hides the loss: two texts that differ are decoded to one.
@ decode in tokenizers/byte_pair: errors="replace" → errors="ignore"
    caught by test: bytes that are not utf8 become the replacement character

gpt2-byte-order: Byte b has id b under GPT-2
    GPT-2 lists the bytes that print first, so `!` has id 0. With the bytes in their own
    order every merge joins other bytes than it should.
@ gpt2 in tokenizers/byte_pair: , vocabulary.GPT2_BYTES) → )

bpe-across-words: The text is not cut into pre-tokens first
    The paper counts pairs within words. Without the cut, `e t` of `the time` is as good
    a pair as any, and tokens like `of the` take up the vocabulary.
@ pretokenize in tokenizers/byte_pair:
    GPT2_PATTERN.findall(text) → [text] if text else []
@ look_up: rights[is_last.take(positions)] = self.table.word_end →
& FEW_TOKENS: 256 → 1

trailing-space: No space goes with the next word
    GPT-2 writes a space into the word that follows it. Split at spaces, `dog` has one
    id at the start of a text and everywhere else too.
@ GPT2_PATTERN in tokenizers/byte_pair: | ?[{L}]+| ?[{N}]+| ?[^ → |[{L}]+|[{N}]+|[^

white-space-not-given-back: Of several spaces before a word all are one pre-token
    `\s+(?!\S)` takes a run of white space and gives its last character back. Without
    look-ahead it is left out; code in Python, which is indented, gets other ids.
@ GPT2_PATTERN in tokenizers/byte_pair: |[{S}]+(?![^{S}]) →

contraction-case: `'S` is split like `'s`
    GPT-2's contractions are lower case; the pattern of a later vocabulary is taken.
@ GPT2_PATTERN in tokenizers/byte_pair: '(?:s| → '(?i:s|
    caught by property: merges are those of counting anew before each

digits-in-threes: A number is cut into groups of three digits
    As in GPT-4's pattern, `\p{N}{1,3}`. GPT-2's takes a number whole.
@ GPT2_PATTERN in tokenizers/byte_pair: ?[{N}]+ → ?[{N}]{{1,3}}

class-ascii-only: Letters, digits and white space by ASCII alone
    `[A-Za-z]` for `\p{L}`, which Python's `re` does not know. A word with an accent
    falls apart, and a text in another script is punctuation.
@ RANGES in tokenizers/byte_pair:
    - if not line.startswith("#")
    + if not line.startswith("#") and int(line.split()[0], 16) < 128

white-space-of-python: White space as Python sees it
    `str.isspace` and `re` count U+001C to U+001F as white space. Unicode does not, nor
    do Rust and the engine that GPT-2's pattern was written for.
@ RANGES in tokenizers/byte_pair:
    - if not line.startswith("#")]
    + if not line.startswith("#")] + [["1C", "1F", "white_space"]]
    caught by test: a class is what the engine of tiktoken matches

whitespace-dropped: Tabs and other white space are lost
    No tab, no-break or ideographic space fits the pattern; what fits nothing is lost.
    Seen in
    https://github.com/rasbt/LLMs-from-scratch/tree/main/ch02/05_bpe-from-scratch
@ pretokenize in tokenizers/byte_pair:
    - GPT2_PATTERN.findall(text)
    + GPT2_PATTERN.findall(re.sub("[\t\xa0\u3000]", "", text))

bpe-overlap: Every pair in a run is merged
    In `aaa` the pair a a is found twice, and one `a` is part of both. Where all
    adjacent pairs are merged at once, that letter is merged twice.
    Seen in karpathy/minbpe#38
@ merge in tokenizers/byte_pair: n += 2 → n += 1
@ Choose:
    - chosen = sure_merges(ranks)
    + chosen = sure_merges(ranks)
    + chosen[1:] |= chosen[:-1] & (ranks[0, 1:] == ranks[0, :-1])
& FEW_TOKENS: 256 → 1

bpe-no-rank: Any known pair is merged, from the left
    The vocabulary says which pairs there are; the order of learning is ignored. On its
    own training text a tokenizer from a tutorial gave 962 of 3,798 words other tokens.
    Seen in
    https://github.com/rasbt/LLMs-from-scratch/tree/main/ch02/05_bpe-from-scratch
@ Merge in tokenizers/byte_pair: lowest = min(ranks) → lowest = ranks[0]
@ Choose:
    - chosen = sure_merges(ranks)
    + chosen = ranks[0] < 2**30
    + chosen[1:] &= ~chosen[:-1]
& FEW_TOKENS: 256 → 1

bpe-greedy-longest: The longest known token is taken, from the left
    As WordPiece does. The merges, replayed in their order, may have cut elsewhere: of
    `ab` and `bc` the one that was learned first is a token of `abc`.
@ Start in tokenizers/byte_pair:
    - tokens = [self.id_of_byte[byte] for byte in pre_token.encode()]
    + if not hasattr(self, "known"):
    +     ordinary = self.token_bytes[: 256 + len(self.merges)]
    +     self.known = {token: i for i, token in enumerate(ordinary)}
    + rest, tokens = pre_token.encode(), []
    + while rest:
    +     n = next(n for n in range(len(rest), 0, -1) if rest[:n] in self.known)
    +     tokens.append(self.known[rest[:n]])
    +     rest = rest[n:]
    + return tokens

bpe-stops-early: Merging stops after one round
    What a merge makes can be merged again; the loop is left when the first round is
    over. Short words are right, long ones fall into small tokens.
@ Merge in tokenizers/byte_pair: tokens = merge(tokens, self → return merge(tokens, self

bpe-tie-order: Ties broken by the order of the text
    `max` over a dictionary takes the first of equals. The vocabulary then depends on
    the order of the documents, and with a hash map on the run.
    Seen in huggingface/tokenizers#1794, karpathy/minbpe#90
@ Choose in tokenizers/byte_pair:
    min(ties, key=lambda pair: order(pair, token_bytes)) → ties[0]
@ first_of: if self.tie_break == "first_seen" → if self.tie_break

bpe-train-crash: No pair left is an error
    The loop never asks whether a pair is left: `max() arg is an empty sequence`.
    Seen in https://github.com/karpathy/minbpe/blob/master/minbpe/basic.py
@ Count in tokenizers/byte_pair:
    - if most == 0:
    -     break

bpe-words-counted-once: Every pre-token counts once, however frequent it is
    Pre-tokens are gathered in a set to save time, and how often each was in the text is
    forgotten. Rare long words then shape the vocabulary.
@ Count in tokenizers/byte_pair: += counts[pre_token] → += 1

special-injected: Plain text becomes a special token
    What a user writes is searched for special tokens as if the program had put them
    there. `<|endoftext|>` in a question then ends the conversation.
    Seen in simonw/ttok#13
@ encode in tokenizers/byte_pair: Names = (), → Names = "all",
    caught by property: a special token in plain text is plain text

special-shortest: Of two special tokens the shorter one wins
    Alternatives are tried as they are written: `<|a|>` before `<|a|>x` leaves an `x`.
    Seen in https://github.com/karpathy/minbpe/blob/master/minbpe/regex.py
@ any_of: key=len, reverse=True → key=len

special-ids-over-merges: Special tokens get the ids of merges
    They were numbered before there were merges. Two tokens share an id.
@ __init__: count(256 + len(pairs)) → count(256)

vocab-size-without-specials: Special tokens not counted
    The size of the vocabulary is that of bytes and merges. Special tokens are beyond
    it: they cannot be decoded, and an embedding has no row for them.
@ __init__: len(self.token_bytes) → len(self.token_bytes) - len(names)
"""
