"""Both backends have the same paths, names and signatures, and no code in common."""

import inspect

import pytest

import reference
import torch_impl
from parity_tests import catalogue
from parity_tests.contract.backend import BACKENDS
from parity_tests.sources.panels import PACKAGES, files, root, text

PAIRS = [pair for pair in catalogue.load_all() if pair.torch is None]
OWN = {  # what one backend has, and why the other cannot
    "rng": "NumPy draws from a generator that is passed in, torch from its own",
    "tape": "torch has autograd",
    "backward": "torch has autograd",
    "device": "only tensors are on a device",
    "load_state_dict": "tokenizers of the reference are plain classes",
    "encode_pre_token": "one after the other",
    "encode_pre_tokens": "torch merges in all pre-tokens at once",
    "get_extra_state": "what nn.Module asks for besides tensors",
    "set_extra_state": "what nn.Module asks for besides tensors",
}
ALONE = {  # files of one backend, and why the other has none
    "module.py": "torch.nn.Module, and the checks that torch has in validation.py",
    "tape.py": "torch.autograd",
    "validation.py": "the reference has the checks in module.py",
}
DUNDER = {"__init__", "__call__", "__len__", "__getitem__"}
BASES = {"reference.module", "torch.nn.modules.module"}


def test_both_backends_have_the_same_files():
    alone = {*files("reference")} ^ {*files("torch_impl")}

    assert {path for path in alone if not path.startswith("primitives/")} == {*ALONE}
    assert [path for path in files("torch_impl") if path.startswith("primi")] == []


def exported(package):
    """Name what a package exports, without its modules."""
    public = {n: v for n, v in vars(package).items() if not n.startswith("_")}
    return {name for name, value in public.items() if not inspect.ismodule(value)}


def test_both_backends_export_the_same_names():
    ours, theirs = exported(reference), exported(torch_impl)

    assert theirs <= ours
    assert {pair.class_name for pair in PAIRS} <= theirs
    assert ours - theirs <= {"NO_TAPE", "Tape"} | {
        pair.class_name for pair in catalogue.load_all() if pair.torch is not None
    }


@pytest.mark.parametrize("pair", PAIRS, ids=str)
def test_a_pair_has_its_own_file_and_the_same_methods_with_the_same_arguments(pair):
    for backend, package in zip(BACKENDS, (reference, torch_impl), strict=True):
        part = pair.part(backend)
        assert part.__module__ == f"{backend.package}.{pair.path.replace('/', '.')}"
        assert getattr(package, pair.class_name) is part

    ours, theirs = map(methods, map(pair.part, BACKENDS))
    assert ours == theirs


def methods(part):
    """List the public methods and properties of a class with their arguments.

    Those of its bases in its package count as well, but for the base of all. A function
    has arguments of its own.
    """
    if inspect.isfunction(part):
        return {part.__name__: arguments(part)}
    found = {}
    for class_ in part.__mro__[::-1]:
        package = class_.__module__.partition(".")[0]
        if package in PACKAGES and class_.__module__ not in BASES:
            for name, value in vars(class_).items():
                value = getattr(value, "__func__", value)
                if name in OWN or (name[0] == "_" and name not in DUNDER):
                    continue
                if isinstance(value, property):
                    found[name] = ["property"]
                elif inspect.isfunction(value):
                    found[name.replace("__call__", "forward")] = arguments(value)
    return found


def arguments(function):
    """List the arguments of a function that both backends should have."""
    parameters = inspect.signature(function).parameters.values()
    return [(p.name, p.default, p.kind) for p in parameters if p.name not in OWN]


def content_of(package):
    """Read what is no code in a package."""
    paths = [p for p in files(package, "") if not p.endswith((".py", ".pyc"))]
    return {path: (root(package) / path).read_bytes() for path in paths}


def test_what_is_no_code_is_the_same_on_both_backends():
    ours, theirs = map(content_of, PACKAGES)

    assert ours == theirs


@pytest.mark.parametrize("package", [*PACKAGES, "parity_tests", "diptych"])
def test_no_file_is_named_after_nothing_and_nothing_is_left_to_do(package):
    unwanted = ["TO" + "DO", "FIX" + "ME", "XX" + "X", "/ho" + "me/", "/work" + "/"]
    nothing = {"utils", "util", "common", "helpers", "helper", "core", "misc"}
    for path in files(package):
        assert not nothing & {*path[:-3].split("/")}, path
        assert not [each for each in unwanted if each in text(package, path)], path
