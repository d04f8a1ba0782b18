"""Swap the import, keep the code: six scripts of the book's chapters 2 and 3.

Each script runs on both backends; only the lines of its imports differ. A script hands
every module that it builds to `loaded`, so that both backends have the same parameters.
"""

import numpy as np
import pytest
import torch

import reference
import torch_impl
from parity_tests.contract.agreement import as_array

IMPORTS = {
    "reference": """
import reference as llm
from numpy import array, exp, float64, stack
""",
    "torch_impl": """
import torch_impl as llm
from torch import exp, float64, stack, tensor as array
""",
}

SENTENCE = """
# Your journey starts with one step: three numbers a word
inputs = array(
    [[0.43, 0.15, 0.89], [0.55, 0.87, 0.66], [0.57, 0.85, 0.64],
     [0.22, 0.58, 0.33], [0.77, 0.25, 0.10], [0.05, 0.80, 0.55]],
    dtype=float64,
)
"""

SCRIPTS = {
    "2.3 words": """
text = "Every morning the miller, who was old, asked: is there wind--or is there none?"
tokenizer = llm.WordTokenizer.from_text(text)
ids = tokenizer.encode("is there wind, or was there none?")
decoded = tokenizer.decode(ids)
known = len(tokenizer.vocabulary)
""",
    "2.6 and 2.8 a data loader and embeddings": """
from torch.utils.data import DataLoader

tokenizer = llm.BytePairTokenizer.gpt2()
text = "The miller asked whether there was wind, and there was some. " * 4
ids = tokenizer.encode(text)
windows = llm.SlidingWindows(ids, max_length=4, stride=3)
embed = loaded(llm.TokenAndPositionEmbedding(tokenizer.vocab_size, 3, 4))
batches = [embed(batch) for batch, _ in DataLoader(windows, batch_size=4)]
targets = [batch for _, batch in DataLoader(windows, batch_size=4)]
decoded = [tokenizer.decode(inputs) for inputs, _ in [windows[0], windows[-1]]]
""",
    "3.3 simple attention by hand": """
attn_scores = inputs @ inputs[1]
attn_weights = exp(attn_scores) / exp(attn_scores).sum()
context_vector = attn_weights @ inputs
by_module = llm.SimpleSelfAttention()(inputs)[1]
assert abs(context_vector - by_module).max() < 1e-12
""",
    "3.4 bare parameters and linear layers": """
v1 = llm.SelfAttentionV1(d_in=3, d_out=2).double()
v2 = loaded(llm.SelfAttentionV2(d_in=3, d_out=2))
state = v2.state_dict()
v1.load_state_dict(
    {name: state[f"{name}.weight"].T for name in ["W_query", "W_key", "W_value"]}
)
by_linear_layers = v2(inputs)
by_bare_parameters = v1(inputs)
assert abs(by_linear_layers - by_bare_parameters).max() < 1e-12
""",
    "3.5 a causal mask and dropout": """
batch = stack((inputs, inputs))
causal = loaded(llm.CausalAttention(3, 2, context_length=6, dropout=0.5)).eval()
context_vectors = causal(batch)
shape = tuple(context_vectors.shape)
""",
    "3.6 several heads": """
batch = stack((inputs, inputs))
wrapper = loaded(llm.MultiHeadAttentionWrapper(3, 2, 6, 0.0, num_heads=2))
attention = loaded(llm.MultiHeadAttention(3, 2, 6, 0.0, num_heads=2, qkv_bias=True))
side_by_side = wrapper(batch)
projected = attention(batch)
first_head = wrapper.heads[0](batch)
assert (side_by_side[..., :2] == first_head).all()
n_parameters = sum(len(parameter.reshape(-1)) for parameter in attention.parameters())
""",
}
NAMED_RESULTS = (str, int, list, tuple, np.ndarray, torch.Tensor)


def run(script, backend):
    """Run a script, and return what it names, without modules and functions."""
    make = torch.tensor if backend == "torch_impl" else np.array

    def loaded(module):
        """Give a module parameters that are equal on both backends, in float64."""
        shapes = {n: tuple(p.shape) for n, p in module.double().state_dict().items()}
        rng = np.random.default_rng(0)
        drawn = {name: rng.uniform(-1, 1, shape) for name, shape in shapes.items()}
        module.load_state_dict({name: make(array) for name, array in drawn.items()})
        return module

    scope = {"loaded": loaded}
    exec(IMPORTS[backend] + SENTENCE + SCRIPTS[script], scope)
    return {n: v for n, v in scope.items() if isinstance(v, NAMED_RESULTS)}


def assert_same(expected, actual):
    """Numbers, texts and lists are equal; floats are equal up to rounding."""
    if isinstance(expected, (list, tuple)):
        for each, other in zip(expected, actual, strict=True):
            assert_same(each, other)
    elif isinstance(expected, (str, int)):
        assert actual == expected
    else:
        expected, actual = as_array(expected), as_array(actual)
        assert actual.dtype == expected.dtype
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_of_the_book_gives_the_same_on_both_backends(script):
    expected, actual = (run(script, backend) for backend in IMPORTS)

    assert actual.keys() == expected.keys()
    assert len(expected) > 2
    assert_same([*expected.values()], [actual[name] for name in expected])
    for name in ("reference", "torch_impl", "numpy"):
        assert name not in SCRIPTS[script]


ARRAYS = pytest.mark.parametrize(
    ("backend", "make", "uint16"),
    [(reference, np.array, np.uint16), (torch_impl, torch.tensor, torch.uint16)],
    ids=IMPORTS,
)


@ARRAYS
def test_inputs_and_targets_are_views_of_one_copy_of_the_text(backend, make, uint16):
    windows = backend.SlidingWindows(make([1, 2, 3, 4, 5]), max_length=2, stride=1)
    windows.inputs[0, 1] = 9

    assert windows.inputs.tolist() == [[1, 9], [9, 3], [3, 4]]
    assert windows.targets.tolist() == [[9, 3], [3, 4], [4, 5]]


@ARRAYS
def test_ids_of_16_bits_are_ids(backend, make, uint16):
    ids = make([1, 2, 3, 4], dtype=uint16)
    embed = backend.TokenAndPositionEmbedding(5, 2, context_length=4)
    windows = backend.SlidingWindows(ids, max_length=3, stride=1)

    assert windows.inputs.dtype == ids.dtype
    assert embed(ids).tolist() == embed(make([1, 2, 3, 4])).tolist()
    with pytest.raises(ValueError, match=r"ids must lie in 0\.\.4, got 9"):
        embed(make([9], dtype=uint16))
