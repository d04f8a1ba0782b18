"""Other people's code, checked as a new user of the kit would check it."""

import importlib.util
import inspect
from importlib import import_module

import pytest

from parity_tests.catalogue import load
from parity_tests.kit.asking import Request
from parity_tests.kit.check import check

FOLDER = "parity_tests.kit.examples"
N_EXAMPLES = 20

WITHOUT_ASKING = ("gradients", "leading_axes")  # what is tried of a module
PACKED = ("square", "packed_projections")
EXAMPLES = [
    pytest.param("multi_head", "multihead:attention", PACKED, (), id="nn"),
    pytest.param("causal", "fused:attention", (), (), id="F"),
    pytest.param("causal", "fused_module:Attention", (), WITHOUT_ASKING, id="module"),
    pytest.param("byte_pair", "tiktoken_bpe:tokenizer", (), (), id="BPE"),
    pytest.param(
        "multi_head",
        "gpt2:attention",
        (*PACKED, "weights_in_out", "not_empty"),
        (),
        id="GPT-2",
        marks=pytest.mark.skipif(
            importlib.util.find_spec("transformers") is None,
            reason="transformers is not installed: pip install 'diptych[oracles]'",
        ),
    ),
]


def checked(name, target, conventions=()):
    """Check an example; return what the kit found."""
    request = Request(
        load(name),
        f"{FOLDER}.{target}",
        N_EXAMPLES,
        conventions=conventions,
        time_limit=60.0,
    )
    return check(request)


of_each_example = pytest.mark.parametrize(
    ("name", "target", "conventions", "tried"), EXAMPLES
)


@of_each_example
def test_it_agrees(name, target, conventions, tried):
    verdict = checked(name, target, conventions)

    assert verdict.as_dict()["agrees"], verdict
    assert verdict.examples >= N_EXAMPLES
    assert {*verdict.tried} == {*tried}


@of_each_example
def test_it_takes_under_15_lines(name, target, conventions, tried):
    module = import_module(f"{FOLDER}.{target.partition(':')[0]}")
    adapter = getattr(module, target.partition(":")[2])

    assert len(inspect.getsource(adapter).splitlines()) < 15


def test_a_mistake_in_the_gradients_differs_and_is_recognised():
    target = "fused_module:WithOwnSoftmax"
    verdict = checked("causal", target)

    assert verdict.first_difference.startswith("the gradient of x: at [")
    assert verdict.looks_like == ["grad-softmax-no-sum"]


@pytest.mark.parametrize(
    ("mistake", "known"),
    [("without_scale", "no-scale"), ("without_mask", "mask-forgotten")],
)
def test_a_mistake_differs_and_is_recognised(mistake, known):
    verdict = checked("causal", f"fused:{mistake}")

    assert verdict.exit_status == 1
    assert verdict.looks_like == [known]
