"""The tape: gradients are those of autograd, and what cannot be right is an error.

What a caller changes between forward and backward:

* a parameter (in place, loaded, replaced by other numbers, converted, removed) or the
  input in place: RuntimeError, which names it;
* a parameter replaced by equal numbers: the right gradient, filed under the new array;
* the output in place, or train and eval: the right gradient.
"""

import copy
import gc
import itertools
import re
import tracemalloc

import numpy as np
import pytest
import torch

import reference
import torch_impl
from reference import NO_TAPE, Tape
from reference.primitives.dropout import Dropout
from reference.primitives.linear import Linear

ARGUMENTS = {
    "SimpleSelfAttention": (),
    "SelfAttentionV1": (3, 3),
    "SelfAttentionV2": (3, 3, True),
    "CausalAttention": (3, 3, 5, 0.0, True),
    "MultiHeadAttentionWrapper": (3, 1, 5, 0.0, 3, True),
    "MultiHeadAttention": (3, 3, 5, 0.0, 3, True),
}
VARIANTS = [*ARGUMENTS]


def twins(variant):
    """Build a variant on both backends, with the same parameters in float64."""
    torch.manual_seed(0)
    built = getattr(torch_impl, variant)(*ARGUMENTS[variant]).double()
    defined = getattr(reference, variant)(*ARGUMENTS[variant])
    defined.load_state_dict(built.state_dict())
    return defined, built


def draw(*shape, seed=0):
    """Draw normal numbers."""
    return np.random.default_rng([seed, *shape]).normal(size=shape)


def leaf(array):
    """Make a tensor whose gradient is wanted."""
    return torch.tensor(array, requires_grad=True)


def assert_equal(expected, actual):
    """Two float64 results are equal up to rounding."""
    np.testing.assert_allclose(actual, np.asarray(expected), rtol=1e-12, atol=1e-14)


def assert_same_gradients(built, defined, tape):
    """Every parameter has autograd's gradient on the tape."""
    gradients = tape.gradients(defined)
    expected = dict(built.named_parameters(remove_duplicate=False))
    assert gradients.keys() == expected.keys()
    for name, parameter in expected.items():
        assert_equal(parameter.grad, gradients[name])


# One module, several times


@pytest.mark.parametrize("variant", VARIANTS)
def test_one_forward_and_backward_give_the_gradients_of_autograd(variant):
    defined, built = twins(variant)
    tape, x, grad = Tape(), draw(2, 4, 3), draw(2, 4, 3, seed=1)
    expected_x = leaf(x)
    built(expected_x).backward(torch.tensor(grad))
    defined(x, tape)

    assert_equal(expected_x.grad, defined.backward(grad, tape))
    assert_same_gradients(built, defined, tape)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_module_that_runs_twice_in_one_forward_has_both_gradients(variant):
    defined, built = twins(variant)
    tape, x, grad = Tape(), draw(2, 4, 3), draw(2, 4, 3, seed=1)
    expected_x = leaf(x)
    built(built(expected_x)).backward(torch.tensor(grad))
    defined(defined(x, tape), tape)
    grad_x = defined.backward(defined.backward(grad, tape), tape)

    assert_equal(expected_x.grad, grad_x)
    assert_same_gradients(built, defined, tape)


@pytest.mark.parametrize("variant", VARIANTS)
def test_of_two_forwards_on_one_tape_the_second_goes_backward_first(variant):
    defined, built = twins(variant)
    tape, texts = Tape(), [draw(4, 3), draw(2, 5, 3, seed=1)]
    expected_xs = [leaf(x) for x in texts]
    for expected_x in expected_xs:
        built(expected_x).sum().backward()
    outputs = [defined(x, tape) for x in texts]
    grad_second = defined.backward(np.ones_like(outputs[1]), tape)
    grad_first = defined.backward(np.ones_like(outputs[0]), tape)

    assert_equal(expected_xs[0].grad, grad_first)
    assert_equal(expected_xs[1].grad, grad_second)
    assert_same_gradients(built, defined, tape)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
