"""Cases of tokenizers: a text to learn from, a text to encode, ids to decode."""

from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.contract.agreement import as_array
from parity_tests.contract.backend import Backend
from parity_tests.contract.case import Case
from parity_tests.text.sample_text import settled, text

Cases = st.SearchStrategy[Case]
Merges = list[tuple[int, int]]

SPECIAL_TOKENS = ["<|endoftext|>", "<|end|>", "<|unk|>"]
TIE_BREAKS = ("bytes", "first_seen", "pair_id", "hugging_face")
ORDINARY = text(8).map(lambda whole: whole.replace("<|", "<"))  # no special token
REPETITIVE = st.text("ab c", max_size=40)
MANY = 60  # merges that are learned at most


@st.composite
def character_cases(draw: st.DrawFn, unknown: bool | None = None) -> Case:
    """Draw texts; without `<|unk|>` only what was learned can be encoded."""
    corpus = draw(text())
    unknown = draw(st.booleans()) if unknown is None else unknown
    known = st.text(sorted({*corpus}), max_size=30) if corpus else st.just("")
    encoded = draw(text() if unknown else known)
    return Case({"unknown": unknown}, {"corpus": corpus, "text": encoded})


@st.composite
def word_cases(draw: st.DrawFn) -> Case:
    """Draw texts that have words in common as often as not, or but for their case."""
    corpus, other = draw(text()), draw(text())
    both = f"{corpus} {other}"
    encoded = draw(st.sampled_from([corpus, other, both, both.swapcase()]))
    return Case({}, {"corpus": corpus, "text": encoded})


@st.composite
def byte_pair_cases(draw: st.DrawFn) -> Case:
    """Draw a text to learn from, and one to encode that may hold special tokens."""
    special_tokens = draw(
        st.lists(st.sampled_from(SPECIAL_TOKENS), max_size=3, unique=True)
    )
    n_merges = draw(st.integers(1, MANY) | st.integers(0, 12))
    config = {
        "vocab_size": 256 + len(special_tokens) + n_merges,
        "special_tokens": special_tokens,
        "tie_break": draw(st.sampled_from(TIE_BREAKS)),
    }
    corpus, other = draw(passages()), draw(text(12))
    encoded = draw(
        st.sampled_from([corpus, other, f"{corpus}<|end|>{other}", other + corpus])
    )
    return Case(config, {"corpus": corpus, "text": encoded})


def passages() -> st.SearchStrategy[str]:
    """Draw longer texts: some parts, in any order and repeated."""
    several = st.lists(text(8), min_size=1, max_size=6)
    repeated = several.flatmap(
        lambda parts: st.lists(st.sampled_from(parts), min_size=1, max_size=9)
    )
    longer = (several | repeated).map("".join)
    return longer.filter(lambda passage: len(passage) > 3)  # or nothing is merged


@st.composite
def plain_cases(draw: st.DrawFn) -> Case:
    """Draw texts that hold no special token, for batches, which allow none."""
    config = {
        "vocab_size": 258 + draw(st.integers(0, 4)),
        "special_tokens": ["<|end|>"],
    }
    return Case(config, {"corpus": draw(ORDINARY), "text": draw(ORDINARY)})


@st.composite
def training_cases(draw: st.DrawFn) -> Case:
    """Draw short texts to learn from, and more ids than they may have pairs for."""
    config = {
        "vocab_size": 256 + draw(st.integers(0, 12)),
        "tie_break": draw(st.sampled_from(TIE_BREAKS)),
    }
    corpus = (text(6) | REPETITIVE).map(settled)
    texts = draw(st.lists(corpus, min_size=1, max_size=3))
    return Case(config, {"corpus": texts[0], "texts": texts})


@st.composite
def merge_cases(draw: st.DrawFn) -> Case:
    """Draw merges of a few letters, deep ones too, and a text of what they make.

    Many are within each other's reach, so that one takes another's tokens away.
    """
    merges: Merges = []
    made = {token: chr(token) for token in b"abc "}
    for _ in range(draw(st.integers(0, 16))):
        token = st.sampled_from([*made, *[*made][-2:]])
        pair = draw(st.tuples(token, token))
        if pair not in merges and len(made[pair[0]] + made[pair[1]]) < 30:
            made[256 + len(merges)] = made[pair[0]] + made[pair[1]]
            merges.append(pair)
    parts = st.lists(st.sampled_from([*made.values()]), max_size=8)
    return Case({}, {"merges": merges, "text": "".join(draw(parts))})


