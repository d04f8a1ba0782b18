"""Write the vectors of every pair into a folder."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from parity_tests.catalogue import CATALOGUE
from parity_tests.concept import Concept
from parity_tests.vectors import files
from parity_tests.vectors.contents import contents
from parity_tests.vectors.plan import plan


def write_vectors(
    folder: Path, seed: int = 0, concepts: Iterable[Concept] = CATALOGUE
) -> int:
    """Write cases, manifest, format and sums; return how many cases there are.

    The same seed gives the same bytes.

    Raises:
        VectorsError: the folder holds something else, or the format is not there.
    """
    files.safetensors()
    folder.mkdir(parents=True, exist_ok=True)
    refuse_foreign(folder)
    entries = []
    for concept in concepts:
        cases = [contents(concept, planned) for planned in plan(concept, seed)]
        files.write_concept(folder, concept.name, cases)
        entries.append(entry(concept, cases))
    manifest = {"format": files.FORMAT, "seed": seed, "concepts": entries}
    files.write_whole(folder / files.MANIFEST, files.as_json(manifest))
    described = Path(__file__).with_name(files.README).read_bytes()
    files.write_whole(folder / files.README, described)
    files.write_whole(folder / files.SUMS, files.sums(folder).encode("ascii"))
    return sum(len(each["cases"]) for each in entries)


def refuse_foreign(folder: Path) -> None:
    """Refuse a folder with anything in it but vectors, which are written anew.

    Raises:
        VectorsError: there is something else.
    """
    if any(folder.iterdir()) and not (folder / files.MANIFEST).is_file():
        raise files.VectorsError(f"{folder} holds something else than vectors")


def entry(concept: Concept, cases: list[dict[str, Any]]) -> dict[str, Any]:
    """Say what the files of a pair hold."""
    return {
        "concept": concept.path,
        "class": concept.class_name,
        "supports": sorted(concept.supports),
        "json": f"{concept.name}.json",
        "tensors": f"{concept.name}.safetensors",
        "cases": [
            {part: case[part] for part in ("name", "flags", "comment")}
            for case in cases
        ],
    }
