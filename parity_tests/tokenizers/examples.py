"""Named cases of tokenizers, for the vectors: one for each adversarial string."""

from collections.abc import Callable, Iterator, Set
from typing import Any

from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.text.sample_text import ADVERSARIAL

WHITE = "White space, where patterns, `\\s` and trimming differ"
CODE_POINTS = "Code points that are not what a reader sees"
LOOKS_LIKE = "Text that looks like something else"
RUNS = "A run, in which merges overlap and quadratic loops are slow"
EDGE = "Nearly nothing: the edge of every loop"

GROUPS = {  # the last string of each group in `ADVERSARIAL`: the reason, and flags
    "one space": (EDGE, ("EdgeCase",)),
    "ZWSP": (WHITE, ("WhiteSpace",)),
    "digits of other scripts": (CODE_POINTS, ("NonASCII",)),
    "replacement character": (LOOKS_LIKE, ()),
    "abab": (RUNS, ("Run",)),
}
SHORT = 9  # bytes of a text whose steps are written
LONE_BYTES = {  # strings with ids that are part of a character
    *("one astral character", "combining accents", "composed and decomposed"),
    *("ZWJ emoji", "flags", "right to left", "CJK", "Thai", "astral", "run of emoji"),
    *("highest code point", "private and unassigned", "letters that change length"),
}
Names = Set[str]
Config = dict[str, Any]
Other = tuple[str, Config, str, str, str, str]
WORDS: tuple[Other, ...] = (  # name, config, corpus, text, flags, comment
    ("unknown words", {}, "the cat", "the dog, the cat", "Unknown", "`<|unk|>`."),
    ("nothing learned", {}, "", "a b", "Unknown", "Every word is unknown."),
    (
        *("special words", {}, "a b", "a <|endoftext|> b <|unk|>", "SpecialTokens"),
        "Special words in a text become their ids.",
    ),
)
CHARACTERS: tuple[Other, ...] = (
    (
        *("unknown characters", {"unknown": True}, "abc", "abxé👍", "Unknown"),
        "What was not learned becomes `<|unk|>`, and decodes to it.",
    ),
    (
        *("rejected character", {"unknown": False}, "abc", "abx", "Rejected"),
        "Without `<|unk|>` an unknown character is rejected.",
    ),
)
BYTE_PAIRS: tuple[Other, ...] = (
    *(
        (
            *(f"ties by {rule}", {"vocab_size": 260, "tie_break": rule}),
            *("ba ab ba ab cd dc", "ab ba cd dc", "Ties"),
            "Several pairs are the most frequent; `tie_break` says which is merged.",
        )
        for rule in ("bytes", "first_seen", "pair_id", "hugging_face")
    ),
    (
        *("no merges", {"vocab_size": 256}, "low lower", "low é", "EdgeCase"),
        "Without merges ids are bytes.",
    ),
    (
        *("no pair is left", {"vocab_size": 300}, "ab", "abab", "EdgeCase"),
        "Training ends early where no pair is left to merge.",
    ),
    (
        "special tokens",
        {"vocab_size": 262, "special_tokens": ["<|end|>", "<|end|>x"]},
        *("low low lower", "low<|end|>x<|end|>low", "SpecialTokens"),
        "Where two special tokens begin, the longer one is taken.",
    ),
    (
        *("no room", {"vocab_size": 255}, "ab", "ab", "Rejected"),
        "An id for every byte is the least that a vocabulary holds.",
    ),
)


def word_examples(seed: int) -> Iterator[Example]:
    """Learn the words of each string, and encode that same string."""
    yield from learned({})
    yield from others(WORDS)


def character_examples(seed: int) -> Iterator[Example]:
    """Learn the characters of each string, and encode that same string."""
    yield from learned({})
    yield from others(CHARACTERS)


def byte_pair_examples(gpt2: bool = True) -> Callable[[int], Iterator[Example]]:
    """Learn four merges from each string; encode it by them, and as GPT-2 does."""

    def examples(seed: int) -> Iterator[Example]:
        yield from learned({"vocab_size": 260}, LONE_BYTES)
        yield from others(BYTE_PAIRS)
        for name, text in ADVERSARIAL.items() if gpt2 else ():
            flags = ("GPT2", *flags_of(name, LONE_BYTES))
            case = Case({}, {"text": text})
            yield Example(f"GPT-2, {name}", case, reason(name), flags, False)

    return examples


def learned(config: Config, lone_bytes: Names = frozenset()) -> Iterator[Example]:
    """Learn from each adversarial string, and encode that same string."""
    for name, text in ADVERSARIAL.items():
        case = Case(config, {"corpus": text, "text": text})
        is_short = len(text.encode()) <= SHORT
        yield Example(name, case, reason(name), flags_of(name, lone_bytes), is_short)


def others(table: tuple[Other, ...]) -> Iterator[Example]:
    """Give what is particular to one kind of tokenizer."""
    for name, config, corpus, text, flag, comment in table:
        case = Case(config, {"corpus": corpus, "text": text})
        yield Example(name, case, comment, (flag,))


def reason(name: str) -> str:
    """Say why a string is there.

    >>> reason("NUL")
    'Code points that are not what a reader sees: NUL.'
    """
    return f"{group(name)[0]}: {name}."


def flags_of(name: str, lone_bytes: Names) -> tuple[str, ...]:
    """Say what a string tries in a tokenizer."""
    own = {"empty": ("EmptyText",), "special token": ("SpecialTokens",)}
    is_lone = ("LoneByte",) * (name in lone_bytes)
    return (*group(name)[1], *own.get(name, ()), *is_lone)


def group(name: str) -> tuple[str, tuple[str, ...]]:
    """Find the group of a string: `ADVERSARIAL` has one group after another.

    >>> group("one space")[1], group("two spaces before a word")[1], group("BOM")[1]
    (('EdgeCase',), ('WhiteSpace',), ('WhiteSpace',))
    """
    order = list(ADVERSARIAL)
    index = order.index(name)
    return next(GROUPS[end] for end in GROUPS if index <= order.index(end))
