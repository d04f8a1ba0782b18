"""Attention masks: predicates on a query and a key, combined by `&` and `|`.

Source: causal mask: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762; window:
        Beltagy et al. 2020, https://arxiv.org/abs/2004.05150; prefix: Raffel et al.
        2019, https://arxiv.org/abs/1910.10683; tree: Miao et al. 2023,
        https://arxiv.org/abs/2305.09781.
Twin:   torch_impl/attention/masks.py
"""

import numpy as np
from jaxtyping import Bool, Int

from reference.module import Module, check_sizes


class AttentionMask(Module):
    """(causal & window & chunk | prefix) & tree & document & padding; True = attends.

    `documents` has a number for each token: equal ones are of the same document, which
    stands in one run, and negative ones are padding, wherever that is. Positions count
    within a document, so window, chunk and prefix know nothing of padding.

    Differs from transformers, whose chunks begin at a fixed slot, and where resetting
    the positions and hiding other documents are two arguments that may disagree.

    One token of padding, then two documents of two tokens and of one.

    >>> AttentionMask()(np.array([-1, 0, 0, 1])).astype(int)
    array([[0, 0, 0, 0],
           [0, 1, 0, 0],
           [0, 1, 1, 0],
           [0, 0, 0, 1]])
    """

    def __init__(
        self,
        window: int | None = None,
        chunk: int | None = None,
        prefix: int | None = None,
    ):
        sizes = {"window": window, "chunk": chunk, "prefix": prefix}
        check_sizes(**{name: n for name, n in sizes.items() if n is not None})
        self.window, self.chunk, self.prefix = window, chunk, prefix

    def forward(
        self,
        documents: Int[np.ndarray, "*B S"],
        n_queries: int | None = None,
        parents: Int[np.ndarray, " N"] | None = None,
    ) -> Bool[np.ndarray, "*B T S"]:
        """Say for the last `n_queries` tokens which of all tokens they may attend to.

        With `parents`, the last N tokens are drafts that form a tree (`tree_mask`), and
        they are the queries; the position of a draft is its depth behind what is there.

        Raises:
            TypeError: numbers of documents or of parents are no integers.
            ValueError: there are more queries than tokens.
        """
        check_documents(documents, parents)
        n_keys = documents.shape[-1]
        n_queries = count_queries(n_keys, n_queries, parents)

        # 1. Positions: the index of a token within its own document.
        slots = np.arange(n_keys)
        begins = np.ones(documents.shape, dtype=bool)  # (*B, S)
        begins[..., 1:] = documents[..., 1:] != documents[..., :-1]
        first_slots = np.maximum.accumulate(np.where(begins, slots, 0), axis=-1)
        key_positions = slots - first_slots  # (*B, S)

        # 2. Tree: a draft stands behind its parent, and sees its ancestors alone.
        drafts_seen = np.ones((n_queries, n_keys), dtype=bool)  # (T, S)
        if parents is not None:
            n_behind = n_keys - n_queries
            drafts_seen[:, n_behind:] = tree_mask(parents)
            depths = drafts_seen[:, n_behind:].sum(axis=-1) - 1
            root_positions = key_positions[..., n_behind : n_behind + 1]
            key_positions[..., n_behind:] = root_positions + depths

        # 3. Queries: the last T tokens; every token is a key.
        query_positions = key_positions[..., n_keys - n_queries :]  # (*B, T)
        query_documents = documents[..., n_keys - n_queries :]  # (*B, T)

        # 4. Causal mask: a token attends to itself and to what comes before it.
        mask = causal_mask(query_positions, key_positions)  # (*B, T, S)

        # 5. Window: of these, to the last W.
        if self.window is not None:
            mask = mask & window_mask(query_positions, key_positions, self.window)

        # 6. Chunk: of these, to those in the same chunk of C.
        if self.chunk is not None:
            mask = mask & chunk_mask(query_positions, key_positions, self.chunk)

        # 7. Prefix: and to the first P tokens in any case.
        if self.prefix is not None:
            mask = mask | prefix_mask(key_positions, self.prefix)

        # 8. Documents: of all these, to no other document and to no padding.
        same_document = document_mask(query_documents, documents)  # (*B, T, S)
        mask = mask & drafts_seen & same_document & padding_mask(documents)
        return mask


