"""Which module imports which: read from the sources, wherever an import stands."""

import ast
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from parity_tests.sources.panels import files, imported, imports_in, module_name, tree

Graph = Mapping[str, Sequence[str]]


@cache
def modules_of(*packages: str) -> Graph:
    """Map each module of some packages to those of them that it imports.

    `__init__` files that only export are left out, since every import of a module runs
    those above it. Imports below `if TYPE_CHECKING` and in functions count as well.
    """
    paths = {
        f"{package}.{module_name(path)}": (package, path)
        for package in packages
        for path in files(package)
        if not path.endswith("__init__.py")
    }
    return {
        name: tuple(dict.fromkeys(each for each in imported(*path) if each in paths))
        for name, path in paths.items()
    }


def reached(first: str, graph: Graph) -> list[str]:
    """List a module and all that it imports, directly or not, in order of reading.

    >>> reached("a", {"a": ("c", "b"), "b": ("c",), "c": ()})
    ['a', 'c', 'b']
    """
    found = [first]
    for name in found:
        found += [each for each in graph[name] if each not in found]
    return found


def circles(graph: Graph) -> list[list[str]]:
    """List the modules that import themselves by way of others, circle by circle.

    >>> circles({"a": ("b",), "b": ("c",), "c": ("b",), "d": ("a",)})
    [['b', 'c']]
    """
    reaches = {
        name: {each for far in graph[name] for each in reached(far, graph)}
        for name in graph
    }
    found = []
    for name in sorted(graph):
        circle = sorted(o for o in reaches[name] if name in reaches[o])
        found += [circle] if circle and circle not in found else []
    return found


def in_functions(package: str) -> Iterator[tuple[str, str]]:
    """Yield each file with the names that its functions import when they are called."""
    for path in files(package):
        for node in ast.walk(tree(package, path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for name in imports_in(node):
                    yield path, name
