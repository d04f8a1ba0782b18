"""The patch of a mistake: where its right lines stand, and what is there instead."""

import re
from functools import cache
from pathlib import Path
from typing import NamedTuple

import reference
from parity_tests.known_mistakes.mistake import Mistake

ROOT = Path(str(reference.__file__)).parent


class Change(NamedTuple):
    """Whole lines of a source before and after a patch, and where they stand."""

    line: int
    right: list[str]
    wrong: list[str]


@cache
def sources() -> dict[str, str]:
    """Read every source of the reference, but those that only list names."""
    return {
        path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(ROOT.rglob("*.py"))
        if path.name != "__init__.py"
    }


def patched_source(mistake: Mistake) -> str:
    """Return the source of the patched file.

    Raises:
        ValueError: the right lines are not in the file exactly once.
    """
    source = sources()[mistake.file]
    spans = []
    for right, wrong in mistake.changes:
        start, indent = place(mistake, source, right)
        end = start + len(indented(right, indent))
        spans.append((start, end, indented(wrong, indent)))
    for start, end, lines in sorted(spans, reverse=True):
        source = source[:start] + lines + source[end:]
    return source


def place(mistake: Mistake, source: str, right: str) -> tuple[int, str]:
    """Find where the right lines stand, and how far they are indented there.

    Raises:
        ValueError: they are not in the source exactly once.
    """
    found = []
    for hit in re.finditer(re.escape(right.partition("\n")[0]), source):
        line = source[source.rfind("\n", 0, hit.start()) + 1 :]
        indent = line[: len(line) - len(line.lstrip(" "))]
        if source.startswith(indented(right, indent), hit.start()):
            found.append((hit.start(), indent))
    if len(found) != 1:
        raise ValueError(
            f"{mistake.id}: the right lines must stand once in {mistake.file}, "
            f"found {len(found)} times: {right!r}"
        )
    return found[0]


def indented(lines: str, indent: str) -> str:
    """Indent all lines but the first, which begins where it begins."""
    return lines.replace("\n", f"\n{indent}")


def changes(mistake: Mistake) -> list[Change]:
    """Show every place of the patch in whole lines, with the number of the first.

    The lines are those of the files, indented and with their shape comments.
    """
    shown, source = [], sources()[mistake.file]
    for right, wrong in mistake.changes:
        start, indent = place(mistake, source, right)
        end = start + len(indented(right, indent))
        first = source.rfind("\n", 0, start) + 1
        before, after = source[first:start], source[end : source.find("\n", end)]
        sides = (
            (before + indented(lines, indent) + after).split("\n")
            for lines in (right, wrong)
        )
        shown.append(Change(source.count("\n", 0, first) + 1, *sides))
    return shown
