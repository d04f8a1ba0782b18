"""A pair that somebody adds simply works, whatever its group and its inputs are called.

Copies of the packages stand in a temporary folder; there two pairs are added by their
own files and two lines of the catalogue.
"""

import ast
import os
import shutil
import subprocess
import sys

import pytest

from parity_tests import catalogue
from parity_tests.meta_tests.new_pair import FILES, PATHS
from parity_tests.sources.panels import root

PACKAGES = ("reference", "torch_impl", "parity_tests", "diptych")
VECTORS = """
from pathlib import Path
from parity_tests.catalogue import load
from parity_tests.vectors.verify import verify_vectors
from parity_tests.vectors.write import write_vectors

write_vectors(Path("vectors"), pairs=map(load, {paths}))
replayed = verify_vectors(Path("vectors"))
print(replayed.n_cases, replayed.differences)
"""


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """Copy the packages, and add two pairs to them."""
    top = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__", ".*", "meta_tests")
    for package in PACKAGES:
        shutil.copytree(root(package), top / package, ignore=ignored)
    for name, source in FILES.items():
        path = top / name
        path.parent.mkdir(exist_ok=True)
        (path.parent / "__init__.py").touch()
        path.write_text(source.lstrip(), encoding="utf-8")
    path = top / "parity_tests/catalogue.py"
    lines = "".join(f'    "{each}",\n' for each in PATHS)
    source = path.read_text(encoding="utf-8")
    path.write_text(source.replace("PATHS = (\n", f"PATHS = (\n{lines}"), "utf-8")
    return top


def run(tree, *arguments):
    """Run Python on the copies; return what it printed."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "COLUMNS": "160"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=tree,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_its_own_file_tests_agreement_gradients_and_properties(tree):
    folders = [f"parity_tests/{path.rpartition('/')[0]}" for path in PATHS]
    options = ("-q", "-p", "no:cacheprovider", "--diptych-profile=dev", "-rs")
    printed = run(tree, "-m", "pytest", *options, "--import-mode=importlib", *folders)

    assert "failed" not in printed
    assert "it has no gradients" not in printed


def test_its_vectors_are_written_and_replayed(tree):
    printed = run(tree, "-c", VECTORS.format(paths=PATHS))

    assert printed == "3 []\n"


@pytest.mark.parametrize("path", PATHS)
def test_it_is_checked_by_the_command(tree, path):
    assert path in run(tree, "-m", "diptych", "check", path)


@pytest.mark.parametrize("path", PATHS)
def test_it_is_shown_by_the_command(tree, path):
    printed = run(tree, "-m", "diptych", "show", path)

    assert "1." in printed
    assert "agree" in printed


def test_its_page_is_built(tree):
    run(tree, "-m", "diptych", "site", "pages")
    pages = [*(tree / "pages").rglob("*.html")]

    for path in PATHS:
        assert any(path.rpartition("/")[2] in page.name for page in pages), pages


def test_a_mistake_in_it_is_found_at_its_step(tree):
    path = tree / "torch_impl/positions/linear.py"
    right = path.read_text(encoding="utf-8")
    path.write_text(right.replace("queries - keys", "keys - queries"), "utf-8")
    code = (
        "from parity_tests.catalogue import load\n"
        "from parity_tests.lockstep.forward import compare_forward\n"
        "pair = load('positions/linear')\n"
        "case = next(iter(pair.examples(0))).case\n"
        "print(compare_forward(pair, case).first_difference)"
    )
    try:
        printed = run(tree, "-c", code)
    finally:
        path.write_text(right, "utf-8")

    assert "step 2. Difference: query minus key.\n  difference: at [" in printed


def test_the_engine_names_no_group_no_pair_and_no_input():
    names = {p for path in catalogue.PATHS for p in (path, path.partition("/")[0])}
    assert len(names) > 10
    for folder in ("contract", "lockstep", "rounding", "sources", "vectors"):
        for path in sorted((root("parity_tests") / folder).glob("[!t]*.py")):
            strings = constants(path.read_text(encoding="utf-8"))
            assert not strings & (names | {"x", "ids", "text", "corpus"}), path


def constants(source):
    """List the strings of a source; a docstring is longer than any name."""
    nodes = [n for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Constant)]
    return {node.value for node in nodes if isinstance(node.value, str)}
