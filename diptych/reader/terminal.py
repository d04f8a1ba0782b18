"""A reading in a terminal: the source at once, and the values as they come."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from io import TextIOWrapper

from rich.console import Console

from diptych.reader.inputs import Choices
from diptych.reader.page import Page, View
from diptych.reader.reading import Reading, read, read_all, read_source


def show(name: str, choices: Choices, view: View, console: Console) -> None:
    """Show a concept: its source at once, and what both sides make of the input.

    Raises:
        KeyError: there is no such concept.
        ValueError: the choices cannot be run, or there is no such step or head.
    """
    choices.refuse()
    source = read_source(name)
    refuse_view(source, view, choices)
    out = Page(console, view)
    if not view.values:
        out.introduce(source)
        out.sections(source, None)
        return
    with ThreadPoolExecutor(1) as pool:  # torch is imported while the source is shown
        coming = pool.submit(read, name, choices)
        out.introduce(source)
        out.sections(source, coming)
    out.conclude(coming.result())


def refuse_view(source: Reading, view: View, choices: Choices) -> None:
    """Refuse a step that no function has, or a head beyond the last.

    Raises:
        ValueError: there is no such step or head.
    """
    last = max(section.rows[-1].last for section in source.sections)
    if view.step is not None and not 0 <= view.step <= last:
        raise ValueError(f"{source.name} has steps 0 to {last}, got {view.step}")
    made = source.sections[0].rows[0].reference
    has_heads = any("num_heads" in code.text for code in made)
    n_heads = choices.num_heads if has_heads else 1
    if not 0 <= view.head < n_heads:
        heads = f"heads 0 to {n_heads - 1}" if has_heads else "one head, 0"
        raise ValueError(f"{source.name} has {heads}, got {view.head}")


def list_all(console: Console) -> None:
    """List every concept in reading order, grouped, with its sentence."""
    out = Page(console, View())
    group = ""
    for reading in read_all():
        if reading.group != group:
            group = reading.group
            out.line()
            out.line(group.capitalize(), "bold")
        out.prose(f"  {reading.name:<20}", reading.sentence)


def plain_or_coloured() -> Console:
    """Make a console; with NO_COLOR it prints plain text, without any escape.

    A character that the terminal's encoding lacks is replaced.
    """
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")
    return Console(color_system=None if os.environ.get("NO_COLOR") else "auto")
