"""The pages: what each shows, rendered from one template whoever asks for it."""

from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from diptych.reader.contents import READING_ORDER
from diptych.reader.reading import Reading, read_source
from diptych.reader.visible import visible
from diptych.site import laws as lawbook
from diptych.site.code import highlighted
from diptych.site.forms import form
from diptych.site.formulas import mathml
from diptych.site.ladders import climbs, pieces
from diptych.site.museum import exhibits
from diptych.site.proof import Proof, proof
from diptych.site.prose import lede, prose, sentence
from diptych.site.rows import section_views
from diptych.site.runs import Run, address, offered
from diptych.site.wording import shortened, small
from parity_tests.agreement import LIMIT
from parity_tests.catalogue import concept

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; "
    "img-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'self'"
)
GROUPS = {"tokenizers": "Tokenizers", "data": "Data", "attention": "Attention"}
MUSEUM = "museum"  # what the page of known mistakes is called
TRAIL = "attention"  # the group that is also offered as a path to walk


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
    place = READING_ORDER.index(path) + by
    known = 0 <= place < len(READING_ORDER)
    return read_source(READING_ORDER[place]) if known else None


def pair_page(
    reading: Reading, run: Run | None, live: bool = False, refusal: str = ""
) -> str:
    """Render the page of a pair on one run."""
    name = reading.path.rpartition("/")[2]
    proven = proof(reading.path)
    context: dict[str, Any] = {
        "root": "../" * reading.path.count("/"),
        "here": f"{name}.html",
        "live": live,
        "reading": reading,
        "before": neighbour(reading.path, -1),
        "after": neighbour(reading.path, +1),
        "place": READING_ORDER.index(reading.path) + 1,
        "n_parts": len(READING_ORDER),
        "group_title": GROUPS.get(reading.group, reading.group.capitalize()),
        "files": [f"{side}/{reading.path}.py" for side in ("reference", "torch_impl")],
        "fields": form(reading) if live else [],
        "runs": offers(reading, run, live),
        "current": run,
        "refusal": refusal.rstrip("."),
        "lede": lede(reading),
        "tokens": pieces(reading.tokens),
        "climbs": climbs(reading.ladders),
        "verdict": verdict(reading),
        "sections": section_views(reading.sections, reading.weights, reading.back),
        "proof": proven,
        "proof_sentence": proof_sentence(proven),
        "worst_href": f"{name}.worst.html" if proven.score else "",
        "laws": lawbook.laws(reading.path),
        "independent": " and ".join(map(str, concept(reading.path).independent)),
        "test_file": lawbook.test_path(reading.path),
        "exhibits": exhibits(reading.path),
        "museum_href": f"{name}.{MUSEUM}.html",
    }
    return environment().get_template("pair.html").render(context)


def offers(reading: Reading, run: Run | None, live: bool) -> list[Offer]:
    """List the offered runs as links: to files, or to addresses that are answered."""
    name = reading.path.rpartition("/")[2]
    chosen = reading.input.choices if reading.input else None
    links = []
    for each in offered(reading):
        href = file_name(name, each) if not live else name + ".html"
        query = address(each.choices) if live else ""
        current = each.slug == run.slug if run else each.choices == chosen
        links.append(Offer(each.label, each.why, href + query, current))
    return links


def file_name(name: str, run: Run) -> str:
    """Name the file of a run; the first one has the name of the pair."""
    return f"{name}.{run.slug}.html" if run.slug else f"{name}.html"


def verdict(reading: Reading) -> str:
    """Say whether both sides agree on this run."""
    found = reading.agreement
    if found is None:
        return ""
    if not found.agrees:
        return f"✗ The two sides depart: {small(found.difference)} apart."
    if not found.difference:
        return "✓ Both sides give equal values at every step."
    return (
        f"✓ Both sides agree at every step; the largest difference is "
        f"{small(found.difference)} ({found.dtype})."
    )


def proof_sentence(found: Proof) -> str:
    """Say what the search for disagreement found."""
    said = (
        f"{found.n_cases} random cases were run on both sides and "
        f"{found.n_quantities:,} quantities compared, step by step. "
    )
    if found.comparison and found.comparison.departure:
        return f"{said}They depart: {found.comparison.departure}"
    if not found.score:
        return f"{said}All were equal to the last bit."
    return (
        f"{said}The worst came to {found.score:.1f} of the {LIMIT:.0f} that still "
        f"count as rounding."
    )
