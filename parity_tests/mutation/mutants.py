"""What mutmut changed and how the tests ended, read from what it leaves behind.

mutmut 3 writes every mutated file into a folder. There each function stands many times:
as it was, `…__mutmut_orig`, and once for every change, `…__mutmut_7`. A file beside it,
`.meta`, has the exit status of the tests under each change.
"""

import ast
import json
from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

REJECTED = (1, 3)  # pytest saw a failure, or broke
TIMED_OUT = (-24, -9, 24, 36, 152, 255)  # stopped at mutmut's limit of CPU time


@dataclass(frozen=True, order=True)
class Change:
    """One small change of the code: lines as they were and as they are now."""

    file: str
    function: str
    was: str
    now: str


@dataclass(frozen=True)
class Mutant:
    """A change, and how it ended: `killed`, `timeout`, `survived` or `untried`."""

    change: Change
    ending: str


def read_mutants(folder: Path) -> list[Mutant]:
    """Read all mutants below the folder, file by file."""
    mutants = []
    for meta in sorted(folder.rglob("*.py.meta")):
        path = meta.with_suffix("")
        file = path.relative_to(folder).as_posix()
        versions = functions(path.read_text(encoding="utf-8"))
        endings = json.loads(meta.read_text(encoding="utf-8"))["exit_code_by_key"]
        for key, status in endings.items():
            name = key.rpartition(".")[2]
            change = describe(file, name, versions)
            mutants.append(Mutant(change, ending(status)))
    return mutants


def functions(source: str) -> dict[str, list[str]]:
    """Find the lines of every function and method by its name, indents left out."""
    lines = source.splitlines()
    return {
        node.name: [line.strip() for line in lines[node.lineno - 1 : node.end_lineno]]
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.FunctionDef)
    }


def describe(file: str, name: str, versions: dict[str, list[str]]) -> Change:
    """Say what one mutant changes; its name in the file is `name`."""
    plain = name.rpartition("__mutmut_")[0]
    before, after = versions[f"{plain}__mutmut_orig"][1:], versions[name][1:]
    matcher = SequenceMatcher(None, before, after, autojunk=False)
    spans = [span for tag, *span in matcher.get_opcodes() if tag != "equal"]
    was = " ".join(line for a, b, _, _ in spans for line in before[a:b])
    now = " ".join(line for _, _, a, b in spans for line in after[a:b])
    written = plain.removeprefix("x_").removeprefix("xǁ").replace("ǁ", ".")
    return Change(file, written, was, now)


def ending(status: int | None) -> str:
    """Name how the tests ended.

    >>> ending(1), ending(36), ending(0), ending(None)
    ('killed', 'timeout', 'survived', 'untried')
    """
    if status is None:
        return "untried"
    if status in TIMED_OUT:
        return "timeout"
    return "killed" if status in REJECTED else "survived"
