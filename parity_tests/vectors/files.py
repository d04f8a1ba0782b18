"""The files of the vectors: written atomically, read with care, nothing unpickled."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

from parity_tests.vectors.layout import Layout, gathered

FORMAT = 3
MANIFEST, SUMS, README = "manifest.json", "SHA256SUMS", "README.md"


class VectorsError(Exception):
    """The files cannot be written or read, and why."""


def safetensors() -> Any:
    """Import the format of the tensors, which is no dependency of the rest.

    Raises:
        VectorsError: it is not installed.
    """
    try:
        return import_module("safetensors.numpy")
    except ImportError:
        raise VectorsError(
            "vectors are stored as safetensors, which is not installed: "
            "pip install 'diptych[kit]'"
        ) from None


def write_atomically(path: Path, content: bytes) -> None:
    """Write a file beside its place, and then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.partly")
    beside.write_bytes(content)
    beside.replace(path)


def as_json(tree: Any) -> bytes:
    """Write JSON without spaces; names stay in the order of a case's inputs."""
    text = json.dumps(tree, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return text.encode() + b"\n"


def write_pair(folder: Path, pair: str, cases: list[dict[str, Any]]) -> None:
    """Write the cases of one pair: a JSON file, and its tensors beside it."""
    layout = Layout()
    trees = [layout.take(case, case["name"]) for case in cases]
    write_atomically(folder / f"{pair}.json", as_json({"cases": trees}))
    tensors = dict(sorted(layout.tensors.items()))
    write_atomically(folder / f"{pair}.safetensors", safetensors().save(tensors))


def read_pair(folder: Path, pair: str) -> list[dict[str, Any]]:
    """Read the cases of one pair.

    Raises:
        VectorsError: a file is missing, cut off or something else.
    """
    tree, path = read_json(folder / f"{pair}.json"), folder / f"{pair}.safetensors"
    load = safetensors().load
    try:
        tensors = load(path.read_bytes())
    except Exception as error:  # the format's own error is no ValueError
        raise VectorsError(f"{path} cannot be read as safetensors: {error}") from None
    try:
        cases: list[dict[str, Any]] = gathered(tree["cases"], tensors)
    except (LookupError, TypeError, ValueError) as error:
        raise VectorsError(f"{path} does not go with its JSON: {error!r}") from None
    return cases


def read_json(path: Path) -> Mapping[str, Any]:
    """Read a JSON file that holds an object.

    Raises:
        VectorsError: it is missing, cut off or something else.
    """
    try:
        tree = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise VectorsError(f"{path} cannot be read as JSON: {error}") from None
    if not isinstance(tree, dict):
        raise VectorsError(f"{path} holds no object")
    return tree


def read_manifest(folder: Path) -> Mapping[str, Any]:
    """Read the manifest.

    Raises:
        VectorsError: there is none, or it is of another format.
    """
    manifest = read_json(folder / MANIFEST)
    if manifest.get("format") != FORMAT or "pairs" not in manifest:
        found = manifest.get("format")
        raise VectorsError(
            f"{folder / MANIFEST} has format {found!r}; this reads format {FORMAT}"
        )
    return manifest


def checksums(folder: Path) -> str:
    """List the SHA-256 of every file, as `sha256sum --check` reads it."""
    found = (path.relative_to(folder) for path in folder.rglob("*.*"))
    names = sorted(path.as_posix() for path in found)
    return "".join(f"{digest(folder / name)}  {name}\n" for name in names)


def digest(path: Path) -> str:
    """Compute the SHA-256 of a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def changed(folder: Path) -> Iterator[str]:
    """Name the files that are not as they were written.

    Raises:
        VectorsError: there are no checksums to go by, or one is of a file elsewhere.
    """
    try:
        lines = (folder / SUMS).read_text(encoding="ascii").splitlines()
    except (OSError, ValueError) as error:
        raise VectorsError(f"{folder / SUMS} cannot be read: {error}") from None
    for line in lines:
        expected, _, name = line.partition("  ")
        path = folder / name
        if not path.resolve().is_relative_to(folder.resolve()):
            raise VectorsError(f"{folder / SUMS} names {name}, which is elsewhere")
        if not path.is_file():
            raise VectorsError(f"{path} is missing")
        if digest(path) != expected:
            yield name
