"""A reading in a terminal: the source at once, and the values as they come."""

import os
from concurrent.futures import ThreadPoolExecutor

from rich.console import Console

from diptych.reader.inputs import Choices
from diptych.reader.notes import by_topic
from diptych.reader.reading import Reading, idea_of, read_source
from diptych.terminal.page import Page
from diptych.terminal.view import View, check_head, check_view
from parity_tests.catalogue import PATHS, path_of


def show(name: str, choices: Choices, view: View, console: Console) -> None:
    """Show a pair: its source at once, and what both backends make of the input.

    Raises:
        KeyError: there is no such pair.
        ValueError: the choices cannot be run, or there is no such step or head.
    """
    source = read_source(name)
    check_view(source, view)
    out = Page(console, view)
    if not view.values:
        out.introduce(source)
        out.sections(source, None)
        return
    with ThreadPoolExecutor(1) as pool:  # torch is imported while the source is shown
        coming = pool.submit(read_values, name, choices)
        if (
            view.head or choices != Choices()
        ):  # which may not fit: then nothing is shown
            check_head(coming.result(), view.head)
        out.introduce(source)
        out.sections(source, coming)
    out.conclude(coming.result())


def read_values(name: str, choices: Choices) -> Reading:
    """Run both backends; NumPy and PyTorch are imported for that alone."""
    from diptych.reader.values import read

    return read(name, choices)


def list_all(console: Console) -> None:
    """List every pair by topic, with its sentence."""
    out = Page(console, View())
    width = max(len(name_of(path)) for path in PATHS) + 2
    for topic, paths in by_topic(PATHS).items():
        out.line()
        out.line(topic, "bold")
        for path in paths:
            out.prose(f"  {name_of(path):<{width}}", idea_of(path))


def name_of(path: str) -> str:
    """Name a pair as a command takes it: by its last part, if that is enough.

    >>> name_of("attention/causal")
    'causal'
    """
    name = path.rpartition("/")[2]
    try:
        return name if path_of(name) == path else path
    except KeyError:
        return path


def plain_or_coloured() -> Console:
    """Make a console; with NO_COLOR it prints plain text, without any escape."""
    return Console(color_system=None if os.environ.get("NO_COLOR") else "auto")
