"""The index: every pair in reading order, by groups, and a path through them."""

from dataclasses import dataclass

from diptych.reader.reading import Reading
from diptych.site.pages import GROUPS, TRAIL, environment, verdict
from diptych.site.prose import lede
from diptych.site.wording import small


@dataclass(frozen=True)
class Entry:
    """One pair in the index."""

    place: int
    path: str
    title: str
    sentence: str
    changes: str
    agreement: str


@dataclass(frozen=True)
class Group:
    """Pairs of one folder."""

    name: str
    title: str
    entries: tuple[Entry, ...]


def index_page(readings: list[Reading]) -> str:
    """Render the index."""
    entries = [entry(place, each) for place, each in enumerate(readings, 1)]
    names = dict.fromkeys(reading.group for reading in readings)
    groups = [
        Group(
            name,
            GROUPS.get(name, name.capitalize()),
            tuple(each for each in entries if each.path.startswith(f"{name}/")),
        )
        for name in names
    ]
    trail = [each for each in entries if each.path.startswith(f"{TRAIL}/")]
    template = environment().get_template("index.html")
    return template.render(root="", groups=groups, trail=trail)


def entry(place: int, reading: Reading) -> Entry:
    """Describe one pair."""
    return Entry(
        place=place,
        path=reading.path,
        title=reading.title,
        sentence=lede(reading),
        changes=reading.changes,
        agreement=summary(reading),
    )


def summary(reading: Reading) -> str:
    """Say in a few words how well the sides agree on the first run."""
    n_steps = sum(row.first > 0 for part in reading.sections for row in part.rows)
    found = reading.agreement
    if found is None or not found.agrees:
        return verdict(reading)
    apart = f"apart by {small(found.difference)}" if found.difference else "equal"
    return f"✓ {n_steps} steps, {apart}"
