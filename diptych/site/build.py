"""Build the site: every pair, every run that it offers, the sources, the index."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path

import torch

from diptych.reader.reading import Reading, read_source
from diptych.reader.values import read
from diptych.site.index import index_page
from diptych.site.known_mistakes import known_mistakes
from diptych.site.pages import MISTAKES, file_name, pair_page
from diptych.site.palette import style_sheet
from diptych.site.properties import path_of_tests, properties, root
from diptych.site.runs import offered
from diptych.site.search import found_by_search
from diptych.site.side_pages import mistakes_page, source_page
from diptych.site.worst import WORST, read_worst
from parity_tests.catalogue import PATHS


def build(
    out: Path,
    paths: Sequence[str] = PATHS,
    progress: Callable[[str], None] = lambda name: None,
) -> list[Path]:
    """Write the pages of some pairs below `out`, and return what was written."""
    torch.set_num_threads(1)  # the arrays are small, and so runs are equal
    written = []
    for name, content in everything(paths):
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
        written.append(target)
        progress(name)
    static = resources.files("diptych.site") / "static"
    with resources.as_file(static) as folder:
        shutil.copytree(folder, out / "static", dirs_exist_ok=True)
    (out / "static" / "colours.css").write_text(style_sheet(), encoding="utf-8")
    return written


def everything(paths: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield every page with its name."""
    readings = [read(path) for path in paths]
    for reading in readings:
        yield from pages_of(reading)
    yield from sources(readings)
    yield "index.html", index_page(readings)


def pages_of(reading: Reading) -> Iterator[tuple[str, str]]:
    """Yield the page of a pair on each run that it offers."""
    path = reading.path
    for run in offered(path):
        baked = reading if not run.slug else read(path, run.choices)
        yield file_name(path, run), pair_page(baked, run)
    if found_by_search(path).shown:
        yield file_name(path, WORST), pair_page(read_worst(path), WORST)
    if known_mistakes(path):
        yield f"{path}.{MISTAKES}.html", mistakes_page(reading)


def sources(readings: list[Reading]) -> Iterator[tuple[str, str]]:
    """Yield every source file that a page links to."""
    for file in sorted({file for each in readings for file in files_of(each)}):
        yield f"source/{file}.html", source_of(file)


def files_of(reading: Reading) -> Iterator[str]:
    """Yield the files of a pair: its code, its mistakes, properties and tests."""
    for section in (*reading.sections, *reading.backward):
        for row in section.rows:
            yield from (code.path for code in (*row.reference, *row.torch))
    for mistake in known_mistakes(reading.path):
        yield from (patch.file for patch in mistake.patches)
    yield from (each.file for each in properties(reading.path))
    yield path_of_tests(reading.path)


def source_of(file: str) -> str:
    """Render a source file, with links to the pairs that it is a file of."""
    own = [path for path in PATHS if file in own_files(path)]
    text = (root() / file).read_text(encoding="utf-8")
    return source_page(file, text, [read_source(path) for path in own])


def own_files(path: str) -> tuple[str, ...]:
    """Name the three files of a pair."""
    return f"reference/{path}.py", f"torch_impl/{path}.py", path_of_tests(path)
