"""Build the site: every pair, every run that it offers, the sources, the index."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from pathlib import Path

import torch

from diptych.reader.contents import READING_ORDER
from diptych.reader.reading import Reading, read, read_source
from diptych.site.contents import index_page
from diptych.site.laws import laws, root, test_path
from diptych.site.museum import exhibits
from diptych.site.pages import MUSEUM, file_name, pair_page
from diptych.site.palette import style_sheet
from diptych.site.proof import proof
from diptych.site.runs import offered
from diptych.site.side_pages import museum_page, source_page
from diptych.site.worst import WORST, read_worst


def build(
    out: Path,
    paths: Sequence[str] = READING_ORDER,
    tell: Callable[[str], None] = lambda name: None,
) -> list[Path]:
    """Write the pages of some pairs below `out`, and return what was written."""
    torch.set_num_threads(1)  # the arrays are small, and runs are alike that way
    written = []
    for name, content in everything(paths):
        target = out / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(content, encoding="utf-8")
        written.append(target)
        tell(name)
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
    group, name = reading.path.rsplit("/", 1)
    for run in offered(reading):
        baked = reading if not run.slug else read(reading.path, run.choices)
        yield f"{group}/{file_name(name, run)}", pair_page(baked, run)
    if proof(reading.path).score:
        worst = pair_page(read_worst(reading.path), WORST)
        yield f"{group}/{file_name(name, WORST)}", worst
    if exhibits(reading.path):
        yield f"{group}/{name}.{MUSEUM}.html", museum_page(reading)


def sources(readings: list[Reading]) -> Iterator[tuple[str, str]]:
    """Yield every source file that a page links to."""
    for file in sorted({file for each in readings for file in files_of(each)}):
        yield f"source/{file}.html", source_of(file)


def files_of(reading: Reading) -> Iterator[str]:
    """Yield the files whose lines a pair's pages show, and its laws and tests."""
    for section in reading.sections:
        for row in section.rows:
            yield from (code.path for code in (*row.reference, *row.torch))
    for exhibit in exhibits(reading.path):
        yield from (patch.file for patch in exhibit.patches)
    yield from (law.file for law in laws(reading.path))
    yield test_path(reading.path)


def source_of(file: str) -> str:
    """Render a source file, with links to the pairs that it is a file of."""
    own = [path for path in READING_ORDER if file in own_files(path)]
    text = (root() / file).read_text(encoding="utf-8")
    return source_page(file, text, [read_source(path) for path in own])


def own_files(path: str) -> tuple[str, ...]:
    """Name the three files of a pair."""
    return f"reference/{path}.py", f"torch_impl/{path}.py", test_path(path)
