"""What is plain to see of a text that is encoded."""

import re
from typing import Any

from parity_tests.contract.case import Case

CONTAINS = {
    "a digit": r"[0-9]",
    "more than three digits in a row": r"\d{4}",
    "a digit that is not ASCII": r"(?![0-9])\d",
    "a letter that is not ASCII": r"(?=[^\x00-\x7f])[^\W\d_]",
    "a character beyond the first 65,536": r"[\U00010000-\U0010ffff]",
    "a combining mark": r"[\u0300-\u036f\u0900-\u0903\u093a-\u094f]",
    "a capital letter": r"[A-Z]",
    "an apostrophe": r"'",
    "a contraction in lower case": r"'(?:[sdmt]|ll|ve|re)",
    "a contraction in capitals": r"'(?:[SDMT]|LL|VE|RE)",
    "a line break": r"[\r\n]",
    "a tab": r"\t",
    "two white-space characters in a row": r"\s\s",
    "white space that is not ASCII": r"(?=[^\x00-\x7f])\s",
    "white space at its end": r"\s\Z",
    "white space at its beginning": r"\A\s",
    "punctuation": r"[^\w\s]",
    "a special token": r"<\|[^|]*\|>",
    "an underscore": r"_",
}
PATTERNS = {f"{what} in the text": re.compile(p) for what, p in CONTAINS.items()}


def facts_of_text(case: Case) -> dict[str, Any]:
    """List what a text contains, and how long it is.

    >>> facts = facts_of_text(Case({}, {"text": "it's 3"}))
    >>> [what for what, holds in facts.items() if holds is True][:2]
    ['a digit in the text', 'an apostrophe in the text']
    """
    text = case.inputs["text"]
    facts: dict[str, Any] = {
        what: bool(pattern.search(text)) for what, pattern in PATTERNS.items()
    }
    facts["characters in the text"] = len(text)
    words = text.split()
    facts["characters in the longest word"] = max(map(len, words), default=0)
    return facts
