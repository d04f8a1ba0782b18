"""What diptych adds to pytest: profiles, and the options of the kit.

Installed with the project, so that it works wherever pytest is run:

    pytest --pyargs parity_tests --diptych-pair causal --diptych-impl my.module:name

It is loaded in everybody's test runs, so it imports nothing of the project.
"""

from importlib.util import find_spec
from pathlib import Path

import pytest

INSTALLED = Path(__file__).resolve().parents[1]
PACKAGES = ("parity_tests", "reference", "torch_impl")
KIT_TESTS = INSTALLED / "parity_tests" / "kit" / "test_implementation.py"
EXAMPLES = KIT_TESTS.parent / "examples"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; which profile runs is said, never guessed."""
    group = parser.getgroup("diptych", "reference, PyTorch and other implementations")
    profiles = ["dev", "ci", "nightly", "kit", "mutation"]
    group.addoption("--diptych-profile", default="ci", choices=profiles)
    group.addoption("--diptych-pair", help="the pair that it implements")
    group.addoption("--diptych-impl", help="what is checked, as module:name")
    group.addoption("--diptych-supports", default="", help="what it can do")
    group.addoption("--diptych-strict", action="store_true", help="try all, or fail")
    group.addoption("--diptych-convention", action="append", default=[])
    group.addoption("--diptych-examples", type=int, default=100)
    group.addoption("--diptych-seed", type=int, default=0)
    group.addoption("--diptych-dtype", choices=["float64", "float32"])


def pytest_configure(config: pytest.Config) -> None:
    """Reject half a request, and one that other packages would answer."""
    is_asked = bool(config.getoption("--diptych-impl"))
    if is_asked != bool(config.getoption("--diptych-pair")):
        raise pytest.UsageError("--diptych-impl and --diptych-pair go together")
    if is_asked and (hidden := hidden_by(config.rootpath)):
        raise pytest.UsageError(hidden)


def pytest_report_header(config: pytest.Config) -> str | None:
    """Say that packages of the same names hide diptych's, if they do."""
    return hidden_by(config.rootpath)


def hidden_by(root: Path) -> str | None:
    """Say which packages of diptych are hidden by others, without importing any."""
    names = []
    for name in PACKAGES:
        spec = find_spec(name)
        found = [root / name / "__init__.py"] * (root / name / "__init__.py").exists()
        found += [Path(spec.origin)] if spec and spec.origin else []
        if any(path.resolve().parents[1] != INSTALLED for path in found):
            names.append(name)
    if not names:
        return None
    return f"diptych: hidden by packages of your own, so not used: {', '.join(names)}"


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collect the kit's own tests where something is to be checked, and only there."""
    ours = INSTALLED / "parity_tests"
    if collection_path.suffix != ".py" or ours not in collection_path.parents:
        return None
    if collection_path.parent == EXAMPLES:
        return True  # they may import what is not installed
    is_asked = bool(config.getoption("--diptych-impl"))
    return None if (collection_path == KIT_TESTS) == is_asked else True
