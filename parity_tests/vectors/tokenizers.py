"""What a vector says of a tokenizer: what it learned, and what each id alone is."""

from functools import cache, partial
from types import SimpleNamespace
from typing import Any

from parity_tests.case import Case
from parity_tests.concept import Concept
from parity_tests.kit.request import vocabulary_of

Tree = dict[str, Any]


@cache
def gpt2_of(class_: Any) -> Any:
    """Make GPT-2's own tokenizer on a side; that takes a second."""
    return class_.gpt2()


def kept(class_: Any, case: Case) -> Any:
    """Return a class, or for GPT-2 what stands for it, made once."""
    return SimpleNamespace(gpt2=partial(gpt2_of, class_)) if is_gpt2(case) else class_


def tokenizer_of(class_: Any, case: Case) -> Any:
    """Make the tokenizer of a case on either side."""
    if is_gpt2(case):
        return gpt2_of(class_)
    return class_.train(case.inputs["corpus"], **case.config)


def pieces(class_: Any, case: Case) -> Tree:
    """Decode every id of the text alone, as text and, of byte pairs, as bytes."""
    tokenizer = tokenizer_of(class_, case)
    special: Tree = {"allowed_special": "all"} if "vocab_size" in case.config else {}
    if is_gpt2(case):
        special = {"disallowed_special": ()}
    ids = [int(number) for number in tokenizer.encode(case.inputs["text"], **special)]
    alone: Tree = {"each_id_decoded": [tokenizer.decode([number]) for number in ids]}
    if hasattr(tokenizer, "decode_bytes"):
        alone["each_token"] = [tokenizer.decode_bytes([number]) for number in ids]
    return alone


def learned(concept: Concept, case: Case) -> Tree:
    """Say what the tokenizer was made of: merges by rank, or the vocabulary."""
    if is_gpt2(case):
        return {"vocabulary": "gpt2"}
    made = vocabulary_of(tokenizer_of(concept.reference, case))
    if "merges" in made:
        made.pop("vocabulary")  # 0..255 are bytes, then come the merges
    return made


def is_gpt2(case: Case) -> bool:
    """Whether it is GPT-2's own vocabulary: 50,257 ids, too many to write."""
    return "text" in case.inputs and "corpus" not in case.inputs
