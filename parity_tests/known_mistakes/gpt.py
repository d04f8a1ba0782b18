"""Known mistakes in GPT: its embedding, its last norm and its tied head."""

GPT = r"""
gpt-final-norm-forgotten: No norm before the head
    The last block's sum goes to the head as it is. The logits grow with the depth, and
    generation still looks like text.
@ Final norm in models/gpt: self.norm(x, tape) → x

gpt-block-norm-for-final-norm: The last block's norm stands for the final one
    Fresh norms are all equal, so a test with fresh parameters passes.
@ Final norm in models/gpt: self.norm( → self.blocks[len(self.blocks) - 1].norm2(

gpt-embedding-not-dropped: Dropout of the embedding is forgotten
    GPT-2 has it in three places: here, in the attention weights, and in each block's
    two halves.
@ Dropout in models/gpt: self.drop_embedding(vectors, tape) → vectors

gpt-first-block-repeated: The first block runs in the place of all
    One block, called as often as there are blocks: names and sizes are right.
@ Blocks in models/gpt: x = block(x, tape) → x = self.blocks[0](x, tape)

gpt-blocks-in-reverse: The last block runs first
    Loaded in the order in which names were sorted, or popped from a list.
@ Blocks in models/gpt: in self.blocks: → in reversed([*self.blocks]):

gpt-blocks-from-the-embedding: Each block is given the embedding
    `block(vectors)` where the sum so far is meant: all blocks but the last are lost.
@ Blocks in models/gpt: x = block(x, tape) → x = block(dropped_vectors, tape)

gpt-last-block-forgotten: The last block is left out
    A range that ends one too soon.
@ Blocks in models/gpt: in self.blocks: → in [*self.blocks][:-1]:

gpt-head-scaled: The head is divided by √d
    As T5 does with a tied head, and GPT-2 does not.
@ Logits in models/gpt: = normed @ → = normed * normed.shape[-1] ** -0.5 @

grad-gpt-head-not-tied: The table has no gradient from the head
    Only the look-up is counted: an id that no text of the batch has does not move.
@ backward in models/gpt:
    tape.add_gradient(table, grad_rows.T @ rows) → pass

grad-gpt-embedding-not-tied: The table has no gradient from the look-up
    A tied matrix that is counted once, at the head; positions get none either.
@ backward in models/gpt:
    - self.embedding.backward(grad_vectors, tape)
    + self.embedding.backward(0 * grad_vectors, tape)

grad-gpt-norm-passed-over: The gradient passes the final norm unchanged
    Its gain and bias are learned, and what is below gets what the head gave.
@ backward in models/gpt:
    - grad_dropped_vectors = grad_x
    + grad_dropped_vectors = grad_normed

grad-gpt-embedding-not-dropped: The gradient passes what was dropped
    Channels that were zeroed learn as if they had been there.
@ backward in models/gpt:
    - self.embedding.backward(grad_vectors, tape)
    + self.embedding.backward(grad_dropped_vectors, tape)

gpt-drawn-as-embeddings: Tables drawn from N(0, 1)
    PyTorch's own beginning of a table. With a tied head the logits are √d times as
    large, and the loss begins far above ln V: it is the first thing to look at.
@ draw_as_gpt2: rng.normal(0.0, std, → rng.normal(0.0, 1.0,
    caught by test: the loss begins at ln v

gpt-depth-not-scaled: All matrices are drawn from N(0, 0.02)
    What each block adds to the shortcut is not made smaller by the depth.
@ draw_as_gpt2: if is_added else 0.02 → if False else 0.02
    caught by test: parameters are drawn as GPT-2 draws them

gpt-depth-counted-once: Scaled by the number of blocks, not of their halves
    Each block adds to the shortcut twice.
@ draw_as_gpt2: math.sqrt(2 * n_layers) → math.sqrt(n_layers)
    caught by test: parameters are drawn as GPT-2 draws them
"""
