"""Known mistakes in backward passes: the output is right, its gradients are not."""

from functools import partial

from parity_tests.known_mistakes.mistake import Patch, known

Back = partial(Patch, "backward", caught_by="gradients")
SOFTMAX = "saved.attn_weights * (grad_attn_weights - weighted_mean)"
DROPOUT = "grad_dropped_weights * saved.keep * saved.keep_scale"


def of_function(name: str, right: str, wrong: str) -> Patch:
    """Patch the backward of a function among the primitives."""
    return Patch(f"{name}_backward", right, wrong, caught_by="gradients")


OF_LINEAR = (
    known(
        "grad-other-layout",
        "The gradient is multiplied by the matrix as in the forward pass",
        "The backward pass multiplies by the matrix, not by its transpose; where the "
        "sizes did not fit, a reshape helped.",
        Back("@ self.W_key.T", "@ self.W_key.reshape(-1, self.d_in)"),
        Back("@ self.weight", "@ self.weight.reshape(saved.x.shape[-1], -1).T"),
    ),
    known(
        "grad-bias-wrong-axis",
        "The bias summed over channels instead of tokens",
        "All axes but the last are to be summed; the shape was then made to fit.",
        Back(
            "grad_rows.sum(axis=0)",
            "np.resize(grad_rows.sum(axis=1), self.bias.shape)",
        ),
    ),
    known(
        "grad-averaged",
        "The matrix gets the average over all tokens",
        "A loss is often a mean, and the mean is then taken twice.",
        Back("grad_rows.T @ rows", "grad_rows.T @ rows / max(len(rows), 1)"),
    ),
)

OF_SCORES = (
    known(
        "grad-no-scale",
        "The scale is missing in the backward pass",
        "Scores are scaled, so their gradients are.",
        Back("keys * saved.scale", "keys"),
    ),
    known(
        "grad-keys-not-transposed",
        "Keys get what belongs to queries",
        "A key gathers from the queries that attended to it: the transposed scores.",
        Back("grad_attn_scores.mT @", "grad_attn_scores @"),
    ),
)

OF_SOFTMAX = (
    known(
        "grad-softmax-diagonal",
        "Softmax taken for a function of one number",
        "The Jacobian is cut to its diagonal, w (1 - w), as if attention weights did "
        "not share their sum.",
        Back(
            SOFTMAX, "saved.attn_weights * (1 - saved.attn_weights) * grad_attn_weights"
        ),
        of_function(
            "softmax", "(grad_weights - weighted_mean)", "(1 - weights) * grad_weights"
        ),
    ),
    known(
        "grad-softmax-no-sum",
        "The weighted mean is not subtracted",
        "Only w dw is left of the Jacobian of softmax, w (dw - Σ w dw).",
        Back("(grad_attn_weights - weighted_mean)", "grad_attn_weights"),
        of_function("softmax", "(grad_weights - weighted_mean)", "grad_weights"),
    ),
    known(
        "grad-softmax-wrong-axis",
        "The weighted mean taken over queries instead of keys",
        "The shapes fit, since scores are square.",
        Back("weighted.sum(axis=-1,", "weighted.sum(axis=-2,"),
        of_function("softmax", ".sum(axis=-1,", ".sum(axis=-2,"),
    ),
    known(
        "grad-weights-detached",
        "Queries and keys get no gradient",
        "A `detach`, a `.data` or a detour through NumPy is between scores and "
        "attention weights. The loss still falls, since values learn.",
        Back(SOFTMAX, "0 * saved.attn_weights"),
        of_function(
            "softmax", "weights * (grad_weights - weighted_mean)", "0 * weights"
        ),
    ),
)

OF_DROPOUT = (
    known(
        "grad-dropout-forgotten",
        "Dropped attention weights get a gradient",
        "Dropout is applied in the forward pass only.",
        Back(DROPOUT, "grad_dropped_weights"),
        Back("grad_dropped * saved.keep * saved.keep_scale", "grad_dropped"),
    ),
    known(
        "grad-dropout-not-raised",
        "The scale of dropout is missing in the backward pass",
        "The mask is remembered, the factor is not.",
        Back(" * saved.keep * saved.keep_scale", " * saved.keep"),
    ),
    known(
        "grad-values-undropped",
        "Values get their gradient through the attention weights before dropout",
        "The average was taken with the dropped ones.",
        Back("saved.dropped_weights.mT @", "saved.attn_weights.mT @"),
    ),
)

