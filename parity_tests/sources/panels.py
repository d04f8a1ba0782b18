"""The source files of both packages, read without running them."""

import ast
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TypeGuard

PACKAGES = ("reference", "torch_impl")
Definition = ast.FunctionDef | ast.ClassDef


@cache
def root(package: str) -> Path:
    """Return the folder of a package, without importing it."""
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"{package} is not installed")
    return Path(spec.origin).parent


def files(package: str, suffix: str = ".py") -> list[str]:
    """List the files of a package by their path within it."""
    found = root(package).rglob(f"*{suffix}")
    inside = [path.relative_to(root(package)) for path in found if path.is_file()]
    of_tools = ("__pycache__", ".")  # folders that they leave behind
    return sorted(
        p.as_posix() for p in inside if not any(f.startswith(of_tools) for f in p.parts)
    )


def twin_files() -> list[str]:
    """List the Python files that both packages have."""
    return sorted({*files(PACKAGES[0])} & {*files(PACKAGES[1])})


def text(package: str, path: str) -> str:
    """Read a file of a package."""
    return (root(package) / path).read_text(encoding="utf-8")


@cache
def tree(package: str, path: str) -> ast.Module:
    """Parse a file of a package."""
    return ast.parse(text(package, path))


def module_name(path: str) -> str:
    """Name the module of a file within its package."""
    return path.removesuffix(".py").replace("/", ".")


def imported(package: str, path: str) -> Iterator[str]:
    """Name every module that a file imports, wherever the import stands."""
    return imports_in(tree(package, path))


def imports_in(tree: ast.AST) -> Iterator[str]:
    """Name each module that is imported, and each that an imported name could be.

    >>> [*imports_in(ast.parse("import a.b; from c import d; import_module('e')"))]
    ['a.b', 'c', 'c.d', 'e']
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = "." * node.level + (node.module or "")
            yield from (module, *(f"{module}.{alias.name}" for alias in node.names))
        elif isinstance(node, ast.Call):
            named = node.args[:1] if "import_module" in ast.unparse(node.func) else []
            yield from (str(n.value) for n in named if isinstance(n, ast.Constant))


def documented(package: str, path: str) -> Iterator[tuple[str, Definition]]:
    """Yield the public functions and classes of a file, and the classes' methods."""
    for node in tree(package, path).body:
        if is_public(node):
            yield node.name, node
        if isinstance(node, ast.ClassDef):
            for inner in node.body:
                if is_public(inner):
                    yield f"{node.name}.{inner.name}", inner


def is_public(node: ast.AST) -> TypeGuard[Definition]:
    """Whether a node defines a function or a class whose name is public."""
    if not isinstance(node, ast.FunctionDef | ast.ClassDef):
        return False
    return not node.name.startswith("_")


@cache
def subject(path: str) -> str:
    """Name what a pair is about: the first public class or function of its file.

    >>> subject("attention/causal"), subject("primitives/softmax")
    ('CausalAttention', 'softmax')
    """
    return next(n for n in tree("reference", f"{path}.py").body if is_public(n)).name
