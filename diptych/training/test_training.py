"""What is true of training on each backend, and of both together."""

import math
from dataclasses import replace
from itertools import pairwise, product

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from diptych.training.batches import Batches
from diptych.training.by_torch import TorchTrainer
from diptych.training.run import LIMIT, TRAINERS, Run
from diptych.training.state import initial_state, take_step
from diptych.training.tiny import TINY, tiny_batches
from parity_tests.contract.agreement import compare

EPS = np.finfo(np.float64).eps
CUTS = [
    [0, *(n for n, cut in enumerate(cuts, 1) if cut), 4]
    for cuts in product([False, True], repeat=3)
]


@pytest.fixture(params=[*TRAINERS])
def trainer(request):
    """Make a trainer of either backend, at its beginning."""
    return TRAINERS[request.param](TINY, initial_state(TINY))


def assert_agree(expected, actual):
    """Compare arrays by name; each may be off by some roundings of its largest."""
    assert expected.keys() == actual.keys()
    for name, right in expected.items():
        unit = 2 * EPS * np.abs(right).max()
        agreement = compare(right, actual[name], unit)
        assert agreement.holds, f"{name}: {agreement.reason}"


def test_the_loss_begins_at_ln_v(trainer):
    loss = trainer.backward(tiny_batches()[0])

    assert loss == pytest.approx(math.log(TINY.vocab_size), abs=0.05)


def test_one_batch_is_overfitted():
    recipe = replace(TINY, steps=60, peak=0.03)
    for make in TRAINERS.values():
        trainer, batch = make(recipe, initial_state(recipe)), tiny_batches()[0]
        losses = [take_step(trainer, batch) for _ in range(recipe.steps)]

        assert losses[-1] < 0.1 < losses[0]


@pytest.mark.parametrize("cuts", CUTS, ids=str)
def test_a_batch_in_any_cuts_gives_the_gradients_of_the_whole(trainer, cuts):
    inputs, targets = tiny_batches()[0]
    whole = trainer.backward((inputs, targets))
    expected = trainer.gradients()
    parts = [(inputs[a:b], targets[a:b]) for a, b in pairwise(cuts)]

    in_parts = trainer.backward(*parts)

    assert_agree({"loss": np.array(whole)}, {"loss": np.array(in_parts)})
    assert_agree(expected, trainer.gradients())


@pytest.mark.parametrize("rows", [[3, 1, 0, 2], [0, 1, 2, 3, 0, 1, 2, 3]])
def test_neither_order_nor_copies_of_texts_change_gradients(trainer, rows):
    inputs, targets = tiny_batches()[0]
    trainer.backward((inputs, targets))
    expected = trainer.gradients()

    trainer.backward((inputs[rows], targets[rows]))

    assert_agree(expected, trainer.gradients())


def test_the_tied_table_gets_the_gradients_of_embedding_and_head(trainer):
    inputs, targets = tiny_batches()[0]
    trainer.backward((inputs, targets))
    model, normed = TorchTrainer(TINY, initial_state(TINY)).model, []
    model.norm.register_forward_hook(lambda *call: normed.append(call[-1]))
    model(torch.from_numpy(inputs))
    table = model.embedding.token_embedding.weight
    head = table.detach().clone().requires_grad_()
    logits = F.linear(normed[0], head)  # a head of its own
    F.cross_entropy(
        logits.flatten(0, 1), torch.from_numpy(targets).flatten()
    ).backward()

    name = "embedding.token_embedding.weight"
    both = {name: (table.grad + head.grad).numpy()}
    assert table.grad.abs().max() > 0 < head.grad.abs().max()
    assert_agree(both, {name: trainer.gradients()[name]})


def test_the_curves_are_equal_over_20_steps():
    run = Run.begin(TINY, [*TRAINERS])

    assert [*run.steps(tiny_batches())] == [*range(1, 21)]
    assert max(run.differences) <= LIMIT
    assert run.losses["numpy"][-1] < run.losses["numpy"][0] - 0.1


def test_batches_have_every_window_once_an_epoch_in_a_new_order():
    batches = Batches(np.arange(400), TINY)
    n = len(batches)
    epochs = [
        [row.tobytes() for number in numbers for row in batches[number][0]]
        for numbers in (range(n), range(n, 2 * n))
    ]

    assert len({*epochs[0]}) == len(epochs[0]) == n * TINY.batch_size
    assert epochs[0] != epochs[1]
    assert np.array_equal(batches[0][0][:, 1:], batches[0][1][:, :-1])
