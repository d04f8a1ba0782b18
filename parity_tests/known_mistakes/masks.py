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
@ tree_mask in attention/masks: |= ancestors[parent] → |= np.arange(len(parents)) == parent

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
@ Mask in attention/cross:
    head_mask = None → head_mask = np.tri(x.shape[-2], memory.shape[-2], dtype=bool)

mask-without-head-axis: The mask of each text is taken for that of a head
    A mask (B, T, S) broadcasts from the right, so its first axis meets the heads. With
    as many heads as texts, or with one text, no error says so.
@ Mask in attention/cross: np.broadcast_to(mask, shape)[..., None, :, :] → mask

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
"""
