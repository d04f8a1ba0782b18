"""What of a reading is wanted."""

from dataclasses import dataclass

from diptych.reader.reading import Reading


@dataclass(frozen=True)
class View:
    """What of a reading is wanted."""

    step: int | None = None
    head: int = 0
    values: bool = True
    code: bool = True


def check_view(source: Reading, view: View) -> None:
    """Check that a function has the step, and the pair the head.

    Raises:
        ValueError: there is no such step, or the head is negative.
    """
    last = max(section.rows[-1].last for section in source.sections)
    if view.step is not None and not 0 <= view.step <= last:
        raise ValueError(f"{source.name} has steps 0 to {last}, got {view.step}")
    if view.head < 0:
        raise ValueError(f"head must be at least 0, got {view.head}")


def check_head(reading: Reading, head: int) -> None:
    """Check that there is such a head: on an axis of heads, or as a call.

    Raises:
        ValueError: there is none.
    """
    sections = (*reading.sections, *reading.backward)
    values = (v for s in sections for r in s.rows for run in r.runs for v in run.values)
    sizes = [len(a.labels) for value in values for a in value.axes if a.name == "H"]
    n_heads = max([*sizes, *(section.calls for section in sections), 1])
    if head >= n_heads:
        heads = f"heads 0 to {n_heads - 1}" if n_heads > 1 else "one head, 0"
        raise ValueError(f"{reading.name} has {heads}, got {head}")
