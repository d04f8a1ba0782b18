"""How many files a reader opens for a pair; run as a module, it prints the table.

    python -m parity_tests.meta_tests.files_to_open

They are its own file and all that it imports, directly or not, within its package;
`__init__` files aside. Another pair that it imports has a page of its own: neither that
nor what only that one imports is counted, unless it is a primitive. Lines are counted
as one reads them, without blank ones; the table has the number with them as well, and
the number of all files, those of other pairs among them.
"""

from collections.abc import Iterable, Iterator

from parity_tests import catalogue
from parity_tests.sources.imports import modules_of, reached
from parity_tests.sources.panels import PACKAGES, files, text

MAX_FILES, MAX_LINES = 5, 500
MAX_LONG = 600
LONG = {  # several parts in one variant, a cache or norms and rotation beside the heads
    "attention/cached",
    "attention/llama",
    "attention/query_key_norm",
    "attention/latent_absorbed",
    "attention/latent",
    "attention/sparse",
}
EXCEPTED = {  # a variant for speed: the textbook's pair has the same ids
    "tokenizers/parallel/byte_pair",
}


def files_to_open(package: str, path: str) -> list[str]:
    """List the files of a package that a pair takes, the pair's own first."""
    modules, first = modules_of(package), name_of(package, path)
    others = {name_of(package, other) for other in composed_of(package, path)}
    new = {name: [i for i in of if i not in others] for name, of in modules.items()}
    return paths_of(reached(first, new))


def all_files(package: str, path: str) -> list[str]:
    """List the files of a package that a pair takes, with those of other pairs."""
    return paths_of(reached(name_of(package, path), modules_of(package)))


def composed_of(package: str, path: str) -> list[str]:
    """List the other pairs that a pair is composed of, primitives aside."""
    taken = {file.removesuffix(".py") for file in all_files(package, path)}
    return [
        other
        for other in catalogue.PATHS
        if other in taken - {path} and not other.startswith("primitives/")
    ]


def name_of(package: str, path: str) -> str:
    """Write the path of a pair as the name of its module."""
    return f"{package}.{path.replace('/', '.')}"


def paths_of(modules: Iterable[str]) -> list[str]:
    """Write modules as files within their package."""
    names = [name.replace(".", "/") for name in modules]
    return [f"{name.partition('/')[2]}.py" for name in names]


def table() -> Iterator[tuple[str, str, list[str], int, int]]:
    """Yield package, pair, files, lines and lines with the blank ones."""
    for path in catalogue.PATHS:
        for package in PACKAGES:
            if f"{path}.py" in files(package):
                opened = files_to_open(package, path)
                lines = [line for f in opened for line in text(package, f).splitlines()]
                n_lines = sum(1 for line in lines if line.strip())
                yield package, path, opened, n_lines, len(lines)


def main() -> None:
    """Print the table."""
    print(f"{'pair':32}{'package':12}{'files':>6}{'lines':>6}{'blank':>7}{'all':>5}")
    for package, path, opened, n_lines, n_all in table():
        n_files = len(all_files(package, path))
        counts = f"{len(opened):6}{n_lines:6}{n_all:7}{n_files:5}"
        print(f"{path:32}{package:12}{counts}")


if __name__ == "__main__":
    main()
