"""Write the generated parts of README.md: one pair, the table of all, the plug-ins.

`python -m diptych.readme` replaces what stands between their markers.
"""

import ast
import re
from collections import Counter
from itertools import zip_longest
from textwrap import dedent

from diptych.readme_plug_ins import plug_ins
from parity_tests.catalogue import CATALOGUE
from parity_tests.concept import Concept
from parity_tests.panels import SIDES, module_name, root, text, tree
from parity_tests.steps import SteppedFunction, stepped_functions

README = root("diptych").parent / "README.md"
SHOWN = "attention/causal.py", "CausalAttention.forward", range(2, 5)


def main() -> None:
    """Write the README anew."""
    README.write_text(renewed(README.read_text(encoding="utf-8")), encoding="utf-8")


def renewed(readme: str) -> str:
    """Return the README with its generated parts as the sources have them now.

    Raises:
        ValueError: a marker is missing.
    """
    for name, content in (
        ("panels", panels()),
        ("parts", table()),
        ("plug-ins", plug_ins()),
    ):
        begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
        if begin not in readme or end not in readme:
            raise ValueError(f"README.md needs the markers {begin} and {end}")
        before, _, rest = readme.partition(begin)
        readme = f"{before}{begin}\n{content}\n{end}{rest.partition(end)[2]}"
    return readme


def panels() -> str:
    """Put some steps of one pair side by side."""
    path, function, numbers = SHOWN
    sides: list[list[str]] = [[], []]
    for number in numbers:
        blocks = [step_lines(side, path, function, number) for side in SIDES]
        for left, right in zip_longest(*blocks, fillvalue=""):
            sides[0].append(left)
            sides[1].append(right)
        for side in sides:
            side.append("")
    heads = "".join(f"<th>{side}/{path}</th>" for side in SIDES)
    cells = "".join(
        "<td>\n\n```python\n" + "\n".join(lines[:-1]) + "\n```\n\n</td>"
        for lines in sides
    )
    return f"<table>\n<tr>{heads}</tr>\n<tr>{cells}</tr>\n</table>"


def step_lines(side: str, path: str, function: str, number: int) -> list[str]:
    """Cut one step out of a source."""
    step = next(s for s in stepped(side, path, function).steps if s.first == number)
    lines = text(side, path).splitlines()[step.start - 1 : step.end]
    return dedent("\n".join(lines)).splitlines()


def stepped(side: str, path: str, function: str) -> SteppedFunction:
    """Find a function with numbered steps."""
    module = module_name(path)
    functions = stepped_functions(root(side) / path, module)
    return next(each for each in functions if each.name == f"{module}.{function}")


def table() -> str:
    """Lay out every pair: what it is, its source, its two panels and its laws.

    Of the laws the one is told that the fewest other pairs have.
    """
    rows = ["| part | source | reference | torch | laws |", "|---|---|---|---|---|"]
    shared = Counter(law.sentence for each in CATALOGUE for law in each.laws)
    for concept in CATALOGUE:
        own = [law.sentence for law in concept.laws]
        rarest = min(own, key=lambda law: shared[law])
        cells = [
            f"`{concept.class_name}`",
            source_of(concept),
            f"[NumPy]({SIDES[0]}/{concept.path}.py)",
            f"[PyTorch]({SIDES[1]}/{concept.path}.py)",
            f"[{len(own)} laws]({record_of(concept)}), such as: {rarest}",
        ]
        safe = [cell.replace("|", r"\|") for cell in cells]
        rows.append(f"| {' | '.join(safe)} |")
    return "\n".join(rows)


def source_of(concept: Concept) -> str:
    """Link the first source that the reference names."""
    docstring = ast.get_docstring(tree(SIDES[0], f"{concept.path}.py")) or ""
    found = re.search(r"^Source: (.*?)(?:\n\S|\Z)", docstring, re.DOTALL | re.MULTILINE)
    if found is None:
        return ""
    words = " ".join(found[1].split()).partition(";")[0].rstrip(".")
    before, *linked = re.split(r"(https?://[^\s,]+)", words, maxsplit=1)
    if not linked:
        return words
    url, after = linked
    return f"[{before.rstrip(', ')}]({url}){after}"


def record_of(concept: Concept) -> str:
    """Name the file that has the record of a pair."""
    return f"parity_tests/{concept.group}/records.py"


if __name__ == "__main__":
    main()
