"""What a reader is told: docstrings, sources, examples; and files of readable size."""

import ast
import re
from importlib import import_module

import pytest

from parity_tests.catalogue import CATALOGUE
from parity_tests.panels import SIDES, documented, files, module_name, root, text, tree

CODE = [
    pytest.param(side, path, id=f"{side}/{path}")
    for side in SIDES
    for path in files(side)
    if not path.endswith("__init__.py")
]
LONGEST_FILE, LONGEST_FUNCTION = 225, 35
NO_SOURCE = {  # what the project itself settles, so that there is nothing to cite
    "refusals.py": "the words of refusals",
    "tokenizers/ids.py": "how ids are read",
    "tokenizers/saved.py": "the file format",
    "tokenizers/spans.py": "how pieces of an array are gathered",
    "tokenizers/tokenizer.py": "the base of the tokenizers",
}
NO_EXAMPLE = {  # shown where they are used
    "tokenizers/saved.py": "each tokenizer saves and loads",
    "tokenizers/tokenizer.py": "each tokenizer is one",
}


@pytest.mark.parametrize(("side", "path"), CODE)
def test_a_file_says_what_it_is_and_where_it_is_from(side, path):
    docstring = ast.get_docstring(tree(side, path)) or ""

    assert re.match(r"[A-Z].*[.?:]", docstring, re.DOTALL), "its idea in one sentence"
    if path not in NO_SOURCE:
        assert re.search(r"^Source: \S", docstring, re.MULTILINE)


@pytest.mark.parametrize(("side", "path"), CODE)
def test_a_twin_exists(side, path):
    """A file of the project, or what PyTorch has in its place."""
    docstring = ast.get_docstring(tree(side, path)) or ""
    twin = re.search(r"^Twin:\s+(\S+)$", docstring, re.MULTILINE)

    if twin is None:
        assert path == "module.py", "the base class that nn.Module is for torch"
    elif twin[1].startswith("torch."):
        module, _, name = twin[1].rpartition(".")
        assert hasattr(import_module(module), name)
    else:
        assert (root(side).parent / twin[1]).is_file()


@pytest.mark.parametrize(("side", "path"), CODE)
def test_what_is_public_says_what_it_does(side, path):
    for name, node in documented(side, path):
        assert ast.get_docstring(node), name


@pytest.mark.parametrize(("side", "path"), CODE)
def test_a_file_shows_an_example(side, path):
    if path not in NO_EXAMPLE:
        nodes = [node for _, node in documented(side, path)]
        assert any(">>> " in (ast.get_docstring(node) or "") for node in nodes)


@pytest.mark.parametrize("concept", CATALOGUE, ids=lambda each: each.path)
def test_a_concept_shows_an_example_on_both_sides(concept):
    for class_ in (concept.reference, concept.torch):
        assert ">>> " in class_.__doc__


@pytest.mark.parametrize(("side", "path"), CODE)
def test_code_is_short_enough_to_read(side, path):
    lines = text(side, path).splitlines()

    assert len(lines) <= LONGEST_FILE
    assert max(map(len, lines), default=0) <= 88
    for node in ast.walk(tree(side, path)):
        if isinstance(node, ast.FunctionDef):
            inside = [each for each in ast.walk(node) if isinstance(each, ast.stmt)]
            assert len(inside) - 1 <= LONGEST_FUNCTION, node.name


@pytest.mark.parametrize(("side", "path"), CODE)
def test_a_file_is_imported_under_its_own_name(side, path):
    assert import_module(f"{side}.{module_name(path)}").__file__ == str(
        root(side) / path
    )


@pytest.mark.parametrize("path", sorted(NO_SOURCE))
def test_an_exception_to_a_rule_is_still_needed(path):
    for side in SIDES:
        docstring = ast.get_docstring(tree(side, path)) or ""
        assert "Source:" not in docstring
