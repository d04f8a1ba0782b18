"""The pages: what each shows, rendered from one template whoever asks for it."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from diptych.reader.notes import topic_of
from diptych.reader.reading import Reading, read_source
from diptych.reader.visible import visible
from diptych.site.code import highlighted
from diptych.site.forms import form
from diptych.site.formulas import mathml
from diptych.site.known_mistakes import known_mistakes
from diptych.site.merges import drawn, pieces
from diptych.site.properties import path_of_tests, properties
from diptych.site.prose import lede, prose, sentence
from diptych.site.rows import section_views
from diptych.site.runs import Run, address, offered
from diptych.site.search import Search, found_by_search
from diptych.site.wording import by, shortened, small
from parity_tests.catalogue import PATHS, load
from parity_tests.contract.agreement import LIMIT

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'"
)
MISTAKES = "known-mistakes"  # what the page of known mistakes is called


@dataclass(frozen=True)
class Offer:
    """A run as a link."""

    label: str
    why: str
    href: str
    current: bool


@cache
def environment() -> Environment:
    """Set up the templates: everything is escaped, nothing may be undefined."""
    made = Environment(
        loader=PackageLoader("diptych.site"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {
        "prose": prose,
        "sentence": sentence,
        "mathml": mathml,
        "python": highlighted,
        "visible": visible,
        "label": lambda text: shortened(visible(text)),
    }
    made.globals["csp"] = POLICY
    return made


def neighbour(path: str, by: int) -> Reading | None:
    """Find the pair before (-1) or after (+1) one, in reading order."""
    index = PATHS.index(path) + by
    return read_source(PATHS[index]) if 0 <= index < len(PATHS) else None


def pair_page(
    reading: Reading, run: Run | None, live: bool = False, rejection: str = ""
) -> str:
    """Render the page of a pair on one run."""
    context = {
        **about_the_page(reading),
        **about_the_run(reading, run, live, rejection),
        **about_the_tests(reading),
    }
    return environment().get_template("pair.html").render(context)


def about_the_page(reading: Reading) -> dict[str, Any]:
    """Say what the page of a pair says on every run."""
    files = [f"{package}/{reading.path}.py" for package in ("reference", "torch_impl")]
    shown = {code.path for s in reading.sections for r in s.rows for code in r.torch}
    return {
        "root": "../" * reading.path.count("/"),
        "here": f"{reading.name}.html",
        "reading": reading,
        "before": neighbour(reading.path, -1),
        "after": neighbour(reading.path, +1),
        "number": PATHS.index(reading.path) + 1,
        "n_parts": len(PATHS),
        "topic": topic_of(reading.path),
        "files": [file for file in files if file in shown or file == files[0]],
        "uses": [read_source(path) for path in reading.uses],
        "lede": lede(reading),
    }


def about_the_run(
    reading: Reading, run: Run | None, live: bool, rejection: str
) -> dict[str, Any]:
    """Say what depends on the input."""
    sections = section_views(reading.sections, reading.parameters, reading.backward)
    return {
        "live": live,
        "fields": form(reading) if live else [],
        "runs": offers(reading, run, live),
        "current": run,
        "rejection": rejection.rstrip("."),
        "tokens": pieces(reading.tokens),
        "merge_steps": drawn(reading.merge_steps),
        "verdict": verdict(reading),
        "sections": sections,
    }


def about_the_tests(reading: Reading) -> dict[str, Any]:
    """Say what is tested of a pair."""
    found = found_by_search(reading.path)
    return {
        "search": found,
        "search_sentence": search_sentence(found),
        "worst_href": f"{reading.name}.worst.html" if found.shown else "",
        "properties": properties(reading.path),
        "oracles": " and ".join(map(str, load(reading.path).oracles)),
        "test_file": path_of_tests(reading.path),
        "mistakes": known_mistakes(reading.path),
        "mistakes_href": f"{reading.name}.{MISTAKES}.html",
    }


def offers(reading: Reading, run: Run | None, live: bool) -> list[Offer]:
    """List the offered runs as links: to files, or to addresses that are answered."""
    chosen = reading.input.choices if reading.input else None
    links = []
    for each in offered(reading.path):
        href = f"{reading.name}.html" if live else file_name(reading.name, each)
        query = address(each.choices) if live else ""
        current = each.slug == run.slug if run else each.choices == chosen
        links.append(Offer(each.label, each.why, href + query, current))
    return links


def file_name(name: str, run: Run) -> str:
    """Name the file of a run; the first one has the name of the pair."""
    return f"{name}.{run.slug}.html" if run.slug else f"{name}.html"


def verdict(reading: Reading) -> str:
    """Say whether both backends agree on this run."""
    found = reading.agreement
    if found is None:
        return ""
    if not found.agrees:
        return f"✗ The two backends differ{by(found.difference)}."
    if not found.difference:
        return "✓ Both backends give equal values at every step."
    return (
        f"✓ Both backends agree at every step; the largest difference is "
        f"{small(found.difference)} ({found.dtype})."
    )


def search_sentence(found: Search) -> str:
    """Say what the search for disagreement found."""
    said = (
        f"{found.n_cases} random cases were run on both backends and "
        f"{found.n_quantities:,} quantities compared, step by step. "
    )
    if found.comparison and found.comparison.first_difference:
        return f"{said}They differ: {found.comparison.first_difference}"
    if not found.error:
        return f"{said}All were equal to the last bit."
    return (
        f"{said}The largest error was {found.error:.1f} rounding units; above "
        f"{LIMIT:.0f} the comparison fails."
    )
