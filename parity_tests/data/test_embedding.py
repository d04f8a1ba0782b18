"""Embeddings: what their laws in the catalogue do not say."""

import numpy as np
import torch

import reference
import torch_impl
from parity_tests.agreement import as_array
from parity_tests.data.laws import POSITION, TOKEN
from parity_tests.side import array_for, both_backends


@both_backends
def test_the_module_can_be_held_in_either_precision(backend):
    module = backend.TokenAndPositionEmbedding(4, 3, 5)
    ids = array_for(backend, np.array([0, 3]))

    assert as_array(module.double()(ids)).dtype == np.float64
    assert as_array(module.float()(ids)).dtype == np.float32


@both_backends
def test_the_vectors_are_drawn_from_the_normal_distribution(backend):
    torch.manual_seed(0)
    rng = {"rng": np.random.default_rng(0)} if backend is reference else {}
    module = backend.TokenAndPositionEmbedding(300, 100, 200, **rng)
    for weight in module.state_dict().values():
        drawn = np.sort(as_array(weight).astype(float).flatten())
        quantiles = np.array([torch.special.ndtri(torch.tensor(p)) for p in (0.1, 0.9)])

        assert abs(drawn.mean()) < 5 / np.sqrt(drawn.size)
        assert abs(drawn.std() - 1) < 5 / np.sqrt(2 * drawn.size)
        assert np.abs(np.quantile(drawn, [0.1, 0.9]) - quantiles).max() < 0.05


@both_backends
def test_the_windows_of_a_text_go_in_as_they_are(backend):
    text = "the cat sat on the mat"
    tokenizer = backend.CharacterTokenizer.train(text)
    windows = backend.SlidingWindows(tokenizer.encode(text), max_length=4, stride=4)
    module = backend.TokenAndPositionEmbedding(tokenizer.vocab_size, 3, 4)

    assert tuple(module(windows.inputs).shape) == (5, 4, 3)


# Anchor values


@both_backends
def test_two_tables_small_enough_to_add_in_the_head(backend):
    module = backend.TokenAndPositionEmbedding(2, 2, context_length=3).double()
    state = {
        TOKEN: np.array([[1.0, 2.0], [3.0, 4.0]]),
        POSITION: np.array([[10.0, 20.0], [30.0, 40.0], [50.0, 60.0]]),
    }
    module.load_state_dict({n: array_for(backend, a) for n, a in state.items()})
    expected = [[[13.0, 24.0], [31.0, 42.0]], [[11.0, 22.0], [33.0, 44.0]]]
    actual = module(array_for(backend, np.array([[1, 0], [0, 1]])))

    assert actual.tolist() == expected


def test_a_seed_gives_the_numbers_that_the_layers_of_pytorch_give():
    torch.manual_seed(123)
    expected = [torch.nn.Embedding(6, 3).weight, torch.nn.Embedding(4, 3).weight]
    torch.manual_seed(123)
    actual = [*torch_impl.TokenAndPositionEmbedding(6, 3, 4).parameters()]

    assert all(map(torch.equal, expected, actual))
