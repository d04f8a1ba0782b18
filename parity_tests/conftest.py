"""Profiles of the property tests, and where shapes are checked."""

import gc
from collections.abc import Generator

import jaxtyping
import pytest
import torch
from hypothesis import HealthCheck, Phase, settings

from parity_tests.contract.backend import BACKENDS
from parity_tests.known_mistakes import mistakes_of, why_rejected

UNHURRIED = settings(  # how busy the machine is says nothing about the code
    deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
PROFILES = {
    "dev": settings(UNHURRIED, max_examples=25),
    "ci": settings(UNHURRIED, max_examples=30, derandomize=True, database=None),
    "nightly": settings(UNHURRIED, max_examples=5000, print_blob=True),
    "kit": settings(UNHURRIED, max_examples=100, database=None, print_blob=True),
    "mutation": settings(
        UNHURRIED,
        max_examples=25,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],  # that it fails is enough
    ),
}


def pytest_configure(config: pytest.Config) -> None:
    """Load the profile, and keep torch to one thread so that runs are equal."""
    for name, profile in PROFILES.items():
        settings.register_profile(name, profile)
    settings.load_profile(config.getoption("--diptych-profile"))
    torch.set_num_threads(1)


def pytest_collection_finish() -> None:
    """Leave what is imported by now out of every search for garbage: it stays."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Check shapes where both backends are compared step by step, and only there.

    That is where all of the code runs on all cases; elsewhere the checks would cost
    more than what they check, and hide the project's own errors.
    """
    before = jaxtyping.config.jaxtyping_disable
    name = getattr(item, "originalname", item.name)
    jaxtyping.config.jaxtyping_disable = name != "test_backends_agree_at_every_step"
    try:
        return (yield)
    finally:
        jaxtyping.config.jaxtyping_disable = before


FIELDS = {"property_": "properties", "rejection": "rejections", "oracle": "oracles"}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Ask a pair's tests once for every entry of its record, on each backend."""
    pair = getattr(metafunc.cls, "pair", None)
    if pair is None:
        return
    for argument, field in FIELDS.items():
        if argument in metafunc.fixturenames:
            metafunc.parametrize(argument, getattr(pair, field), ids=str)
    if "mistake" in metafunc.fixturenames:
        metafunc.parametrize("mistake", mistakes_of(pair), ids=str)
    if "backend" in metafunc.fixturenames:
        metafunc.parametrize("backend", BACKENDS, ids=str)


@pytest.fixture(name="why_rejected")
def _why_rejected() -> object:
    """Say why a known mistake is rejected; pairs do not import that by themselves."""
    return why_rejected
