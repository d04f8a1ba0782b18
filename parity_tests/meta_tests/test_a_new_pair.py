"""A pair that somebody adds simply works, whatever its group and its inputs are called.

Copies of the packages are written to a temporary folder; there a pair is added by its
own files and one line that exports it.
"""

import ast
import os
import shutil
import subprocess
import sys

import pytest

from parity_tests import catalogue
from parity_tests.meta_tests.new_pair import EXPORT, FILES, PATH, TORCH
from parity_tests.sources.panels import root

PACKAGES = ("reference", "torch_impl", "parity_tests", "diptych")
VECTORS_AND_PAGES = f"""
from pathlib import Path
from diptych.site.build import build
from parity_tests.catalogue import load
from parity_tests.vectors.verify import verify_vectors
from parity_tests.vectors.write import write_vectors

write_vectors(Path("vectors"), pairs=[load("{PATH}")])
replayed = verify_vectors(Path("vectors"))
print(replayed.n_cases, *replayed.differences)
print(*(path.relative_to("pages") for path in build(Path("pages"), ["{PATH}"])))
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """Copy the packages, add the pair, and run Python on the copies."""
    top = tmp_path_factory.mktemp("tree")
    ignored = shutil.ignore_patterns("__pycache__", ".*", "meta_tests")
    for package in PACKAGES:
        shutil.copytree(root(package), top / package, ignore=ignored)
    for name, source in FILES.items():
        (top / name).parent.mkdir(exist_ok=True)
        (top / name).with_name("__init__.py").touch()
        (top / name).write_text(source.lstrip(), encoding="utf-8")
    with (top / "reference/__init__.py").open("a", encoding="utf-8") as exports:
        exports.write(EXPORT)
    environment = {**os.environ, "PYTHONPATH": str(top), "COLUMNS": "160"}
    options = {"cwd": top, "env": environment, "text": True, "encoding": "utf-8"}

    def run_python(*arguments, status=0):
        command = [sys.executable, "-B", *arguments]
        done = subprocess.run(command, capture_output=True, **options)
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout

    run_python.top = top
    return run_python


def test_its_own_file_tests_agreement_gradients_and_properties(run):
    options = ("-q", "-p", "no:cacheprovider", "--diptych-profile=dev", "-rs")
    folder = "parity_tests/sums"
    printed = run("-m", "pytest", *options, "--import-mode=importlib", folder)

    assert "failed" not in printed
    assert "it has no gradients" not in printed


def test_it_is_checked_and_a_mistake_in_it_is_found_at_its_step(run):
    rows = run("-m", "diptych", "check", PATH).split()
    assert rows.count("agrees") == 2  # forward, and gradients
    assert "linear" in rows

    path = run.top / "torch_impl/sums/linear.py"
    path.write_text(TORCH.lstrip().replace("queries - keys", "keys - queries"), "utf-8")
    printed = run("-m", "diptych", "check", PATH, status=1)
    path.write_text(TORCH.lstrip(), "utf-8")
    assert "step 2. Difference: query minus key." in printed


def test_it_is_shown_by_the_command(run):
    printed = run("-m", "diptych", "show", PATH)

    assert f"reference/{PATH}.py" in printed
    assert "Both backends agree at every step" in printed
    assert "backward" in printed


def test_its_vectors_are_written_and_replayed_and_its_pages_built(run):
    replayed, pages = run("-c", VECTORS_AND_PAGES).splitlines()

    assert replayed == "2"
    assert f"{PATH}.html" in pages.split()


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
