"""The tests that every pair passes. A pair's own file inherits them:

    class TestCausalAttention(PairTests):
        pair = PAIR

so that `pytest parity_tests/attention/test_causal.py` runs all that is tested of it.
"""

import ast
from collections import Counter
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parity_tests.contract.agreement import compare
from parity_tests.contract.backend import BACKENDS, REFERENCE, TORCH, unchecked
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.forward import compare_forward
from parity_tests.lockstep.gradients import compare_gradients


class PairTests:
    """What is asked of every pair; `conftest.py` fills in the arguments."""

    pair: ClassVar[Pair]

    @given(data=st.data())
    def test_backends_agree_at_every_step(self, data):
        case = data.draw(self.pair.cases, label="case")
        comparison = compare_forward(self.pair, case)

        assert comparison.first_difference is None, str(comparison.first_difference)

    @given(data=st.data())
    def test_gradients_agree_at_every_step(self, data):
        if not self.pair.has_gradients:
            pytest.skip("it has no gradients")
        case = data.draw(self.pair.cases, label="case")
        comparison = compare_gradients(self.pair, case)

        assert comparison.first_difference is None, str(comparison.first_difference)

    @given(data=st.data())
    def test_parameters_have_the_same_names_and_shapes(self, data):
        if not self.pair.is_module:
            pytest.skip("it has no parameters")
        config = data.draw(self.pair.cases, label="case").config
        reference, torch = (
            [(n, tuple(p.shape)) for n, p in part(**config).state_dict().items()]
            for part in map(self.pair.part, BACKENDS)
        )

        assert torch == reference

    @given(data=st.data())
    def test_property_holds(self, property_, backend, data):
        cases = self.pair.cases if property_.cases is None else property_.cases
        implementation = OneBackend(self.pair, backend)
        agreement = property_.check(implementation, data.draw(cases, label="case"))

        assert agreement.holds, agreement.reason

    def test_both_backends_reject(self, rejection, backend):
        part = self.pair.part(backend)

        assert rejection.by(backend, part) == (rejection.error, rejection.text)

    @given(data=st.data())
    def test_agrees_with_oracle(self, oracle, backend, data):
        cases = self.pair.cases if oracle.cases is None else oracle.cases
        case = data.draw(cases, label="case")
        implementation = OneBackend(self.pair, backend)
        with unchecked():
            expected = oracle.run(case)
        unit = implementation.rounding(case)

        assert compare(expected, implementation(case), unit).holds

    def test_something_is_said_of_it(self):
        for field in (self.pair.properties, self.pair.oracles, self.pair.conventions):
            said = Counter(map(str, field))
            assert [entry for entry, times in said.items() if times > 1] == []

        assert self.pair.properties
        assert [p for p in self.pair.properties if p.for_all]
        assert [p for p in self.pair.properties if p.for_all and p.cases] == []