def causal_mask(
    query_positions: Int[np.ndarray, "*B T"], key_positions: Int[np.ndarray, "*B S"]
) -> Bool[np.ndarray, "*B T S"]:
    """Let a query attend to keys at its own position and before.

    The last query and the last key stand at the same position if queries are the last
    of the tokens, and not the first: `query_positions = key_positions[-T:]`.

    >>> causal_mask(np.array([1, 2]), np.array([0, 1, 2])).astype(int)
    array([[1, 1, 0],
           [1, 1, 1]])
    """
    return key_positions[..., None, :] <= query_positions[..., None]


def window_mask(
    query_positions: Int[np.ndarray, "*B T"],
    key_positions: Int[np.ndarray, "*B S"],
    window: int,
) -> Bool[np.ndarray, "*B T S"]:
    """Hide keys that are `window` or more positions back: with it, W are left."""
    return key_positions[..., None, :] > query_positions[..., None] - window


def chunk_mask(
    query_positions: Int[np.ndarray, "*B T"],
    key_positions: Int[np.ndarray, "*B S"],
    chunk: int,
) -> Bool[np.ndarray, "*B T S"]:
    """Let a query attend to keys of its own chunk; chunks begin at position 0."""
    return key_positions[..., None, :] // chunk == query_positions[..., None] // chunk


def prefix_mask(
    key_positions: Int[np.ndarray, "*B S"], prefix: int
) -> Bool[np.ndarray, "*B 1 S"]:
    """Let every query attend to the first `prefix` tokens, also if they come later."""
    return key_positions[..., None, :] < prefix


def document_mask(
    query_documents: Int[np.ndarray, "*B T"], key_documents: Int[np.ndarray, "*B S"]
) -> Bool[np.ndarray, "*B T S"]:
    """Let a query attend to keys of its own document."""
    return key_documents[..., None, :] == query_documents[..., None]


def padding_mask(key_documents: Int[np.ndarray, "*B S"]) -> Bool[np.ndarray, "*B 1 S"]:
    """Hide padding, whose number of a document is negative."""
    return key_documents[..., None, :] >= 0


def tree_mask(parents: Int[np.ndarray, " N"]) -> Bool[np.ndarray, "N N"]:
    """Let every node attend to itself and to its ancestors.

    `parents` has the index of each node's parent, which comes before it; a root has -1.

    >>> tree_mask(np.array([-1, 0, 0, 2])).astype(int)  # 0 is above 1 and 2, 2 above 3
    array([[1, 0, 0, 0],
           [1, 1, 0, 0],
           [1, 0, 1, 0],
           [1, 0, 1, 1]])
    """
    ancestors = np.eye(len(parents), dtype=bool)
    for node, parent in enumerate(parents):
        if parent >= 0:
            ancestors[node] |= ancestors[parent]
    return ancestors


def check_documents(
    documents: Int[np.ndarray, "*B S"], parents: Int[np.ndarray, " N"] | None
) -> None:
    """Check that numbers of documents and of parents are integers."""
    for name, array in (("documents", documents), ("parents", parents)):
        if array is None and name == "parents":
            continue
        if not isinstance(array, np.ndarray):
            kind = type(array).__name__
            raise TypeError(f"{name} must be an array of this backend, got {kind}")
        if array.dtype.kind != "i":
            raise TypeError(f"{name} must hold integers, got {array.dtype}")


def count_queries(
    n_keys: int, n_queries: int | None, parents: Int[np.ndarray, " N"] | None
) -> int:
    """Count the queries: all tokens, the last ones, or the nodes of a tree."""
    if parents is not None:
        n_queries = len(parents)
    if n_queries is None:
        n_queries = n_keys
    if not 0 <= n_queries <= n_keys:
        raise ValueError(f"queries are the last of {n_keys} tokens, got {n_queries}")
    return n_queries
