"""Write the generated parts of README.md and docs/: panels, the table, examples.

`python -m diptych.readme` replaces what is between their markers, in any of the files.
"""

import ast
import re
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import zip_longest
from pathlib import Path
from textwrap import dedent

from diptych.reader.files import file_of_tests, torch_code
from diptych.reader.notes import by_topic
from diptych.readme_examples import examples
from parity_tests.catalogue import load_all
from parity_tests.contract.pair import Pair
from parity_tests.sources.panels import PACKAGES, module_name, root, text, tree
from parity_tests.sources.steps import SteppedFunction, stepped_functions

TOP = root("diptych").parent
README = TOP / "README.md"
SHOWN = "attention/causal.py", "CausalAttention.forward", range(2, 5)


def main() -> None:
    """Write all documents anew."""
    for file in documents():
        content = file.read_text(encoding="utf-8")
        if (new := renewed(content, top_from(file))) != content:
            file.write_text(new, encoding="utf-8")


def documents() -> list[Path]:
    """List the files that may have generated parts."""
    return [README, *sorted((TOP / "docs").glob("*.md"))]


def top_from(file: Path) -> str:
    """Return the way from a document to the top of the project."""
    return "" if file.parent == TOP else "../"


def renewed(document: str, top: str = "") -> str:
    """Return a document with its generated parts as the sources have them now.

    `top` leads from the document to the top of the project.

    Raises:
        ValueError: a part begins and does not end.
    """
    for name, write in PARTS.items():
        begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
        if begin not in document:
            continue
        before, _, rest = document.partition(begin)
        if end not in rest:
            raise ValueError(f"{begin} needs {end}")
        document = f"{before}{begin}\n{write(top)}\n{end}{rest.partition(end)[2]}"
    return document


def panels(top: str = "") -> str:
    """Put some steps of one pair side by side."""
    path, function, numbers = SHOWN
    columns: list[list[str]] = [[], []]
    for number in numbers:
        blocks = [step_lines(each, path, function, number) for each in PACKAGES]
        for left, right in zip_longest(*blocks, fillvalue=""):
            columns[0].append(left)
            columns[1].append(right)
        for column in columns:
            column.append("")
    heads = "".join(f"<th>{package}/{path}</th>" for package in PACKAGES)
    cells = "".join(
        "<td>\n\n```python\n" + "\n".join(lines[:-1]) + "\n```\n\n</td>"
        for lines in columns
    )
    return f"<table>\n<tr>{heads}</tr>\n<tr>{cells}</tr>\n</table>"


def step_lines(package: str, path: str, function: str, number: int) -> list[str]:
    """Cut one step out of a source."""
    step = next(s for s in stepped(package, path, function).steps if s.first == number)
    lines = text(package, path).splitlines()[step.start - 1 : step.end]
    return dedent("\n".join(lines)).splitlines()


def stepped(package: str, path: str, function: str) -> SteppedFunction:
    """Find a function with numbered steps."""
    module = module_name(path)
    functions = stepped_functions(root(package) / path, module)
    return next(each for each in functions if each.name == f"{module}.{function}")


def table(top: str = "") -> str:
    """Lay out every pair by topic: its source, its two panels, its properties.

    Of the properties the one is named that the fewest other pairs have.
    """
    pairs = {pair.path: pair for pair in load_all()}
    shared = Counter(p.sentence for pair in pairs.values() for p in pair.properties)
    rows = [
        "| part | source | reference | torch | properties |",
        "|---|---|---|---|---|",
    ]
    for topic, paths in by_topic(pairs).items():
        rows.append(f"| **{topic}** | | | | |")
        rows += [row(pairs[path], shared, top) for path in paths]
    return "\n".join(rows)


def row(pair: Pair, shared: Mapping[str, int], top: str) -> str:
    """Lay out one pair."""
    own = [each.sentence for each in pair.properties]
    rarest = min(own, key=lambda sentence: shared[sentence])
    tests = f"{top}parity_tests/{file_of_tests(pair.path)}.py"
    cells = [
        f"`{pair.class_name}`",
        source_of(pair),
        f"[NumPy]({top}reference/{pair.path}.py)",
        torch_of(pair, top),
        f"[{len(own)} properties]({tests}), such as: {rarest}",
    ]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def torch_of(pair: Pair, top: str) -> str:
    """Link the file of PyTorch's panel, or show how PyTorch's own is called."""
    code = torch_code(pair.path)
    if code is None:
        return f"[PyTorch]({top}torch_impl/{pair.path}.py)"
    return f"`{code.text.partition(' = ')[2] or code.text}`"


def source_of(pair: Pair) -> str:
    """Link the first source that the reference names."""
    docstring = ast.get_docstring(tree("reference", f"{pair.path}.py")) or ""
    found = re.search(r"^Source: (.*?)(?:\n\S|\Z)", docstring, re.DOTALL | re.MULTILINE)
    if found is None:
        return ""
    words = " ".join(found[1].split()).partition(";")[0].rstrip(".")
    before, *linked = re.split(r"(https?://[^\s,]*[\w/])", words, maxsplit=1)
    if not linked:
        return words
    url, after = linked
    return f"[{before.rstrip(', ')}]({url}){after}"


PARTS: dict[str, Callable[[str], str]] = {
    "panels": panels,
    "parts": table,
    "examples": examples,
}

if __name__ == "__main__":
    main()
