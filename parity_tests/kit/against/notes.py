"""Notes that a process under a hook leaves for whoever started it, as empty files."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

IMPORTED, RUN = "imported", "run"


def note(order: Mapping[str, Any], what: str) -> None:
    """Let whoever started the tests know that something happened."""
    (Path(order["notes"]) / what).touch()
