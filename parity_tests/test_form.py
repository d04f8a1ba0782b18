"""The form of the project: three files a concept, one surface, no shared code."""

import ast
import inspect
import subprocess
import sys
from importlib import import_module

import pytest

import reference
import torch_impl
from parity_tests.catalogue import CATALOGUE
from parity_tests.panels import (
    SIDES,
    files,
    imported,
    module_name,
    root,
    text,
    tree,
    twin_files,
)

CONCEPTS = [pytest.param(each, id=each.path) for each in CATALOGUE]
TWINS = [path for path in twin_files() if not path.endswith("__init__.py")]
OWN = {  # what one side's parameters and methods have, and why the other's cannot
    "rng": "NumPy draws from a generator that is handed over, torch from its own",
    "keep": "torch draws the mask of dropout, the reference is told it",
    "device": "only tensors live on a device",
    "backward": "torch has autograd",
    "load_state_dict": "nn.Module calls `_load_from_state_dict` instead",
}
MAY_IMPORT = {
    "reference": {"numpy", "jaxtyping", "reference"},
    "torch_impl": {"torch", "jaxtyping", "torch_impl"},
}


@pytest.mark.parametrize("concept", CONCEPTS)
def test_a_concept_has_its_three_files(concept):
    folder, _, name = concept.path.rpartition("/")

    for side in SIDES:
        assert f"{concept.path}.py" in files(side)
    assert f"{folder}/test_{name}.py" in files("parity_tests")


@pytest.mark.parametrize("concept", CONCEPTS)
def test_a_concept_is_exported_by_both_packages_from_its_own_file(concept):
    module = concept.path.replace("/", ".")

    assert concept.reference.__module__ == f"reference.{module}"
    assert concept.torch.__module__ == f"torch_impl.{module}"


def test_both_packages_export_the_same_names_and_every_concept():
    assert reference.__all__ == torch_impl.__all__
    assert {each.class_name for each in CATALOGUE} == {*reference.__all__}


def public(module):
    """Yield the public functions and classes that a module defines."""
    for name, value in vars(module).items():
        defined = getattr(value, "__module__", "") == module.__name__
        if defined and not name.startswith("_") and callable(value):
            yield name, value


def parameters(function):
    """List the parameters of a function that both sides should have."""
    return [
        (each.name, each.default, each.kind)
        for each in inspect.signature(function).parameters.values()
        if each.name not in OWN
    ]


@pytest.mark.parametrize("path", TWINS)
def test_twins_define_the_same_names_with_the_same_parameters(path):
    """A function of the reference alone does what PyTorch has a call for."""
    left, right = (
        dict(public(import_module(f"{side}.{module_name(path)}"))) for side in SIDES
    )
    alone = {name for name in left if not isinstance(left[name], type)}

    assert left.keys() - alone <= right.keys() <= left.keys()
    for name in right:
        if not isinstance(left[name], type) or "__init__" in vars(left[name]):
            assert parameters(left[name]) == parameters(right[name]), name


@pytest.mark.parametrize("path", TWINS)
def test_twins_have_the_same_methods_with_the_same_parameters(path):
    left, right = (
        dict(public(import_module(f"{side}.{module_name(path)}"))) for side in SIDES
    )
    for name, class_ in left.items():
        if isinstance(class_, type):
            own, theirs = methods(class_), methods(right[name])
            assert own.keys() == theirs.keys(), name
            for method in own:
                assert own[method] == theirs[method], f"{name}.{method}"


def methods(class_):
    """List the public methods and properties of a class with their parameters."""
    found = {}
    for name, value in vars(class_).items():
        value = getattr(value, "learn", value)  # the class method of `TwoTrains`
        value = getattr(value, "__func__", value)
        if (name.startswith("_") and name != "__call__") or name in OWN:
            continue
        if isinstance(value, property):
            found[name] = ["property"]
        elif inspect.isfunction(value):
            found[name.replace("__call__", "forward")] = parameters(value)
    return found


@pytest.mark.parametrize("side", SIDES)
def test_a_side_imports_nothing_but_itself_and_its_library(side):
    allowed = MAY_IMPORT[side] | {*sys.stdlib_module_names}
    for path in files(side):
        roots = {name.partition(".")[0] for name in imported(side, path)}
        assert roots <= allowed, path


def test_the_contract_never_imports_the_application():
    for path in files("parity_tests"):
        roots = {name.partition(".")[0] for name in imported("parity_tests", path)}
        assert "diptych" not in roots, path


def test_importing_the_reference_loads_no_torch():
    code = "import sys, reference; print(*{n.split('.')[0] for n in sys.modules})"
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    loaded = set(run.stdout.split()) - {*sys.stdlib_module_names}

    assert "reference" in loaded
    assert not {"torch", "torch_impl", "parity_tests", "diptych", "tiktoken"} & loaded
    needed = {"reference", "numpy", "jaxtyping", "wadler_lindig", "typing_extensions"}
    assert {name for name in loaded - needed if not name.startswith("_")} <= {
        "cython_runtime",
        "sitecustomize",
        "usercustomize",
        "google",  # a namespace that some installations load at start
    }


@pytest.mark.parametrize("path", TWINS)
def test_twins_name_each_other(path):
    for side, other in (SIDES, SIDES[::-1]):
        docstring = ast.get_docstring(tree(side, path)) or ""
        assert f"\nTwin: {other}/{path}" in docstring.replace("   ", " ")


def test_the_data_of_both_sides_are_the_same():
    left, right = (
        {path: (root(side) / path).read_bytes() for path in data_files(side)}
        for side in SIDES
    )

    assert left == right


def data_files(side):
    """List the files of a side that are not Python."""
    return [path for path in files(side, "") if not path.endswith((".py", ".pyc"))]


@pytest.mark.parametrize("path", TWINS)
def test_twins_refuse_in_the_same_words(path):
    left, right = ({*refusals(side, path)} for side in SIDES)

    assert left == right


def refusals(side, path):
    """Yield what a file raises: the type, and the words without the values."""
    for node in ast.walk(tree(side, path)):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            words = [
                part.value
                for argument in node.exc.args
                for part in ast.walk(argument)
                if isinstance(part, ast.Constant) and isinstance(part.value, str)
            ]
            yield ast.unparse(node.exc.func), " ".join(" ".join(words).split())


@pytest.mark.parametrize("package", [*SIDES, "parity_tests", "diptych"])
def test_no_file_is_named_after_nothing(package):
    names = {part for path in files(package) for part in path[:-3].split("/")}

    assert not names & {"utils", "util", "common", "helpers", "helper", "core", "misc"}


@pytest.mark.parametrize("package", [*SIDES, "parity_tests", "diptych"])
def test_nothing_is_left_to_do_and_no_path_of_one_machine_is_named(package):
    unwanted = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "/ho" + "me/", "/work" + "/"]
    for path in files(package):
        content = text(package, path)
        assert not [each for each in unwanted if each in content], path
