"""The base class: the verbs of `nn.Module` do on the reference what they do in PyTorch.

What differs, and is tested as such: a failed load changes nothing on the reference
(PyTorch loads what fits), and PyTorch's dropout is a child where the reference has a
number.
"""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

import reference
import torch_impl
from reference import Tape
from reference.module import Module, ModuleList
from reference.primitives.embedding import Embedding
from reference.primitives.linear import Linear

ARGUMENTS = {
    "TokenAndPositionEmbedding": (7, 3, 5),
    "SimpleSelfAttention": (),
    "SelfAttentionV1": (3, 4),
    "SelfAttentionV2": (3, 4),
    "CausalAttention": (3, 4, 5, 0.1, True),
    "MultiHeadAttentionWrapper": (3, 2, 5, 0.1, 2),
    "MultiHeadAttention": (3, 4, 5, 0.1, 2),
}
VARIANTS = [*ARGUMENTS]
ATTENTION = [name for name in VARIANTS if name != "TokenAndPositionEmbedding"]
BACKENDS = {
    "reference": (reference, Module, ModuleList, Linear, np.zeros),
    "torch": (torch_impl, nn.Module, nn.ModuleList, nn.Linear, torch.zeros),
}
both_backends = pytest.mark.parametrize("backend", BACKENDS)


def twins(variant, *arguments):
    """Build a variant on both backends, with the same parameters in float64."""
    arguments = arguments or ARGUMENTS[variant]
    torch.manual_seed(0)
    built = getattr(torch_impl, variant)(*arguments).double().eval()
    defined = getattr(reference, variant)(*arguments).eval()
    defined.load_state_dict(built.state_dict())
    return defined, built


def draw(*shape):
    """Draw normal numbers."""
    return np.random.default_rng(0).normal(size=shape)


def shapes(named):
    """List names and shapes, in order."""
    return [(name, tuple(array.shape)) for name, array in named]


def failure(call):
    """Return type and text of the error that a call ends in."""
    with pytest.raises(Exception) as caught:  # noqa: PT011 (the test compares it)
        call()
    return caught.type, str(caught.value)


# Names


@pytest.mark.parametrize("variant", VARIANTS)
def test_parameters_have_the_same_names_shapes_and_order(variant):
    defined, built = twins(variant)
    expected = shapes(built.named_parameters())

    assert shapes(defined.named_parameters()) == expected
    assert shapes(defined.state_dict().items()) == expected
    assert [tuple(p.shape) for p in defined.parameters()] == [s for _, s in expected]


@pytest.mark.parametrize("variant", VARIANTS)
def test_children_and_modules_have_the_same_names_and_order(variant):
    defined, built = twins(variant)

    def names(named):
        return [name for name, each in named if not isinstance(each, nn.Dropout)]

    assert names(defined.named_children()) == names(built.named_children())
    assert names(defined.named_modules()) == names(built.named_modules())
    assert [*defined.children()] == [each for _, each in defined.named_children()]
    assert [*defined.modules()] == [each for _, each in defined.named_modules()]


@both_backends
def test_heads_are_a_list(backend):
    package, _, module_list, *_ = BACKENDS[backend]
    heads = package.MultiHeadAttentionWrapper(3, 2, 5, 0.0, num_heads=3).heads

    assert isinstance(heads, module_list)
    assert len(heads) == 3
    assert [*heads] == [heads[0], heads[1], heads[2]]
    assert heads[-1] is heads[2]
    assert [*heads[1:]] == [heads[1], heads[2]]
    with pytest.raises(IndexError):
        heads[3]


@both_backends
def test_a_layer_without_bias_says_so(backend):
    linear = BACKENDS[backend][3]

    assert linear(2, 1, bias=False).bias is None
    assert linear(2, 1).bias.shape == (1,)
    assert [*linear(2, 1, bias=False).state_dict()] == ["weight"]


@pytest.mark.parametrize("variant", VARIANTS)
def test_repr_names_every_class_and_child(variant):
    for module in twins(variant):
        lines = [line.strip() for line in repr(module).splitlines()]

        assert lines[0].startswith(f"{variant}(")
        for name, child in module.named_children():
            assert any(
                line.startswith(f"({name}): {type(child).__name__}(") for line in lines
            )


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


@pytest.mark.parametrize("variant", VARIANTS)
def test_modes_reach_every_module_and_give_the_module(variant):
    for module in twins(variant):
        assert module.train() is module
        assert all(each.training is True for each in module.modules())
        assert module.eval() is module
        assert all(each.training is False for each in module.modules())
        assert module.train(mode=False).training is False


