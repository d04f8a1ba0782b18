"""Known mistakes of Llama's attention, and of models that are built from it."""

LLAMA = r"""
positions-restart: A chunk is rotated as if it began the text
    Positions count from zero in each call. Prefill is right, decoding is wrong: every
    new token stands at position 0.
@ Positions in attention/llama:
    cache.lengths[:, None] → 0 * cache.lengths[:, None]

positions-of-the-longest: Every text goes on where the longest ends
    The cache knows one length. In a batch of texts of unequal length, all but the
    longest leave a gap, and see slots that are not theirs.
@ Positions in attention/llama:
    cache.lengths[:, None] → cache.longest + 0 * cache.lengths[:, None]

keys-cached-unrotated: Keys go into the cache before their rotation
    Those of this chunk are turned, in the cache they are not, and nobody turns them
    when they are read.
@ Cache in attention/llama: cache.append(rotated_keys → cache.append(group_keys

queries-unrotated: Queries are not rotated
    A score then depends on where the key is, and not on how far away.
@ Rotation in attention/llama:
    self.rotate(head_queries, places, tape) → head_queries

rotated-values: Values are rotated as well
    All three go through one helper. The output then turns with the position.
@ Rotation in attention/llama:
    - rotated_keys = self.rotate(group_keys, places, tape)
    + rotated_keys = self.rotate(group_keys, places, tape)
    + group_values = self.rotate(group_values, places)

rotation-other-pairing: Parameters of one pairing are rotated by the other
    GGUF files store the rows of queries and keys for neighbours, Hugging Face's for
    halves. In SmolLM2 the logits are off by 6.4, and Paris is still the capital.
@ Rotation in attention/llama:
    - rotated_queries = self.rotate(head_queries, places, tape)
    + self.rotate.first, self.rotate.second = {
    +     True: (slice(0, None, 2), slice(1, None, 2)),
    +     False: (slice(0, self.head_dim // 2), slice(self.head_dim // 2, None)),
    + }[self.rotate.first.step is None]
    + rotated_queries = self.rotate(head_queries, places, tape)

group-mask-by-token: The mask of a group repeats each token, not the text
    Rows of a group are head after head. Repeated token by token, a row has the mask of
    another; with one query head a group nothing shows.
@ Causal mask in attention/llama:
    np.tile(causal_mask, (group_size, 1)) → np.repeat(causal_mask, group_size, axis=-2)
"""
