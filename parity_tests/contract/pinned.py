"""Cases in files: one to reproduce, or known differences with their reasons."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from parity_tests.contract import border
from parity_tests.contract.case import Case


@dataclass(frozen=True)
class Pinned:
    """One case of a pair (by its path), and why it is in a file."""

    pair: str
    case: Case
    reason: str = ""


def write_pinned(path: Path, entries: Sequence[Pinned]) -> None:
    """Write cases as JSON."""
    path.write_bytes(border.write([plain(entry) for entry in entries]))


def plain(entry: Pinned) -> dict[str, Any]:
    """Write a case by the names of its fields; its arrays stay laid out as they are."""
    case = {each.name: getattr(entry.case, each.name) for each in fields(Case)}
    return {"pair": entry.pair, "case": case, "reason": entry.reason}


def read_pinned(path: Path) -> list[Pinned]:
    """Read what `write_pinned` wrote.

    Raises:
        OSError: the file cannot be read.
        ValueError: it is no file of cases.
    """
    try:
        return [
            Pinned(str(entry["pair"]), case_of(entry["case"]), str(entry["reason"]))
            for entry in border.read(path.read_bytes())
        ]
    except (ValueError, TypeError, LookupError, RecursionError) as error:
        raise ValueError(f"{path} holds no cases: {error}") from error


def case_of(fields: dict[str, Any]) -> Case:
    """Make a case of what JSON says of it: JSON has lists in the place of tuples.

    Raises:
        TypeError: a field is missing, unknown, or of another type.
    """
    in_tuples = {name: as_tuple(fields[name]) for name in ("grad_output", "masks")}
    case = Case(**{**fields, **in_tuples})
    for name, kind in [
        ("config", dict),
        ("inputs", dict),
        ("parameters", dict),
        ("training", bool),
        ("seed", int),
    ]:
        if not isinstance(getattr(case, name), kind):
            raise TypeError(f"{name} must be {kind.__name__}")
    return case


def as_tuple(value: Any) -> Any:
    """Make a tuple of a list; an array, and None, stay."""
    return tuple(value) if isinstance(value, list) else value


def command_for(pair: str, case: Case, *options: str) -> str:
    """Write a case to a file, and return the command that runs just that."""
    entry = Pinned(pair, case)
    digest = hashlib.sha256(border.write(plain(entry))).hexdigest()[:8]
    path = private_folder() / f"{pair.rpartition('/')[2]}-{digest}.json"
    write_pinned(path, [entry])
    return " ".join([f"diptych check {pair} --case {path}", *options])


@cache
def private_folder() -> Path:
    """Make a folder that no other user can read or write, new for each run."""
    return Path(mkdtemp(prefix="diptych-"))
