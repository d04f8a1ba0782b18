"""What variants of attention share whose tokens have positions: they turn by them."""

import zlib
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from hypothesis import strategies as st

from parity_tests.attention import gradient_properties, properties
from parity_tests.attention.cases import attention_cases
from parity_tests.attention.changes import in_evaluation, with_config
from parity_tests.attention.examples import COMMENTS, SKETCHES, filled
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.example import Example
from parity_tests.contract.gradient_properties import GRADIENTS
from parity_tests.contract.patterns import numbers
from parity_tests.contract.probe import Probe
from parity_tests.contract.property import REPEATABLE, Implementation, Property
from parity_tests.contract.rejection import Rejection
from parity_tests.contract.strategies import parameters_of
from parity_tests.positions.rotary_cases import FAR, KINDS, drawn_positions, places_of
from parity_tests.primitives.properties import the_output_has_the_dtype_of_the_input

THETAS = (10_000.0, 100.0, 1e6)
ODD = ("narrow-heads", "too-long")  # heads of one channel have nothing to turn


@st.composite
def positioned_cases(
    draw: st.DrawFn, path: str, configs: st.SearchStrategy[dict[str, Any]]
) -> Case:
    """Draw a text, and the positions that its tokens have, or none."""
    case = draw(attention_cases(path, configs))
    shape, kind = case.inputs["x"].shape[:-1], draw(st.sampled_from(KINDS))
    positions = drawn_positions(kind, shape[:-1], shape[-1], case.seed)
    return case.with_inputs(positions=positions)


def counted(case: Case) -> Case:
    """Let positions count from 0."""
    return case.with_inputs(positions=None)


def texts_of_a_batch_do_not_influence_each_other(
    run: Implementation, case: Case
) -> Agreement:
    """A text has the same context vectors alone and in a batch of any shape."""
    return properties.texts_of_a_batch_do_not_influence_each_other(run, counted(case))


def a_prefix_has_what_it_has_in_the_whole_text(
    run: Implementation, case: Case
) -> Agreement:
    """Cutting off what follows changes nothing for what is left."""
    length = properties.prefix_length(case)
    prefix = case.with_inputs(
        x=case.inputs["x"][..., :length, :], positions=places_of(case)[..., :length]
    )
    return compare(run(case)[..., :length, :], run(prefix), run.rounding(case))


def earlier_tokens_may_change_places_and_keep_their_positions(
    run: Implementation, case: Case
) -> Agreement:
    """To the last token: where a token is in the text, its position alone tells."""
    x, places = in_evaluation(case).inputs["x"], places_of(case)
    order = np.arange(x.shape[-2])
    case.stream("order").shuffle(order[:-1])
    moved = case.with_inputs(x=x[..., order, :], positions=places[..., order])
    return compare(run(case)[..., -1:, :], run(moved)[..., -1:, :], run.rounding(case))


def exact_angles(case: Case, n_pairs: int) -> Case:
    """Let frequencies be 1, 1/2, 1/4, …: then an angle has no rounding."""
    return with_config(counted(case), theta=2.0**n_pairs)


def moved_by_eleven(run: Implementation, case: Case) -> Agreement:
    """Compare a text with the same one 11 positions later."""
    later = case.with_inputs(positions=places_of(case) + 11)
    unit = run.rounding(case) + run.rounding(later)
    return compare(run(case), run(later), unit)


def of_positions(cases: st.SearchStrategy[Case]) -> tuple[Property, ...]:
    """List what every such variant has, whose cases these are."""
    first, second = gradient_properties.OF_ALL[-1], gradient_properties.CAUSAL[-2]
    return (
        Property(texts_of_a_batch_do_not_influence_each_other, for_all=True),
        REPEATABLE,
        Property(the_output_has_the_dtype_of_the_input),
        Property(properties.later_tokens_do_not_influence_earlier_ones, for_all=True),
        Property(a_prefix_has_what_it_has_in_the_whole_text, for_all=True),
        Property(
            earlier_tokens_may_change_places_and_keep_their_positions, for_all=True
        ),
        *GRADIENTS,
        Property(first.check, cases.map(counted)),
        second,
    )


def positioned_rejected(**config: Any) -> tuple[Rejection, ...]:
    """List which positions are rejected of a text of two tokens."""
    x = np.zeros((2, 3))
    fits = "positions must have shape (…, T) that broadcasts to (2,)"
    return tuple(
        Rejection(error, text, config, inputs={"x": x, "positions": positions})
        for error, text, positions in (
            (TypeError, "positions must be integers, got float64", np.zeros(2)),
            (TypeError, "positions must be an array of this backend, got list", [0, 1]),
            (ValueError, f"{fits}, got (3,)", np.arange(3)),
            (ValueError, f"{fits}, got (1, 2)", np.zeros((1, 2), int)),
        )
    )


def positioned_examples(path: str, **sizes: Any) -> Callable[[int], Iterator[Example]]:
    """Make the named cases of attention, and texts that begin elsewhere than at 0."""

    def examples(seed: int) -> Iterator[Example]:
        takes = {*sizes, "d_in", "qkv_bias"}
        for name, sketch in SKETCHES.items():
            if sketch.config.keys() <= takes and name not in ODD:
                own_seed = zlib.crc32(f"{seed}/{path}/{name}".encode())
                case = counted(filled(path, sketch, sizes, own_seed))
                yield Example(name, case, COMMENTS[name], (*sketch.flags.split(),))
        case = counted(filled(path, SKETCHES["batch"], sizes, seed))
        for name, comment, positions in (
            ("behind-others", "A text that is continued.", [7, 8, 9]),
            ("text-by-text", "Each text has its own.", [[0, 1, 2], [5, 0, FAR]]),
        ):
            own = case.with_inputs(positions=np.array(positions))
            yield Example(name, own, comment, ("LeadingAxes",))

    return examples


def positioned_probes(path: str, **config: Any) -> Callable[[int], Iterator[Probe]]:
    """Make texts around tiles, and some that begin elsewhere than at 0."""

    def probes(seed: int) -> Iterator[Probe]:
        for index, (n_tokens, kind) in enumerate(
            ((17, "none"), (33, "behind others"), (65, "text by text"), (1, "any"))
        ):
            dtype = (np.float32, np.float64)[index % 2]
            x = numbers("normal", (2, n_tokens, config["d_in"]), seed + index)
            inputs = {
                "x": x.astype(dtype),
                "positions": drawn_positions(kind, (2,), n_tokens, seed + index),
            }
            parameters = parameters_of(path, config, seed, dtype)
            rule = f"{n_tokens} tokens, positions: {kind}"
            yield Probe(rule, Case(config, inputs, parameters, seed=seed))

    return probes
