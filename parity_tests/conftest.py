"""Profiles of the property tests, and the switch that lets refusals be seen."""

import jaxtyping
import pytest
import torch
from hypothesis import settings

settings.register_profile("dev", max_examples=25, deadline=None)
settings.register_profile(
    "ci", max_examples=100, deadline=None, derandomize=True, database=None
)
settings.register_profile("nightly", max_examples=5000, deadline=None, print_blob=True)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add `--diptych-profile`, so that which profile runs is said, never guessed."""
    parser.addoption(
        "--diptych-profile", default="ci", choices=["dev", "ci", "nightly"]
    )


def pytest_configure(config: pytest.Config) -> None:
    """Load the profile, and keep torch to one thread so that runs are alike."""
    settings.load_profile(config.getoption("--diptych-profile"))
    torch.set_num_threads(1)


@pytest.fixture
def without_shape_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn jaxtyping off, so that the project's own refusals are what is seen."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
