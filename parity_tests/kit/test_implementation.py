"""What an implementation given on the command line must pass."""

import pytest

from parity_tests.catalogue import load
from parity_tests.kit.asking import Request, listed
from parity_tests.kit.check import check
from parity_tests.kit.under_test import properties_of
from parity_tests.kit.verdict import Verdict


def request_of(config: pytest.Config) -> Request:
    """Read what is asked for; what cannot be asked for ends the run with status 2."""
    try:
        return Request(
            load(config.getoption("--diptych-pair")),
            config.getoption("--diptych-impl"),
            examples=config.getoption("--diptych-examples"),
            seed=config.getoption("--diptych-seed"),
            dtype=config.getoption("--diptych-dtype"),
            supports=listed(config.getoption("--diptych-supports")),
            conventions=tuple(config.getoption("--diptych-convention")),
            strict=config.getoption("--diptych-strict"),
        )
    except (KeyError, ValueError) as error:
        pytest.exit(str(error.args[0]), returncode=2)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each property that every implementation must have."""
    if "sentence" in metafunc.fixturenames:
        properties = properties_of(request_of(metafunc.config).pair)
        metafunc.parametrize("sentence", [each.sentence for each in properties])


@pytest.fixture(scope="module")
def verdict(pytestconfig: pytest.Config) -> Verdict:
    """Check it once; the tests look at what was found."""
    found = check(request_of(pytestconfig))
    if found.not_runnable:
        pytest.exit(found.not_runnable, returncode=2)
    return found


def test_all_that_the_pair_can_do_is_tried(verdict: Verdict) -> None:
    said = "; ".join(f"{name}, since {why}" for name, why in verdict.not_tried.items())
    if said and not verdict.strict:
        pytest.skip(f"not tried: {said}")
    assert not said, f"not tried: {said}"


def test_it_agrees_with_the_reference(verdict: Verdict) -> None:
    assert verdict.first_difference is None, "\n".join(
        [
            f"{verdict.implementation} differs from {verdict.pair}",
            f"first difference: {verdict.first_difference}",
            *(f"looks like: {mistake}" for mistake in verdict.looks_like),
            f"reproduce with: {verdict.reproduce}",
        ]
    )


def test_it_has_the_property(verdict: Verdict, sentence: str) -> None:
    if sentence not in verdict.properties:
        pytest.skip("it gave no answer to begin with")
    assert verdict.properties[sentence] is None, verdict.properties[sentence]
