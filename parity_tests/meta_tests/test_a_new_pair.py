"""A pair that somebody adds simply works, whatever its group and its inputs are called.

Copies of the packages are written to a temporary folder; there two pairs are added by
their own files and a line each that exports them.
"""

import ast
import json
import os
import shutil
import subprocess
import sys

import pytest

from parity_tests import catalogue
from parity_tests.meta_tests.new_pair import EXPORTS, FILES, PATHS
from parity_tests.sources.panels import root

PACKAGES = ("reference", "torch_impl", "parity_tests", "diptych")
SCRIPT = """
import json, sys, traceback
from pathlib import Path

from typer.testing import CliRunner

from diptych.cli import app
from diptych.site.build import build
from parity_tests.catalogue import load
from parity_tests.lockstep.forward import compare_forward
from parity_tests.vectors.verify import verify_vectors
from parity_tests.vectors.write import write_vectors


def command(*arguments):
    return CliRunner().invoke(app, arguments, catch_exceptions=False).output


def vectors():
    write_vectors(Path("vectors"), pairs=map(load, {paths}))
    replayed = verify_vectors(Path("vectors"))
    return [replayed.n_cases, *replayed.differences]


def pages():
    return [str(path.relative_to("pages")) for path in build(Path("pages"), {paths})]


def mistake():
    path = Path("torch_impl/positions/linear.py")
    right = path.read_text()
    path.write_text(right.replace("queries - keys", "keys - queries"))
    try:
        del sys.modules["torch_impl.positions.linear"]
        pair = load("positions/linear")
        case = next(iter(pair.examples(0))).case
        return str(compare_forward(pair, case).first_difference)
    finally:
        path.write_text(right)


def attempt(call, *arguments):
    try:
        return call(*arguments)
    except Exception:
        return traceback.format_exc()


results = dict(vectors=attempt(vectors), pages=attempt(pages))
for path in {paths}:
    for name in ("check", "show"):
        results[name + " " + path] = attempt(command, name, path)
results["mistake"] = attempt(mistake)
Path("results.json").write_text(json.dumps(results))
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
    with (top / "reference/__init__.py").open("a", encoding="utf-8") as exports:
        exports.writelines(f"{line}\n" for line in EXPORTS)
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


@pytest.fixture(scope="module")
def results(tree):
    """Run all that is done with a pair; what fails leaves its traceback."""
    run(tree, "-B", "-c", SCRIPT.replace("{paths}", repr(PATHS)))
    return json.loads((tree / "results.json").read_bytes())


def test_its_own_file_tests_agreement_gradients_and_properties(tree):
    folders = [f"parity_tests/{path.rpartition('/')[0]}" for path in PATHS]
    options = ("-q", "-p", "no:cacheprovider", "--diptych-profile=dev", "-rs")
    printed = run(
        tree, "-B", "-m", "pytest", *options, "--import-mode=importlib", *folders
    )

    assert "failed" not in printed
    assert "it has no gradients" not in printed


def test_its_vectors_are_written_and_replayed(results):
    assert results["vectors"] == [3]


@pytest.mark.parametrize("path", PATHS)
def test_it_is_checked_by_the_command(results, path):
    rows = results[f"check {path}"].split()

    assert rows.count("agrees") == 2  # forward, and gradients
    assert path.rpartition("/")[2] in rows


@pytest.mark.parametrize("path", PATHS)
def test_it_is_shown_by_the_command(results, path):
    printed = results[f"show {path}"]

    assert f"reference/{path}.py" in printed
    assert "Both backends agree at every step" in printed
    assert "backward" in printed


def test_its_pages_are_built(results):
    assert {f"{path}.html" for path in PATHS} <= {*results["pages"]}


def test_a_mistake_in_it_is_found_at_its_step(results):
    step = "step 2. Difference: query minus key.\n  difference: at ["

    assert step in results["mistake"]


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
