"""The base class: the verbs of `nn.Module` do on the reference what they do in PyTorch.

What differs, and is tested as such: a failed load changes nothing on the reference
(PyTorch loads what fits), and PyTorch's dropout is a child where the reference has a
number.
"""

import copy
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

import reference
from parity_tests.contract import layouts
from parity_tests.contract.backend import REFERENCE, TORCH
from parity_tests.contract.rejection import rejection
from parity_tests.meta_tests.modules import ATTENTION, EMBEDDING, draw, input_of, twins
from reference import Tape
from reference.module import Module, ModuleList
from reference.primitives.linear import Linear

unequal = partial(twins, d_out=4, num_heads=2)
every_variant = pytest.mark.parametrize("path", [*ATTENTION, EMBEDDING])
every_attention = pytest.mark.parametrize("path", ATTENTION)


def state_of(module):
    """Copy the state of a module, as lists."""
    return {name: array.tolist() for name, array in module.state_dict().items()}


# Names


@every_variant
def test_what_is_found_by_name_has_the_same_names_shapes_and_order(path):
    defined, built = unequal(path)

    def names(named):
        return [name for name, each in named if not isinstance(each, nn.Dropout)]

    def shapes(named):
        return [(name, tuple(array.shape)) for name, array in named]

    expected = shapes(built.named_parameters())
    assert shapes(defined.named_parameters()) == expected
    assert shapes(defined.state_dict().items()) == expected
    assert [p.shape for p in defined.parameters()] == [shape for _, shape in expected]
    assert names(defined.named_children()) == names(built.named_children())
    assert names(defined.named_modules()) == names(built.named_modules())
    assert [*defined.children()] == [each for _, each in defined.named_children()]
    assert [*defined.modules()] == [each for _, each in defined.named_modules()]


def test_heads_are_a_list():
    heads = reference.MultiHeadAttentionWrapper(3, 2, 5, 0.0, num_heads=3).heads

    assert isinstance(heads, ModuleList)
    assert len(heads) == 3
    assert [*heads] == [heads[0], heads[1], heads[2]]
    assert heads[-1] is heads[2]
    assert [*heads[1:]] == [heads[1], heads[2]]
    with pytest.raises(IndexError):
        heads[3]


def test_repr_shows_shapes_and_levels():
    wrapper = reference.MultiHeadAttentionWrapper(3, 2, 5, 0.0, num_heads=1)
    expected = """\
MultiHeadAttentionWrapper(
  (heads): ModuleList(
    (0): CausalAttention(
      (W_query): Linear(weight=(2, 3))
      (W_key): Linear(weight=(2, 3))
      (W_value): Linear(weight=(2, 3))
    )
  )
)"""

    assert repr(wrapper) == expected
    assert repr(Linear(3, 2)) == "Linear(weight=(2, 3), bias=(2,))"
    assert repr(reference.SimpleSelfAttention()) == "SimpleSelfAttention()"


# Modes and dtypes


@every_variant
def test_modes_and_dtypes_reach_every_module_and_give_the_module(path):
    for module, library in zip(unequal(path), [np, torch], strict=True):
        assert module.training is True
        for switch, mode in [
            (module.eval, False),
            (module.train, True),
            (partial(module.train, mode=False), False),
        ]:
            assert switch() is module
            assert all(each.training is mode for each in module.modules())
        for convert, dtype in [
            (module.float, library.float32),
            (module.double, library.float64),
            (partial(module.to, library.float32), library.float32),
        ]:
            assert convert() is module
            assert all(parameter.dtype == dtype for parameter in module.parameters())


def test_what_needs_no_other_dtype_stays_as_it_is():
    module = Module()
    module.counts, module.weight = np.zeros(2, bool), np.zeros((2, 2))
    weight = module.weight

    assert module.double().weight is weight
    assert module.counts.dtype == bool


# State


@every_variant
def test_a_loaded_state_and_a_deep_copy_are_copies(path):
    for module in unequal(path):
        state = {name: array * 2 for name, array in module.state_dict().items()}
        expected = {name: array.tolist() for name, array in state.items()}
        returned = module.load_state_dict(state)
        copied = copy.deepcopy(module)
        assert state_of(copied) == expected
        for array in [*state.values(), *copied.state_dict().values()]:
            array[...] = 0.0

        assert state_of(module) == expected
        assert (returned.missing_keys, returned.unexpected_keys) == ([], [])


