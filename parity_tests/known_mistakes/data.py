"""Known mistakes in what feeds a model: windows of a text, and embeddings."""

DATA = r"""
window-drops-last: The last full window is lost
    `range(n - max_length - 1)`: one is subtracted for the target, and once more to be
    safe. A text that gives one window gives none.
@ Windows: windows[::stride] → windows[:-1:stride]

windows-stride-ignored: A window begins at every token
    An argument that is never used: nearly the same window again and again.
@ Windows: windows[::stride] → windows[:]

windows-stride-skips: A window begins one token too late each time
    The target's extra token is counted into the stride, so that one token in each
    window is never predicted. An early edition of the book said so.
    Seen in rasbt/LLMs-from-scratch#23
@ Windows: windows[::stride] → windows[:: stride + 1]

windows-short-text: A text no longer than one window is an error
    Nobody asks whether the text is long enough: a crash at the first short document.
@ Windows: if len(text) > max_length: → if len(text) > 0:

targets-are-inputs: Targets not shifted
    Each token is to predict itself. The loss falls to nothing: taken for success.
@ Inputs and targets: windows[:, 1:] → windows[:, :-1]

targets-rolled: The last target of a window is its first token
    `roll(inputs, -1)` puts back in at the right what falls out at the left.
@ Inputs and targets: windows[:, 1:] → np.roll(windows[:, :-1], -1, 1)

targets-shifted-back: Targets shifted the wrong way
    Inputs and targets change places: each token is to predict the one before it.
@ Inputs and targets:
    windows[:, :-1] → windows[:, 1:]
    windows[:, 1:] → windows[:, :-1]

positions-forgotten: No positions
    The vectors of the positions are looked up and not added, or not even that. To
    attention without a mask the text is then a bag of words.
@ Input embeddings: _embeddings + position_embeddings → _embeddings

positions-from-one: Positions counted from one
    Papers count so. A text as long as the context asks for a vector that is not there.
@ Position embeddings: (ids.shape[-1]) → (1, ids.shape[-1] + 1)

positions-backwards: Positions counted from the end
    The last token is at position 0, as in code that pads on the left.
@ Position embeddings: .shape[-1]) → .shape[-1])[::-1]

positions-by-batch: Positions counted along the batch
    `arange(len(ids))`, `shape[0]`: of a batch that is the number of texts, not tokens.
@ Position embeddings: ids.shape[-1] → len(ids)

embedding-scaled: Token embeddings multiplied by √d
    The first Transformer does so, since it shares them with the output; GPT-2 does not.
@ Token embeddings:
    - self.token_embedding(ids, tape)
    + self.token_embedding(ids) * self.token_embedding.weight.shape[1] ** 0.5

embedding-one-table: Positions looked up among the tokens
    A name is not changed in the copied line, and small position numbers are valid ids.
@ Position embeddings:
    self.position_embedding(positions, tape) → self.token_embedding(positions)

embedding-negative-id: −1 gets the last row of the table
    A padding id of −1 is an error in PyTorch and the last token's vector in NumPy.
@ check_ids: (ids < 0) | (ids >= vocab_size) → ids >= vocab_size
& Token embeddings:
    self.token_embedding(ids, tape) → self.token_embedding(ids % self.vocab_size, tape)
    caught by rejection: ids must lie in 0..2, got -1
@ forward in primitives/*:
    (ids < 0) | (ids >= self.num_embeddings) → ids >= self.num_embeddings
    caught by rejection: index out of range in self
"""
