"""Partial results: attention over disjoint sets of keys, merged by log-sum-exp.

Source: Rabe and Staats 2021, https://arxiv.org/abs/2112.05682.
Twin:   torch_impl/attention/partial_results.py
"""

import numpy as np
from jaxtyping import Float


def merge(
    contexts: Float[np.ndarray, "P *B T E"], log_sum_exps: Float[np.ndarray, "P *B T"]
) -> tuple[Float[np.ndarray, "*B T E"], Float[np.ndarray, "*B T"]]:
    """Merge P results over disjoint keys into one over all of them.

    So keys may be split among workers, or come one part after another.

    The first saw three times the exponentials of the second: 3/4 of 4, and 1/4 of 8.

    >>> contexts = np.array([[[4.0]], [[8.0]]])
    >>> context, log_sum_exp = merge(contexts, np.log([[3.0], [1.0]]))
    >>> context.round(9), np.exp(log_sum_exp).round(9)
    (array([[5.]]), array([4.]))
    """
    log_sum_exp = np.logaddexp.reduce(log_sum_exps, axis=0)
    subtracted = np.where(np.isfinite(log_sum_exp), log_sum_exp, 0)
    shares = np.exp(log_sum_exps - subtracted)[..., None]
    return (shares * contexts).sum(axis=0), log_sum_exp
