"""Properties of several heads."""

import numpy as np

from parity_tests.attention.changes import in_evaluation, with_parameters
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Case
from parity_tests.contract.implementation import OneBackend


def a_head_does_not_depend_on_the_parameters_of_others(
    run: OneBackend, case: Case
) -> Agreement:
    """Other parameters in all heads but the first change nothing in the first."""
    d_out = case.config["d_out"]
    in_others = [n for n in case.parameters if not n.startswith("heads.0.")]
    others = {name: 1 - case.parameters[name] for name in in_others}
    actual = run(with_parameters(case, others))[..., :d_out]
    return compare(run(case)[..., :d_out], actual)


def permuting_the_heads_permutes_their_channels(
    run: OneBackend, case: Case
) -> Agreement:
    """The channels of a head stand at the index of the head."""
    case = in_evaluation(case)
    num_heads, d_out = case.config["num_heads"], case.config["d_out"]
    backwards = np.arange(num_heads * d_out).reshape(num_heads, d_out)[::-1].ravel()
    reversed_heads = {}
    for name, array in case.parameters.items():
        _, head, rest = name.split(".", 2)
        reversed_heads[f"heads.{num_heads - 1 - int(head)}.{rest}"] = array
    expected = run(case)[..., backwards]
    return compare(expected, run(with_parameters(case, reversed_heads)))


def the_first_head_does_not_depend_on_the_projections_of_others(
    run: OneBackend, case: Case
) -> Agreement:
    """Other projections to all channels but the first head's leave that head."""
    head_dim = case.config["d_out"] // case.config["num_heads"]
    others = {}
    for name, array in case.parameters.items():
        if name.startswith("W_"):
            others[name] = 1 - array
            others[name][:head_dim] = array[:head_dim]
    expected, actual = (
        run.quantity("context", each)[..., :head_dim]
        for each in (case, with_parameters(case, others))
    )
    return compare(expected, actual)


def the_order_of_the_heads_does_not_matter_to_the_output(
    run: OneBackend, case: Case
) -> Agreement:
    """Heads may change places if the output projection reads them in the new order."""
    case = in_evaluation(case)
    num_heads, d_out = case.config["num_heads"], case.config["d_out"]
    backwards = np.arange(d_out).reshape(num_heads, -1)[::-1].ravel()
    reversed_heads = {
        name: array[:, backwards] if name == "out_proj.weight" else array[backwards]
        for name, array in case.parameters.items()
        if name != "out_proj.bias"
    }
    actual = run(with_parameters(case, reversed_heads))
    return compare(run(case), actual, run.rounding(case))
