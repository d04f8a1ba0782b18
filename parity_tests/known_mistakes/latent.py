"""Known mistakes of latent attention, expanded and absorbed."""

LATENT = r"""
latent-pairing: Halves turn together where neighbours should
    Many codes rotate halves, and DeepSeek's checkpoints have neighbours: parameters
    have to be permuted, or the pairs named. With two channels both are the same.
    Seen in huggingface/transformers#39687
@ __init__ in attention/latent*: "neighbours" → "halves"

latent-score-factor-ignored: The factor of scores is lost
    YaRN gives two: one for cosines and sines, and here one for whole scores. Without
    it attention is too flat, at every position but where one token sees itself alone.
    Seen in onnxruntime/mobius#548
@ Attention scores in attention/latent*: self.score_factor / → 1 /

latent-score-factor-root: The factor of scores is not squared
    Each of queries and keys gets the root; applied once, the root of it is left.
@ Attention scores in attention/latent*:
    self.score_factor / → math.sqrt(self.score_factor) /

latent-scale-of-content: Scores are divided by √D, not by √(D + R)
    A key is as wide as both of its parts.
@ Attention scores in attention/latent*:
    self.head_dim + self.rotary_dim → self.head_dim

latent-scale-of-latent: Scores are divided by the root of the width that keys have
    After absorption they are latents with a rotated key; the scale does not change.
@ Attention scores in attention/latent_absorbed:
    self.head_dim + self.rotary_dim → shared_latent.shape[-1] + self.rotary_dim

latent-eps-by-default: The norms of latents have an eps of their own
    The eps of the model is not passed on, and the default of the class is taken.
@ __init__ in attention/latent*:
    RMSNorm(query_rank, eps) → RMSNorm(query_rank)
    RMSNorm(latent_rank, eps) → RMSNorm(latent_rank)

latent-norm-forgotten: The latent is not normalized
    The norm of queries is there, that of keys and values is missing.
@ Latent in attention/latent*:
    self.latent_norm(self.W_latent(x, tape), tape) → self.W_latent(x, tape)

latent-query-norm-forgotten: The latent of queries is not normalized
    The paper's equations have no norms; they are in the text, and in the models.
@ Query latent in attention/latent*:
    self.query_norm(self.W_query_down(x, tape), tape) → self.W_query_down(x, tape)

latent-key-normed: The rotated key is normalized with the latent
    Both come out of one projection, and only the first part goes through the norm.
@ Latent in attention/latent*:
    - rotary_key = self.W_key_rotary(x, tape)
    + rotary_key = self.W_key_rotary(x, tape)
    + squares = (rotary_key * rotary_key).mean(axis=-1, keepdims=True)
    + rotary_key = rotary_key / np.sqrt(squares + self.latent_norm.eps)

latent-key-not-turned: The shared key is not turned
    Queries are, so a score depends on where the query is, and not on the distance.
@ Rotation in attention/latent*:
    self.rotate(shared_key, places, tape) → shared_key

latent-key-from-zero: The shared key turns as if positions counted from 0
    A cache holds it turned; where the offset is lost, only a first chunk is right.
@ Rotation in attention/latent*:
    self.rotate(shared_key, places, tape) → self.rotate(shared_key, None, tape)

latent-position-forgotten: Scores are those of the content alone
    The second product is missing, and no token knows where it is.
@ Attention scores in attention/latent*:
    (content_scores + position_scores) → content_scores

latent-queries-from-text: The part of queries that turns is made of another latent
    It is made of the normed one, as the content is.
@ Queries in attention/latent*:
    - self.W_query_rotary(query_latent, tape)
    + self.W_query_rotary(self.W_query_down(x), tape)

absorbed-heads-reversed: Each head absorbs the map of another
    The heads of a map are counted from the end.
@ Absorbed queries in attention/latent_absorbed:
    head_queries @ map_to_keys → head_queries @ map_to_keys[::-1]

absorbed-values-reversed: What a head averaged goes through the map of another
    The same slip behind the softmax.
@ Context vectors in attention/latent_absorbed:
    map_to_values.mT → map_to_values[::-1].mT

absorbed-latent-not-normed: The values are latents before their norm
    Keys have the normed latent; a cache that holds both forms hands out the other one.
@ Averaged latents in attention/latent_absorbed:
    - attn_weights @ shared_latent
    + attn_weights @ self.W_latent(x)[..., None, :, :]

latent-shared-key-gradient: The shared key has the gradient of the first head
    All heads use it, and their gradients add up.
@ backward in attention/latent:
    - grad_turned_key = of_heads.sum(axis=-3, keepdims=True)
    + grad_turned_key = of_heads[..., :1, :, :]
@ backward in attention/latent_absorbed:
    .turned_queries).sum(-3, keepdims=True) → .turned_queries)[..., :1, :, :]

absorbed-latent-gradient-of-values: The latent has no gradient from the scores
    It is key and value at once: as a key it is forgotten.
@ backward in attention/latent_absorbed:
    (of_values + of_keys).sum → of_values.sum
"""
