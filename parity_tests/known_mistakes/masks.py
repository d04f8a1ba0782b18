"""Known mistakes in masks, windows and caches."""

MASKS = r"""
documents-positions-only: Documents begin at position 0 and still see each other
    Packed documents get positions of their own, and no mask: causal attention goes on
    across the border. Resetting the positions changed nothing in a leak of 0.462.
    Seen in huggingface/nanoVLM#204, axolotl-ai-cloud/axolotl#1375,
    NVIDIA-NeMo/RL#2105
@ Documents in attention/masks: & drafts_seen & same_document & → & drafts_seen &

documents-mask-only: Documents do not see each other, and positions go on counting
    The mask isolates them, but the second document of a row begins where the first
    ended: what depends on positions, such as chunks and a prefix, is off.
    Seen in hiyouga/LLaMA-Factory#7318
@ Positions in attention/masks: slots - first_slots → slots - 0 * first_slots

chunk-slot-anchored: Chunks begin at a slot, not where the text does
    With padding on the left the borders of chunks move, and so does what is seen. In
    some indexers that is a documented limit, and the test of left padding is skipped.
    Seen in https://github.com/huggingface/transformers/blob/main/src/transformers/models/deepseek_v4/modeling_deepseek_v4.py
@ Chunk in attention/masks:
    - chunk_mask(query_positions, key_positions, self.chunk)
    + chunk_mask(slots[n_keys - n_queries :], slots, self.chunk)

mask-window-plus-one: A window of W lets W + 1 keys through
    `>=` for `>`: the token itself is not counted.
    Seen in huggingface/transformers#39408
@ window_mask in attention/masks: > query_positions → >= query_positions

mask-first-queries: The queries are taken for the first tokens
    Of a text that is continued the queries are the last tokens, and see what is before.
@ Queries in attention/masks:
    key_positions[..., n_keys - n_queries :] → key_positions[..., :n_queries]
    documents[..., n_keys - n_queries :] → documents[..., :n_queries]

prefix-without-border: A prefix reaches across documents
    The prefix is added after documents were separated, so all see that of the first.
@ Documents in attention/masks:
    - mask & drafts_seen & same_document & padding_mask(documents)
    + mask & drafts_seen & same_document & padding_mask(documents)
    + if self.prefix is not None:
    +     mask = mask | prefix_mask(key_positions, self.prefix)

tree-parent-only: A draft sees its parent, and no ancestor above it
    One row of the parents' matrix instead of its closure.
@ tree_mask in attention/masks:
    ancestors[node] |= ancestors[parent] → ancestors[node, parent] = True

tree-as-a-chain: Drafts of one branch see those of another
    All drafts are causal among each other, as a single draft would be.
@ Tree in attention/masks: tree_mask(parents) → np.tri(n_queries, dtype=bool)

tree-depth-by-index: The position of a draft is its index among the drafts
    It is the depth in the tree: two drafts for the same place have the same position.
@ Tree in attention/masks:
    drafts_seen[:, n_behind:].sum(axis=-1) - 1 → np.arange(n_queries)

padding-seen: Padding is seen by itself
    Padding has the number of a document, and nothing else hides it: its rows attend.
@ Documents in attention/masks: same_document & padding_mask(documents) → same_document

values-from-the-text: The values are those of the text, not of the memory
    Self-attention with one argument changed. Where both texts have one length and one
    width it runs: the memory is looked up, and what is found is the text itself.
@ Projections in attention/cross: self.W_value(memory, tape) → self.W_value(x, tape)

memory-causal: A causal mask over the memory
    Cross-attention is copied from self-attention with its mask. Early tokens then see
    the beginning of the memory alone; where it is one token long nothing shows.
@ Attention in attention/cross:
    head_mask = None → head_mask = np.tri(x.shape[-2], memory.shape[-2], dtype=bool)

mask-without-head-axis: The mask of each text is taken for that of a head
    A mask (B, T, S) broadcasts from the right, so its first axis meets the heads. With
    as many heads as texts, or with one text, no error says so.
@ Attention in attention/cross: np.broadcast_to(mask, shape)[..., None, :, :] → mask

empty-row-nan-gradient: NaN is replaced by zero after the softmax
    The output of a row that sees nothing is right, and its gradient is NaN: 0 · NaN.
    The row has to be made harmless before the softmax.
    Seen in pytorch/pytorch#103963
@ Softmax in attention/cross:
    np.where(np.isfinite(row_max), row_max, 0) → row_max
    exps / np.where(row_sum == 0, 1, row_sum) → exps / row_sum
& Context vectors:
    attn_weights @ values → np.nan_to_num(attn_weights) @ values
    caught by gradients

causal-top-left: The causal mask counts from the first key
    Of T queries and S keys, the last query sees all keys. Aligned at the top left, it
    sees the first T, as if nothing had been cached.
    Seen in pytorch/pytorch#103082, pytorch/pytorch#108108,
    Dao-AILab/flash-attention#20, ml-explore/mlx#2835
@ Causal mask in attention/cached:
    - np.arange(cache.longest) <= positions[:, None, :, None]
    + np.tri(n_tokens, cache.longest, dtype=bool)

cache-positions: The new tokens have the positions 0, 1, …
    The mask of a step with a cache is made as that of a step without: a token that is
    decoded sees the first token alone.
    Seen in pytorch/pytorch#108108, meta-llama/llama#899
@ Causal mask in attention/cached:
    offsets[:, None] + np.arange(n_tokens) → 0 * offsets[:, None] + np.arange(n_tokens)

cache-mask-forgotten-in-chunk: A chunk has no causal mask, since what is cached is past
    Right for one token at a time. Tokens of a longer chunk see each other's future, and
    a short text sees what is left in the slots behind it.
@ Causal mask in attention/cached: np.arange(cache.longest) <= → 0 <=

offset-after-advance: The offset is read after the cache has advanced
    A layer appends, and what reads the length then counts the chunk twice: queries
    stand T places too far. Layers that share keys and values met it: the logits of
    Gemma 3n were off by 1.5.
    Seen in ml-explore/mlx-lm#1396
@ Causal mask in attention/cached: offsets[:, None] + → cache.lengths[:, None] +

offset-aliased: The offset is an alias, and the cache advances it in place
    The length was read before the append, as it should be, and changed with it.
    Seen in ml-explore/mlx-lm#1699
@ append in attention/cached:
    self.lengths = self.lengths + n_tokens → self.lengths += n_tokens

cache-appends-at-longest: New tokens go behind the longest text of a batch
    Shorter texts then have a hole, which their queries see, and not their last tokens.
@ append in attention/cached:
    self.lengths[:, None] + → np.full_like(self.lengths[:, None], self.longest) +

cache-stale: The cache of an earlier text is used for the next
    The module keeps its cache, and nobody empties it between two texts.
    Seen in rasbt/LLMs-from-scratch#697, rasbt/LLMs-from-scratch#925
@ forward in attention/cached:
    - cache = self.make_cache(batch_size, n_tokens)
    + made = self.make_cache(batch_size, 99)
    + cache = vars(self).setdefault("cache", made)
    caught by property: without a cache nothing is remembered

rollback-drops-all: Taking a draft back empties the cache
    One token was rejected, and all that was cached before it is forgotten too.
    Seen in paiml/aprender#2014
@ truncate in attention/cached: self.lengths = lengths → self.lengths = 0 * lengths
    caught by property: drafts that are taken back were never there

shared-kv-stale: A reader gets keys and values of an earlier read
    What was read is remembered as long as the length is the same. It is the same after
    a draft was taken back and others were appended.
@ read in attention/cached:
    - return self.keys[:, :, : self.longest], self.values[:, :, : self.longest]
    + known = vars(self).setdefault("known", {})
    + keys, values = self.keys.copy(), self.values.copy()
    + found = keys[:, :, : self.longest], values[:, :, : self.longest]
    + return known.setdefault(self.longest, found)
    caught by property: drafts that are taken back were never there

reorder-keys-only: Texts are reordered, and their values are not
    One of two lines was changed. With one beam nothing shows.
@ reorder in attention/cached: self.values[texts] → self.values
    caught by property: texts may be reordered and copied

reorder-lengths-forgotten: Texts are reordered, and their lengths are not
    Where all texts are equally long nothing shows.
@ reorder in attention/cached: self.lengths[texts] → self.lengths
    caught by property: texts may be reordered and copied

window-plus-one: A window of W lets W + 1 keys through
    `>=` for `>`: the distance is compared, and the token itself is not counted.
    Seen in huggingface/transformers#39408, huggingface/transformers#29623
@ Window in attention/sliding_window:
    key_positions > query_positions → key_positions >= query_positions

window-both-sides: A causal window that also looks ahead
    Only the distance is looked at, in either direction.
    Seen in Dao-AILab/flash-attention#1133
@ Window in attention/sliding_window:
    key_positions <= query_positions → key_positions < query_positions + self.window

window-top-left: The window counts from the first key
    The queries are taken for the first T of S tokens, so a chunk that follows a cache
    sees what is W behind the beginning.
@ Window in attention/sliding_window:
    np.arange(n_keys - n_queries, n_keys) → np.arange(n_queries)

window-mask-replaces: The window takes the place of the mask
    Padding is hidden in global layers, and seen in those with a window.
@ Window in attention/sliding_window:
    window_mask if mask is None else window_mask & mask → window_mask

window-ring-prefill-overwrite: A long prompt is written into the ring before it is read
    All of it is written into W slots, then attention reads the slots: early queries
    find later keys in the place of their own, and see the future.
    Seen in Lightning-AI/litgpt#2182
@ Read in attention/sliding_window:
    - all_keys = np.concatenate([held_keys, keys], axis=-2)
    + rows = np.arange(n_tokens)
    + rows += (n_tokens - 1 - rows) // self.window * self.window
    + keys, values = keys[..., rows, :], values[..., rows, :]
    + all_keys = np.concatenate([held_keys, keys], axis=-2)
    caught by property: through a ring a text gives what it gives whole

ring-order: The slots are read from first to last
    Once the ring has wrapped, the oldest key is somewhere in the middle. What depends
    on positions, such as the window itself, takes new keys for old ones.
@ Order in attention/sliding_window:
    self.slots(self.length - n_held, self.length) → np.arange(n_held)
    caught by property: token by token a ring gives what the text gives whole

ring-start-index: The ring is read from slot `length % W` on, full or not
    That is the oldest slot only when the ring is full; before, it is empty.
    Seen in huggingface/transformers#47708
@ Order in attention/sliding_window:
    - self.slots(self.length - n_held, self.length)
    + self.slots(self.length, self.length + n_held)
    caught by property: token by token a ring gives what the text gives whole

ring-rolled-when-full: The ring is shifted by one at every step once it is full
    Slots are moved, and written by position all the same: both keep order, twice.
    Seen in huggingface/transformers#37574
@ Write in attention/sliding_window:
    - n_written = min(n_tokens, self.window)
    + if self.length >= self.window:
    +     self.keys = np.roll(self.keys, -1, axis=-2)
    + n_written = min(n_tokens, self.window)
    caught by property: token by token a ring gives what the text gives whole
"""