@both_backends
def test_training_is_the_default(backend):
    assert BACKENDS[backend][0].SimpleSelfAttention().training is True


@pytest.mark.parametrize("variant", VARIANTS)
def test_dtypes_reach_every_parameter_and_give_the_module(variant):
    for module, library in zip(twins(variant), [np, torch], strict=True):
        for convert, dtype in [
            (module.float, library.float32),
            (module.double, library.float64),
            (lambda m=module, d=library.float32: m.to(d), library.float32),
        ]:
            assert convert() is module
            assert all(parameter.dtype == dtype for parameter in module.parameters())


@both_backends
def test_integers_keep_their_dtype(backend):
    _, base, _, _, zeros = BACKENDS[backend]
    module = base()
    counts = zeros(2) > 0
    if backend == "torch":
        module.register_buffer("counts", counts)
    module.counts = counts

    assert module.double().counts.dtype == counts.dtype


def test_a_dtype_that_a_parameter_has_already_copies_nothing():
    layer = Linear(2, 2)
    weight = layer.weight

    assert layer.double().weight is weight


# State


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_loaded_state_is_copied(variant):
    for module in twins(variant):
        state = {name: array * 2 for name, array in module.state_dict().items()}
        expected = {name: array.tolist() for name, array in state.items()}
        returned = module.load_state_dict(state)
        for array in state.values():
            array[...] = 0.0
        actual = {name: array.tolist() for name, array in module.state_dict().items()}

        assert actual == expected
        assert (returned.missing_keys, returned.unexpected_keys) == ([], [])


@pytest.mark.parametrize("strict", [False, True])
@pytest.mark.parametrize("variant", VARIANTS)
def test_missing_and_unexpected_names_are_the_same(variant, strict):
    for module in twins(variant):
        state = dict(module.state_dict())
        missing = [*state][:1]
        state = {n: array for n, array in state.items() if n not in missing}
        state["mask"] = torch.zeros(1)
        if strict:
            with pytest.raises(RuntimeError, match="mask"):
                module.load_state_dict(state)
        else:
            returned = module.load_state_dict(state, strict=False)
            report = (returned.missing_keys, returned.unexpected_keys)
            assert report == (missing, ["mask"])


@pytest.mark.parametrize("strict", [False, True])
def test_another_shape_is_an_error_and_nothing_is_loaded(strict):
    defined, built = twins("SelfAttentionV2")
    before = {name: array.copy() for name, array in defined.state_dict().items()}
    state = {name: array + 1 for name, array in before.items()}
    state["W_value.weight"] = np.zeros((4, 2))

    with pytest.raises(RuntimeError, match=r"W_value.weight .*\(4, 3\), got \(4, 2\)"):
        defined.load_state_dict(state, strict=strict)
    with pytest.raises(RuntimeError, match=r"W_value.weight"):
        built.load_state_dict(
            {name: torch.from_numpy(array) for name, array in state.items()}, strict
        )
    for name, array in defined.state_dict().items():
        assert array.tolist() == before[name].tolist()


def test_what_is_no_number_is_an_error_and_nothing_is_loaded():
    module = twins("SelfAttentionV2")[0]
    before = module.W_query.weight.tolist()
    state = {name: array + 1 for name, array in module.state_dict().items()}
    state["W_value.weight"] = np.full((4, 3), "a")

    with pytest.raises(ValueError, match="could not convert"):
        module.load_state_dict(state)
    assert module.W_query.weight.tolist() == before


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_deep_copy_is_independent(variant):
    for module in twins(variant):
        before = [parameter.tolist() for parameter in module.parameters()]
        copied = copy.deepcopy(module)
        for array in copied.state_dict().values():
            array[...] = 0.0

        assert [parameter.tolist() for parameter in module.parameters()] == before
        assert [*copied.state_dict()] == [*module.state_dict()]


@both_backends
def test_a_module_without_forward_cannot_be_called(backend):
    _, base, _, _, zeros = BACKENDS[backend]

    with pytest.raises(NotImplementedError):
        base()(zeros(1))


# What comes in


@pytest.mark.parametrize("kind", ["matrix", "MaskedArray"])
@pytest.mark.parametrize("variant", ATTENTION)
def test_other_classes_of_arrays_are_rejected_by_name(variant, kind):
    defined, x = twins(variant)[0], draw(4, 3)
    other = {"matrix": x.view(np.matrix), "MaskedArray": np.ma.array(x)}[kind]

    for call in [lambda: defined(other), lambda: defined(x=other)]:
        assert failure(call) == (TypeError, f"a plain array is needed, got {kind}")


