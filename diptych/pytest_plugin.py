"""The pytest side of the contract: profiles, and the options of the kit.

Installed with the project, so that it works wherever pytest is run:

    pytest --pyargs parity_tests --diptych-concept causal --diptych-impl my.module:name
"""

from pathlib import Path

import pytest

KIT_TESTS = Path(__file__).parent / "kit" / "test_implementation.py"
EXAMPLES = KIT_TESTS.parent / "examples"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options; which profile runs is said, never guessed."""
    group = parser.getgroup("diptych", "reference, PyTorch and other implementations")
    profiles = ["dev", "ci", "nightly", "kit", "mutation"]
    group.addoption("--diptych-profile", default="ci", choices=profiles)
    group.addoption("--diptych-concept", help="the pair that it implements")
    group.addoption("--diptych-impl", help="what is checked, as module:name")
    group.addoption("--diptych-supports", default="", help="what it declares")
    group.addoption("--diptych-convention", action="append", default=[])
    group.addoption("--diptych-examples", type=int, default=100)
    group.addoption("--diptych-seed", type=int, default=0)
    group.addoption("--diptych-dtype", choices=["float64", "float32"])


def pytest_configure(config: pytest.Config) -> None:
    """Refuse half a request."""
    if bool(config.getoption("--diptych-impl")) != bool(
        config.getoption("--diptych-concept")
    ):
        raise pytest.UsageError("--diptych-impl and --diptych-concept go together")


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Collect the kit's own tests where something is to be checked, and only there."""
    here = Path(__file__).parent
    if collection_path.suffix != ".py" or here not in collection_path.parents:
        return None
    if collection_path.parent == EXAMPLES:
        return True  # they may import what is not installed
    checking = bool(config.getoption("--diptych-impl"))
    return None if (collection_path == KIT_TESTS) == checking else True
