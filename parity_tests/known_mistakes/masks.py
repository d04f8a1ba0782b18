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
"""
