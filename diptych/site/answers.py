"""What the server answers to an address: the same pages, on the input asked for."""

import mimetypes
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import resources
from urllib.parse import parse_qsl, urlsplit

import torch

from diptych.reader.reading import Reading, read_source
from diptych.reader.values import read
from diptych.site.build import source_of
from diptych.site.index import index_page
from diptych.site.known_mistakes import known_mistakes
from diptych.site.pages import MISTAKES, pair_page
from diptych.site.palette import style_sheet
from diptych.site.properties import root
from diptych.site.runs import asked
from diptych.site.search import found_by_search
from diptych.site.side_pages import error_page, mistakes_page
from diptych.site.worst import WORST, read_worst
from parity_tests.catalogue import PATHS

LONGEST_ADDRESS = 4096
PATIENCE = 20.0  # seconds that a request waits for the runs before it
PACKAGES = ("reference", "torch_impl", "parity_tests")
VIEW = "view"  # which head is looked at: a matter of the page alone
PAUSE = 0.05  # seconds in which a reader may go first
RUNNING = threading.Lock()  # a run traces and seeds: one at a time


@dataclass(frozen=True)
class Answer:
    """A status, a type and what is sent."""

    status: int
    kind: str
    body: bytes


def page(content: str, status: int = 200) -> Answer:
    """Answer with a page."""
    return Answer(status, "text/html; charset=utf-8", content.encode("utf-8"))


def rejected(status: int, sentence: str) -> Answer:
    """Answer with a sentence that says what is wrong."""
    return page(error_page(sentence), status)


def answer(target: str) -> Answer:
    """Answer an address: a static file, a source, the index or a pair."""
    if len(target) > LONGEST_ADDRESS:
        return rejected(414, f"An address may have {LONGEST_ADDRESS:,} characters.")
    parts = urlsplit(target)
    name = parts.path.removeprefix("/") or "index.html"
    if name in static_names():
        return static_file(name)
    pair = name.removesuffix(".html").partition(".")[0]
    if not known(name, pair):
        return rejected(404, "There is no such page.")
    try:
        with one_at_a_time():
            return rendered(name, pair, parts.query)
    except TimeoutError as error:
        return rejected(503, str(error))


def known(name: str, pair: str) -> bool:
    """Whether there is a page of this name."""
    pages = {f"{pair}{kind}.html" for kind in ("", f".{WORST.slug}", f".{MISTAKES}")}
    is_pair = pair in PATHS and name in pages
    return is_pair or name == "index.html" or name.startswith("source/")


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other run is under way, but not for ever.

    Raises:
        TimeoutError: the runs before this one took too long.
    """
    if not RUNNING.acquire(timeout=PATIENCE):
        raise TimeoutError("The reader is busy with other runs; please try again.")
    try:
        torch.set_num_threads(1)
        yield
    finally:
        RUNNING.release()


def rendered(name: str, pair: str, query: str) -> Answer:
    """Render the index, a source file, or a pair on what the query asks for."""
    if name == "index.html":
        return page(index_page(first_readings()))
    if name.startswith("source/"):
        file = name.removeprefix("source/").removesuffix(".html")
        if file not in source_names():
            return rejected(404, "There is no such file.")
        return page(source_of(file))
    if name.endswith(f".{WORST.slug}.html"):
        return page(pair_page(read_worst(pair), WORST, live=True))
    if name.endswith(f".{MISTAKES}.html"):
        return page(mistakes_page(read_source(pair)))
    try:
        chosen = dict(parse_qsl(query, keep_blank_values=True, max_num_fields=20))
        chosen.pop(VIEW, None)
        return page(pair_page(read(pair, asked(chosen)), None, live=True))
    except (ValueError, TypeError) as error:
        return page(pair_page(read(pair), None, live=True, rejection=str(error)), 400)


@cache
def first_readings() -> list[Reading]:
    """Read every pair on the run that it opens with."""
    return [read(path) for path in PATHS]


@cache
def source_names() -> frozenset[str]:
    """List the source files that may be read."""
    folders = (root() / package for package in PACKAGES)
    files = (file for folder in folders for file in folder.rglob("*.py"))
    return frozenset(file.relative_to(root()).as_posix() for file in files)


@cache
def static_names() -> frozenset[str]:
    """List the files that are sent as they are; nothing else on the disk is."""
    folder = resources.files("diptych.site")
    with resources.as_file(folder / "static") as top:
        files = (file for file in top.rglob("*") if file.is_file())
        names = {f"static/{file.relative_to(top).as_posix()}" for file in files}
    return frozenset({*names, "static/colours.css"})


def static_file(name: str) -> Answer:
    """Answer with a static file."""
    kind = mimetypes.guess_type(name)[0] or "application/octet-stream"
    if kind.startswith("text/"):
        kind += "; charset=utf-8"
    if name == "static/colours.css":
        return Answer(200, kind, style_sheet().encode())
    return Answer(200, kind, (resources.files("diptych.site") / name).read_bytes())


def warm() -> None:
    """Run the search and the mistakes of every pair, so that no reader waits for it."""
    for path in PATHS:
        for prepare in (found_by_search, known_mistakes):
            with one_at_a_time():
                prepare(path)
            time.sleep(PAUSE)
