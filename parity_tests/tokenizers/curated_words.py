r"""Cases of words and of characters, each with the rule that it tests.

Words are those of the book: the text is split at `[,.:;?_!"()']`, at `--` and at white
space, which goes; decoding takes the white space away before each of `,.:;?!"()'`.
"""

from collections.abc import Iterator
from random import Random

from parity_tests.contract.case import Case
from parity_tests.contract.probe import Probe
from parity_tests.tokenizers.curated_bytes import CODE_POINTS, CUT, Rule

END, UNKNOWN = "<|endoftext|>", "<|unk|>"
MANY = 70_000  # words, or characters: more than 16 bits can number

SPLIT: tuple[Rule, ...] = (
    (
        "each of ,.:;?_!\"()' is a word of its own",
        (
            *(
                "a,b.c:d;e?f_g!h\"i(j)k'l",
                "a, b. c: d; e? f_ g! h\" i( j) k'",
                ",.:;?_!",
            ),
            *("a,", "b.", "_c", "(d"),
            *("3.14 1,000 12:30", "snake_case __init__", "...!?", "f(x)(y)", "\"\"''"),
        ),
    ),
    (
        "-- is a word of its own, and - part of one",
        ("a--b this-- --that", "a-b - c", "--- ---- -----", "a---b a----b", "-a- --"),
    ),
    (
        "' is a word of its own, and the letters behind it are another",
        ("don't I'll we're", "dogs' 'tis rock'n'roll o'clock", "IT'S it's", "'' '"),
    ),
    (
        "any other mark is part of a word",
        (
            *("a/b c\\d [e] {f} <g> h*i j+k=l", "#tag @me $5 50% a&b ~x ^y `z` |"),
            *("it’s “a” «b» — – … a…b c—d", "。a、b！？ ¿a? ¡b!", "a\u2010b a\u2011b"),
        ),
    ),
    (
        "white space of every kind is no word and part of none",
        (
            *("a\tb\nc\r\nd\x0be\x0cf", "a\u00a0b\u3000c\u2028d\x85e", " \t\n "),
            *("a\x1cb\x1dc\x1ed\x1fe", "a\u2003b\u202fc\u1680d", "  a   b  ", "\u00a0"),
        ),
    ),
    (
        "what has no width is part of a word",
        ("a\u200bb a\u200db", "\ufeffa b\ufeff", "co\u00adop", "a\u2060b \u180ea"),
    ),
    (
        "letters and digits of any script are parts of a word",
        (
            "naïve e\u0301a 猫の手 x² ½ ٣٤",
            "abc123 3rd",
            "👍🏽a 👩‍👧",
            "नमस्ते ไทย",
            "a\x00b \x00",
        ),
    ),
    (
        "a special word is one where it stands alone",
        (f"a {END} b {UNKNOWN}", f"{END}, {END}.{END}!", f"{UNKNOWN}--{END}", "<|unk|"),
    ),
    ("an empty text has no words", ("",)),
)

# What is learned, and a text in which something else stands.
OTHERS: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    (
        "a word in other letters is another word, though it is unknown",
        (
            *(("the cat", "The CAT tHe cat THE"), ("The Cat", "the cat THE")),
            *(("ß ss é", "SS ẞ É e\u0301"), ("I i", "İ ı I"), ("USA", "usa Usa")),
        ),
    ),
    (
        "every unknown word is <|unk|>, each by itself",
        (("a", "b c d a e"), ("a", "b"), ("", "a b, c"), (",", "b, c,d")),
    ),
    (
        "what is part of a known word, or has one as a part, is unknown",
        (("cats cat-", "cat cats- s"), ("ab", "a b abc ab."), ("3.5 10", "3 5 1 100")),
    ),
    (
        "a special word inside a word is no special word",
        (
            ("a", f"a{END} {END}a"),
            ("a b", f"{END}{END} <|unk|>s <|UNK|> <|EndOfText|>"),
        ),
    ),
    (
        "white space at both ends is no part of a word",
        (
            ("a b", " a\n"),
            ("a", "\u00a0a\u3000"),
            ("a", "\ta\x1c"),
            ("a.", "\n\n a .\n"),
        ),
    ),
    (
        "there is no normalization",
        (("é Å ﬁ ²", "e\u0301 A\u030a fi 2"), ("e\u0301", "é"), ("ａ １ “", 'a 1 "')),
    ),
)