@st.composite
def special_cases(draw: st.DrawFn) -> Case:
    """Draw special tokens that begin with each other, and a text that holds some."""
    name = st.text("ab|", min_size=1, max_size=3)
    tokens = draw(st.lists(name, max_size=4, unique=True))
    return Case({}, {"tokens": tokens, "text": draw(st.text("ab|c", max_size=12))})


def cases_of(**inputs: st.SearchStrategy[Any]) -> Cases:
    """Draw what a property learns from, encodes or decodes, by name."""
    return st.fixed_dictionaries(inputs).map(lambda drawn: Case({}, drawn))


def rows_of_ids(highest: int) -> st.SearchStrategy[np.ndarray[Any, Any]]:
    """Draw a few ids."""
    rows = st.lists(st.integers(0, highest), max_size=12)
    return rows.map(lambda ids: np.array(ids, np.int64))


def run(backend: Backend, part: Any, case: Case) -> list[Any]:
    """Encode with every special token, decode; and describe what has learned.

    With GPT-2's vocabulary all is plain text, so that every text is in its own order.
    """
    tokenizer = tokenizer_of(part, case)
    tokenizer.cache = {}  # so that every run takes the same steps
    options: dict[str, Any] = {}
    if hasattr(tokenizer, "merges"):
        is_gpt2 = not ("corpus" in case.inputs or case.config)
        options = {"disallowed_special": ()} if is_gpt2 else {"allowed_special": "all"}
    result = encoded_and_decoded(tokenizer, case, **options)
    if "corpus" in case.inputs:
        result.append([*tokenizer.to_dict().items()])
    return result


def encoded_and_decoded(tokenizer: Any, case: Case, **options: Any) -> list[Any]:
    """Encode a text and decode its ids, or decode rows of ids, each by itself."""
    if "ids" in case.inputs:
        decoded = [tokenizer.decode(row) for row in case.inputs["ids"]]
        return [tokenizer.encode(""), decoded]
    ids = tokenizer.encode(case.inputs["text"], **options)
    return [ids, tokenizer.decode(ids)]


def tokenizer_of(part: Any, case: Case) -> Any:
    """Learn from the corpus, or take the vocabulary; if there is neither, GPT-2's."""
    if "corpus" in case.inputs:
        return part.from_text(case.inputs["corpus"], **case.config)
    return part(**case.config) if case.config else gpt2(part)


def ids_and_text(result: list[Any]) -> list[Any]:
    """Give the ids of a text, and what they, or the given rows, are decoded to."""
    ids, decoded, *_ = result
    return [as_array(ids), decoded]


@cache
def gpt2(part: Any) -> Any:
    """Load the vocabulary of GPT-2 once, in a thread, where no steps are recorded."""
    with ThreadPoolExecutor(1) as alone:
        return alone.submit(part.gpt2).result()


def characters_on_text(whole: str, seed: int) -> list[tuple[str, Case]]:
    """Learn the characters of a real text, then encode and decode all of it."""
    what = f"{len(whole):,} characters"
    return [(what, Case({}, {"corpus": whole, "text": whole}))]


def words_on_text(whole: str, seed: int) -> list[tuple[str, Case]]:
    """Learn the words of the first half of a real text, and meet those of the rest."""
    half, n_words = whole[: len(whole) // 2], len(whole.split())
    return [(f"{n_words:,} words", Case({}, {"corpus": half, "text": whole}))]


def byte_pairs_on_text(whole: str, seed: int) -> list[tuple[str, Case]]:
    """Encode a real text as GPT-2, and with 300 ids learned from its first part."""
    config = {"vocab_size": 300, "special_tokens": ["<|endoftext|>"]}
    learned = whole[:20_000]
    return [
        ("GPT-2's vocabulary", Case({}, {"text": whole})),
        ("300 learned ids", Case(config, {"corpus": learned, "text": whole[:200_000]})),
    ]
