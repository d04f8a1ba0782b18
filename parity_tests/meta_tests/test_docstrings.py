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
PAIRS = [*catalogue.load_all()]


@pytest.mark.parametrize(("package", "path"), CODE)
def test_a_file_says_what_it_is_and_where_it_is_from(package, path):
    docstring = ast.get_docstring(tree(package, path)) or ""

    assert re.match(r"[A-Z].*[.?:]", docstring, re.DOTALL), "its idea in one sentence"
    if path.removesuffix(".py") in {*catalogue.PATHS} - NO_SOURCE:
        assert re.search(r"^Source: \S", docstring, re.MULTILINE)


@pytest.mark.parametrize(("package", "path"), CODE)
def test_a_file_names_its_twin(package, path):
    """The file at the same path, or what PyTorch has in its place."""
    docstring = ast.get_docstring(tree(package, path)) or ""
    twin = re.search(r"^Twin:\s+(\S.*)", docstring, re.MULTILINE)[1]
    other = PACKAGES[1 - PACKAGES.index(package)]

    if path in twin_files():
        assert twin == f"{other}/{path}"
    if name := re.match(r"torch\.[\w.]+", twin):
        module, _, last = name[0].rstrip(".").rpartition(".")
        assert hasattr(import_module(module), last)


@pytest.mark.parametrize(("package", "path"), CODE)
def test_what_is_public_says_what_it_does(package, path):
    for name, node in documented(package, path):
        assert ast.get_docstring(node), name


@pytest.mark.parametrize(("package", "path"), CODE)
def test_a_file_shows_an_example(package, path):
    if path not in NO_EXAMPLE:
        nodes = [node for _, node in documented(package, path)]
        assert any(">>> " in (ast.get_docstring(node) or "") for node in nodes)


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_pair_shows_an_example_on_each_backend_that_has_a_file(pair):
    for backend in BACKENDS[: 1 if pair.torch else 2]:
        assert ">>> " in pair.part(backend).__doc__


@pytest.mark.parametrize(("package", "path"), CODE)
def test_code_is_short_enough_to_read(package, path):
    assert len(text(package, path).splitlines()) <= LONGEST_FILE
    for node in ast.walk(tree(package, path)):
        if isinstance(node, ast.FunctionDef):
            inside = [each for each in ast.walk(node) if isinstance(each, ast.stmt)]
            assert len(inside) - 1 <= LONGEST_FUNCTION, node.name


@pytest.mark.parametrize(("package", "path"), CODE)
def test_a_file_is_imported_under_its_own_name(package, path):
    assert import_module(f"{package}.{module_name(path)}").__file__ == str(
        root(package) / path
    )
