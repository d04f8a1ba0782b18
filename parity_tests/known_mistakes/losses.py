"""Known mistakes in losses."""

LOSSES = r"""
loss-no-shift: Exponentials without the maximum taken off
    `log(sum(exp(logits)))` as it stands in the formula: infinite as soon as a logit is
    above 709 in float64, or 88 in float32.
@ Log-sum-exp: logits - logits.max(axis=-1, keepdims=True) → logits - 0.0

loss-probability-then-log: The logarithm of a probability that has become 0
    Softmax first, and its logarithm afterwards: what is below the smallest number is
    log 0. PyTorch's function takes logits for this reason.
@ Token losses in losses/*:
    log_sum_exp - target_logits → -np.log(np.exp(target_logits - log_sum_exp))

loss-ignored-in-mean: Ignored tokens count in the mean
    Their losses are zeros, and the sum is divided by the number of all tokens: a text
    with much padding seems to be learned well.
@ Mean in losses/*: int(counted.sum()) → counted.size

loss-mean-of-means: Mean of the means of texts, not of tokens
    Each text, or each micro-batch of an accumulated gradient, is averaged by itself:
    a token in a short one then weighs more.
    Seen in huggingface/transformers#34191, huggingface/transformers#35438
@ Mean in losses/*:
    - loss = token_losses.sum() / int(counted.sum())
    + loss = (token_losses.sum(axis=-1) / counted.sum(axis=-1)).mean()

loss-sum-for-mean: The losses are summed, not averaged
    The gradient then grows with the number of tokens, and so does the step.
@ Mean in losses/*: token_losses.sum() / int(counted.sum()) → token_losses.sum()

loss-base-two: The loss in bits
    A logarithm to base 2: off by a factor of ln 2, which no curve shows.
@ Log-sum-exp:
    - log_sum_exp = np.log(np.exp(shifted).sum(axis=-1))
    + log_sum_exp = np.log2(np.exp(shifted).sum(axis=-1))

loss-ignores-zero: Id 0 is taken for padding
    As with a tokenizer whose padding is id 0; here it is a token as any other.
@ check_targets: targets != ignore_index → (targets != ignore_index) & (targets != 0)

loss-targets-not-checked: A target outside of the vocabulary is taken
    NumPy counts a negative index from the end, without a word.
@ check_targets: if outside.size: → if False:
    caught by rejection: Target -1

loss-gradient-of-ignored: Ignored tokens have a gradient
    The loss leaves them out and the backward pass does not: padding is learned.
@ cross_entropy_backward: np.where(counted, share, 0.0) → np.where(True, share, 0.0)

loss-gradient-not-averaged: The gradient is not divided by the number of tokens
    The loss is a mean, and its gradient that of a sum.
@ cross_entropy_backward: grad_loss / max(int(counted.sum()), 1) → grad_loss * 1

loss-gradient-sign: The gradient points uphill
    One-hot less softmax: the loss grows with every step.
@ cross_entropy_backward: (probabilities - one_hot) → (one_hot - probabilities)
"""
