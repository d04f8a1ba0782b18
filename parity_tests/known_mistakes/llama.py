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

llama-post-norm: Post-norm: the sum is normalized, not what attention gets
    As in the paper of 2017. With pre-norm parameters it runs, and writes nonsense.
@ First norm in blocks/llama_block: self.norm1(x, tape) → x
& First shortcut: x + attended → self.norm1(x + attended, tape)
& Second norm: self.norm2(after_attention, tape) → after_attention
& Second shortcut:
    after_attention + transformed → self.norm2(after_attention + transformed, tape)

llama-shortcut-of-the-norm: The first shortcut begins after the norm
    `x = norm1(x)` writes over what the shortcut needs.
@ First shortcut in blocks/llama_block: x + attended → attention_input + attended

llama-first-shortcut-forgotten: Attention has no shortcut
    What the embedding said is gone after one block.
@ First shortcut in blocks/llama_block: x + attended → attended

llama-second-shortcut-of-x: The second shortcut begins at x
    What attention added is lost but for what feed-forward makes of it.
@ Second shortcut in blocks/llama_block: after_attention + transformed → x + transformed

llama-final-norm-forgotten: The logits are of vectors that were not normalized
    The last norm is loaded and not called. Logits grow with the depth, and their order
    is often right.
@ Final norm in models/llama: self.norm(x, tape) → x

llama-one-block-less: The last block is left out
    A slice or a range that ends one too soon; the text stays fluent.
@ Blocks in models/llama:
    - zip(self.blocks, own, strict=True)
    + zip([*self.blocks][:-1], own, strict=False)

llama-one-cache-for-all: All blocks share the cache of the first
    Keys of one block lie behind those of another. Without caches nothing shows.
@ Blocks in models/llama: x = block(x, cache, tape) → x = block(x, own[0], tape)
    caught by property: any chunking of a text is one shot
"""
