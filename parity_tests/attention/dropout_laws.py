"""Laws of dropout on the weights of attention."""

import numpy as np

from parity_tests.agreement import Agreement, compare
from parity_tests.attention.changes import in_evaluation, in_training, with_config
from parity_tests.case import Case
from parity_tests.law import Law
from parity_tests.side import Side


def evaluation_ignores_dropout(side: Side, case: Case) -> Agreement:
    """In evaluation, attention with dropout is attention without it."""
    case = in_evaluation(case)
    none, half = (with_config(case, dropout=dropout) for dropout in (0.0, 0.5))
    return compare(side(none), side(half))


def dropping_everything_leaves_no_context(side: Side, case: Case) -> Agreement:
    """With a dropout of one, in training, every context is zero."""
    everything = in_training(with_config(case, dropout=1.0))
    context = side.quantity("context", everything)
    return compare(np.zeros_like(context), context)


def what_dropout_spares_is_scaled_up(side: Side, case: Case) -> Agreement:
    """Half the weights are dropped, so the others are doubled."""
    case = in_training(with_config(case, dropout=0.5))
    weights, kept = (side.quantity(name, case) for name in ("weights", "kept"))
    return compare(np.where(kept == 0, 0, 2 * weights), kept)


def dropping_everything_leaves_the_bias_of_the_output(
    side: Side, case: Case
) -> Agreement:
    """What the output projection adds does not pass through dropout."""
    actual = side(in_training(with_config(case, dropout=1.0)))
    return compare(np.broadcast_to(case.weights["out_proj.bias"], actual.shape), actual)


DROPPED = (
    Law(evaluation_ignores_dropout),
    Law(dropping_everything_leaves_no_context),
)
