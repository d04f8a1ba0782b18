"""What an implementation given on the command line is held to."""

import pytest

from parity_tests.catalogue import concept
from parity_tests.kit.asking import Request, listed
from parity_tests.kit.check import check
from parity_tests.kit.outside import laws_of
from parity_tests.kit.verdict import Verdict


def request_of(config: pytest.Config) -> Request:
    """Read what is asked for; what cannot be asked for ends the run with status 2."""
    try:
        return Request(
            concept(config.getoption("--diptych-concept")),
            config.getoption("--diptych-impl"),
            examples=config.getoption("--diptych-examples"),
            seed=config.getoption("--diptych-seed"),
            dtype=config.getoption("--diptych-dtype"),
            supports=listed(config.getoption("--diptych-supports")),
            conventions=tuple(config.getoption("--diptych-convention")),
        )
    except (KeyError, ValueError) as error:
        pytest.exit(str(error.args[0]), returncode=2)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each law that binds the concept."""
    if "sentence" in metafunc.fixturenames:
        pair = request_of(metafunc.config).concept
        metafunc.parametrize("sentence", [law.sentence for law in laws_of(pair)])


@pytest.fixture(scope="module")
def verdict(pytestconfig: pytest.Config) -> Verdict:
    """Check it once; the tests look at what was found."""
    found = check(request_of(pytestconfig))
    if found.not_runnable:
        pytest.exit(found.not_runnable, returncode=2)
    return found


def test_it_agrees_with_the_reference(verdict: Verdict) -> None:
    assert verdict.first_difference is None, "\n".join(
        [
            f"{verdict.implementation} departs: {verdict.first_difference}",
            *(f"looks like: {mistake}" for mistake in verdict.looks_like),
            f"run it again: {verdict.rerun}",
        ]
    )


def test_it_obeys(verdict: Verdict, sentence: str) -> None:
    if sentence not in verdict.laws:
        pytest.skip("it gave no answer to begin with")
    assert verdict.laws[sentence] is None, verdict.laws[sentence]
