"""Profiles of the property tests, and the switch that lets refusals be seen."""

import jaxtyping
import pytest
import torch
from hypothesis import settings

PROFILES = {
    "dev": settings(max_examples=25, deadline=None),
    "ci": settings(max_examples=100, deadline=None, derandomize=True, database=None),
    "nightly": settings(max_examples=5000, deadline=None, print_blob=True),
    "kit": settings(max_examples=100, deadline=None, database=None, print_blob=True),
}


def pytest_configure(config: pytest.Config) -> None:
    """Load the profile, and keep torch to one thread so that runs are alike."""
    for name, profile in PROFILES.items():
        settings.register_profile(name, profile)
    settings.load_profile(config.getoption("--diptych-profile"))
    torch.set_num_threads(1)


@pytest.fixture
def without_shape_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Turn jaxtyping off, so that the project's own refusals are what is seen."""
    monkeypatch.setattr(jaxtyping.config, "jaxtyping_disable", True)
