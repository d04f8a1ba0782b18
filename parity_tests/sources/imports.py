"""Which module imports which: read from the sources, wherever an import stands."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache

from parity_tests.sources.panels import files, module_name, tree

Graph = Mapping[str, tuple[str, ...]]


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
        name: tuple(
            dict.fromkeys(each for each in imported_names(tree(*path)) if each in paths)
        )
        for name, path in paths.items()
    }


def imported_names(node: ast.AST) -> Iterator[str]:
    """Name each module that is imported, and each that an imported name could be.

    >>> [*imported_names(ast.parse("import a.b; from c import d, e"))]
    ['a.b', 'c', 'c.d', 'c.e']
    """
    for each in ast.walk(node):
        if isinstance(each, ast.Import):
            yield from (alias.name for alias in each.names)
        elif isinstance(each, ast.ImportFrom) and each.module and not each.level:
            yield each.module
            yield from (f"{each.module}.{alias.name}" for alias in each.names)


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
    found = {
        tuple(
            sorted(
                other
                for other in graph
                if other in reaches[name] and name in reaches[other]
            )
        )
        for name in graph
        if name in reaches[name]
    }
    return sorted(map(list, found))


def in_functions(package: str) -> Iterator[tuple[str, str]]:
    """Yield each file with the names that its functions import when they are called."""
    for path in files(package):
        for node in ast.walk(tree(package, path)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                for name in imported_names(node):
                    yield path, name
