"""How the kit asks for a tokenizer: a vocabulary goes out, ids and a text come back.

A factory is called as `f(vocabulary=…)`, and for byte pairs also with `merges=…` and
`special_tokens=…`. What it makes has `encode(text)`, in which special tokens are found,
and `decode(ids)`.
"""

from collections.abc import Mapping
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from parity_tests.contract.adapter import Adapter
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Case
from parity_tests.contract.convention import Cases, Convention
from parity_tests.text.sample_text import settled

Made = dict[str, list[Any]]
BEFORE, AFTER = 2, 4  # tokens shown around the first one that differs
SHORT = 200  # characters shown of a text


def request(pair: Any, case: Case) -> dict[str, Any]:
    """Ask for the ids of a text, with the vocabulary that the reference learns."""
    return {"make": vocabulary_of(learned(pair, case)), "text": case.inputs["text"]}


def vocabulary_of(tokenizer: Any) -> Made:
    """Write a vocabulary as the arguments of a factory, in rows."""
    if not hasattr(tokenizer, "merges"):
        return {"vocabulary": [[*row] for row in tokenizer.vocabulary.items()]}
    n_tokens = 256 + len(tokenizer.merges)
    tokens = [tokenizer.decode_bytes([i]) for i in range(n_tokens)]
    return {
        "vocabulary": [[token, i] for i, token in enumerate(tokens)],
        "merges": [[tokens[left], tokens[right]] for left, right in tokenizer.merges],
        "special_tokens": [[*row] for row in tokenizer.special_tokens.items()],
    }


def learned(pair: Any, case: Case) -> Any:
    """Let the reference learn from the text of a case."""
    tokenizer = pair.part(REFERENCE)
    return tokenizer.from_text(case.inputs["corpus"], **case.config)


def answer(pair: Any, case: Case, part: Any = None) -> Any:
    """Give the reference, or a class in its form, the vocabulary, and ask it."""
    tokenizer, part = learned(pair, case), part or pair.part(REFERENCE)
    if hasattr(tokenizer, "merges"):
        given = part(tokenizer.merges, [*tokenizer.special_tokens])
        ids = given.encode(case.inputs["text"], allowed_special="all")
    else:
        given = part(tokenizer.vocabulary)
        ids = given.encode(case.inputs["text"])
    return [ids, given.decode(ids)]


def judge(pair: Any, case: Case, output: Any) -> Agreement:
    """Compare ids and text with the reference's; say which token differs first."""
    right = answer(pair, case)
    agreement = compare(right, output)
    if agreement.holds:
        return agreement
    make = request(pair, case)["make"]
    return replace(agreement, reason=difference(make, case, right, output))


def difference(make: Made, case: Case, right: Any, output: Any) -> str:
    """Write down a text, the first token that differs, and both rows with their bytes.

    >>> case = Case({}, {"text": "ab!"})
    >>> make = {"vocabulary": [["a", 0], ["b", 1], ["!", 2]]}
    >>> print(difference(make, case, [[0, 1, 2], "ab!"], [[0, 2], "a!"]))
    text 'ab!', token 1: expected 1 'b', got 2 '!'
    expected: 0 'a', 1 'b', 2 '!'
    got: 0 'a', 2 '!'
    >>> print(difference(make, case, [[0, 1], "ab"], [[0, 1], "a b"]))
    text 'ab!', the ids of which agree: decoding must give 'ab', got 'a b'
    """
    names = {number: token for token, number in make["vocabulary"]}
    special = {number: token for token, number in make.get("special_tokens", [])}
    names |= special
    (expected, text), (got, decoded) = right, output
    rows = [[named(int(i), names) for i in row] for row in (expected, got)]
    about = f"text {short(case.inputs['text'])}"
    if rows[0] == rows[1]:
        wrong = f"must give {short(text)}, got {short(decoded)}"
        return f"{about}, the ids of which agree: decoding {wrong}"
    both = enumerate(zip_longest(*rows, fillvalue="no more tokens"))
    at, (here, there) = next((i, pair) for i, pair in both if pair[0] != pair[1])
    lines = [
        f"{about}, token {at}: expected {here}, got {there}",
        f"expected: {around(rows[0], at)}",
        f"got: {around(rows[1], at)}",
    ]
    if special.keys() & ids_at(at, expected) and not special.keys() & ids_at(at, got):
        lines.append("special tokens inside a text must be found")
    return "\n".join(lines)


def ids_at(index: int, row: Any) -> set[int]:
    """Return the id at an index, if the row is so long."""
    return {int(i) for i in row[index : index + 1]}


def named(number: int, names: Mapping[int, Any]) -> str:
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


def with_settled_text(case: Case) -> Case:
    """Leave out the characters on which the versions of Unicode do not agree."""
    texts = {n: v for n, v in case.inputs.items() if isinstance(v, str)}
    return case.with_inputs(**{name: settled(text) for name, text in texts.items()})


def unicode_16(cases: Cases) -> Convention:
    """Draw all characters, for what has the classes of Unicode 16 as ours has."""
    sentence = "the classes of characters are those of Unicode 16"
    return Convention("unicode_16", sentence, cases=lambda _: cases)


TOKENIZERS = Adapter(
    "parity_tests.tokenizers.factory:encode_and_decode",
    request,
    answer,
    judge,
    cases=lambda cases: cases.map(with_settled_text),
)
"""The `adapter` of every tokenizer pair."""
