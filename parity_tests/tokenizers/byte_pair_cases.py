"""Cases of the byte-pair tokenizer: texts, and every way to break a tie."""

from typing import Any

from hypothesis import strategies as st

from parity_tests.concept import Case
from parity_tests.sample_text import text

SPECIAL_TOKENS = ["<|endoftext|>", "<|end|>", "<|unk|>"]


@st.composite
def byte_pair_cases(draw: st.DrawFn) -> Case:
    """Draw a text to learn from, and one to encode that may hold special tokens."""
    special_tokens = draw(
        st.lists(st.sampled_from(SPECIAL_TOKENS), max_size=3, unique=True)
    )
    config = {
        "vocab_size": 256 + len(special_tokens) + draw(st.integers(0, 8)),
        "special_tokens": special_tokens,
        "tie_break": draw(st.sampled_from(["bytes", "first_seen", "pair_id"])),
    }
    corpus, other = draw(text(12)), draw(text(12))
    encoded = draw(st.sampled_from([corpus, other, f"{corpus}<|end|>{other}"]))
    return Case(config, {"corpus": corpus, "text": encoded})


@st.composite
def training_cases(draw: st.DrawFn) -> Case:
    """Draw a short text, and more ids than it may have pairs for."""
    config = {
        "vocab_size": draw(st.integers(256, 270)),
        "tie_break": draw(st.sampled_from(["bytes", "first_seen"])),
    }
    return Case(config, {"corpus": draw(text(6) | st.text("ab ", max_size=12))})


def run(tokenizer_class: Any, case: Case) -> list[Any]:
    """Train, encode with every special token, decode; and say the state, by name.

    Without a text to learn from it is GPT-2's tokenizer, and all is plain text.
    """
    text = case.inputs["text"]
    if "corpus" in case.inputs:
        tokenizer = tokenizer_class.train(case.inputs["corpus"], **case.config)
        ids = tokenizer.encode(text, allowed_special="all")
    else:
        tokenizer = tokenizer_class.gpt2()
        ids = tokenizer.encode(text, disallowed_special=())
    state = [[name, value] for name, value in tokenizer.state_dict().items()]
    return [ids, tokenizer.decode(ids), state]


def byte_pairs_on_text(whole: str, seed: int) -> list[tuple[str, Case]]:
    """Encode a real text as GPT-2, and with 500 ids learned from its first part."""
    config = {"vocab_size": 500, "special_tokens": ["<|endoftext|>"]}
    learned = whole[:100_000]
    return [
        ("GPT-2's vocabulary", Case({}, {"text": whole})),
        ("500 learned ids", Case(config, {"corpus": learned, "text": whole})),
    ]