@pytest.mark.parametrize("variant", VARIANTS)
def test_two_forwards_on_two_tapes_go_backward_in_any_order(variant, order):
    defined, built = twins(variant)
    tapes, texts = [Tape(), Tape()], [draw(4, 3), draw(4, 3, seed=1)]
    outputs = [defined(x, tape) for x, tape in zip(texts, tapes, strict=True)]
    for i in order:
        built.zero_grad()
        expected_x = leaf(texts[i])
        built(expected_x).sum().backward()
        grad_x = defined.backward(np.ones_like(outputs[i]), tapes[i])

        assert_equal(expected_x.grad, grad_x)
        assert_same_gradients(built, defined, tapes[i])


def test_a_whole_model_goes_backward_module_by_module_in_reverse():
    torch.manual_seed(0)
    built_embed = torch_impl.TokenAndPositionEmbedding(5, 3, context_length=4).double()
    embed = reference.TokenAndPositionEmbedding(5, 3, context_length=4)
    embed.load_state_dict(built_embed.state_dict())
    attention, built_attention = twins("MultiHeadAttention")
    tape, ids, grad = Tape(), np.array([[0, 4, 4], [1, 0, 2]]), draw(2, 3, 3)
    built_attention(built_embed(torch.tensor(ids))).backward(torch.tensor(grad))
    attention(embed(ids, tape), tape)
    nothing = embed.backward(attention.backward(grad, tape), tape)

    assert nothing is None
    assert_same_gradients(built_embed, embed, tape)
    assert_same_gradients(built_attention, attention, tape)


# One parameter in several modules


def tied_twins():
    """Let queries and keys have one matrix, on both backends."""
    defined, built = twins("CausalAttention")
    defined.W_key.weight = defined.W_query.weight
    built.W_key.weight = built.W_query.weight
    return defined, built


def test_a_parameter_of_two_modules_has_the_sum_of_both_gradients():
    defined, built = tied_twins()
    tape, x = Tape(), draw(4, 3)
    expected_x = leaf(x)
    built(expected_x).sum().backward()
    grad_x = defined.backward(np.ones_like(defined(x, tape)), tape)

    assert_equal(expected_x.grad, grad_x)
    assert_same_gradients(built, defined, tape)


@pytest.mark.parametrize(
    "change",
    [
        lambda module: module.float().double(),
        lambda module: copy.deepcopy(module),
        lambda module: module.load_state_dict(module.state_dict()) and module,
    ],
    ids=["converted", "copied", "loaded"],
)
def test_a_parameter_of_two_modules_stays_one(change):
    for tied in tied_twins():
        module = change(tied)

        assert module.W_key.weight is module.W_query.weight
        assert "W_key.weight" in module.state_dict()
        assert "W_key.weight" not in dict(module.named_parameters())


# Errors


def test_backward_in_the_wrong_order_names_both_modules():
    attention, linear, tape = reference.SelfAttentionV1(2, 2), Linear(2, 2), Tape()
    output = linear(attention(draw(3, 2), tape), tape)

    with pytest.raises(RuntimeError, match=r"SelfAttentionV1\b.*\bLinear\b"):
        attention.backward(np.ones_like(output), tape)
    grad_context = linear.backward(np.ones_like(output), tape)
    with pytest.raises(RuntimeError, match=r"Linear\b.*\bSelfAttentionV1\b"):
        linear.backward(np.ones_like(output), tape)
    attention.backward(grad_context, tape)


@pytest.mark.parametrize("variant", VARIANTS)
def test_backward_in_the_wrong_order_is_an_error_in_one_class_too(variant):
    first, second, tape = twins(variant)[0], twins(variant)[0], Tape()
    output = second(first(draw(4, 3), tape), tape)

    with pytest.raises(RuntimeError, match=r"backward of \w+, but the tape has \w+ on"):
        first.backward(output, tape)


@pytest.mark.parametrize("variant", VARIANTS)
def test_backward_twice_is_an_error(variant):
    defined, tape = twins(variant)[0], Tape()
    output = defined(draw(4, 3), tape)
    defined.backward(output, tape)

    with pytest.raises(RuntimeError, match="the tape has nothing on top"):
        defined.backward(output, tape)


