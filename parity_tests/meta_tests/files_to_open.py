"""How many files a reader opens for a pair; run as a module, it prints the table.

    python -m parity_tests.meta_tests.files_to_open

They are its own file and all that it imports, directly or not, within its package;
`__init__` files aside. Lines are counted as one reads them, without blank ones; the
table has the number with them as well.
"""

from collections.abc import Iterator

from parity_tests import catalogue
from parity_tests.sources.imports import modules_of, reached
from parity_tests.sources.panels import PACKAGES, files, text

MAX_FILES, MAX_LINES = 5, 500
# Variants that import another variant, if only for its checks, have that to open too.
COMPOSED = {
    "attention/cross",
    "attention/cached",
    "attention/sliding_window",
    "attention/sink",
    "positions/relative_bias",
}
MAX_COMPOSED_LINES = 600
EXCEPTED = {  # a variant for speed: the textbook's pair has the same ids
    "tokenizers/parallel/byte_pair",
}


def files_to_open(package: str, path: str) -> list[str]:
    """List the files of a package that a pair takes, the pair's own first."""
    first = f"{package}.{path.replace('/', '.')}"
    found = reached(first, modules_of(package))
    names = [name.replace(".", "/") for name in found]
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
    print(f"{'pair':32}{'package':12}{'files':>6}{'lines':>6}{'with blank':>12}")
    for package, path, opened, n_lines, n_all in table():
        print(f"{path:32}{package:12}{len(opened):6}{n_lines:6}{n_all:12}")


if __name__ == "__main__":
    main()