@pytest.mark.parametrize("variant", ATTENTION)
def test_a_tensor_is_taken_as_the_array_that_it_is(variant):
    defined, x = twins(variant)[0], draw(2, 4, 3)
    expected = defined(x).tolist()

    assert defined(torch.from_numpy(x)).tolist() == expected
    assert defined(x=torch.from_numpy(x)).tolist() == expected


def test_batches_of_a_data_loader_are_taken():
    windows = reference.SlidingWindows([0, 1, 2, 3, 4, 5, 6], max_length=3, stride=2)
    embed = reference.TokenAndPositionEmbedding(7, 3, context_length=5)
    (batch, _), *rest = DataLoader(windows, batch_size=2)

    assert isinstance(batch, torch.Tensor)
    assert rest == []
    assert embed(batch).tolist() == embed(windows.inputs).tolist()


LAYERS = {
    name: arguments
    for name, arguments in ARGUMENTS.items()
    if name in ATTENTION and arguments
}


@pytest.mark.parametrize("dtypes", [("float32", "float64"), ("float64", "float32")])
@pytest.mark.parametrize("has_bias", [False, True])
@pytest.mark.parametrize("variant", LAYERS)
def test_another_dtype_is_rejected_in_the_words_of_pytorch(variant, has_bias, dtypes):
    arguments = LAYERS[variant]
    if variant != "SelfAttentionV1":
        arguments = (*arguments[: 2 if variant == "SelfAttentionV2" else 5], has_bias)
    if variant == "CausalAttention":
        arguments = (3, 4, 5, 0.1, has_bias)
    defined, built = twins(variant, *arguments)
    ours, given = dtypes
    defined.to(getattr(np, ours))
    built.to(getattr(torch, ours))
    x = draw(2, 4, 3).astype(given)
    expected = failure(lambda: built(torch.from_numpy(x)))

    assert expected[0] is RuntimeError
    assert failure(lambda: defined(x)) == expected


def read_only(x):
    """Copy an array that nobody may write to."""
    x = x.copy()
    x.flags.writeable = False
    return x


LAYOUTS = {
    "Fortran order": np.asfortranarray,
    "transposed": lambda x: np.ascontiguousarray(x.mT).mT,
    "negative strides": lambda x: np.ascontiguousarray(x[::-1, ::-1, ::-1])[
        ::-1, ::-1, ::-1
    ],
    "every second number": lambda x: np.repeat(x, 2, axis=-1)[..., ::2],
    "read-only": read_only,
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("variant", ATTENTION)
def test_the_layout_of_input_and_gradient_changes_nothing(variant, layout):
    defined, x = twins(variant)[0], draw(2, 4, 3)
    arrange, results = LAYOUTS[layout], []
    for form in [np.ascontiguousarray, arrange]:
        tape = Tape()
        output = defined(form(x), tape)
        grad_x = defined.backward(form(np.cos(output)), tape)
        results.append([output, grad_x, *tape.gradients(defined).values()])
    assert arrange(x).strides != x.strides or layout == "read-only"

    for expected, actual in zip(*results, strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("layout", ["transposed", "every second number"])
@pytest.mark.parametrize("variant", ATTENTION)
def test_the_layout_of_a_tensor_changes_nothing(variant, layout):
    built, x = twins(variant)[1], draw(2, 4, 3)
    arranged = torch.from_numpy(LAYOUTS[layout](x))

    assert not arranged.is_contiguous()
    np.testing.assert_allclose(
        built(arranged).detach(),
        built(torch.from_numpy(x)).detach(),
        rtol=1e-12,
        atol=1e-14,
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_layout_of_ids_changes_nothing(layout):
    embed = reference.TokenAndPositionEmbedding(7, 3, context_length=5)
    ids = np.array([[[0, 1, 2], [6, 6, 0]]])

    assert embed(LAYOUTS[layout](ids)).tolist() == embed(ids).tolist()


@pytest.mark.parametrize("module", [Embedding(7, 3), nn.Embedding(7, 3)])
def test_an_id_outside_the_table_has_no_row(module):
    make = torch.tensor if isinstance(module, nn.Module) else np.array
    for index in [-1, 7]:
        with pytest.raises(IndexError, match="index out of range in self"):
            module(make([0, index]))
