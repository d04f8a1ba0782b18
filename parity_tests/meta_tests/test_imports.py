"""Imports point one way, in no circle, and load no more than is needed."""

import subprocess
import sys
from pathlib import Path

import pytest

from parity_tests import catalogue
from parity_tests.sources.imports import circles, in_functions, modules_of
from parity_tests.sources.panels import PACKAGES, files, imported, root

ALL = (*PACKAGES, "parity_tests", "diptych")
MAY_IMPORT = {
    "reference": {"numpy", "jaxtyping", "reference"},
    "torch_impl": {"torch", "jaxtyping", "torch_impl"},
}
GROUPS = {path.partition("/")[0] for path in catalogue.PATHS}


def test_there_is_no_circle_of_imports():
    """Neither below `if TYPE_CHECKING` nor in a function is one hidden."""
    assert circles(modules_of(*ALL)) == []


def test_a_circle_would_be_found():
    graph = dict(modules_of("reference"))
    graph["reference.module"] += ("reference.tape",)

    assert circles(graph) == [["reference.module", "reference.tape"]]


@pytest.mark.parametrize("package", PACKAGES)
def test_a_backend_imports_nothing_but_itself_and_its_library(package):
    allowed = MAY_IMPORT[package] | {*sys.stdlib_module_names}
    for path in files(package):
        roots = {name.partition(".")[0] for name in imported(package, path)}
        assert roots <= allowed, path


def test_the_contract_never_imports_the_application():
    for path in files("parity_tests"):
        roots = {name.partition(".")[0] for name in imported("parity_tests", path)}
        assert not roots & {"diptych", "benchmarks"}, path


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
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    return {*run.stdout.split()} - {*sys.stdlib_module_names}


def test_importing_the_reference_loads_numpy_and_jaxtyping_alone():
    loaded = {name for name in loaded_by("import reference") if name[0] != "_"}

    assert loaded - loaded_by("pass") <= {
        *("reference", "numpy", "jaxtyping"),
        *("wadler_lindig", "typing_extensions", "cython_runtime"),  # for these
    }


def test_importing_the_catalogue_loads_neither_numpy_nor_torch():
    loaded = loaded_by("import parity_tests.catalogue")

    assert "parity_tests" in loaded
    assert not loaded & {"numpy", "torch", "hypothesis", "pytest", *PACKAGES}


def test_every_pair_is_found_at_its_own_path():
    for path in catalogue.PATHS:
        folder, _, name = path.rpartition("/")
        assert f"{path}.py" in files("reference")
        assert f"{folder}/test_{name}.py" in files("parity_tests")
        assert catalogue.path_of(path) == path


def test_the_tree_of_the_contract_is_small_at_its_root():
    root_entries = {
        path.name
        for path in Path(root("parity_tests")).iterdir()
        if not path.name.startswith((".", "__pycache__"))
    }

    assert len(root_entries - GROUPS) <= 14, sorted(root_entries - GROUPS)
