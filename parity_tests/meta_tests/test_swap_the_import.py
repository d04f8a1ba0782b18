"""Swap the import, keep the code: six scripts of the book's chapters 2 and 3.

Each script runs on both backends; only the lines of its imports differ. A script hands
every module that it builds to `loaded`, so that both backends have the same parameters.
"""

import numpy as np
import pytest
import torch

import reference
import torch_impl

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
inputs = array(
    [
        [0.43, 0.15, 0.89],  # Your
        [0.55, 0.87, 0.66],  # journey
        [0.57, 0.85, 0.64],  # starts
        [0.22, 0.58, 0.33],  # with
        [0.77, 0.25, 0.10],  # one
        [0.05, 0.80, 0.55],  # step
    ],
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


def run(script, backend, states):
    """Run a script; what it builds takes the states, or adds its own if there is none.

    Returns what the script names, without modules and functions.
    """
    given = iter([*states])

    def loaded(module):
        """Give a module of a script its parameters, in float64."""
        module.double()
        state = next(given, None)
        if state is None:
            state = {n: np.asarray(p).copy() for n, p in module.state_dict().items()}
            states.append(state)
        make = torch.tensor if backend == "torch_impl" else np.array
        module.load_state_dict({name: make(array) for name, array in state.items()})
        return module

    scope = {"loaded": loaded}
    exec(IMPORTS[backend] + SENTENCE + SCRIPTS[script], scope)
    return {n: v for n, v in scope.items() if isinstance(v, NAMED_RESULTS)}


def assert_same(expected, actual):
    """Numbers, texts and lists are equal; floats are equal up to rounding."""
    if isinstance(expected, (list, tuple)):
        assert len(actual) == len(expected)
        for each, other in zip(expected, actual, strict=True):
            assert_same(each, other)
    elif isinstance(expected, (str, int)):
        assert actual == expected
    else:
        expected, actual = (
            each.detach().numpy() if isinstance(each, torch.Tensor) else each
            for each in (expected, actual)
        )
        assert actual.dtype == expected.dtype
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("first", IMPORTS)
@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_of_the_book_gives_the_same_on_both_backends(script, first):
    second = next(backend for backend in IMPORTS if backend != first)
    states = []
    expected = run(script, first, states)
    actual = run(script, second, states)

    assert actual.keys() == expected.keys()
    assert len(expected) > 2
    for name, value in expected.items():
        assert_same(value, actual[name])


def test_only_the_imports_of_a_script_name_a_backend():
    for script in SCRIPTS.values():
        assert "reference" not in script
        assert "torch_impl" not in script
        assert "numpy" not in script


@pytest.mark.parametrize("variant", ["CausalAttention", "MultiHeadAttention"])
def test_a_state_of_the_books_classes_is_loaded_without_its_mask(variant):
    arguments = (3, 4, 6, 0.0) if variant == "CausalAttention" else (3, 4, 6, 0.0, 2)
    for package in [reference, torch_impl]:
        module = getattr(package, variant)(*arguments)
        of_the_book = {n: torch.as_tensor(p) for n, p in module.state_dict().items()}
        of_the_book["mask"] = torch.triu(torch.ones(6, 6), diagonal=1)

        with pytest.raises(RuntimeError, match="mask"):
            module.load_state_dict(of_the_book)
        report = module.load_state_dict(of_the_book, strict=False)
        assert (report.missing_keys, report.unexpected_keys) == ([], ["mask"])


@pytest.mark.parametrize("backend", [reference, torch_impl])
def test_a_window_may_be_written_to(backend):
    make = np.array if backend is reference else torch.tensor
    ids = make([1, 2, 3, 4, 5])
    windows = backend.SlidingWindows(ids, max_length=2, stride=1)
    inputs, targets = windows[0]
    inputs[...], targets[...] = 0, 0

    assert windows.inputs.tolist() == [[1, 2], [2, 3], [3, 4]]
    assert windows.targets.tolist() == [[2, 3], [3, 4], [4, 5]]


@pytest.mark.parametrize("backend", [reference, torch_impl])
def test_inputs_and_targets_are_views_of_one_copy_of_the_text(backend):
    make = np.array if backend is reference else torch.tensor
    ids = make([1, 2, 3, 4, 5])
    windows = backend.SlidingWindows(ids, max_length=2, stride=1)
    ids[...] = 0
    windows.inputs[0, 1] = 9

    assert windows.inputs.tolist() == [[1, 9], [9, 3], [3, 4]]
    assert windows.targets.tolist() == [[9, 3], [3, 4], [4, 5]]
    assert ids.tolist() == [0] * 5


@pytest.mark.parametrize("backend", [reference, torch_impl])
def test_ids_of_16_bits_are_ids(backend):
    make = np.array if backend is reference else torch.tensor
    dtype = np.uint16 if backend is reference else torch.uint16
    ids = make([1, 2, 3, 4], dtype=dtype)
    embed = backend.TokenAndPositionEmbedding(5, 2, context_length=4)
    windows = backend.SlidingWindows(ids, max_length=3, stride=1)

    assert windows.inputs.dtype == ids.dtype
    assert embed(ids).tolist() == embed(make([1, 2, 3, 4])).tolist()
    with pytest.raises(ValueError, match=r"ids must lie in 0\.\.4, got 9"):
        embed(make([9], dtype=dtype))
