"""The table of contents: every concept in reading order, by its path.

The catalogue has the same order; a test compares the two. It stands here as well
because the catalogue imports torch, and source can be shown without waiting for it.
"""

READING_ORDER = (
    "tokenizers/word",
    "tokenizers/character",
    "tokenizers/byte_pair",
    "data/windows",
    "data/embedding",
    "attention/simple",
    "attention/self_attention_v1",
    "attention/self_attention_v2",
    "attention/causal",
    "attention/multi_head_wrapper",
    "attention/multi_head",
)

ALIASES = {"bpe": "byte_pair"}


def find(name: str) -> str:
    """Find a concept's path by the name of its file, with or without its kind.

    >>> find("causal"), find("Causal-Attention"), find("attention/causal")
    ('attention/causal', 'attention/causal', 'attention/causal')

    Raises:
        KeyError: there is no such concept; the message lists those that there are.
    """
    wanted = name.strip().lower().replace("-", "_")
    wanted = wanted.removesuffix("_attention").removesuffix("_tokenizer")
    wanted = ALIASES.get(wanted, wanted)
    for path in READING_ORDER:
        if wanted in (path, path.partition("/")[2]):
            return path
    known = ", ".join(path.partition("/")[2] for path in READING_ORDER)
    raise KeyError(f"no concept is called {name!r}; there are {known}")
