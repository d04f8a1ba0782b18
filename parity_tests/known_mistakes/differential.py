"""Known mistakes of differential attention."""

DIFFERENTIAL = r"""
diff-half-split-heads: The second half of the heads is subtracted from the first
    Both are then of different groups, and read different keys and values: the
    difference is no longer one of attention weights. With one group nothing is wrong
    but the order of the parameters. The authors' README marks it as the wrong way.
    Seen in https://github.com/microsoft/unilm/tree/master/Diff-Transformer/Diff-Transformer-V2
@ Difference in attention/differential:
    head_context[..., 0::2, :, :] → head_context[..., : self.num_heads, :, :]
    head_context[..., 1::2, :, :] → head_context[..., self.num_heads :, :, :]

diff-lambda-plain: λ goes without its sigmoid
    It may then be negative, and a difference becomes a sum.
@ Lambda in attention/differential:
    np.where(head_logits >= 0, 1, exps) / (1 + exps) → head_logits

diff-lambda-of-the-layer: λ is one number for the text, as in the first version
    The mean over tokens is taken for the number of each.
@ Lambda in attention/differential:
    - head_logits = lambda_logits.swapaxes(-2, -1)[..., None]
    + mean = 0 * lambda_logits + lambda_logits.mean(axis=-2, keepdims=True)
    + head_logits = mean.swapaxes(-2, -1)[..., None]

diff-lambda-heads-as-tokens: λ is reshaped, and not transposed, into heads
    Tokens and heads are mixed up wherever there are several of both.
@ Lambda in attention/differential:
    - lambda_logits.swapaxes(-2, -1)[..., None]
    + lambda_logits.reshape(*x.shape[:-2], self.num_heads, n_tokens, 1)

diff-first-minus-weighted: The first head is weighted, and the second is not
    λ a - b for a - λ b: with λ → -∞ nothing is left but the head that is noise.
@ Difference in attention/differential:
    even_context - lambdas * odd_context → lambdas * even_context - odd_context

diff-normalized: The difference is scaled by 1 - λ, as the first version did
    There a norm of each head follows; without it context vectors shrink.
@ Difference in attention/differential:
    - even_context - lambdas * odd_context
    + (1 - lambdas) * (even_context - lambdas * odd_context)

diff-lambda-gradient-sign: The gradient of λ has the sign of a sum
    λ stands behind a minus.
@ backward in attention/differential:
    -products.sum(axis=-1, keepdims=True) → products.sum(axis=-1, keepdims=True)

diff-heads-gradient-stacked: Gradients of both heads are put one behind the other
    First all even heads, then all odd ones: each gets that of another.
@ backward in attention/differential:
    - np.stack([grad_differences, grad_odd_context], axis=-3)
    + np.concatenate([grad_differences, grad_odd_context], axis=-3)
"""
