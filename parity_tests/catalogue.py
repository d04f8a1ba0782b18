"""Every pair, in reading order: one record each."""

from parity_tests.attention import cases as attention
from parity_tests.attention.bounds import bounds as attention_bounds
from parity_tests.attention.gradient_yardsticks import (
    gradient_yardsticks as attention_gradients,
)
from parity_tests.attention.permuting import permuted as attention_permuted
from parity_tests.concept import Concept
from parity_tests.data import cases as data
from parity_tests.data.gradient_yardsticks import (
    gradient_yardsticks as embedding_gradients,
)
from parity_tests.real_text import (
    attention_on_text,
    embedding_on_text,
    windows_on_text,
)
from parity_tests.tokenizers import byte_pair_cases
from parity_tests.tokenizers import cases as tokenizers


def attention_variant(name: str, class_name: str, *supports: str) -> Concept:
    """Record a variant of attention."""
    return Concept(
        path=f"attention/{name}",
        class_name=class_name,
        cases=attention.attention_cases(class_name),
        run_reference=attention.run_reference,
        run_torch=attention.run_torch,
        on_text=attention_on_text(class_name),
        bounds=attention_bounds,
        gradient_yardsticks=attention_gradients,
        permuted=attention_permuted,
        supports=frozenset({"leading_axes", *supports}),
    )


CATALOGUE = (
    Concept(
        path="tokenizers/word",
        class_name="WordTokenizer",
        cases=tokenizers.word_cases(),
        run_reference=tokenizers.run,
        run_torch=tokenizers.run,
        on_text=tokenizers.words_on_text,
        supports=frozenset({"lossy"}),
    ),
    Concept(
        path="tokenizers/character",
        class_name="CharacterTokenizer",
        cases=tokenizers.character_cases(),
        run_reference=tokenizers.run,
        run_torch=tokenizers.run,
        on_text=tokenizers.characters_on_text,
    ),
    Concept(
        path="tokenizers/byte_pair",
        class_name="BytePairTokenizer",
        cases=byte_pair_cases.byte_pair_cases(),
        run_reference=byte_pair_cases.run,
        run_torch=byte_pair_cases.run,
        on_text=byte_pair_cases.byte_pairs_on_text,
    ),
    Concept(
        path="data/windows",
        class_name="SlidingWindows",
        cases=data.window_cases(),
        run_reference=data.windows_of_reference,
        run_torch=data.windows_of_torch,
        on_text=windows_on_text,
    ),
    Concept(
        path="data/embedding",
        class_name="TokenAndPositionEmbedding",
        cases=data.embedding_cases(),
        run_reference=data.embed_with_reference,
        run_torch=data.embed_with_torch,
        on_text=embedding_on_text,
        gradient_yardsticks=embedding_gradients,
        permuted=data.permuted_embedding,
    ),
    attention_variant("simple", "SimpleSelfAttention"),
    attention_variant("self_attention_v1", "SelfAttentionV1"),
    attention_variant("self_attention_v2", "SelfAttentionV2"),
    attention_variant("causal", "CausalAttention", "causal", "dropout"),
    attention_variant(
        "multi_head_wrapper", "MultiHeadAttentionWrapper", "causal", "dropout"
    ),
    attention_variant("multi_head", "MultiHeadAttention", "causal", "dropout"),
)


def concept(name: str) -> Concept:
    """Find a pair by its path, or by the last part of it.

    `_attention` and `_tokenizer` may follow the name.

    >>> concept("causal").class_name, concept("word_tokenizer").path
    ('CausalAttention', 'tokenizers/word')

    Raises:
        KeyError: there is no such pair.
    """
    short = name.removesuffix("_attention").removesuffix("_tokenizer")
    for each in CATALOGUE:
        if {name, short} & {each.path, each.name}:
            return each
    known = ", ".join(each.name for each in CATALOGUE)
    raise KeyError(f"no pair is called {name}; there are {known}")
