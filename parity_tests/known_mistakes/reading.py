"""Read known mistakes from text: a paragraph each, and an empty line between two.

First the id, the title and, indented, the story; then a patch for each `@`:

    @ STEP in PATHS: RIGHT → WRONG
        caught by WHAT

What catches it is `agreement`, or `gradients` in a backward pass, unless it is said;
`in PATHS` may be left out. Nothing behind the arrow: the right lines are left out. What
needs more than a line, or changes several places of a step, stands below the step, each
place as `RIGHT → WRONG` or as lines marked `-` and `+`. `&` begins another step of the
same patch.
"""

import re
from collections.abc import Iterator
from textwrap import dedent

from parity_tests.known_mistakes.mistake import Edit, Entry, Patch

CAUGHT = re.compile(r"^    caught by (.+)\n", re.MULTILINE)
EDIT = re.compile(r"((?:^- .+\n)+)((?:^\+ .+\n)*)|^(.+?) →(.*)\n", re.MULTILINE)


def read_entries(text: str) -> tuple[Entry, ...]:
    r"""Read the known mistakes of a text.

    >>> (entry,) = read_entries('''
    ... no-scale: Scores not divided by √d
    ...     The division is forgotten.
    ...     Seen in owner/repository#1
    ... @ Attention scores in attention/*: .mT * scale → .mT
    ... ''')
    >>> entry.story, entry.seen_in
    ('The division is forgotten.', ('owner/repository#1',))
    >>> entry.patches[0].edits
    (Edit(step='Attention scores', right='.mT * scale', wrong='.mT'),)
    """
    return tuple(map(read_entry, re.split(r"\n{2,}", text.strip("\n"))))


def read_entry(paragraph: str) -> Entry:
    """Read one mistake."""
    about, *patches = re.split(r"^@ ", f"{paragraph}\n", flags=re.MULTILINE)
    head, *lines = about.splitlines()
    name, _, title = head.partition(": ")
    story, _, places = " ".join(map(str.strip, lines)).partition(" Seen in ")
    seen_in = tuple(places.replace(",", "").split())
    return Entry(name, title, story, tuple(map(read_patch, patches)), seen_in)


def read_patch(text: str) -> Patch:
    """Read one patch, of one step or of several."""
    caught, steps = CAUGHT.search(text), CAUGHT.sub("", text).split("\n& ")
    edits: list[Edit] = []
    for each in steps:
        head, _, places = each.partition(":")
        step = head.partition(" in ")[0]
        edits += read_edits(step, dedent(f"{places.rstrip()}\n"))
    only = steps[0].partition(":")[0].partition(" in ")[2] or "*"
    usual = "gradients" if edits[0].step.endswith("backward") else "agreement"
    return Patch(tuple(edits), caught[1] if caught else usual, only)


def read_edits(step: str, places: str) -> Iterator[Edit]:
    """Read every place of a step.

    Raises:
        ValueError: a line is neither marked nor has an arrow.
    """
    if unread := EDIT.sub("", places).strip():
        raise ValueError(f"a line must have an arrow or be marked, got {unread!r}")
    for minus, plus, right, wrong in EDIT.findall(places):
        yield Edit(step, right + unmarked(minus), wrong.strip() + unmarked(plus))


def unmarked(lines: str) -> str:
    """Take the marks off some lines."""
    return "\n".join(line[2:] for line in lines.splitlines())