@pytest.mark.parametrize("variant", VARIANTS)
def test_backward_after_a_forward_without_a_tape_is_an_error(variant):
    defined = twins(variant)[0]
    output = defined(draw(4, 3))

    for tape in [Tape(), NO_TAPE]:
        with pytest.raises(RuntimeError, match="the tape has nothing on top"):
            defined.backward(output, tape)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_gradient_of_another_form_is_an_error_and_the_tape_still_usable(variant):
    defined, built = twins(variant)
    tape, x = Tape(), draw(4, 3)
    expected_x = leaf(x)
    built(expected_x).sum().backward()
    right = np.ones_like(defined(x, tape))
    wrong = [right[None], right[:-1], right.astype(np.float32), right.astype(int)]
    wrong += [right.view(np.matrix), np.ma.array(right), right.tolist(), leaf(right)]

    for gradient in wrong:
        with pytest.raises(ValueError, match=r"must be float64\(4, 3\), got"):
            defined.backward(gradient, tape)
    assert_equal(expected_x.grad, defined.backward(right, tape))
    assert_same_gradients(built, defined, tape)


def test_a_parameter_that_backward_has_not_reached_has_no_gradient():
    layer = Linear(2, 1)

    with pytest.raises(KeyError, match=re.escape("['weight', 'bias']")):
        Tape().gradients(layer)


# What is changed between forward and backward


def add_one(module, name):
    """Change a parameter in place."""
    module.state_dict()[name][...] += 1


def load_other(module, name):
    """Load other numbers."""
    module.load_state_dict({name: module.state_dict()[name] + 1}, strict=False)


def replace(module, name, value=None):
    """Put another array in place of a parameter, or remove it."""
    path, _, last = name.rpartition(".")
    owner = dict(module.named_modules())[path]
    setattr(owner, last, value(getattr(owner, last)) if value else None)


CHANGES = {
    "in place": add_one,
    "loaded": load_other,
    "replaced": lambda module, name: replace(module, name, lambda old: old + 1),
    "converted": lambda module, name: module.float(),
    "removed": replace,
}
PARAMETERS = [
    (variant, name)
    for variant in VARIANTS
    for name in getattr(reference, variant)(*ARGUMENTS[variant]).state_dict()
]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(("variant", "name"), PARAMETERS)
def test_a_parameter_that_changed_since_forward_is_an_error(variant, name, change):
    defined, tape = twins(variant)[0], Tape()
    output = defined(draw(4, 3), tape)
    CHANGES[change](defined, name)

    named = name.rpartition(".")[2] if change != "converted" else ""
    with pytest.raises(RuntimeError, match=f"{named}.* changed between"):
        defined.backward(output, tape)


def test_a_parameter_that_was_added_since_forward_is_an_error():
    layer, tape = Linear(2, 2, bias=False), Tape()
    output = layer(draw(3, 2), tape)
    layer.bias = np.zeros(2)

    with pytest.raises(RuntimeError, match=r"bias.* changed between"):
        layer.backward(output, tape)


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_input_that_changed_since_forward_is_an_error(variant):
    defined, tape, x = twins(variant)[0], Tape(), draw(4, 3)
    output = defined(x, tape)
    x[0, 0] += 1

    with pytest.raises(RuntimeError, match=r"x.* changed between"):
        defined.backward(output, tape)


def test_ids_that_changed_since_forward_are_an_error():
    embed = reference.TokenAndPositionEmbedding(3, 2, context_length=4)
    tape, ids = Tape(), np.array([0, 1])
    output = embed(ids, tape)
    ids[0] = 2

    with pytest.raises(RuntimeError, match=r"ids.* changed between"):
        embed.backward(output, tape)


