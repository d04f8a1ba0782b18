"""Properties of rotary position embedding."""

from dataclasses import replace
from math import pi

import numpy as np

from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.backend import REFERENCE
from parity_tests.contract.case import Array, Case
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.implementation import OneBackend
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.lockstep.backward import gradient_for
from parity_tests.positions.rotary_cases import places_of, plain, with_config


def turning(case: Case, **changes: object) -> Case:
    """Take a case whose angles are exact in binary, and whose vectors keep a length.

    Then an angle that is the sum of two is that to the last bit.
    """
    n_pairs = case.config["head_dim"] // 2
    head_dim = 2 * n_pairs
    powers = tuple(2.0**-i for i in range(n_pairs))
    config = {**plain(head_dim), "frequencies": powers}
    config |= {name: case.config[name] for name in ("theta", "pairing")}
    case = replace(case, config={**config, **changes})
    return case.with_inputs(x=case.inputs["x"][..., :head_dim])


def at_position_zero_nothing_turns(run: Implementation, case: Case) -> Agreement:
    """There cosines are 1 and sines 0."""
    case = with_config(case, attention_factor=1.0)
    case = case.with_inputs(positions=np.zeros(case.inputs["x"].shape[-2], int))
    return compare(case.inputs["x"], run(case), run.rounding(case))


def a_quarter_turn_takes_the_first_channel_to_the_second(
    run: Implementation, case: Case
) -> Agreement:
    """(1, 0) becomes (0, 1), not (0, -1): that is the direction of the rotation."""
    neighbours = case.config["pairing"] == "neighbours"
    config = plain(4, pairing=case.config["pairing"], frequencies=(pi / 2, 0.0))
    first = np.array([[1.0, 0, 0, 0]], case.dtype)
    second = np.roll(first, 1 if neighbours else 2, axis=-1)
    case = Case(config, {"x": first, "positions": np.array([1])})
    return compare(second, run(case), run.rounding(case))


def a_vector_keeps_its_length(run: Implementation, case: Case) -> Agreement:
    """A rotation does not stretch a pair, and so none of the vector."""
    case = with_config(case, attention_factor=1.0)
    before, after = (np.square(v).sum(axis=-1) for v in (case.inputs["x"], run(case)))
    size = 2 * np.sqrt(before.max(initial=0)) * case.inputs["x"].shape[-1]
    return compare(before, after, float(size * run.rounding(case)))


def turning_twice_is_turning_by_twice_the_angle(
    run: Implementation, case: Case
) -> Agreement:
    """Rotations add up."""
    case = turning(case)
    once = case.with_inputs(x=run(case), positions=places_of(case))
    twice = case.with_inputs(positions=2 * places_of(case))
    return compare(run(once), run(twice), run.rounding(case) + run.rounding(twice))


def scores_depend_on_the_distance_alone(run: Implementation, case: Case) -> Agreement:
    """R(p)ᵀ R(s) = R(s - p): moving all tokens changes no product of two of them."""
    case = turning(case, attention_factor=1.25).with_inputs(positions=None)
    moved = case.with_inputs(positions=places_of(case) + 11)
    here, there = run(case), run(moved)
    unit = 4 * run.rounding(case) * np.abs(case.inputs["x"]).max(initial=0)
    scores, expected = there @ there.mT, here @ here.mT
    return compare(expected, scores, float(unit * case.config["head_dim"]))


def each_token_turns_by_itself(run: Implementation, case: Case) -> Agreement:
    """The last token alone, at its position, gets what it gets in company."""
    alone = case.with_inputs(
        x=case.inputs["x"][..., -1:, :], positions=places_of(case)[..., -1:]
    )
    return compare(run(case)[..., -1:, :], run(alone), run.rounding(case))


def channels_of_no_pair_stay_as_they_are(run: Implementation, case: Case) -> Agreement:
    """To the last bit: they are copied."""
    if case.config["reading"] != "partial" or case.config["rotary_dim"] is None:
        return compare(0, 0)
    rest = slice(case.config["rotary_dim"], None)
    return compare(case.inputs["x"][..., rest], run(case)[..., rest])


def a_frequency_of_zero_is_no_rotation(run: Implementation, case: Case) -> Agreement:
    """Without rotation there is no position, wherever the token is."""
    n_pairs = case.config["head_dim"] // 2
    case = turning(case, frequencies=(0.0,) * n_pairs)
    return compare(case.inputs["x"], run(case), run.rounding(case))


def to_neighbours(array: Array, n_pairs: int) -> Array:
    """Let channels i and i + D/2 become 2i and 2i + 1; the rest stays."""
    turn, rest = array[..., : 2 * n_pairs], array[..., 2 * n_pairs :]
    order = np.arange(2 * n_pairs).reshape(2, n_pairs).T.ravel()
    return np.concatenate([turn[..., order], rest], axis=-1)


def halves_are_neighbours_of_permuted_channels(
    run: Implementation, case: Case
) -> Agreement:
    """So checkpoints convert by permuting rows of the projections."""
    config = case.config
    of_head = config["rotary_dim"] is None or config["reading"] == "proportional"
    n_pairs = config["head_dim" if of_head else "rotary_dim"] // 2
    halves = with_config(case, pairing="halves")
    permuted = to_neighbours(case.inputs["x"], n_pairs)
    case = with_config(case.with_inputs(x=permuted), pairing="neighbours")
    return compare(to_neighbours(run(halves), n_pairs), run(case), run.rounding(case))


def proportional_frequencies_of_all_channels_are_the_usual_ones(
    run: Implementation, case: Case
) -> Agreement:
    """Both readings of "all of it" are the same."""
    usual = turning(case, frequencies=None)
    proportional = with_config(usual, reading="proportional")
    return compare(run(usual), run(proportional))


def the_gradient_turns_back(run: OneBackend, case: Case) -> Agreement:
    """R(a)ᵀ = R(-a): the gradient is that of the output at negative positions."""
    grad_output = gradient_for(case, run.pair.call(REFERENCE, case))
    case = replace(case, grad_output=grad_output)
    back = case.with_inputs(x=grad_output, positions=-places_of(case))
    return compare(run(back), run.gradients(case)["x"], run.rounding(back))


PROPERTIES = (
    REPEATABLE,
    Property(at_position_zero_nothing_turns, for_all=True),
    Property(a_quarter_turn_takes_the_first_channel_to_the_second, for_all=True),
    Property(a_vector_keeps_its_length, for_all=True),
    Property(turning_twice_is_turning_by_twice_the_angle, for_all=True),
    Property(scores_depend_on_the_distance_alone, for_all=True),
    Property(each_token_turns_by_itself, for_all=True),
    Property(channels_of_no_pair_stay_as_they_are, for_all=True),
    Property(a_frequency_of_zero_is_no_rotation, for_all=True),
    Property(halves_are_neighbours_of_permuted_channels, for_all=True),
    Property(proportional_frequencies_of_all_channels_are_the_usual_ones, for_all=True),
    Property(the_gradient_turns_back),
    *GRADIENTS,
)