OF_CONTEXT = (
    known(
        "grad-mixture-not-transposed",
        "Values get what their token attended to, not what attended to them",
        "The transpose of the attention weights is forgotten.",
        Back("saved.attn_weights.mT @", "saved.attn_weights @"),
        Back("saved.dropped_weights.mT @", "saved.dropped_weights @"),
    ),
    known(
        "grad-heads-not-swapped",
        "Heads put side by side without bringing their channels together",
        "A reshape straight from (B, H, T, D).",
        Back("grad_head_keys.swapaxes(-3, -2).reshape", "grad_head_keys.reshape"),
        of_function("split_heads", "grad_by_token.reshape(", "grad_heads.reshape("),
        of_function("join_heads", ".swapaxes(-3, -2)", ".reshape(heads.shape)"),
    ),
    known(
        "grad-heads-backwards",
        "Each head gets the gradient of another",
        "The heads are gathered in one order and served in the other.",
        Back("zip(self.heads, grad_contexts,", "zip(self.heads, grad_contexts[::-1],"),
    ),
)

OF_INPUT = (
    known(
        "grad-x-of-one-head",
        "The input gets the gradient of one head alone",
        "An assignment in the loop where a sum is meant.",
        Back("np.sum(grad_xs, axis=0)", "grad_xs[0]"),
    ),
    known(
        "grad-x-of-values-only",
        "The input gets the gradient of its value alone",
        "A token is also a query and a key.",
        Back(
            "grad_x = grad_x + self.W_key.backward(grad_keys, tape)\n"
            "grad_x = grad_x + self.W_query.backward(grad_queries, tape)",
            "self.W_key.backward(grad_keys, tape)\n"
            "self.W_query.backward(grad_queries, tape)",
        ),
        Back(
            "grad_x = grad_x + grad_keys @ self.W_key.T\n"
            "grad_x = grad_x + grad_queries @ self.W_query.T\n",
            "",
        ),
    ),
    known(
        "grad-x-scored-once",
        "A token is a query and a key: one of the two is forgotten",
        "The product of x with itself is derived as if one factor were constant.",
        Back("grad_queries + grad_keys + grad_values", "grad_queries + grad_values"),
    ),
    known(
        "grad-tape-forgotten",
        "A layer runs without the tape",
        "`self.W_key(x)` gives the right keys, and saves nothing: as in a block under "
        "`torch.no_grad()`, there is nothing to go backward from.",
        Patch(
            "Projections",
            "self.W_key(x, tape)",
            "self.W_key(x)",
            caught_by="gradients",
        ),
    ),
    known(
        "grad-order-of-forward",
        "The backward pass takes the layers in the order of the forward pass",
        "A tape is a stack: what was saved last is on top. Calls that were copied from "
        "the forward pass are in its order.",
        Back(
            "self.W_value.backward(grad_values, tape)\n...\n"
            "self.W_query.backward(grad_queries, tape)",
            "self.W_query.backward(grad_queries, tape)\n...\n"
            "self.W_value.backward(grad_values, tape)",
        ),
    ),
)

OF_EMBEDDING = (
    known(
        "grad-ids-buffered",
        "An id that came twice gets the gradient of its last place",
        "Gradients are assigned where they should be accumulated, and `grad[ids] += …` "
        "is no better: of equal ids NumPy adds the last and loses the rest.",
        Back(
            "np.add.at(grad_weight, saved.ids, grad_vectors)",
            "grad_weight[saved.ids] += grad_vectors",
        ),
    ),
    known(
        "grad-positions-averaged",
        "Positions get the average over texts",
        "What was broadcast in the forward pass is summed in the backward pass.",
        Back(
            ".sum(axis=texts)",
            ".sum(axis=texts) / max(len(grad_input_embeddings), 1)",
        ),
    ),
    known(
        "grad-positions-of-one-text",
        "Positions get the gradient of the last text alone",
        "An assignment in a loop over texts where a sum is meant.",
        Back(
            "grad_input_embeddings.sum(axis=texts)",
            "grad_input_embeddings[-1:].sum(axis=texts) if texts "
            "else grad_input_embeddings",
        ),
    ),
)

GRADIENTS = (
    *OF_EMBEDDING,
    *OF_LINEAR,
    *OF_SCORES,
    *OF_SOFTMAX,
    *OF_DROPOUT,
    *OF_CONTEXT,
    *OF_INPUT,
)
