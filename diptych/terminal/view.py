"""What of a reading is wanted."""

from dataclasses import dataclass

from diptych.reader.inputs import Choices
from diptych.reader.reading import Reading


@dataclass(frozen=True)
class View:
    """What of a reading is wanted."""

    step: int | None = None
    head: int = 0
    values: bool = True
    code: bool = True


def refuse_view(source: Reading, view: View, choices: Choices) -> None:
    """Refuse a step that no function has, or a head beyond the last.

    Raises:
        ValueError: there is no such step or head.
    """
    last = max(section.rows[-1].last for section in source.sections)
    if view.step is not None and not 0 <= view.step <= last:
        raise ValueError(f"{source.name} has steps 0 to {last}, got {view.step}")
    made = source.sections[0].rows[0].reference
    has_heads = any("num_heads" in code.text for code in made)
    n_heads = choices.num_heads if has_heads else 1
    if not 0 <= view.head < n_heads:
        heads = f"heads 0 to {n_heads - 1}" if has_heads else "one head, 0"
        raise ValueError(f"{source.name} has {heads}, got {view.head}")
