"""Replay vectors on both backends, and name what differs from the files."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parity_tests import catalogue
from parity_tests.contract.backend import TORCH, unchecked
from parity_tests.contract.case import Case
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.forward import compare_forward
from parity_tests.lockstep.gradients import compare_gradients
from parity_tests.vectors import files
from parity_tests.vectors.comparing import differences
from parity_tests.vectors.contents import Tree, example_of, outcome_on, vector_of
from parity_tests.vectors.negative import FOLDER, not_wrong


@dataclass
class Replayed:
    """How many cases were replayed and compared, and what is wrong with the files."""

    n_cases: int = 0
    n_negatives: int = 0
    differences: list[str] = field(default_factory=list)


def verify_vectors(folder: Path) -> Replayed:
    """Replay the vectors of a folder on the reference and on torch_impl.

    Raises:
        VectorsError: the files cannot be read, or are something else.
    """
    found = Replayed()
    for file in files.changed(folder):
        found.differences.append(f"{file} is not as it was written")
    for entry in files.read_manifest(folder)["pairs"]:
        pair = load(entry, folder)
        vectors = files.read_pair(folder, pair.path)
        names = [vector.get("name") for vector in vectors]
        found.differences += other_names(f"{pair}", names, entry)
        for name, vector in zip(names, vectors, strict=True):
            found.differences += [f"{pair}, {name}: {d}" for d in replay(pair, vector)]
        found.n_cases += len(vectors)
        found.differences += check_negatives(pair, folder, entry["negative"], vectors)
        found.n_negatives += len(entry["negative"]["cases"])
    return found


def other_names(where: str, names: list[Any], entry: Mapping[str, Any]) -> list[str]:
    """Say whether a file has other cases than those which the manifest lists."""
    listed = [case["name"] for case in entry["cases"]]
    return [] if names == listed else [f"{where}: other cases than the manifest's"]


def check_negatives(
    pair: Pair, folder: Path, entry: Mapping[str, Any], vectors: list[Tree]
) -> Iterator[str]:
    """Say which negative vectors are missing, or not wrong.

    Raises:
        VectorsError: one of them is none.
    """
    negatives = files.read_pair(folder / FOLDER, pair.path)
    where = f"{FOLDER}/{pair}"
    try:
        yield from other_names(where, [each["name"] for each in negatives], entry)
        yield from (f"{where}, {name}" for name in not_wrong(negatives, vectors))
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise files.VectorsError(f"{where} cannot be compared: {error!r}") from error


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
            for difference in on_torch(pair, vector, example.case, units):
                yield f"torch_impl: {difference}"
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise files.VectorsError(
            f"{pair}, {vector.get('name')} cannot be replayed: {error!r}"
        ) from error


def on_torch(
    pair: Pair, vector: Tree, case: Case, units: Mapping[str, Any]
) -> Iterator[str]:
    """Compare PyTorch's output with the vector, and its steps with the reference."""
    stored = {part: vector[part] for part in ("output", "rejected") if part in vector}
    yield from differences(stored, outcome_on(TORCH, pair, case), units)
    for part, compare in [("steps", compare_forward), ("gradients", compare_gradients)]:
        if part in vector and (found := compare(pair, case).first_difference):
            yield str(found)
