"""Known mistakes in backward passes: the output is right, its gradients are not."""

GRADIENTS = r"""
grad-ids-buffered: An id that came twice gets the gradient of its last place
    Gradients are assigned where they should be accumulated, and `grad[ids] += …` is no
    better: of equal ids NumPy adds the last and loses the rest.
@ backward:
    - np.add.at(grad_weight, saved.ids, grad_vectors)
    + grad_weight[saved.ids] += grad_vectors

grad-positions-averaged: Positions get the average over texts
    What was broadcast in the forward pass is summed in the backward pass.
@ backward: .sum(axis=texts) → .sum(axis=texts) / max(len(grad_input_embeddings), 1)

grad-positions-of-one-text: Positions get the gradient of the last text alone
    An assignment in a loop over texts where a sum is meant.
@ backward:
    - grad_input_embeddings.sum(axis=texts)
    + grad_input_embeddings[-1:].sum(axis=texts) if texts else grad_input_embeddings

grad-other-layout: The gradient is multiplied by the matrix as in the forward pass
    Not by its transpose; where the sizes did not fit, a reshape helped.
@ backward: @ self.W_key.T → @ self.W_key.reshape(-1, self.d_in)
@ backward: @ self.weight → @ self.weight.reshape(saved.x.shape[-1], -1).T

grad-bias-wrong-axis: The bias summed over channels instead of tokens
    All axes but the last are to be summed; the shape was then made to fit.
@ backward: grad_rows.sum(axis=0) → np.resize(grad_rows.sum(axis=1), self.bias.shape)

grad-averaged: The matrix gets the average over all tokens
    A loss is often a mean, and the mean is then taken twice.
@ backward: grad_rows.T @ rows → grad_rows.T @ rows / max(len(rows), 1)

grad-no-scale: The scale is missing in the backward pass
    Scores are scaled, so their gradients are.
@ backward: keys * saved.scale → keys

grad-keys-not-transposed: Keys get what belongs to queries
    A key gathers from the queries that attended to it: the transposed scores.
@ backward: grad_attn_scores.mT @ → grad_attn_scores @

grad-softmax-diagonal: Softmax taken for a function of one number
    The Jacobian is cut to its diagonal, w (1 - w), as if weights did not share a sum.
@ backward:
    - saved.attn_weights * (grad_attn_weights - weighted_mean)
    + saved.attn_weights * (1 - saved.attn_weights) * grad_attn_weights
@ softmax_backward: (grad_weights - weighted_mean) → (1 - weights) * grad_weights

grad-softmax-no-sum: The weighted mean is not subtracted
    Only w dw is left of the Jacobian of softmax, w (dw - Σ w dw).
@ backward: (grad_attn_weights - weighted_mean) → grad_attn_weights
@ softmax_backward: (grad_weights - weighted_mean) → grad_weights

grad-softmax-wrong-axis: The weighted mean taken over queries instead of keys
    The shapes fit, since scores are square.
@ backward: weighted.sum(axis=-1, → weighted.sum(axis=-2,
@ softmax_backward: .sum(axis=-1, → .sum(axis=-2,

grad-weights-detached: Queries and keys get no gradient
    A `detach` between scores and attention weights. The loss still falls: values learn.
@ backward:
    saved.attn_weights * (grad_attn_weights - weighted_mean) → 0 * saved.attn_weights
@ softmax_backward: weights * (grad_weights - weighted_mean) → 0 * weights

grad-dropout-forgotten: Dropped attention weights get a gradient
    Dropout is applied in the forward pass only.
@ backward: grad_dropped_weights * saved.keep * saved.keep_scale → grad_dropped_weights
@ backward: grad_dropped * saved.keep * saved.keep_scale → grad_dropped

grad-dropout-not-raised: The scale of dropout is missing in the backward pass
    The mask is remembered, the factor is not.
@ backward: * saved.keep * saved.keep_scale → * saved.keep

grad-values-undropped: Values get their gradient from attention weights before dropout
    The average was taken with the dropped ones.
@ backward: saved.dropped_weights.mT @ → saved.attn_weights.mT @

grad-mixture-not-transposed: Values get what they attended to, not what attended to them
    The transpose of the attention weights is forgotten.
@ backward: _weights.mT @ → _weights @

grad-heads-not-swapped: Heads put side by side without bringing their channels together
    A reshape straight from (B, H, T, D).
@ backward: grad_head_keys.swapaxes(-3, -2).reshape → grad_head_keys.reshape
@ split_heads_backward: grad_by_token.reshape( → grad_heads.reshape(
@ join_heads_backward: .swapaxes(-3, -2) → .reshape(heads.shape)

grad-heads-backwards: Each head gets the gradient of another
    The heads are gathered in one order and served in the other.
@ backward: zip(self.heads, grad_contexts, → zip(self.heads, grad_contexts[::-1],

grad-x-of-one-head: The input gets the gradient of one head alone
    An assignment in the loop where a sum is meant.
@ backward: np.sum(grad_xs, axis=0) → grad_xs[0]

grad-x-of-values-only: The input gets the gradient of its value alone
    A token is also a query and a key.
@ backward:
    grad_x = grad_x + self.W_key → self.W_key
    grad_x = grad_x + self.W_query → self.W_query
@ backward:
    - grad_x = grad_x + grad_keys @ self.W_key.T
    - grad_x = grad_x + grad_queries @ self.W_query.T

grad-x-scored-once: A token is a query and a key: one of the two is forgotten
    The product of x with itself is derived as if one factor were constant.
@ backward: grad_queries + grad_keys + grad_values → grad_queries + grad_values

grad-tape-forgotten: A layer runs without the tape
    `self.W_key(x)` gives the right keys, and saves nothing to go backward from.
@ Projections: self.W_key(x, tape) → self.W_key(x)
    caught by gradients

grad-order-of-forward: The backward pass takes layers in the order of the forward pass
    A tape is a stack: what was saved last is on top. The calls were copied.
@ backward:
    self.W_value.backward(grad_values, tape) → self.W_query.backward(grad_queries, tape)
    self.W_query.backward(grad_queries, tape) → self.W_value.backward(grad_values, tape)
"""
