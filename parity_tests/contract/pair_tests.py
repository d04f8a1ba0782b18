"""The tests that every pair passes.

A pair's own file inherits them:

    class TestCausalAttention(PairTests):
        pair = PAIR

so that `pytest parity_tests/attention/test_causal.py` runs all that is tested of it.
"""

from collections import Counter
from typing import ClassVar

import pytest
import torch
from hypothesis import given

from parity_tests.contract.agreement import compare
from parity_tests.contract.backend import BACKENDS, unchecked
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.pair import Pair
from parity_tests.lockstep.backward import torch_forward, torch_result
from parity_tests.lockstep.forward import compare_forward
from parity_tests.lockstep.gradients import compare_gradients
from parity_tests.text.sample_text import jargon_file


class PairTests:
    """What is asked of every pair; `conftest.py` fills in the arguments."""

    pair: ClassVar[Pair]

    def test_backends_agree_at_every_step(self):
        @given(self.pair.cases)
        def agree(case):
            comparison = compare_forward(self.pair, case)

            assert comparison.first_difference is None, str(comparison.first_difference)

        agree()

    def test_gradients_agree_at_every_step(self):
        if not self.pair.has_gradients:
            pytest.skip("it has no gradients")

        @given(self.pair.cases)
        def agree(case):
            comparison = compare_gradients(self.pair, case)

            assert comparison.first_difference is None, str(comparison.first_difference)

        agree()

    def test_backends_agree_on_real_text(self):
        for _, case in self.pair.on_text(jargon_file()[:20_000], 0):
            comparisons = [compare_forward(self.pair, case)]
            if self.pair.has_gradients:
                comparisons.append(compare_gradients(self.pair, case))
            for each in comparisons:
                assert each.first_difference is None, str(each.first_difference)

    def test_backends_agree_on_every_probe(self):
        for probe in self.pair.probes(0):
            comparisons = [compare_forward(self.pair, probe.case)]
            if self.pair.has_gradients:
                comparisons.append(compare_gradients(self.pair, probe.case))
            for each in comparisons:
                assert each.first_difference is None, (probe.rule, each)

    def test_parameters_have_the_same_names_and_shapes(self):
        if not self.pair.is_module:
            pytest.skip("it has no parameters")

        @given(self.pair.cases)
        def agree(case):
            reference, torch = (
                [
                    (n, tuple(p.shape))
                    for n, p in part(**case.config).state_dict().items()
                ]
                for part in map(self.pair.part, BACKENDS)
            )

            assert torch == reference

        agree()

    def test_property_holds(self, property_, backend):
        implementation = OneBackend(self.pair, backend)

        @given(self.pair.cases if property_.cases is None else property_.cases)
        def hold(case):
            agreement = property_.check(implementation, case)

            assert agreement.holds, agreement.reason

        hold()

    def test_both_backends_reject(self, rejection, backend):
        part = self.pair.part(backend)

        assert rejection.by(backend, part) == (rejection.error, rejection.text)

    def test_agrees_with_oracle(self, oracle, backend):
        implementation = OneBackend(self.pair, backend)

        @given(self.pair.cases if oracle.cases is None else oracle.cases)
        def agree(case):
            with unchecked():
                expected = oracle.run(case)
            unit = implementation.rounding(case)
            agreement = compare(expected, implementation(case), unit)

            assert agreement.holds, agreement.reason

        agree()

    def test_known_mistake_is_rejected(self, mistake, why_rejected):
        assert why_rejected(mistake)

    def test_autograd_passes_the_gradient_check_of_pytorch(self):
        if not self.pair.has_gradients:
            pytest.skip("it has no gradients")
        case = next(e.case for e in self.pair.examples(0) if e.case.dtype == "float64")
        forward = torch_forward(self.pair, case)
        names = [*forward.leaves]

        def run(*values):
            return torch_result(self.pair, case, dict(zip(names, values, strict=True)))

        leaves = tuple(forward.leaves.values())
        assert torch.autograd.gradcheck(run, leaves, fast_mode=True)

    def test_something_is_said_of_it(self):
        for field in (self.pair.properties, self.pair.oracles, self.pair.conventions):
            said = Counter(map(str, field))
            assert [entry for entry, times in said.items() if times > 1] == []

        assert self.pair.properties
        assert [p for p in self.pair.properties if p.for_all]
        assert [p for p in self.pair.properties if p.for_all and p.cases] == []
