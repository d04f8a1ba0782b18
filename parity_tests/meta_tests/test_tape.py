"""The tape: gradients are those of autograd, and what cannot be right is an error.

That one forward and one backward give the gradients of autograd is tested in every
pair's file. Here a module runs several times, and a caller changes something between
forward and backward: a parameter or the input (RuntimeError, which names it), or what
has no influence (the right gradient).
"""

import copy
import gc
import re
import tracemalloc

import numpy as np
import pytest
import torch

from parity_tests.meta_tests.modules import ATTENTION, EMBEDDING, draw, input_of, twins
from reference import NO_TAPE, Tape
from reference.primitives.dropout import Dropout
from reference.primitives.linear import Linear

every_variant = pytest.mark.parametrize("path", ATTENTION)


def tied():
    """Let queries and keys have one matrix, on both backends."""
    for module in (both := twins("attention/causal")):
        module.W_key.weight = module.W_query.weight
    return both


def autograd(built, x, grad=None):
    """Run PyTorch forward and backward; return the gradient of the input."""
    x = torch.tensor(x, requires_grad=True)
    output = built(x)
    output.backward(torch.ones_like(output) if grad is None else torch.tensor(grad))
    return x.grad


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


# Several forward passes, and several modules


@pytest.mark.parametrize("path", [*ATTENTION, "tied"])
def test_a_module_that_runs_twice_in_one_forward_has_both_gradients(path):
    defined, built = tied() if path == "tied" else twins(path)
    tape, x, grad = Tape(), draw(2, 4, 3), draw(2, 4, 3, seed=1)
    expected = autograd(lambda leaf: built(built(leaf)), x, grad)
    defined(defined(x, tape), tape)

    assert_equal(expected, defined.backward(defined.backward(grad, tape), tape))
    assert_same_gradients(built, defined, tape)


@pytest.mark.parametrize(
    ("tape_of", "order"), [((0, 0), (1, 0)), ((0, 1), (0, 1)), ((0, 1), (1, 0))]
)
@every_variant
def test_two_forwards_go_backward_in_reverse_or_on_two_tapes(path, tape_of, order):
    defined, built = twins(path)
    tapes, texts = [Tape(), Tape()], [draw(4, 3), draw(2, 5, 3, seed=1)]
    outputs = [defined(x, tapes[t]) for x, t in zip(texts, tape_of, strict=True)]
    actual = {i: defined.backward(outputs[i] ** 0, tapes[tape_of[i]]) for i in order}
    for number in {*tape_of}:
        built.zero_grad()
        for i in (i for i in order if tape_of[i] == number):
            assert_equal(autograd(built, texts[i]), actual[i])

        assert_same_gradients(built, defined, tapes[number])


def test_a_whole_model_goes_backward_module_by_module_in_reverse():
    (embed, built_embed), (attention, built) = map(twins, (EMBEDDING, ATTENTION[-1]))
    tape, ids, grad = Tape(), input_of(EMBEDDING), draw(2, 3, 3)
    built(built_embed(torch.tensor(ids))).backward(torch.tensor(grad))
    attention(embed(ids, tape), tape)

    assert embed.backward(attention.backward(grad, tape), tape) is None
    assert_same_gradients(built_embed, embed, tape)
    assert_same_gradients(built, attention, tape)


@pytest.mark.parametrize("change", ["converted", "copied", "loaded"])
def test_a_parameter_of_two_modules_stays_one(change):
    for module in tied():
        if change == "loaded":
            module.load_state_dict(module.state_dict())
        else:
            module = module.float() if change == "converted" else copy.deepcopy(module)

        assert module.W_key.weight is module.W_query.weight
        assert "W_key.weight" in module.state_dict()
        assert "W_key.weight" not in dict(module.named_parameters())


def test_dropout_in_a_model_uses_the_mask_of_its_own_forward():
    dropout, tape, x = Dropout(0.5, rng=np.random.default_rng(0)), Tape(), draw(9)
    first, second = dropout(x, tape), dropout(x, tape)

    assert (first != second).any()
    assert (dropout.backward(x, tape) == second).all()
    assert (dropout.backward(x, tape) == first).all()


# Errors


def last_part(module):
    """Name the module whose backward comes first in that of a module."""
    return type(getattr(module, "out_proj", module)).__name__ if module else "nothing"


@every_variant
def test_only_the_module_on_top_goes_backward_and_errors_name_both(path):
    chain, tape = [twins(path)[0], twins(path)[0], Linear(3, 3)], Tape()
    grad = draw(4, 3)
    for module in chain:
        module(module(grad), tape)  # the first is on no tape
    for top in [*reversed(chain), None]:
        for module in chain:
            on_top = f"the tape has {last_part(top)} on top"
            for other in [tape, *[NO_TAPE] * (top is None)]:
                if module is not top:
                    error = f"backward of {last_part(module)}, but {on_top}"
                    with pytest.raises(RuntimeError, match=error):
                        module.backward(grad, other)
        grad = top.backward(grad, tape) if top else grad


