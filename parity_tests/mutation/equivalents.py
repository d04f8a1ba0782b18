"""Changes that no test can see: those that a rule names, and a short list."""

import tomllib
from pathlib import Path

from parity_tests.mutation.mutants import Change

LISTED = Path(__file__).with_name("equivalents.toml")


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
