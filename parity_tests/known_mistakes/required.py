"""The mistakes that this suite was asked for; it may have more, never less."""

ATTENTION = """
mask-polarity mask-off-by-one mask-finite-fill mask-after-softmax empty-row-nan
empty-row-mean no-scale scale-d-model scale-twice softmax-wrong-axis softmax-no-shift
softmax-low-precision softmax-epsilon heads-view-no-transpose heads-merge-no-transpose
weights-transposed bias-dropped dropout-in-eval dropout-no-rescale
dropout-before-softmax
"""

TOKENIZERS = """
bpe-overlap bpe-no-rank bpe-across-words bpe-stops-early bpe-tie-order bpe-train-crash
bytes-as-characters whitespace-dropped class-ascii-only contraction-case trailing-space
special-injected special-shortest decode-per-token decode-negative-id word-unknown-crash
char-order window-drops-last
"""

FIRST_EDITION = {
    "tokenizers/word": 13,
    "tokenizers/character": 10,
    "tokenizers/byte_pair": 26,
    "data/windows": 7,
    "data/embedding": 10,
    "attention/simple": 17,
    "attention/self_attention_v1": 28,
    "attention/self_attention_v2": 34,
    "attention/causal": 55,
    "attention/multi_head_wrapper": 61,
    "attention/multi_head": 65,
}
"""How many each pair had in the first edition: it has no fewer now."""

CACHE = ("attention/*cache*",)
ROTARY = ("attention/*rotary*", "attention/*rope*", "positions/*ro*")

WAITING = {
    "empty-row-nan-gradient": ("attention/*cross*", "attention/*padding*"),
    "causal-top-left": ("attention/*cross*", *CACHE),
    "heads-tiled": ("attention/*grouped*",),
    "window-plus-one": ("attention/*window*",),
    "window-both-sides": ("attention/*window*",),
    "rope-pairing": ROTARY,
    "rope-on-values": ("attention/*rotary*", "attention/*rope*"),
    "rope-after-cache": ("attention/*cached_rotary*",),
    "softcap-after-mask": ("attention/*softcap*", "attention/*soft_cap*"),
    "qk-norm-after-rope": ("attention/*norm*",),
    "alibi-sign": ("*/*alibi*",),
    "cache-positions": CACHE,
    "cache-stale": CACHE,
}
"""The pairs for which a mistake waits, as patterns of paths: it is due in the first."""

REQUIRED = {*ATTENTION.split(), *TOKENIZERS.split(), *WAITING}
