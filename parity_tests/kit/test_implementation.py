"""What an implementation given on the command line is held to."""

import pytest

from parity_tests.catalogue import concept
from parity_tests.kit.check import Request, check
from parity_tests.kit.laws import laws_of
from parity_tests.kit.verdict import Verdict


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Make one test of each law that binds the concept."""
    if "sentence" in metafunc.fixturenames:
        pair = concept(metafunc.config.getoption("--diptych-concept"))
        metafunc.parametrize("sentence", [law.sentence for law in laws_of(pair)])


@pytest.fixture(scope="module")
def verdict(pytestconfig: pytest.Config) -> Verdict:
    """Check it once; the tests look at what was found."""
    supports = pytestconfig.getoption("--diptych-supports")
    request = Request(
        concept(pytestconfig.getoption("--diptych-concept")),
        pytestconfig.getoption("--diptych-impl"),
        examples=pytestconfig.getoption("--diptych-examples"),
        seed=pytestconfig.getoption("--diptych-seed"),
        dtype=pytestconfig.getoption("--diptych-dtype"),
        supports=frozenset(filter(None, supports.split(","))),
    )
    found = check(request)
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
