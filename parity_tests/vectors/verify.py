"""Replay vectors on both backends, and name what differs from the files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parity_tests import catalogue
from parity_tests.contract.backend import TORCH, unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.comparison import Comparison
from parity_tests.lockstep.forward import compare_forward
from parity_tests.lockstep.gradients import compare_gradients
from parity_tests.vectors import files
from parity_tests.vectors.comparing import differences
from parity_tests.vectors.contents import (
    Tree,
    example_of,
    outcome_on,
    vector_of,
)


@dataclass
class Replayed:
    """How many cases were replayed, and what differs from the files."""

    n_cases: int = 0
    differences: list[str] = field(default_factory=list)


def verify_vectors(folder: Path) -> Replayed:
    """Replay the vectors of a folder on the reference and on torch_impl.

    Raises:
        VectorsError: the files cannot be read, or are something else.
    """
    found = Replayed()
    for name in files.changed(folder):
        found.differences.append(f"{name} is not as it was written")
    for entry in files.read_manifest(folder)["pairs"]:
        pair = load(entry, folder)
        vectors = files.read_pair(folder, pair.path)
        listed = [case["name"] for case in entry["cases"]]
        if listed != [vector.get("name") for vector in vectors]:
            found.differences.append(f"{pair}: other cases than the manifest's")
        for vector in vectors:
            found.n_cases += 1
            found.differences += [
                f"{pair}, {vector.get('name')}: {difference}"
                for difference in replay(pair, vector)
            ]
    return found


def load(entry: Mapping[str, Any], folder: Path) -> Pair:
    """Find the pair of an entry.

    Raises:
        VectorsError: there is no such pair.
    """
    try:
        pair: Pair = catalogue.load(entry["pair"])
    except (KeyError, TypeError) as error:
        raise files.VectorsError(f"{folder / files.MANIFEST}: {error}") from None
    return pair


def replay(pair: Pair, vector: Tree) -> Iterator[str]:
    """Run one case on both backends, and say what differs from the file.

    Raises:
        VectorsError: it is no vector.
    """
    try:
        with unchecked():
            example = example_of(vector)
            fresh = vector_of(pair, example)
            units = fresh.get("rounding_units", {})
            for difference in differences(vector, fresh, units):
                yield f"reference: {difference}"
            yield from on_torch(pair, vector, example.case, units)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise files.VectorsError(
            f"{pair}, {vector.get('name')} cannot be replayed: {error!r}"
        ) from error


def on_torch(
    pair: Pair, vector: Tree, case: Case, units: Mapping[str, Any]
) -> Iterator[str]:
    """Compare PyTorch's output with the vector, and its steps with the reference."""
    stored = {part: vector[part] for part in ("output", "rejected") if part in vector}
    for difference in differences(stored, outcome_on(TORCH, pair, case), units):
        yield f"torch_impl: {difference}"
    if "steps" in vector:
        yield from first_difference(compare_forward(pair, case))
    if "gradients" in vector:
        yield from first_difference(compare_gradients(pair, case))


def first_difference(comparison: Comparison) -> Iterator[str]:
    """Say where the backends first differ, if they do."""
    if comparison.first_difference is not None:
        yield f"torch_impl: {comparison.first_difference}"
