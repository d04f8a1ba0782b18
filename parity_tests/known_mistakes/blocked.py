"""Known mistakes of attention in blocks: the online softmax, and partial results."""

BLOCKED = r"""
online-output-not-rescaled: Only the sum of exponentials shrinks to the new maximum
    What was summed up of the values does not. Right where the first block has the
    largest score of every row.
@ Rescale in attention/blocked:
    - row_sum *= rescale
    - weighted_sum *= rescale
    + row_sum *= rescale

online-sum-not-rescaled: Only the sum of values shrinks to the new maximum
    Then its divisor is too large, and the log-sum-exp as well.
@ Rescale in attention/blocked:
    - row_sum *= rescale
    - weighted_sum *= rescale
    + weighted_sum *= rescale

online-first-block-hidden: A first block that is hidden whole gives NaN
    The maximum so far is -inf, and exp(-inf - (-inf)) is no number. It happens with
    padding on the left, and with a window behind the first block.
    Seen in pytorch/pytorch#127055, flashinfer-ai/flashinfer#4451
@ Maximum in attention/blocked: np.where(np.isfinite(new_max), new_max, 0) → new_max

online-maximum-from-zero: The maximum so far begins at a finite number
    Scores far below it all become 0, and so does the output; with -5e4 instead of 0 it
    takes larger queries to see it.
    Seen in flashinfer-ai/flashinfer#4267
@ forward in attention/blocked: queries, -np.inf, shape=one → queries, 0, shape=one

online-maximum-not-carried: The maximum so far is never replaced by the new one
    So the next block takes what was summed up before for sums below -inf: nothing.
@ Sums in attention/blocked: row_max[...] = new_max →

block-maximum: A block subtracts its own maximum, not the largest so far
    Where the next block has smaller scores the sums so far grow, until they overflow.
@ Maximum in attention/blocked:
    - np.maximum(row_max, masked_scores.max(axis=-1, keepdims=True))
    + masked_scores.max(axis=-1, keepdims=True)

causal-by-block: A block is causal as a whole, or not at all
    Blocks after the query's are left out; within its own the query sees the future.
@ blocks in attention/blocked:
    last_column > row + behind + 1 → last_column > last_row + behind

causal-block-top-left: The diagonal of a block counts from the first key
    Of T queries and S keys the last query sees all keys. Blocks are chosen by that, and
    the mask of a block on the diagonal is not.
    Seen in pytorch/pytorch#103082, Dao-AILab/flash-attention#20
@ blocks in attention/blocked: row + behind - column → row - column

delta-missing: The gradient of a block knows nothing of the sum over the row
    ds = w dw, without - Σ w dw: the softmax is taken for a product of exponentials.
@ take_in_block_backward in attention/blocked:
    (grad_attn_weights - delta) → grad_attn_weights

delta-of-a-block: The sum over the row is taken over the block alone
    Right where all keys are in one block, which is where it is first tried.
@ take_in_block_backward in attention/blocked:
    - grad_attn_scores = attn_weights * (grad_attn_weights - delta)
    + weighted = attn_weights * grad_attn_weights
    + of_block = weighted.sum(axis=-1, keepdims=True)
    + grad_attn_scores = weighted - attn_weights * of_block

backward-of-an-empty-row: A query that sees no key has a gradient of NaN
    Its log-sum-exp is -inf, and so are its scores: their difference is no number. More
    queries than keys are enough for it.
    Seen in Dao-AILab/flash-attention#443
@ take_in_block_backward in attention/blocked:
    np.where(np.isfinite(log_sum_exp), log_sum_exp, 0) → log_sum_exp

log-sum-exp-in-base-2: The log-sum-exp is a logarithm to the base 2
    Kernels count in powers of two, and some hand that out. Whoever merges with exp
    weighs the parts wrongly, or has wrong weights in the backward pass.
    Seen in sgl-project/sglang#35045, pytorch/pytorch#181645
@ Log-sum-exp in attention/blocked:
    - row_max + np.log(row_sum)
    + (row_max + np.log(row_sum)) / math.log(2)
    caught by gradients

log-sum-exp-without-maximum: The maximum is not added to the logarithm
    What was subtracted from all scores is missing. Parts that had other maxima cannot
    be merged by it.
@ Log-sum-exp in attention/blocked: row_max + np.log → 0 * row_sum + np.log
    caught by gradients

merge-adds-logarithms: The log-sum-exp of two parts is the sum of theirs
    That would be the logarithm of a product.
    Seen in zhuzilin/ring-flash-attention#20
@ merge in attention/blocked: np.logaddexp.reduce → np.add.reduce
    caught by property: partial results merge by their log sum exp

merge-averages: Partial results are averaged evenly
    Each part was divided by its own sum of exponentials, and they are not equal.
@ merge in attention/blocked:
    - shares = np.exp(log_sum_exps - subtracted)[..., None]
    + shares = np.ones_like(log_sum_exps)[..., None] / len(log_sum_exps)
    caught by property: partial results merge by their log sum exp
"""
