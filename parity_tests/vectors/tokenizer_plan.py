"""The cases of tokenizers that the vectors hold: one for each string that hurts."""

from collections.abc import Iterator
from typing import Any

from parity_tests.case import Case
from parity_tests.concept import Concept
from parity_tests.sample_text import HURTS
from parity_tests.vectors.planned import Planned

WHITE = "White space, where patterns, `\\s` and trimming part ways"
POINTS = "Code points that are not what a reader sees"
ALIKE = "Text that looks like something else"
RUNS = "A run, in which merges overlap and quadratic loops are slow"
EDGE = "Nearly nothing: the edge of every loop"

GROUPS = {  # the last string of each group in `HURTS`: the reason, and flags
    "one space": (EDGE, ("EdgeCase",)),
    "ZWSP": (WHITE, ("WhiteSpace",)),
    "digits of other scripts": (POINTS, ("NonASCII",)),
    "replacement character": (ALIKE, ()),
    "abab": (RUNS, ("Run",)),
}
SHORT = 9  # bytes of a text whose steps are written
SPLIT_CHARACTERS = {
    *("one astral character", "combining accents", "composed and decomposed"),
    *("ZWJ emoji", "flags", "right to left", "CJK", "Thai", "astral", "run of emoji"),
    *("highest code point", "private and unassigned", "letters that change length"),
}

OTHERS: dict[str, tuple[tuple[str, dict[str, Any], str, str, str, str], ...]] = {
    "word": (
        ("unknown words", {}, "the cat", "the dog, the cat", "Unknown", "`<|unk|>`."),
        ("nothing learned", {}, "", "a b", "Unknown", "Every word is unknown."),
        (
            *("special words", {}, "a b", "a <|endoftext|> b <|unk|>"),
            *("SpecialTokens", "Special words in a text become their ids."),
        ),
    ),
    "character": (
        (
            *("unknown characters", {"unknown": True}, "abc", "abxé👍"),
            *("Unknown", "What was not learned becomes `<|unk|>`, and decodes to it."),
        ),
        (
            *("refused character", {"unknown": False}, "abc", "abx"),
            *("Refused", "Without `<|unk|>` an unknown character is refused."),
        ),
    ),
    "byte_pair": (
        *(
            (
                f"ties by {how}",
                {"vocab_size": 260, "tie_break": how},
                *("ba ab ba ab cd dc", "ab ba cd dc", "Ties"),
                "Several pairs are the commonest; `tie_break` says which is taken.",
            )
            for how in ("bytes", "first_seen", "pair_id")
        ),
        (
            *("no merges", {"vocab_size": 256}, "low lower", "low é", "EdgeCase"),
            "Without merges ids are bytes.",
        ),
        (
            *("no pair is left", {"vocab_size": 300}, "ab", "abab", "EdgeCase"),
            "Training ends early where nothing is left to join.",
        ),
        (
            "special tokens",
            {"vocab_size": 262, "special_tokens": ["<|end|>", "<|end|>x"]},
            *("low low lower", "low<|end|>x<|end|>low", "SpecialTokens"),
            "Where two special tokens begin, the longer one stands.",
        ),
        (
            *("no room", {"vocab_size": 255}, "ab", "ab", "Refused"),
            "An id for every byte is the least that a vocabulary holds.",
        ),
    ),
}


def tokenizer_plan(concept: Concept, seed: int) -> Iterator[Planned]:
    """Learn from each string that hurts, and encode that same string."""
    for name, text in HURTS.items():
        config = {"vocab_size": 260} if concept.name == "byte_pair" else {}
        case = Case(config, {"corpus": text, "text": text})
        short = len(text.encode()) <= SHORT
        yield Planned(name, case, reason(name), flags(name, concept), short)
    for name, config, corpus, text, flag, comment in OTHERS[concept.name]:
        case = Case(config, {"corpus": corpus, "text": text})
        yield Planned(name, case, comment, (flag,))
    if concept.name == "byte_pair":
        for name, text in HURTS.items():
            case = Case({}, {"text": text})
            own = ("GPT2", *flags(name, concept))
            yield Planned(f"GPT-2, {name}", case, reason(name), own, with_steps=False)


def reason(name: str) -> str:
    """Say why a string is there.

    >>> reason("NUL")
    'Code points that are not what a reader sees: NUL.'
    """
    return f"{group(name)[0]}: {name}."


def flags(name: str, concept: Concept) -> tuple[str, ...]:
    """Say what a string tries in a tokenizer."""
    found = group(name)[1]
    if name == "empty":
        found += ("EmptyText",)
    if name == "special token":
        found += ("SpecialTokens",)
    if name in SPLIT_CHARACTERS and concept.name == "byte_pair":
        found += ("LoneByte",)  # some ids are part of a character
    return found


def group(name: str) -> tuple[str, tuple[str, ...]]:
    """Find the group of a string: they stand in `HURTS` one group after another.

    >>> group("one space")[1], group("two spaces before a word")[1], group("BOM")[1]
    (('EdgeCase',), ('WhiteSpace',), ('WhiteSpace',))
    """
    order = list(HURTS)
    place = order.index(name)
    return next(GROUPS[end] for end in GROUPS if place <= order.index(end))
