"""What the record of a pair says is true of both sides."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.agreement import compare
from parity_tests.catalogue import CATALOGUE
from parity_tests.concept import no_weights
from parity_tests.side import PACKAGES, sides_of

each_concept = pytest.mark.parametrize("concept", CATALOGUE, ids=lambda c: c.name)
each_with_weights = pytest.mark.parametrize(
    "concept",
    [each for each in CATALOGUE if each.weights is not no_weights],
    ids=lambda c: c.name,
)


def each(field, name):
    """Run a test for every entry of a field of every record, on both sides."""
    return pytest.mark.parametrize(
        (name, "side"),
        [
            pytest.param(entry, side, id=f"{concept.name}: {entry}-{side.name}")
            for concept in CATALOGUE
            for entry in getattr(concept, field)
            for side in sides_of(concept)
        ],
    )


@each_concept
@given(data=st.data())
def test_reference_and_torch_agree(concept, data):
    comparison = concept.compare(data.draw(concept.cases, label="case"))

    assert comparison.departure is None, str(comparison.departure)


@each_with_weights
@given(data=st.data())
def test_both_sides_have_weights_of_the_same_names_and_shapes(concept, data):
    config = data.draw(concept.cases, label="case").config
    expected = [*concept.weights(config).items()]
    for side in PACKAGES:
        state = getattr(concept, side)(**config).state_dict()
        actual = [(name, tuple(weight.shape)) for name, weight in state.items()]

        assert actual == expected, side


@each("laws", "law")
@given(data=st.data())
def test_each_law_holds(law, side, data):
    cases = side.concept.cases if law.cases is None else law.cases
    agreement = law.check(side, data.draw(cases, label="case"))

    assert agreement.holds, agreement.reason


@each("refusals", "refused")
def test_what_is_refused(refused, side):
    assert refused.by(side) == (refused.error, refused.text)


@each("independent", "other")
@given(data=st.data())
def test_it_agrees_with(other, side, data):
    cases = side.concept.cases if other.cases is None else other.cases
    case = data.draw(cases, label="case")
    agreement = compare(other.run(case), side(case), side.rounding(case))

    assert agreement.holds, agreement.reason


@each_concept
def test_a_record_is_complete(concept):
    assert concept.laws
    assert concept.refusals
    assert concept.independent


@each_concept
def test_no_record_says_a_thing_twice(concept):
    for field in (concept.laws, concept.independent, concept.conventions):
        said = Counter(map(str, field))
        assert [entry for entry, times in said.items() if times > 1] == []


@each_concept
def test_a_law_for_all_holds_on_the_cases_of_the_concept(concept):
    """The kit asks for those, translated and restricted as was declared."""
    laws = [law for law in concept.laws if law.for_all]

    assert laws
    assert [law for law in laws if law.cases is not None] == []
