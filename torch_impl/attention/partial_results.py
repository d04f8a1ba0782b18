"""Partial results: attention over disjoint sets of keys, merged by log-sum-exp.

Source: Rabe and Staats 2021, https://arxiv.org/abs/2112.05682.
Twin:   reference/attention/partial_results.py
"""

import torch
from jaxtyping import Float
from torch import Tensor


def merge(
    contexts: Float[Tensor, "P *B T E"], log_sum_exps: Float[Tensor, "P *B T"]
) -> tuple[Float[Tensor, "*B T E"], Float[Tensor, "*B T"]]:
    """Merge P results over disjoint keys into one over all of them.

    So keys may be split among workers, or come one part after another.

    The first saw three times the exponentials of the second: 3/4 of 4, and 1/4 of 8.

    >>> contexts = torch.tensor([[[4.0]], [[8.0]]])
    >>> context, log_sum_exp = merge(contexts, torch.tensor([[3.0], [1.0]]).log())
    >>> context, log_sum_exp.exp()
    (tensor([[5.]]), tensor([4.]))
    """
    log_sum_exp = log_sum_exps.logsumexp(dim=0)
    subtracted = log_sum_exp.masked_fill(log_sum_exp == -torch.inf, 0)
    shares = (log_sum_exps - subtracted).exp().unsqueeze(-1)
    return (shares * contexts).sum(dim=0), log_sum_exp
