"""Changes that no test can see, each with the reason why."""

import tomllib
from pathlib import Path

from parity_tests.mutation.mutants import Change

LISTED = Path(__file__).with_name("equivalents.toml")


def read_equivalents(path: Path = LISTED) -> dict[Change, str]:
    """Read the listed changes, and the reason for each.

    Raises:
        ValueError: a change is listed twice, or stands there without a reason.
    """
    reasons: dict[Change, str] = {}
    for entry in tomllib.loads(path.read_text(encoding="utf-8"))["alike"]:
        if not entry["reason"]:
            raise ValueError(f"a reason is missing for {entry['changes']}")
        for listed in entry["changes"]:
            change = Change(*listed)
            if change in reasons:
                raise ValueError(f"listed twice: {change}")
            reasons[change] = entry["reason"]
    return reasons