@every_variant
def test_a_gradient_of_another_form_is_an_error_and_the_tape_still_usable(path):
    defined, built = twins(path)
    tape, x = Tape(), draw(4, 3)
    right = np.ones_like(defined(x, tape))
    wrong = [right[None], right[:-1], right.astype(np.float32), right.astype(int)]
    wrong += [right.view(np.matrix), np.ma.array(right), right.tolist()]

    for gradient in [*wrong, torch.from_numpy(right)]:
        with pytest.raises(ValueError, match=r"must be float64\(4, 3\), got"):
            defined.backward(gradient, tape)
    assert_equal(autograd(built, x), defined.backward(right, tape))
    assert_same_gradients(built, defined, tape)


def test_a_parameter_that_backward_has_not_reached_has_no_gradient():
    with pytest.raises(KeyError, match=re.escape("['weight', 'bias']")):
        Tape().gradients(Linear(2, 1))


# What is changed between forward and backward


def change(module, name, to):
    """Put another array, or nothing, in place of a parameter."""
    owner, _, last = name.rpartition(".")
    owner = dict(module.named_modules())[owner]
    setattr(owner, last, to(getattr(owner, last)))


def in_place(array):
    """Change an array in place."""
    array[...] += 1
    return array


CHANGES = {
    "in place": lambda module, name: change(module, name, in_place),
    "loaded": lambda module, name: module.load_state_dict(
        {name: module.state_dict()[name] + 1}, strict=False
    ),
    "replaced": lambda module, name: change(module, name, lambda old: old + 1),
    "converted": lambda module, name: module.float(),
    "removed": lambda module, name: change(module, name, lambda old: None),
}
PARAMETERS = [
    (path, name) for path in ATTENTION for name in twins(path)[0].state_dict()
]


@pytest.mark.parametrize("kind", CHANGES)
@pytest.mark.parametrize(("path", "name"), PARAMETERS)
def test_a_parameter_that_changed_since_forward_is_an_error(path, name, kind):
    defined, tape = twins(path)[0], Tape()
    output = defined(draw(4, 3), tape)
    CHANGES[kind](defined, name)

    named = name.rpartition(".")[2] if kind != "converted" else ""
    with pytest.raises(RuntimeError, match=f"{named}.* changed between"):
        defined.backward(output, tape)


@pytest.mark.parametrize("path", [*ATTENTION, EMBEDDING, "bias"])
def test_an_input_that_changed_or_a_bias_that_was_added_is_an_error(path):
    defined = Linear(3, 3, bias=False) if path == "bias" else twins(path)[0]
    tape, argument = Tape(), input_of(path)
    output = defined(argument, tape)
    if path == "bias":
        defined.bias = np.zeros(3)
    else:
        argument[0, 0] += 1

    named = {EMBEDDING: "ids", "bias": "bias"}.get(path, "x")
    with pytest.raises(RuntimeError, match=f"{named}.* changed between"):
        defined.backward(output, tape)


@every_variant
def test_what_changes_nothing_that_was_saved_changes_no_gradient(path):
    """The output in place, the mode, and parameters replaced by equal numbers."""
    gradients = []
    for is_changed in [False, True]:
        defined, tape = twins(path, dropout=0.5)[0], Tape()
        for module in defined.modules():
            module.rng = np.random.default_rng(0)
        output = defined(draw(4, 3), tape)
        if is_changed:
            in_place(output)
            defined.eval()
            for name in defined.state_dict():
                change(defined, name, np.copy)
        grad_x = defined.backward(np.ones_like(output), tape)
        gradients.append([grad_x, *tape.gradients(defined).values()])

    for expected, actual in zip(*gradients, strict=True):
        assert actual.tolist() == expected.tolist()


# What is held


def held_bytes(call):
    """Measure the memory that is held after a call, beside what it returns.

    What other threads allocate meanwhile is counted too, so the least of three counts.
    """
    call()  # what is made once is not counted
    return min(held_once(call) for _ in range(3))


def held_once(call):
    """Measure it in one call."""
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    returned = call()
    gc.collect()
    after, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return after - before - sum(array.nbytes for array in returned)


@every_variant
def test_intermediate_arrays_are_held_from_forward_to_backward_only(path):
    sizes = {"d_in": 16, "d_out": 16, "context_length": 64, "dropout": 0.5}
    module, x = twins(path, num_heads=2, **sizes)[0], draw(64, 16)
    small = 4096  # bytes of Python objects: less than an array of 64 tokens by 64
    tapes = [Tape()]

    def forward_and_backward():
        tapes.append(Tape())
        grad_x = module.backward(module(x, tapes[-1]), tapes[-1])
        return [grad_x, *tapes[-1].gradients(module).values()]

    assert held_bytes(lambda: [module(x)]) < small
    assert held_bytes(lambda: [module(x, tapes[0])]) > 8 * small
    assert held_bytes(forward_and_backward) < 2 * small


def test_a_tape_copies_what_is_added_to_it():
    layer, tape = Linear(1, 1, bias=False), Tape()
    gradient = np.ones((1, 1))
    tape.add_gradient(layer.weight, gradient)
    in_place(gradient)

    assert tape.gradients(layer)["weight"].tolist() == [[1.0]]
