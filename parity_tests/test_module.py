"""What holds the reference's weights: named as in PyTorch, refused whole or taken."""

import numpy as np
import pytest

from parity_tests.refusal import refusal
from reference.module import Module, ModuleList


class Inner(Module):
    """One weight."""

    def __init__(self):
        self.weight = np.zeros(2)


class Outer(Module):
    """A weight of its own, and parts that have theirs."""

    def __init__(self):
        self.first = Inner()
        self.scale = np.ones(1)
        self.rest = ModuleList([Inner(), Inner()])
        self._derived = np.zeros(9)
        self._helper = Inner()


def state():
    return {
        "scale": np.array([1.0]),
        "first.weight": np.array([2.0, 3.0]),
        "rest.0.weight": np.array([4.0, 5.0]),
        "rest.1.weight": np.array([6.0, 7.0]),
    }


# Laws


def test_loading_and_reading_a_state_are_inverse():
    module = Outer()
    module.load_state_dict(state())

    assert module.state_dict().keys() == state().keys()
    for name, array in module.state_dict().items():
        assert array.tolist() == state()[name].tolist()


def test_a_loaded_module_shares_nothing_with_the_state():
    module, loaded = Outer(), state()
    module.load_state_dict(loaded)
    loaded["rest.1.weight"][0] = 9

    assert module.state_dict()["rest.1.weight"].tolist() == [6, 7]


@pytest.mark.parametrize("mode", [True, False])
def test_training_reaches_every_part(mode):
    module = Outer().train(not mode).train(mode)

    assert module.training is mode
    assert [part.training for part in module.rest] == [mode, mode]


def test_training_is_the_default_and_evaluation_is_not_training():
    assert Outer().training
    assert not Outer().eval().rest.training
    assert Outer().eval().train().training


def test_precision_reaches_every_part():
    module = Outer().float()

    assert {a.dtype for a in module.state_dict().values()} == {np.dtype("float32")}
    module.double()
    assert {a.dtype for a in module.state_dict().values()} == {np.dtype("float64")}


def test_whole_numbers_have_no_precision_to_change():
    module = Outer()
    module.scale = np.arange(3)

    assert module.float().scale.dtype == np.int64


def test_a_row_of_modules_has_their_number():
    assert [len(ModuleList([Inner()] * n)) for n in range(3)] == [0, 1, 2]


# Refusals


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (
            {"rest.1.weight": np.zeros(3)},
            (ValueError, "rest.1.weight has shape (2,), got (3,)"),
        ),
        ({"scale": [[1.0]]}, (ValueError, "scale has shape (1,), got (1, 1)")),
    ],
)
def test_a_shape_that_differs_is_refused_and_nothing_is_loaded(changed, expected):
    module = Outer()
    given_state = {**state(), **changed}

    assert refusal(lambda: module.load_state_dict(given_state)) == expected
    assert module.first.weight.tolist() == [0, 0]


def test_names_that_differ_are_refused_by_name():
    given_state = state()
    given_state["bias"] = given_state.pop("scale")
    given_state["rest.bias"] = given_state.pop("first.weight")
    expected = "missing ['first.weight', 'scale'], unknown ['bias', 'rest.bias']"
    error, message = refusal(lambda: Outer().load_state_dict(given_state))

    assert error is KeyError
    assert expected in message


@pytest.mark.parametrize("name", ["forward", "backward"])
def test_what_a_subclass_does_not_say_is_refused(name):
    with pytest.raises(NotImplementedError):
        getattr(Module(), name)(np.zeros(1))
