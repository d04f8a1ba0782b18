"""Replay vectors on both sides, and name what is not as the files say."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from parity_tests.attention.cases import unchecked
from parity_tests.catalogue import concept as concept_called
from parity_tests.concept import Concept
from parity_tests.expected import is_float32
from parity_tests.gradients import compare_gradients
from parity_tests.lockstep import Comparison
from parity_tests.vectors import files
from parity_tests.vectors.comparing import differences
from parity_tests.vectors.contents import (
    Tree,
    attempt,
    case_of,
    contents,
    output_of,
    refusal,
)
from parity_tests.vectors.planned import Planned
from parity_tests.vectors.tokenizers import kept, pieces


@dataclass
class Replayed:
    """What a replay found: how many cases ran, and what departs from the files."""

    n_cases: int = 0
    departures: list[str] = field(default_factory=list)


def verify_vectors(folder: Path) -> Replayed:
    """Hold the reference and torch_impl to the vectors of a folder.

    Raises:
        VectorsError: the files cannot be read, or are something else.
    """
    found = Replayed()
    for name in files.changed(folder):
        found.departures.append(f"{name} is not as it was written")
    for entry in files.read_manifest(folder)["concepts"]:
        concept = known(entry, folder)
        vectors = files.read_concept(folder, concept.name)
        listed = [case["name"] for case in entry["cases"]]
        if listed != [vector.get("name") for vector in vectors]:
            found.departures.append(f"{concept.name}: other cases than the manifest's")
        for vector in vectors:
            found.n_cases += 1
            found.departures += [
                f"{concept.name}, {vector.get('name')}: {departure}"
                for departure in replayed(concept, vector)
            ]
    return found


def known(entry: Mapping[str, Any], folder: Path) -> Concept:
    """Find the pair of an entry.

    Raises:
        VectorsError: there is no such pair.
    """
    try:
        return concept_called(entry["concept"])
    except (KeyError, TypeError) as error:
        raise files.VectorsError(f"{folder / files.MANIFEST}: {error}") from None


def replayed(concept: Concept, vector: Tree) -> Iterator[str]:
    """Run one case on both sides, and say what is not as the file has it.

    Raises:
        VectorsError: it is no vector.
    """
    try:
        with unchecked():
            yield from by_reference(concept, vector)
            yield from by_torch(concept, vector)
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise files.VectorsError(
            f"{concept.name}, {vector.get('name')} cannot be replayed: {error!r}"
        ) from error


def by_reference(concept: Concept, vector: Tree) -> Iterator[str]:
    """Compare every entry of a vector with what the reference gives now."""
    planned = Planned(
        vector["name"],
        case_of(vector),
        vector["comment"],
        tuple(vector["flags"]),
        "steps" in vector,
    )
    fresh = contents(concept, planned)
    yardsticks = fresh.get("yardsticks", {})
    if is_float32(planned.case) and yardsticks:  # measured: other machines differ
        of_file = {part: vector["yardsticks"][part] for part in ("output", "steps")}
        fresh["yardsticks"] = yardsticks | of_file
    for difference in differences(vector, fresh, yardsticks):
        yield f"reference: {difference}"


def by_torch(concept: Concept, vector: Tree) -> Iterator[str]:
    """Compare what the twin gives with the vector, and its steps with the reference."""
    case = case_of(vector)
    result = attempt(concept.run_torch, kept(concept.torch, case), case)
    if isinstance(result, Exception):
        came_out = {"refused": refusal(result)}
    else:
        came_out = {"output": output_of(concept, case, result)}
        if concept.group == "tokenizers":
            came_out["output"] |= pieces(concept.torch, case)
    stored = {part: vector[part] for part in ("output", "refused") if part in vector}
    for difference in differences(stored, came_out, vector.get("yardsticks", {})):
        yield f"torch_impl: {difference}"
    if "steps" in vector:
        yield from departure_of(concept.compare(case))
    if "gradients" in vector:
        yield from departure_of(compare_gradients(concept, case))


def departure_of(comparison: Comparison) -> Iterator[str]:
    """Say where the sides part, if they do."""
    if comparison.departure is not None:
        yield f"torch_impl: {comparison.departure}"
