"""Changes that nobody can see: rules by pattern, and a short list, each with a reason.

A rule rewrites a line. Where all rules together make the line as it was and the line
as it is now the same, the change is equivalent. So the list of single equivalent
changes (equivalents.toml) does not grow with every pair.
"""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from parity_tests.mutation.mutants import Change

LISTED = Path(__file__).with_name("equivalents.toml")


@dataclass(frozen=True)
class Rule:
    """What is rewritten, to what, and why no test on a CPU can tell the two."""

    reason: str
    pattern: str
    instead: str


RULES = (
    Rule(
        "Names of codecs, and of ways to sort, are read without regard to case.",
        r'"(?:utf-8|UTF-8|utf-32-le|UTF-32-LE|stable|STABLE)"',
        '"name"',
    ),
    Rule("What is only asked if it is true takes None.", r"(=\s?)None\b", r"\1False"),
    Rule(
        "Both lists are equally long by construction; ruff asks for `strict`.",
        r"(\bzip\(.*), strict=(?:True|False)\b",
        r"\1, ",
    ),
    Rule("Any negative size is computed.", r"(reshape\([^()]*?)-\d", r"\1-1"),
    Rule("NumPy reads the dtype None as float64.", r"\bnp\.float64\b", "None"),
    Rule("A temporary name may have any length.", r"token_hex\(\w*\)", "token_hex()"),
    Rule("Of 2**53 draws one is equal to p.", r"(random\(.*\)) >= p\b", r"\1 > p"),
    Rule(
        "With p = 0 every draw is at least p.",
        r"if (?:p > 0|p >= 0|\(p > 0\) or True) else np\.True_",
        "if p > 0 else np.True_",
    ),
    Rule(
        "With p = 1 nothing is left that could be scaled.",
        r"(1 / \(1 - p\) if p < 1 else) \d\.0",
        r"\1 0.0",
    ),
    Rule("On a CPU PyTorch sorts stably, asked or not.", r"stable=(?:True|False)", ""),
    Rule("A sum is even where the difference is.", r" \+ (\w+\) % 2\b)", r" - \1"),
    Rule("A removed last argument leaves its comma.", r",\s*\)", ")"),
)


def is_equivalent(was: str, now: str) -> bool:
    """Whether rules make a line, and the line that it was changed to, the same.

    >>> is_equivalent('text.encode("utf-8")', 'text.encode("UTF-8")')
    True
    >>> is_equivalent("zip(a, b, strict=True)", "zip(a, b, )")
    True
    >>> is_equivalent("keep = rng.random(n) >= p", "keep = rng.random(n) < p")
    False
    """
    return canonical(was) == canonical(now)


def canonical(line: str) -> str:
    """Rewrite a line by every rule."""
    for rule in RULES:
        line = re.sub(rule.pattern, rule.instead, line)
    return line


def read_equivalents(path: Path = LISTED) -> dict[Change, str]:
    """Read the listed changes, and the reason for each.

    Raises:
        ValueError: a change is listed twice, or without a reason.
    """
    reasons: dict[Change, str] = {}
    tree = tomllib.loads(path.read_text(encoding="utf-8"))
    for entry in tree.get("equivalent", []):
        if not entry["reason"]:
            raise ValueError(f"a reason is missing for {entry['changes']}")
        for listed in entry["changes"]:
            change = Change(*listed)
            if change in reasons:
                raise ValueError(f"listed twice: {change}")
            reasons[change] = entry["reason"]
    return reasons