@pytest.mark.parametrize(("variant", "name"), PARAMETERS)
def test_a_parameter_replaced_by_equal_numbers_has_the_right_gradient(variant, name):
    defined, built = twins(variant)
    tape, x = Tape(), draw(4, 3)
    expected_x = leaf(x)
    built(expected_x).sum().backward()
    output = defined(x, tape)
    replace(defined, name, np.copy)

    assert_equal(expected_x.grad, defined.backward(np.ones_like(output), tape))
    assert_same_gradients(built, defined, tape)


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_changed_output_and_another_mode_change_no_gradient(variant):
    defined, built = twins(variant)
    tape, x = Tape(), draw(4, 3)
    expected_x = leaf(x)
    built(expected_x).sum().backward()
    output = defined(x, tape)
    output += 1
    defined.eval()

    assert_equal(expected_x.grad, defined.backward(np.ones_like(output), tape))
    assert_same_gradients(built, defined, tape)


@pytest.mark.parametrize("variant", ["CausalAttention", "MultiHeadAttention"])
def test_evaluation_after_forward_forgets_no_dropout(variant):
    defined, x = twins(variant)[0], draw(4, 3)
    defined.dropout, gradients = 0.5, []
    for is_evaluated in [False, True]:
        tape, defined.rng = Tape(), np.random.default_rng(0)
        output = defined.train()(x, tape)
        defined.train(not is_evaluated)
        gradients.append(defined.backward(np.ones_like(output), tape).tolist())

    assert gradients[0] == gradients[1]


# What is held


def held_bytes(call):
    """Measure the memory that is held after a call, beside what it returns."""
    call()  # what is made once is not counted
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    returned = call()
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return after - before - sum(array.nbytes for array in returned)


SMALL = 4096  # bytes of Python objects: less than an array of 64 tokens by 64
LONG = {
    "SimpleSelfAttention": (),
    "SelfAttentionV1": (16, 16),
    "SelfAttentionV2": (16, 16),
    "CausalAttention": (16, 16, 64, 0.5),
    "MultiHeadAttentionWrapper": (16, 16, 64, 0.5, 2),
    "MultiHeadAttention": (16, 16, 64, 0.5, 2),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_after_a_forward_without_a_tape_only_the_output_is_held(variant):
    module, x = getattr(reference, variant)(*LONG[variant]), draw(64, 16)

    assert held_bytes(lambda: [module(x)]) < SMALL


@pytest.mark.parametrize("variant", VARIANTS)
def test_a_forward_with_a_tape_holds_intermediate_arrays(variant):
    """The measure is not blind."""
    module, x, tape = getattr(reference, variant)(*LONG[variant]), draw(64, 16), Tape()

    assert held_bytes(lambda: [module(x, tape)]) > 8 * SMALL


@pytest.mark.parametrize("variant", VARIANTS)
def test_after_backward_a_tape_holds_gradients_only(variant):
    module, x, tapes = getattr(reference, variant)(*LONG[variant]), draw(64, 16), []

    def forward_and_backward():
        tape = Tape()
        tapes.append(tape)
        grad_x = module.backward(module(x, tape), tape)
        return [grad_x, *tape.gradients(module).values()]

    assert held_bytes(forward_and_backward) < 2 * SMALL


def test_a_tape_copies_what_is_added_to_it():
    layer, tape = Linear(1, 1, bias=False), Tape()
    gradient = np.ones((1, 1))
    tape.add_gradient(layer.weight, gradient)
    gradient[...] = 9.0

    assert tape.gradients(layer)["weight"].tolist() == [[1.0]]


def test_gradients_have_the_dtype_of_their_parameters():
    for variant, dtype in itertools.product(VARIANTS, [np.float32, np.float64]):
        defined, tape = twins(variant)[0].to(dtype), Tape()
        grad_x = defined.backward(defined(draw(4, 3).astype(dtype), tape), tape)

        assert grad_x.dtype == dtype
        assert {g.dtype for g in tape.gradients(defined).values()} <= {np.dtype(dtype)}


def test_dropout_in_a_model_uses_the_mask_of_its_own_forward():
    dropout, tape, x = Dropout(0.5, rng=np.random.default_rng(0)), Tape(), draw(9)
    first, second = dropout(x, tape), dropout(x, tape)

    assert (first != second).any()
    assert (dropout.backward(x, tape) == second).all()
    assert (dropout.backward(x, tape) == first).all()
