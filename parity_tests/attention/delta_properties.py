"""Properties of pairs with the delta rule, whatever their decays are."""

import numpy as np

from parity_tests.attention.recurrence_properties import OF_ALL_RECURRENCES, tokens
from parity_tests.contract.agreement import Agreement, compare
from parity_tests.contract.case import Array, Case
from parity_tests.contract.property import Implementation, Property


def scale_of(case: Case) -> float:
    """Return what scores are multiplied by: 1/√D unless it is given."""
    return float(case.config["scale"] or 1 / np.sqrt(case.inputs["queries"].shape[-1]))


def without_decays(case: Case) -> Case:
    """Let nothing fade, if anything does."""
    if "log_decays" not in case.inputs:
        return case
    return case.with_inputs(log_decays=np.zeros_like(case.inputs["log_decays"]))


def with_orthonormal_keys(case: Case) -> Case:
    """Take as many tokens as keys have channels, with keys at right angles."""
    dim = case.inputs["queries"].shape[-1]
    case = without_decays(tokens(case, 0, dim))
    shape = case.inputs["keys"].shape
    drawn = case.stream("keys").normal(size=(*shape[:-2], dim, shape[-2]))
    keys = np.linalg.qr(drawn).Q.mT.astype(case.dtype)
    return case.with_inputs(keys=keys, betas=np.ones_like(case.inputs["betas"]))


def orthonormal_keys_recall_their_values(run: Implementation, case: Case) -> Agreement:
    """With β = 1 each overwrites its own, whatever was there, and no other's."""
    case = with_orthonormal_keys(case)
    read_again = case.inputs["keys"] @ run(case)[1]
    return compare(case.inputs["values"], read_again, 4 * run.rounding(case))


def what_a_key_of_norm_one_has_written_is_what_it_reads(
    run: Implementation, case: Case
) -> Agreement:
    """With β = 1 the error is corrected whole: the same key overwrites its value."""
    keys = np.zeros_like(case.inputs["keys"])
    keys[..., 0] = 1
    betas = np.ones_like(case.inputs["betas"])
    same = case.with_inputs(keys=keys, queries=keys, betas=betas)
    expected = scale_of(case) * case.inputs["values"]
    return compare(expected.astype(case.dtype), run(same)[0], run.rounding(same))


def a_beta_of_zero_writes_nothing(run: Implementation, case: Case) -> Agreement:
    """Keys and values have no influence then, and without decays the state stays."""
    silent = case.with_inputs(betas=np.zeros_like(case.inputs["betas"]))
    others = {name: 1 - case.inputs[name] for name in ("keys", "values")}
    agreement = compare([*run(silent)], [*run(silent.with_inputs(**others))])
    if not agreement.holds:
        return agreement
    return compare(case.inputs["state"], run(without_decays(silent))[1])


def half_a_beta_moves_half_the_way(run: Implementation, case: Case) -> Agreement:
    """The state is linear in the β of the last token."""
    betas = np.zeros_like(case.inputs["betas"])
    betas[..., -1:] = 1
    whole = case.with_inputs(betas=betas)
    half, none = (case.with_inputs(betas=share * betas) for share in (0.5, 0.0))
    middle = (run(whole)[1] + run(none)[1]) / 2
    return compare(middle, run(half)[1], 2 * run.rounding(whole))


def decay_sums(case: Case) -> Array:
    """Return the logarithm of what is left at each token of what was before all."""
    if "log_decays" not in case.inputs:
        return np.zeros((*case.inputs["betas"].shape, 1), np.longdouble)
    logs = case.inputs["log_decays"].astype(np.longdouble)
    if logs.ndim == case.inputs["betas"].ndim:
        logs = logs[..., None]
    return logs.cumsum(axis=-2)


def corrections_solve_a_triangular_system(run: Implementation, case: Case) -> Agreement:
    """(I + β ⊙ K Kᵀ ⊙ M, below the diagonal) U = β (V - faded K S), o = (Q Kᵀ ⊙ M) U.

    M has the decays between two tokens, in the system and in the weights.
    """
    names = ("queries", "keys", "values", "betas", "state")
    queries, keys, values, betas, state = (
        case.inputs[name].astype(np.longdouble) for name in names
    )
    sums, n_tokens = decay_sums(case), keys.shape[-2]
    gaps = sums[..., :, None, :] - sums[..., None, :, :]  # (*B, T, T, 1 or D)
    is_past = np.tri(n_tokens, dtype=bool)[..., None]
    left = np.exp(np.where(is_past, gaps, -np.inf))
    of_keys, of_queries = (
        (rows[..., :, None, :] * left * keys[..., None, :, :]).sum(axis=-1)
        for rows in (keys, queries)
    )
    right = betas[..., None] * (values - (np.exp(sums) * keys) @ state)
    solved = np.zeros_like(right)
    for t in range(n_tokens):
        known = of_keys[..., t : t + 1, :t] @ solved[..., :t, :]
        solved[..., t, :] = right[..., t, :] - betas[..., t, None] * known[..., 0, :]
    context = of_queries @ solved + (np.exp(sums) * queries) @ state
    expected = np.longdouble(scale_of(case)) * context
    return compare(expected.astype(case.dtype), run(case)[0], run.rounding(case))


OF_ALL_DELTA_RULES = (
    *OF_ALL_RECURRENCES,
    Property(orthonormal_keys_recall_their_values, for_all=True),
    Property(what_a_key_of_norm_one_has_written_is_what_it_reads),
    Property(a_beta_of_zero_writes_nothing, for_all=True),
    Property(half_a_beta_moves_half_the_way),
    Property(corrections_solve_a_triangular_system, for_all=True),
)
