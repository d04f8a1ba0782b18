"""Compare two vectors, entry by entry, each number by its own rounding unit."""

from collections.abc import Iterator, Mapping
from typing import Any

from parity_tests.contract.agreement import LIMIT, compare

Place = tuple[str, ...]


def differences(
    stored: Any, fresh: Any, units: Mapping[str, Any], place: Place = ()
) -> Iterator[str]:
    """Name each entry of `stored` that differs from what it should be.

    >>> units = {"output": 0.1}
    >>> list(differences({"output": 1.0, "a": [1]}, {"output": 1.5, "a": [2]}, units))
    ['a: entry 0: expected 2, got 1']
    """
    if isinstance(stored, Mapping) and isinstance(fresh, Mapping):
        for name in sorted(stored.keys() ^ fresh.keys()):
            yield f"{'/'.join((*place, name))}: one has it and the other has not"
        for name in sorted(stored.keys() & fresh.keys()):
            yield from differences(stored[name], fresh[name], units, (*place, name))
    elif holds_trees(stored) and holds_trees(fresh) and len(stored) == len(fresh):
        for number, entries in enumerate(zip(stored, fresh, strict=True)):
            yield from differences(*entries, units, (*place, str(number)))
    elif reason := difference(stored, fresh, units, place):
        yield f"{'/'.join(place)}: {reason}"


def difference(stored: Any, fresh: Any, units: Mapping[str, Any], place: Place) -> str:
    """Say how two values differ, if they do.

    Rounding units are measured, and come out a little differently on another machine.
    """
    if place[:1] == ("rounding_units",):
        if stored == fresh or fresh / LIMIT <= stored <= fresh * LIMIT:
            return ""
        return f"expected about {fresh:.3g}, got {stored:.3g}"
    agreement = compare(fresh, stored, unit_at(place, units))
    return "" if agreement.holds else agreement.reason


def holds_trees(value: Any) -> bool:
    """Whether it is a list with objects in it, as the steps are."""
    return isinstance(value, list) and any(isinstance(each, dict) for each in value)


def unit_at(place: Place, units: Mapping[str, Any]) -> float:
    """Find the rounding unit at a place.

    >>> units = {"steps": {"attn_scores": 2.0}}
    >>> unit_at(("steps", "0", "values", "attn_scores"), units)
    2.0
    """
    match place:
        case ("steps", _, "values", name, *_):
            return float(units["steps"].get(name, 0.0))
        case ("gradients", "steps", _, "values", name, *_):
            return float(units["gradient_steps"].get(name, 0.0))
        case ("gradients", "of", name):
            return float(units["gradients"].get(name, 0.0))
        case ("output", *_):
            return float(units.get("output", 0.0))
    return 0.0
