"""Write the vectors of every pair into a folder."""

from collections.abc import Iterable
from pathlib import Path

from parity_tests import catalogue
from parity_tests.contract.pair import Pair
from parity_tests.vectors import files
from parity_tests.vectors.contents import Tree, vector_of
from parity_tests.vectors.negative import ABOUT, FOLDER, negatives_of


def write_vectors(
    folder: Path, seed: int = 0, pairs: Iterable[Pair] | None = None
) -> int:
    """Write cases, manifest, format and checksums; return how many cases there are.

    The same seed gives the same bytes.

    Raises:
        VectorsError: the folder holds something else, or safetensors is not installed.
    """
    files.safetensors()
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()) and not (folder / files.MANIFEST).is_file():
        raise files.VectorsError(f"{folder} holds something else than vectors")
    entries = []
    for pair in catalogue.load_all() if pairs is None else pairs:
        needed, negatives = negatives_of(pair, seed)
        examples = [*pair.examples(seed), *needed]
        cases = [vector_of(pair, example) for example in examples]
        files.write_pair(folder, pair.path, cases)
        files.write_pair(folder / FOLDER, pair.path, negatives)
        entries.append(entry(pair, cases, negatives))
    manifest = {"format": files.FORMAT, "seed": seed, "pairs": entries}
    files.write_atomically(folder / files.MANIFEST, files.as_json(manifest))
    described = Path(__file__).with_name(files.README).read_bytes()
    files.write_atomically(folder / files.README, described)
    files.write_atomically(folder / files.SUMS, files.checksums(folder).encode())
    return sum(len(each["cases"]) for each in entries)


def entry(pair: Pair, cases: list[Tree], negatives: list[Tree]) -> Tree:
    """Describe the files of a pair."""
    return {
        "pair": pair.path,
        "class": pair.class_name,
        "abilities": sorted(pair.abilities),
        **contents(pair.path, cases, ("name", "flags", "comment")),
        "negative": contents(f"{FOLDER}/{pair.path}", negatives, ABOUT),
    }


def contents(path: str, cases: list[Tree], parts: tuple[str, ...]) -> Tree:
    """Name two files, and list what is in them."""
    return {
        "json": f"{path}.json",
        "tensors": f"{path}.safetensors",
        "cases": [{part: case[part] for part in parts} for case in cases],
    }
