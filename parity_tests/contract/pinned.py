"""Cases kept in a file: one to run again, or known departures with their reasons."""

import hashlib
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from parity_tests import border
from parity_tests.case import Case
from parity_tests.lockstep import Comparison


@dataclass(frozen=True)
class Pinned:
    """One case of a concept (by its path), and why it is kept."""

    concept: str
    case: Case
    reason: str = ""


def write_pinned(path: Path, entries: Sequence[Pinned]) -> None:
    """Write cases as JSON."""
    path.write_bytes(border.write([asdict(entry) for entry in entries]))


def read_pinned(path: Path) -> list[Pinned]:
    """Read what `write_pinned` wrote.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no file of cases.
    """
    try:
        return [
            Pinned(entry["concept"], Case(**entry["case"]), entry["reason"])
            for entry in border.read(path.read_bytes())
        ]
    except (ValueError, TypeError, LookupError) as error:
        raise ValueError(f"{path} holds no cases: {error}") from error


def with_rerun(
    comparison: Comparison, concept: str, case: Case, *options: str
) -> Comparison:
    """Let a departure say how to run its case again."""
    if comparison.departure is None:
        return comparison
    rerun = rerun_command(concept, case, *options)
    return replace(comparison, departure=replace(comparison.departure, rerun=rerun))


def rerun_command(concept: str, case: Case, *options: str) -> str:
    """Keep a case in the folder for temporary files; say how to run just that."""
    name = concept.rpartition("/")[2]
    entry = Pinned(concept, case)
    digest = hashlib.sha256(border.write(asdict(entry))).hexdigest()[:8]
    folder = Path(tempfile.gettempdir()) / "diptych"
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-{digest}.json"
    write_pinned(path, [entry])
    return " ".join([f"diptych check {name} --case {path}", *options])
