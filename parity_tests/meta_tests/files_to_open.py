"""How many files a reader opens for a pair; run as a module, it prints the table.

    python -m parity_tests.meta_tests.files_to_open

They are its own file and all that it imports, directly or not, within its package;
`__init__` files aside.
"""

from collections.abc import Iterator

from parity_tests import catalogue
from parity_tests.sources.imports import modules_of, reached
from parity_tests.sources.panels import PACKAGES, files, text

MAX_FILES, MAX_LINES = 5, 500
EXCEPTED = {  # a variant for speed: the textbook's pair has the same ids
    "tokenizers/parallel/byte_pair",
}


def files_to_open(package: str, path: str) -> list[str]:
    """List the files of a package that a pair takes, the pair's own first."""
    first = f"{package}.{path.replace('/', '.')}"
    found = reached(first, modules_of(package))
    names = [name.replace(".", "/") for name in found]
    return [f"{name.partition('/')[2]}.py" for name in names]


def table() -> Iterator[tuple[str, str, list[str], int]]:
    """Yield package, pair, files and lines, for every pair that has a file."""
    for path in catalogue.PATHS:
        for package in PACKAGES:
            if f"{path}.py" in files(package):
                opened = files_to_open(package, path)
                n_lines = sum(len(text(package, f).splitlines()) for f in opened)
                yield package, path, opened, n_lines


def main() -> None:
    """Print the table."""
    print(f"{'pair':32}{'package':12}{'files':>6}{'lines':>6}")
    for package, path, opened, n_lines in table():
        print(f"{path:32}{package:12}{len(opened):6}{n_lines:6}  {' '.join(opened)}")


if __name__ == "__main__":
    main()
