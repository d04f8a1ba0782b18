"""Known mistakes of attention with query-key norm."""

QUERY_KEY_NORM = r"""
qk-norm-after-rope: The norm comes after the rotation
    Without a gain nothing shows, and fresh parameters have a gain of one. A gain that
    differs between the channels of a pair does not commute with their rotation.
@ Rotation in attention/query_key_norm:
    - self.rotate(normed_queries, places, tape)
    + self.query_norm(self.rotate(head_queries, places, tape), tape)
    - self.rotate(normed_keys, places, tape)
    + self.key_norm(self.rotate(group_keys, places, tape), tape)

qk-norm-over-width: The norm is over the channels of all heads
    OLMo 2 means that, and has a gain of all channels; Qwen3 normalizes each head. One
    head, or heads of equal length, do not show it.
@ Query-key norm in attention/query_key_norm:
    - normed_queries = self.query_norm(head_queries, tape)
    + squares = (head_queries * head_queries).mean(axis=(-3, -1), keepdims=True)
    + normed_queries = head_queries / np.sqrt(squares + self.query_norm.eps)
    + normed_queries = normed_queries * self.query_norm.weight
    - normed_keys = self.key_norm(group_keys, tape)
    + squares = (group_keys * group_keys).mean(axis=(-3, -1), keepdims=True)
    + normed_keys = group_keys / np.sqrt(squares + self.key_norm.eps)
    + normed_keys = normed_keys * self.key_norm.weight

qk-norm-queries-only: Keys are not normalized
    One of two lines is missing: queries are as long as they should be.
@ Query-key norm in attention/query_key_norm:
    self.key_norm(group_keys, tape) → group_keys

qk-norm-shared: Queries and keys have the norm of queries
    One module serves both, and the gain of the keys is loaded and not used.
@ Query-key norm in attention/query_key_norm: self.key_norm( → self.query_norm(

qk-norm-on-values: Values are normalized as well
    All three are sent through one helper.
@ Query-key norm in attention/query_key_norm:
    - normed_keys = self.key_norm(group_keys, tape)
    + normed_keys = self.key_norm(group_keys, tape)
    + group_values = self.key_norm(group_values, tape)

qk-norm-key-bias-dropped: Keys get no bias, as if softmax cancelled it
    Without a norm it does, and Whisper leaves the bias out. A norm divides each key by
    its own length, and a rotation turns it: here a bias on the keys shows.
@ Projections in attention/query_key_norm:
    self.W_key(x, tape) → x @ self.W_key.weight.T

qk-norm-no-scale: Scores are not divided by √D, since lengths are normalized
    The paper has a learned factor in the place of 1/√D; Qwen3 keeps the division.
@ Attention scores in attention/query_key_norm:
    rotated_queries @ head_keys.mT * scale → rotated_queries @ head_keys.mT

qk-norm-keys-from-zero: Keys turn as if positions counted from 0
    Queries know where a continued text begins, and keys do not: all is right until a
    text does not begin at position 0.
@ Rotation in attention/query_key_norm:
    self.rotate(normed_keys, places, tape) → self.rotate(normed_keys, None, tape)

qk-norm-positions-of-heads: Positions of texts are taken for those of heads
    They broadcast from the right: with as many heads as texts no error says so.
@ Rotation in attention/query_key_norm:
    - positions[..., None, :]
    + positions if positions.ndim < 2 else positions[..., :1, None, :]

qk-norm-rotation-gradient: Gradients of keys turn as keys do, not back
    R for Rᵀ in the backward pass; at position 0 nothing shows.
@ backward in attention/query_key_norm:
    - grad_normed_keys = self.rotate.backward(grad_rotated_keys, tape)
    + self.rotate.backward(grad_rotated_keys, tape)
    + grad_normed_keys = self.rotate(grad_rotated_keys)
"""
