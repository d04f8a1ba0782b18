"""Known mistakes in what feeds a model: windows of a text, and embeddings."""

from parity_tests.known_mistakes.mistake import Patch, known

CUTTING = (
    known(
        "window-drops-last",
        "The last full window is lost",
        "`range(n - max_length - 1)`: one is subtracted for the target, and once more "
        "to be safe. A text that gives one window gives none.",
        Patch("Windows", "windows[::stride]", "windows[:-1:stride]"),
    ),
    known(
        "windows-stride-ignored",
        "A window begins at every token",
        "The stride is taken as an argument and never used: many times the data, and "
        "nearly the same window again and again.",
        Patch("Windows", "windows[::stride]", "windows[:]"),
    ),
    known(
        "windows-stride-skips",
        "A window begins one token too late each time",
        "The target's extra token is counted into the stride, so that one token in "
        "each window is never predicted. An early edition of the book said so.",
        Patch("Windows", "windows[::stride]", "windows[:: stride + 1]"),
        seen_in=("rasbt/LLMs-from-scratch#23",),
    ),
    known(
        "windows-short-text",
        "A text no longer than one window is an error",
        "The text is cut without asking whether it is long enough: fine for a book, "
        "and a crash at the first short document.",
        Patch("Windows", "if len(text) > max_length:", "if len(text) > 0:"),
    ),
)

TARGETS = (
    known(
        "targets-are-inputs",
        "Targets not shifted",
        "Each token is to predict itself. The loss falls to nothing within minutes, "
        "which is taken for success.",
        Patch("Inputs and targets", "windows[:, 1:]", "windows[:, :-1]"),
    ),
    known(
        "targets-rolled",
        "The last target of a window is its first token",
        "`roll(inputs, -1)` shifts, and puts what falls out at the left end in again "
        "at the right. One target in each window is wrong, for ever.",
        Patch(
            "Inputs and targets", "windows[:, 1:]", "np.roll(windows[:, :-1], -1, 1)"
        ),
    ),
    known(
        "targets-shifted-back",
        "Targets shifted the wrong way",
        "Inputs and targets change places: each token is to predict the one before it.",
        Patch(
            "Inputs and targets",
            "windows[:, :-1]\n...\nwindows[:, 1:]",
            "windows[:, 1:]\n...\nwindows[:, :-1]",
        ),
    ),
)

VECTORS = (
    known(
        "positions-forgotten",
        "No positions",
        "The vectors of the positions are looked up and not added, or not even that. "
        "To attention without a mask the text is then a bag of words.",
        Patch("Input embeddings", " + position_embeddings", ""),
    ),
    known(
        "positions-from-one",
        "Positions counted from one",
        "Papers count from one. The first vector is never used, and a text as long as "
        "the context asks for one that is not there.",
        Patch("Position embeddings", "(ids.shape[-1])", "(1, ids.shape[-1] + 1)"),
    ),
    known(
        "positions-backwards",
        "Positions counted from the end",
        "The last token is at position 0, as in code that pads on the left and counts "
        "what is left.",
        Patch("Position embeddings", ".shape[-1])", ".shape[-1])[::-1]"),
    ),
    known(
        "positions-by-batch",
        "Positions counted along the batch",
        "`arange(len(ids))` or `shape[0]`: right for one text, and for a batch the "
        "number of texts is taken for the number of tokens.",
        Patch("Position embeddings", "ids.shape[-1]", "len(ids)"),
    ),
    known(
        "embedding-scaled",
        "Token embeddings multiplied by √d",
        "The first Transformer does so, since it shares them with the output; GPT-2 "
        "shares them too and does not.",
        Patch(
            "Token embeddings",
            "self.token_embedding(ids, tape)",
            "self.token_embedding(ids) * self.token_embedding.weight.shape[1] ** 0.5",
        ),
    ),
    known(
        "embedding-one-table",
        "Positions looked up among the tokens",
        "A name is not changed in the copied line, and small position numbers are "
        "valid ids.",
        Patch(
            "Position embeddings",
            "self.position_embedding(positions, tape)",
            "self.token_embedding(positions)",
        ),
    ),
)

IDS = (
    known(
        "embedding-negative-id",
        "−1 gets the last row of the table",
        "NumPy counts negative indices from the end, PyTorch does not. A padding id of "
        "−1 is an error in one and the last token's vector in the other.",
        Patch(
            "check_ids",
            "(ids < 0) | (ids >= vocab_size)",
            "ids >= vocab_size",
            caught_by="rejection: ids must lie in 0..2, got -1",
        ).and_in(
            "Token embeddings",
            "self.token_embedding(ids, tape)",
            "self.token_embedding(ids % self.vocab_size, tape)",
        ),
        Patch(
            "forward",
            "(ids < 0) | (ids >= self.num_embeddings)",
            "ids >= self.num_embeddings",
            caught_by="rejection: index out of range in self",
            only="primitives/*",
        ),
    ),
)

DATA = (*CUTTING, *TARGETS, *VECTORS, *IDS)
