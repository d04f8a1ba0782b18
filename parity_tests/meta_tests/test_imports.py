"""Imports point one way, in no circle, and load no more than is needed."""

import subprocess
import sys

from parity_tests import catalogue
from parity_tests.sources.imports import circles, in_functions, modules_of
from parity_tests.sources.panels import PACKAGES, files, imported, root

ALL = (*PACKAGES, "parity_tests", "diptych")
MAY_IMPORT = {
    "reference": {"numpy", "jaxtyping", "reference"},
    "torch_impl": {"torch", "jaxtyping", "torch_impl"},
}
GROUPS = {path.partition("/")[0] for path in catalogue.PATHS}


def test_there_is_no_circle_of_imports_and_one_would_be_found():
    """Neither below `if TYPE_CHECKING` nor in a function is one hidden."""
    assert circles(modules_of(*ALL)) == []

    graph = dict(modules_of("reference"))
    graph["reference.module"] += ("reference.tape",)
    assert circles(graph) == [["reference.module", "reference.tape"]]


def roots_of(package, path):
    """Name the packages that a file imports from."""
    return {name.partition(".")[0] for name in imported(package, path)}


def test_a_backend_imports_itself_and_its_library_and_nobody_the_application():
    for package in PACKAGES:
        allowed = MAY_IMPORT[package] | {*sys.stdlib_module_names}
        for path in files(package):
            assert roots_of(package, path) <= allowed, path
    for path in files("parity_tests"):
        assert not roots_of("parity_tests", path) & {"diptych", "benchmarks"}, path


def test_only_the_application_imports_within_functions():
    """There it makes `diptych --help` fast; elsewhere it could hide a circle."""
    own = [
        (path, name)
        for package in ALL[:3]
        for path, name in in_functions(package)
        if name.partition(".")[0] in ALL
    ]

    assert own == []


def loaded_by(statement):
    """Name the top-level packages that a statement loads in a new process."""
    code = f"import sys; {statement}; print(*{{n.split('.')[0] for n in sys.modules}})"
    command = [sys.executable, "-c", code]
    run = subprocess.run(command, capture_output=True, text=True, check=True)
    return {*run.stdout.split()} - {*sys.stdlib_module_names}


def test_the_reference_loads_numpy_alone_and_the_catalogue_not_even_that():
    loaded = {name for name in loaded_by("import reference") if name[0] != "_"}
    catalogued = loaded_by("import parity_tests.catalogue")

    assert loaded - loaded_by("pass") <= {
        *("reference", "numpy", "jaxtyping"),
        *("wadler_lindig", "typing_extensions", "cython_runtime"),  # for these
    }
    assert "parity_tests" in catalogued
    assert not catalogued & {"numpy", "torch", "hypothesis", "pytest", *PACKAGES}


def test_the_tree_of_the_contract_is_small_at_its_root():
    names = {path.name for path in root("parity_tests").iterdir()}
    own = {name for name in names if not name.startswith((".", "__pycache__"))}

    assert len(own - GROUPS) <= 14, sorted(own - GROUPS)
