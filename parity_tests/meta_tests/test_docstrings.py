"""What a reader is told: docstrings, sources, examples; and files of readable size."""

import ast
import re
from importlib import import_module

import pytest

from parity_tests import catalogue
from parity_tests.contract.backend import BACKENDS
from parity_tests.sources.panels import (
    PACKAGES,
    documented,
    files,
    module_name,
    root,
    text,
    tree,
    twin_files,
)

CODE = [
    pytest.param(package, path, id=f"{package}/{path}")
    for package in PACKAGES
    for path in files(package)
    if not path.endswith("__init__.py")
]
LONGEST_FILE, LONGEST_FUNCTION = 225, 35  # lines, statements
NO_SOURCE = {"primitives/linear"}  # as old as matrices
NO_EXAMPLE = {"tokenizers/tokenizer.py": "each tokenizer is one"}


every_file = pytest.mark.parametrize(("package", "path"), CODE)


@every_file
def test_a_file_says_what_it_is_where_it_is_from_and_what_its_twin_is(package, path):
    """The twin is the file at the same path, or what PyTorch has in its place."""
    docstring = ast.get_docstring(tree(package, path)) or ""
    twin = re.search(r"^Twin:\s+(\S.*)", docstring, re.MULTILINE)[1]
    other = PACKAGES[1 - PACKAGES.index(package)]

    assert re.match(r"[A-Z].*[.?:]", docstring, re.DOTALL), "its idea in one sentence"
    if path.removesuffix(".py") in {*catalogue.PATHS} - NO_SOURCE:
        assert re.search(r"^Source: \S", docstring, re.MULTILINE)
    if path in twin_files():
        assert twin == f"{other}/{path}"
    if name := re.match(r"torch\.[\w.]+", twin):
        module, _, last = name[0].rstrip(".").rpartition(".")
        assert hasattr(import_module(module), last)


@every_file
def test_what_is_public_says_what_it_does_and_a_file_shows_an_example(package, path):
    docstrings = {n: ast.get_docstring(node) for n, node in documented(package, path)}

    assert [name for name, docstring in docstrings.items() if not docstring] == []
    assert path in NO_EXAMPLE or ">>> " in " ".join(docstrings.values())


@pytest.mark.parametrize("pair", [*catalogue.load_all()], ids=str)
def test_a_pair_shows_an_example_on_each_backend_that_has_a_file(pair):
    for backend in BACKENDS[: 1 if pair.torch else 2]:
        assert ">>> " in pair.part(backend).__doc__


@every_file
def test_code_is_short_enough_to_read_and_imported_under_its_own_name(package, path):
    module = import_module(f"{package}.{module_name(path)}")

    assert module.__file__ == str(root(package) / path)
    assert len(text(package, path).splitlines()) <= LONGEST_FILE
    for node in ast.walk(tree(package, path)):
        if isinstance(node, ast.FunctionDef):
            inside = [each for each in ast.walk(node) if isinstance(each, ast.stmt)]
            assert len(inside) - 1 <= LONGEST_FUNCTION, node.name
