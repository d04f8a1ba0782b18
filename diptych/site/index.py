"""The index: every pair, by what a reader looks for, and a way through some of them."""

from dataclasses import dataclass

from diptych.reader.notes import by_topic, trail
from diptych.reader.reading import Reading
from diptych.site.pages import environment, verdict
from diptych.site.prose import lede
from diptych.site.wording import small


@dataclass(frozen=True)
class Entry:
    """One pair in the index."""

    number: int
    path: str
    title: str
    sentence: str
    changes: str
    agreement: str


@dataclass(frozen=True)
class Group:
    """Pairs of one topic."""

    name: str
    title: str
    entries: tuple[Entry, ...]


def index_page(readings: list[Reading]) -> str:
    """Render the index."""
    known = {each.path: entry(n, each) for n, each in enumerate(readings, 1)}
    groups = [
        Group(str(number), title, tuple(known[path] for path in paths))
        for number, (title, paths) in enumerate(by_topic(known).items(), 1)
    ]
    why, paths = trail()
    stops = [known[path] for path in paths if path in known]
    template = environment().get_template("index.html")
    return template.render(root="", groups=groups, trail=stops, why=why)


def entry(number: int, reading: Reading) -> Entry:
    """Describe one pair."""
    return Entry(
        number=number,
        path=reading.path,
        title=reading.title,
        sentence=lede(reading),
        changes=reading.changes,
        agreement=summary(reading),
    )


def summary(reading: Reading) -> str:
    """Say in a few words how well the backends agree on the first run."""
    rows = [row for section in reading.sections for row in section.rows[1:]]
    n_steps = sum(len(row.steps) for row in rows)
    found = reading.agreement
    if found is None or not found.agrees:
        return verdict(reading)
    gap = f"differ by {small(found.difference)}" if found.difference else "equal"
    return f"✓ {n_steps} step{'s' if n_steps > 1 else ''}, {gap}"
