"""How the answer of a tokenizer differs from the right one, written in tokens."""

from collections.abc import Mapping
from itertools import zip_longest
from typing import Any

from parity_tests.contract.case import Case

BEFORE, AFTER = 2, 4  # tokens shown around the first one that differs
SHORT, NEAR = 200, 60  # characters shown of a text, and on each side of a place in it

Names = Mapping[int, str | bytes]  # tokens by id


def names_of(tokenizer: Any) -> Names:
    """Name every id of a tokenizer by its token, bytes or text."""
    if not hasattr(tokenizer, "merges"):
        return {number: token for token, number in tokenizer.vocabulary.items()}
    names = dict(enumerate(tokenizer.token_bytes))
    return names | {number: token for token, number in tokenizer.special_tokens.items()}


def tokens_differ(tokenizer: Any, case: Case, right: Any, output: Any) -> str:
    """Write down a text, the first token that differs, and both rows with their bytes.

    >>> from reference import CharacterTokenizer
    >>> tokenizer = CharacterTokenizer.from_text("!ab")  # ! a b
    >>> case = Case({}, {"text": "ab!"})
    >>> print(tokens_differ(tokenizer, case, [[1, 2, 0], "ab!"], [[1, 0], "a!"]))
    text 'ab!', token 1: expected 2 'b', got 0 '!'
    expected: 1 'a', 2 'b', 0 '!'
    got: 1 'a', 0 '!'
    >>> print(tokens_differ(tokenizer, case, [[1, 2], "ab"], [[1, 2], "a b"]))
    text 'ab!', the ids of which agree: decoding must give 'ab', got 'a b'
    """
    names = names_of(tokenizer)
    (expected, text), (got, decoded) = right, output
    rows = [[named(int(i), names) for i in row] for row in (expected, got)]
    whole = case.inputs["text"]
    if rows[0] == rows[1]:
        at = first_index(text, decoded)
        wrong = f"must give {near(text, at)}, got {near(decoded, at)}"
        return f"text {near(whole, at)}, the ids of which agree: decoding {wrong}"
    at = first_index(*rows)
    here, there = ([*row, "no more tokens"][: at + 1][-1] for row in rows)
    place = len(tokenizer.decode(expected[:at]))
    lines = [
        f"text {near(whole, place)}, token {at}: expected {here}, got {there}",
        f"expected: {around(rows[0], at)}",
        f"got: {around(rows[1], at)}",
    ]
    special = {*getattr(tokenizer, "special_tokens", {}).values()}
    if special & ids_at(at, expected) and not special & ids_at(at, got):
        lines.append("special tokens inside a text must be found")
    return "\n".join(lines)


def decoding_differs(tokenizer: Any, case: Case, right: Any, output: Any) -> str:
    r"""Write down the first row of ids that is decoded otherwise, and both texts.

    >>> from reference import BytePairTokenizer
    >>> case = Case({}, {"ids": [[97], [255]]})
    >>> right, output = [[], ["a", "\ufffd"]], [[], ["a", ""]]
    >>> print(decoding_differs(BytePairTokenizer([]), case, right, output))
    ids 255 b'\xff': decoding must give '�', got ''
    """
    names, (_, expected), (_, got) = names_of(tokenizer), right, output
    at = first_index(expected, got)
    row, text, decoded = case.inputs["ids"][at], expected[at], got[at]
    place = first_index(text, decoded)
    some = around([named(i, names) for i in row], min(place, len(row) - 1))
    wrong = f"must give {near(text, place)}, got {near(decoded, place)}"
    return f"ids {some}: decoding {wrong}"


def first_index(one: Any, other: Any) -> int:
    """Return the first index at which two rows, or texts, differ."""
    both = enumerate(zip_longest(one, other))
    return next((i for i, (left, right) in both if left != right), 0)


def ids_at(index: int, row: Any) -> set[int]:
    """Return the id at an index, if the row is so long."""
    return {int(i) for i in row[index : index + 1]}


def named(number: int, names: Names) -> str:
    """Write an id and its token."""
    return f"{number} {short(names[number])}" if number in names else f"{number} (none)"


def around(row: list[str], at: int) -> str:
    """Write the tokens of a row around an index."""
    first, last = max(at - BEFORE, 0), at + AFTER
    shown = ["…"] * (first > 0) + row[first:last] + ["…"] * (last < len(row))
    return ", ".join(shown) or "no tokens"


def short(text: str | bytes) -> str:
    """Quote a text, or its beginning; what cannot be printed is escaped."""
    return repr(text[:SHORT]) + ("…" if len(text) > SHORT else "")


def near(text: str, at: int) -> str:
    """Quote a text, or of a long one what is around a place.

    >>> near("a" * 100 + "b" + "a" * 300, at=100)[:14], near("ab", at=1)
    ("'aaaaaaaaaaaaa", "'ab'")
    """
    if len(text) <= SHORT:
        return short(text)
    first = max(at - NEAR, 0)
    place = f"(from character {first:,} of {len(text):,})"
    return f"{text[first : at + NEAR]!r} {place}"
