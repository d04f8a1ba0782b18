"""Words, texts and vocabularies for byte pairs that are longer than a buffer may be.

No word takes more than some hundred merges, so that code which merges one pair at a
time, or calls itself for each, is only slow.
"""

from collections.abc import Iterator
from random import Random

from parity_tests.tokenizers.cases import Merges
from parity_tests.tokenizers.curated_bytes import END
from parity_tests.tokenizers.curated_tables import (
    grow,
    random_words,
    tangled,
    telling,
)

Long = tuple[str, Merges, str, tuple[str, ...]]  # rule, merges, text, special tokens

LETTERS = "abcd"
SIZES = {64: (65, 66, 72, 100, 127), 128: (129, 160, 200, 255), 256: (257, 300, 301)}
SIZES |= {400: (401, 450, 511), 512: (513, 600)}
ATOMS = ("7", "-", " ", "\n", "é", "猫", "👍")  # of which a run is one pre-token
WORDS = ("abcdef", "fedcba", "ghijkl", "bafdec", "lkjihg", "acegik")  # and a space: 7
UNITS = (  # of which a text is made; their sizes divide no buffer's
    ("white space", "ab  \n c\t\tdé 1", ()),
    ("no white space", "foo.bar=1;é", ()),
    ("special tokens", f"low{END}x", (END,)),
    ("short lines", "a b\ncd\n", ()),
    ("letters of two bytes", " письмо", ()),
    ("characters of four bytes", "👍🏽a👍🏿", ()),
)


def long_words() -> Iterator[Long]:
    """List words of more than 64 bytes, runs of each kind, and one word of 5,000."""
    rng = Random(0)
    merges = tangled(rng, LETTERS)
    for least, sizes in SIZES.items():
        rule = f"a word of more than {least} bytes is merged as any other"
        yield rule, merges, random_words(rng, LETTERS, sizes), ()
    for atom in ATOMS:
        merges = []
        for n in (1, 2, 4, 8):
            grow(merges, atom.encode() * n, 9)
        runs = "a".join(atom * n for n in (*range(15, 24), 70, 135, 301))
        rule = f"a run of {atom!r} is one pre-token, however long it is"
        yield rule, merges, runs, ()
    word = [*rng.choices("bcdfg", k=5_000)]
    for at in sorted({*range(64, 5_000, 64), *range(100, 5_000, 100)}):
        word[at - 1 : at + 1] = "xy"
    rule = "a word of 5,000 letters is merged as any other"
    yield rule, [(120, 121)], "".join(word), ()


def long_texts() -> Iterator[Long]:
    """List texts of 5,000 to 140,000 characters, in which no place is a good cut."""
    rng = Random(0)
    merges: Merges = []
    for word in WORDS:
        grow(merges, f" {word}".encode(), 9)
    for n in (5_000, 20_000, 70_000, 140_000):
        rule = f"a text of {n:,} characters is encoded as one"
        text = "".join(f" {word}" for word in rng.choices(WORDS, k=n // 7))
        yield rule, merges, text, ()
    rule = "however many ids there are, they are decoded as one"
    yield rule, [], "猫犬 " * 10_000, ()  # ends of buffers are inside characters
    for what, unit, special_tokens in UNITS:
        rule = f"a long text of {what} is encoded as one"
        for n in (5_000, 70_000):
            text = unit * (n // len(unit))
            yield rule, telling(unit * 2, special_tokens), text, special_tokens


def many_words() -> Iterator[Long]:
    """List words that code may take for each other when it remembers them."""
    rng = Random(1)
    merges = tangled(rng, "abAB")
    similar = ["".join(rng.choices("abAB", k=6)) for _ in range(40)]
    similar += [
        form for w in similar for form in (w.lower(), w.upper(), w[::-1], w[:5])
    ]
    twice = " ".join(similar + similar[::-1])
    yield "words that differ in case or order are two words", merges, twice, ()
    same = "".join(rng.choices("ab", k=64))
    ends = ["".join(rng.choices("abAB", k=9)) for _ in range(20)]
    text = " ".join(same + end for end in ends + ends[::-1])
    yield "words that begin with the same 64 letters are two words", merges, text, ()
    merges = tangled(rng, "abcdefgh")
    words = random_words(rng, "abcdefgh", rng.choices(range(4, 9), k=6_000))
    yield "however many words a text has, each has its own tokens", merges, words, ()
