"""A reading in a terminal: the source at once, and the values as they come."""

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from io import TextIOWrapper

from rich.console import Console

from diptych.reader.inputs import Choices
from diptych.reader.page import Page
from diptych.reader.reading import read, read_all, read_source
from diptych.reader.view import View, refuse_view


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
