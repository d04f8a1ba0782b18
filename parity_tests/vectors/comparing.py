"""Compare two vectors, entry by entry, each number by its own yardstick."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from parity_tests.agreement import LIMIT, compare

Place = tuple[str, ...]
EPS = float(np.finfo(float).eps)


def differences(
    stored: Any, fresh: Any, yardsticks: Mapping[str, Any], place: Place = ()
) -> Iterator[str]:
    """Name each entry of `stored` that is not what it should be.

    >>> held = {"output": 0.1}
    >>> list(differences({"output": 1.0, "a": [1]}, {"output": 1.5, "a": [2]}, held))
    ['a: entry 0: expected 2, got 1']
    """
    if isinstance(stored, Mapping) and isinstance(fresh, Mapping):
        for name in sorted(stored.keys() ^ fresh.keys()):
            yield f"{'/'.join((*place, name))}: one has it and the other has not"
        for name in sorted(stored.keys() & fresh.keys()):
            inside = (*place, name)
            yield from differences(stored[name], fresh[name], yardsticks, inside)
    elif holds_trees(stored) and holds_trees(fresh) and len(stored) == len(fresh):
        for number, entries in enumerate(zip(stored, fresh, strict=True)):
            yield from differences(*entries, yardsticks, (*place, str(number)))
    else:
        agreement = compare(fresh, stored, yardstick_at(place, yardsticks, fresh))
        if agreement.score > LIMIT:
            yield f"{'/'.join(place)}: {agreement.reason}"


def holds_trees(value: Any) -> bool:
    """Whether it is a row of objects, as the steps are."""
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)


def yardstick_at(place: Place, yardsticks: Mapping[str, Any], value: Any) -> float:
    """Find how large an honest difference is at a place.

    >>> yardstick_at(("steps", "0", "values", "scores"), {"steps": {"scores": 2.0}}, 0)
    2.0
    """
    match place:
        case ("yardsticks", *_):  # numbers as well: rounded, but nothing cancels
            return EPS * float(value) if isinstance(value, float) else 0.0
        case ("steps", _, "values", name, *_):
            held = yardsticks["steps"].get(name, 0.0)
        case ("gradients", "steps", _, "values", name, *_):
            held = yardsticks["gradient_steps"].get(name, 0.0)
        case ("gradients", "of", name):
            held = yardsticks["gradients"].get(name, 0.0)
        case ("output", *_):
            held = yardsticks["output"]
        case _:
            held = 0.0
    return float(held)