# Words that a text can have, in no order: every separator, and what looks like one.
NUMBERED: tuple[str, ...] = (
    "b",
    ",",
    "_",
    "--",
    ":",
    "é",
    "-",
    "(",
    UNKNOWN,
    "?",
    "a-b",
    "…",
    "’",
)
NUMBERED += ('"', ";", END, "'", ".", "/", ")", "!", "a", "猫", "[")


def word_probes(seed: int) -> Iterator[Probe]:
    """List the fixed cases of words."""
    yield from decoded_words()
    for rule, texts in SPLIT:
        for text in texts:
            yield Probe(rule, Case({}, {"corpus": text, "text": text}))
            known = " ".join([*text.split(), *text])  # if it were split otherwise
            yield Probe(rule, Case({}, {"corpus": known, "text": text}))
    for rule, pairs in OTHERS:
        for corpus, text in pairs:
            yield Probe(rule, Case({}, {"corpus": corpus, "text": text}))
    rng = Random(seed)
    numbers = [f"w{n}" for n in range(MANY)]
    shuffled = rng.sample([*numbers, END, UNKNOWN], MANY + 2)
    numbering = {word: i for i, word in enumerate(shuffled)}
    text = " ".join(numbers[:: 1 + MANY // 20_000])
    rule = "a vocabulary may have 70,000 words, in any order"
    yield Probe(rule, Case({"vocabulary": numbering}, {"text": text}))
    rule = "a text of 70,000 characters is encoded as one"
    text = "abcd, e" * 10_000
    yield Probe(rule, Case({}, {"corpus": text, "text": text}))
    long = "".join(rng.choices("ab", k=300))
    rule = "a word may have 300 letters"
    inputs = {"corpus": f"{long}a {long}b", "text": f"{long}b {long}"}
    yield Probe(rule, Case({}, inputs))


def decoded_words() -> Iterator[Probe]:
    """Decode rows of words."""
    config = {"vocabulary": {word: i for i, word in enumerate(NUMBERED)}}
    every, a = [*range(len(NUMBERED))], NUMBERED.index("a")
    rows = [row for i in every for row in ([i], [a, i, a], [i, i], [i, a, i])]
    rows += [every, every[::-1], []]
    rule = "words are joined by one space, but there is none before ,.:;?!\"()'"
    yield Probe(rule, Case(config, {"ids": rows}))
    rule = "<|unk|> has the id that the vocabulary gives it"
    yield Probe(rule, Case(config, {"text": "unknown a: others, b"}))


def character_probes(seed: int) -> Iterator[Probe]:
    """List the fixed cases of characters."""
    for rule, texts in CUT:
        if (rule, texts) not in CODE_POINTS:
            rule = "every code point has its own id"
        for text in texts:
            case = Case({"unknown": False}, {"corpus": text, "text": text})
            yield Probe(rule, case)
    config = {"unknown": True}
    for rule, corpus, text in (
        (
            "every unknown character is <|unk|>, each by itself",
            "abc",
            "abxyéc👍 e\u0301",
        ),
        ("<|unk|> in a text is seven characters", "a<|unk>", "a<|unk|>a"),
        ("<|unk|> in a text is seven characters", "a", "<|unk|>"),
        ("a character in another case is another one", "aÉßi", "AéẞİıSsaE"),
        ("there is no normalization", "é²ﬁａ", "e\u03012fia"),
        ("white space is not changed", " \n", "\t \r\n\u00a0\u3000\x85"),
        (
            "a text of 70,000 characters is encoded as one",
            "abcdefg",
            "abcdefg" * 10_000,
        ),
    ):
        yield Probe(rule, Case(config, {"corpus": corpus, "text": text}))
    characters = [*map(chr, (*range(0x4E00, 0x9FD0), *range(0x20000, 0x2A6D0)))]
    shuffled = Random(seed).sample(characters, len(characters))
    numbering = {character: i for i, character in enumerate([*shuffled, UNKNOWN])}
    text = "".join(shuffled[::7])
    rule = "ids may be larger than 32,767"
    yield Probe(rule, Case({"vocabulary": numbering}, {"text": text}))
    some = {"vocabulary": {"e": 0, "\u0301": 1, UNKNOWN: 2, " ": 3, "\x00": 4, "\r": 5}}
    rows = [[0, 1], [2, 0, 2, 2], [3, 0, 3], [4, 0, 4], [5], [], [1], [0, 3, 3, 0]]
    rule = "each id is decoded to its character, and nothing is added"
    yield Probe(rule, Case(some, {"ids": rows}))
