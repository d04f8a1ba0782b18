"""Swap the import, keep the code: one script, two backends, the same numbers."""

from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from parity_tests import swap_script
from parity_tests.agreement import as_array, compare
from parity_tests.attention.bounds import bounds
from parity_tests.concept import Case
from parity_tests.sample_text import jargon_file

SCRIPT = Path(swap_script.__file__).read_text(encoding="utf-8")
TEXT = jargon_file()[20_000:21_000]


def on(backend):
    """Read the script as it stands, with another backend in its import."""
    swapped = SCRIPT.replace("import reference as", f"import {backend} as")
    script = ModuleType(backend)
    exec(compile(swapped, f"the script on {backend}", "exec"), vars(script))
    assert script.backend.__name__ == backend
    return script


def weights_for(backend, state):
    """Bring a state to a backend: the reference takes either's as it is."""
    if backend == "reference":
        return state
    return {name: torch.from_numpy(array) for name, array in state.items()}


@pytest.fixture(scope="module", params=["to reference", "to torch"])
def outputs(request):
    """Run the script on one backend, then on the other with the same weights."""
    backends = ["torch_impl", "reference"]
    if request.param == "to torch":
        backends.reverse()
    first, second = backends
    states = {}

    def keep(name, module):
        states[name] = module.state_dict()
        return module

    def carry(name, module):
        module.load_state_dict(weights_for(second, states[name]))
        return module

    results = {
        first: on(first).run(TEXT, keep),
        second: on(second).run(TEXT, carry),
    }
    return states, results["reference"], results["torch_impl"]


def test_the_script_imports_its_backend_once():
    assert SCRIPT.count("import reference as backend") == 1
    assert "torch" not in SCRIPT
    assert "numpy" not in SCRIPT


@pytest.mark.parametrize("name", ["ids", "inputs", "embedded", "text"])
def test_tokens_windows_and_embeddings_are_equal(outputs, name):
    _, expected, actual = outputs

    agreement = compare(expected[name], actual[name])

    assert agreement.holds, agreement.reason


def test_the_text_comes_back(outputs):
    _, expected, actual = outputs

    assert expected["text"] == actual["text"] == TEXT


@pytest.mark.parametrize("name", swap_script.VARIANTS)
def test_attention_gives_the_same_numbers(outputs, name):
    states, expected, actual = outputs
    honest = yardstick(name, expected["embedded"], states[name])

    agreement = compare(expected[name], actual[name], honest)

    assert agreement.holds, agreement.reason
    assert as_array(expected[name]).any()


def yardstick(name, embedded, state: Mapping[str, Any]):
    """Say how much of a difference in a variant's output is rounding."""
    weights = {key: as_array(value) for key, value in state.items()}
    case = Case(swap_script.VARIANTS[name], {"x": as_array(embedded)}, weights)
    return bounds(case)["result"]
