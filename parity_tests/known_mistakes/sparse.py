"""Known mistakes of sparse attention and of its lightning indexer."""

SPARSE = r"""
sparse-relu-forgotten: Index scores are sums of products, without ReLU
    A product below zero then counts against a token, once for each head.
@ Index scores in attention/sparse: np.maximum(products, 0) → products

sparse-choice-before-mask: The k best of all tokens are chosen, and then masked
    Later tokens take places among the k: early queries see fewer tokens, or none.
@ Top k in attention/sparse: -masked_scores → -index_scores

sparse-last-of-ties: Of equal scores the highest position wins
    A sort that is turned around turns its ties around as well. Zeros are often equal.
@ Top k in attention/sparse:
    - order = np.argsort(-masked_scores, axis=-1, kind="stable")
    + order = np.argsort(masked_scores, axis=-1, kind="stable")[..., ::-1]

sparse-one-fewer: One token fewer is chosen
    The query's own token is counted apart, and is not added.
@ Top k in attention/sparse: : self.top_k] → : self.top_k - 1]

sparse-later-chosen: What is chosen is not masked again
    Where fewer than k tokens are up to a query's own, the rest are later ones: their
    scores are -inf, and they are the best of what is left.
@ Top k in attention/sparse: chosen & causal_mask → chosen

sparse-weights-not-used: Index scores are averaged over heads
    The weights are there, and all heads count the same.
    Seen in ml-explore/mlx-lm#1189
@ Index scores in attention/sparse:
    - (activations * head_weights).sum(axis=-3)
    + activations.mean(axis=-3)

sparse-not-renormalised: Softmax over all tokens, and then those not chosen are zeroed
    The weights of a row no longer sum to one.
@ Attention in attention/sparse:
    - head_context = self.attend(
    -     scaled_queries, both_keys, head_values, head_mask, tape
    - )
    + causal_mask = np.tri(x.shape[-2], dtype=bool)
    + scores = scaled_queries @ both_keys.mT / both_keys.shape[-1] ** 0.5
    + scores = np.where(causal_mask, scores, -np.inf)
    + exps = np.exp(scores - scores.max(axis=-1, keepdims=True, initial=-np.inf))
    + weights = exps / exps.sum(axis=-1, keepdims=True) * head_mask
    + head_context = weights @ head_values
    caught by agreement

sparse-not-sparse: The choice is not used
    A fallback to full attention: right for texts of up to k tokens.
    Seen in lablup/mlxcel#509
@ Attention in attention/sparse:
    mask[..., None, :, :] → np.tri(x.shape[-2], dtype=bool)

sparse-index-pairing: Neighbours turn together in the indexer
    In one model the two rotations differ: that of latent attention has neighbours, that
    of the indexer halves. DeepSeek's own demonstration had it wrong at first.
    Seen in sgl-project/sglang#13495, vllm-project/vllm#28968
@ __init__ in attention/sparse: "halves" → "neighbours"

sparse-index-not-turned: The indexer knows no positions
    Its queries and keys are left as they are.
    Seen in d9d-project/d9d#38
@ Rotation in attention/sparse:
    self.rotate(head_queries, places) → head_queries
    self.rotate(shared_key, places) → shared_key

sparse-index-from-zero: The index key turns as if positions counted from 0
    A cache holds it turned; where the offset is lost, only a first chunk is right.
@ Rotation in attention/sparse:
    self.rotate(shared_key, places) → self.rotate(shared_key, None)

sparse-index-key-not-normed: The index key is not normalized
    Long keys then win, and it is a layer norm, with a bias, not RMSNorm.
@ Index key in attention/sparse:
    self.index_norm(self.W_index_key(x)) → self.W_index_key(x)

sparse-index-heads: Index heads are split by a view alone
    A head then has pieces of adjacent tokens, the future included.
@ Index queries in attention/sparse:
    - by_head = (*x.shape[:-1], self.num_index_heads, self.index_dim)
    + by_head = (*x.shape[:-2], self.num_index_heads, x.shape[-2], self.index_dim)
    .swapaxes(-3, -2) →

sparse-factor-ignored: The factor of scores is lost
    YaRN gives two: one for cosines and sines, and here one for whole scores.
@ Joined parts in attention/sparse: both_queries * self.score_factor → both_queries

sparse-shared-key-gradient: The shared key has the gradient of the first head
    All heads use it, and their gradients add up.
@ backward in attention/sparse:
    - grad_turned_key = grad_of_heads.sum(axis=-3, keepdims=True)
    + grad_turned_key = grad_of_heads[..., :1, :, :]
"""