@pytest.mark.parametrize("unexpected", [[], ["mask"]])
@pytest.mark.parametrize("n_missing", [0, 1])
@every_variant
def test_missing_and_unexpected_names_are_the_same(path, n_missing, unexpected):
    """The book's classes have a buffer `mask`."""
    for module in unequal(path):
        missing = [*module.state_dict()][:n_missing]
        state = {n: p for n, p in module.state_dict().items() if n not in missing}
        state |= {name: torch.zeros(1) for name in unexpected}
        if missing or unexpected:
            with pytest.raises(RuntimeError, match="|".join(missing + unexpected)):
                module.load_state_dict(state)
        returned = module.load_state_dict(state, strict=False)
        report = (returned.missing_keys, returned.unexpected_keys)
        assert report == (missing, unexpected)


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize(
    ("wrong", "error", "message"),
    [
        (np.zeros((4, 2)), RuntimeError, r"W_value.weight .*\(4, 3\), got \(4, 2\)"),
        (np.full((4, 3), "a"), ValueError, "could not convert"),
    ],
    ids=["shape", "text"],
)
def test_what_does_not_fit_is_an_error_and_nothing_is_loaded(
    wrong, error, message, strict
):
    defined, built = unequal("attention/self_attention_v2")
    before = state_of(defined)
    state = {name: array + 1 for name, array in defined.state_dict().items()}
    state["W_value.weight"] = wrong

    with pytest.raises(error, match=message):
        defined.load_state_dict(state, strict)
    assert state_of(defined) == before
    if error is RuntimeError:
        with pytest.raises(error, match=r"W_value.weight"):
            built.load_state_dict(
                {n: torch.tensor(a) for n, a in state.items()}, strict
            )


def test_a_module_without_forward_cannot_be_called():
    with pytest.raises(NotImplementedError):
        Module()(np.zeros(1))


# What comes in


@every_attention
def test_a_tensor_is_an_array_and_other_classes_of_arrays_are_rejected(path):
    defined, x = unequal(path)[0], draw(2, 4, 3)
    expected = defined(x).tolist()

    assert defined(torch.from_numpy(x)).tolist() == expected
    assert defined(x=torch.from_numpy(x)).tolist() == expected
    for other in [x[0].view(np.matrix), np.ma.array(x)]:
        error = TypeError, f"a plain array is needed, got {type(other).__name__}"
        assert rejection(partial(defined, other)) == error
        assert rejection(partial(defined, x=other)) == error


@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float64", "float32")])
@pytest.mark.parametrize("qkv_bias", [False, True])
@pytest.mark.parametrize("path", ATTENTION[1:])
def test_another_dtype_is_rejected_in_the_words_of_pytorch(path, qkv_bias, dtypes):
    defined, built = unequal(path, qkv_bias=qkv_bias)
    defined.to(getattr(np, dtypes[0]))
    built.to(getattr(torch, dtypes[0]))
    x = draw(2, 4, 3).astype(dtypes[1])
    expected = rejection(lambda: built(torch.from_numpy(x)))

    assert expected[0] is RuntimeError
    assert rejection(lambda: defined(x)) == expected


LAYOUTS = {
    "Fortran order": np.asfortranarray,
    "transposed": layouts.transposed,
    "negative strides": lambda x: np.flip(np.flip(x).copy()),
    "every second number": layouts.with_gaps,
    "read-only": layouts.read_only,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@every_variant
def test_the_layout_of_inputs_and_gradients_changes_nothing(path, layout):
    (defined, built), x, results = unequal(path), input_of(path), []
    for arrange in [np.ascontiguousarray, LAYOUTS[layout]]:
        tape = Tape()
        output = defined(REFERENCE.own(arrange(x)), tape)
        grads = [defined.backward(arrange(np.cos(output)), tape)]
        grads += tape.gradients(defined).values()
        by_torch = built(TORCH.own(arrange(x))).detach().numpy()
        results.append([output, by_torch, *grads[path == EMBEDDING :]])
    assert LAYOUTS[layout](x).strides != x.strides or layout == "read-only"

    for expected, actual in zip(*results, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-14)
