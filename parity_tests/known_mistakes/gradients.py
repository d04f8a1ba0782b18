"""Known mistakes on the way back: what comes out is right, its gradients are not."""

from functools import partial

from parity_tests.known_mistakes.attention import (
    CAUSAL,
    LINEAR,
    MASKED,
    MULTI_HEAD,
    SIMPLE,
    V1,
    V2,
    WRAPPER,
)
from parity_tests.known_mistakes.mistake import Place, known

ONE_HEAD = {**V1, **V2, **CAUSAL}
OPEN = {**SIMPLE, **V1, **V2}  # every token sees every token
EVERY = {**OPEN, **MASKED}
ROWS = {"data/embedding": "primitives/embedding.py"}
SUM = {"data/embedding": "data/embedding.py"}

Back = partial(Place, caught_by="gradients")

OF_ATTENTION = (
    *known(
        "grad-other-layout",
        "The gradient goes back through the weight as it went forward",
        "The way back multiplies by the weight, not by its transpose; where the sizes "
        "did not fit, a reshape helped.",
        Back(LINEAR, "@ self.weight,", "@ self.weight.reshape(x.shape[-1], -1).T,"),
        Back(V1, "@ self.W_key.T", "@ self.W_key.reshape(-1, self.d_in)"),
    ),
    *known(
        "grad-bias-wrong-axis",
        "The bias summed over channels instead of tokens",
        "All axes but the last are to be summed; the shape was then made to fit.",
        Back(
            LINEAR,
            "grad_rows.sum(axis=0)",
            "np.resize(grad_rows.sum(axis=1), self.bias.shape)",
        ),
    ),
    *known(
        "grad-averaged",
        "The weight gets the average over all tokens",
        "A loss is often a mean, and the mean is then taken twice.",
        Back(LINEAR, "grad_rows.T @ rows", "grad_rows.T @ rows / max(len(rows), 1)"),
    ),
    *known(
        "grad-no-scale",
        "The scale is missing on the way back",
        "Scores are scaled, so their gradients are.",
        Back(ONE_HEAD, "grad_scores @ keys * scale", "grad_scores @ keys"),
        Back(MULTI_HEAD, "grad_scores @ head_keys * scale", "grad_scores @ head_keys"),
    ),
    *known(
        "grad-keys-not-transposed",
        "Keys get what belongs to queries",
        "A key gathers from the queries that looked at it: the transposed scores.",
        Back(ONE_HEAD, "grad_scores.mT @ queries", "grad_scores @ queries"),
        Back(MULTI_HEAD, "grad_scores.mT @ head_queries", "grad_scores @ head_queries"),
        Back(SIMPLE, "grad_scores.mT @ x", "grad_scores @ x"),
    ),
    *known(
        "grad-softmax-diagonal",
        "Softmax taken for a function of one number",
        "The Jacobian is cut to its diagonal, w (1 - w), as if weights did not share "
        "their sum.",
        Back(
            EVERY,
            "weights * (grad_weights - average)",
            "weights * (1 - weights) * grad_weights",
        ),
    ),
    *known(
        "grad-softmax-no-sum",
        "The average is not taken off",
        "Only `weights * grad_weights` is kept of the Jacobian of softmax.",
        Back(EVERY, "(grad_weights - average)", "grad_weights"),
    ),
    *known(
        "grad-softmax-wrong-axis",
        "The average taken over queries instead of keys",
        "The shapes fit, since scores are square.",
        Back(
            EVERY,
            "(weights * grad_weights).sum(axis=-1,",
            "(weights * grad_weights).sum(axis=-2,",
        ),
    ),
    *known(
        "grad-weights-detached",
        "Queries and keys get no gradient",
        "A `detach`, a `.data` or a detour through NumPy stands between scores and "
        "weights. The loss still falls, since values learn.",
        Back(EVERY, "weights * (grad_weights - average)", "0 * weights"),
    ),
    *known(
        "grad-dropout-forgotten",
        "Dropped weights get a gradient",
        "Dropout is applied on the way forward only.",
        Back(MASKED, "grad_kept * spared * raise_by", "grad_kept"),
    ),
    *known(
        "grad-dropout-not-raised",
        "The survivors of dropout are not scaled up on the way back",
        "The mask is remembered, the factor is not.",
        Back(MASKED, "grad_kept * spared * raise_by", "grad_kept * spared"),
    ),
    *known(
        "grad-values-undropped",
        "Values get their gradient through the weights before dropout",
        "The mixture was made of what dropout kept.",
        Back(CAUSAL, "kept.mT @ grad_output", "weights.mT @ grad_output"),
        Back(MULTI_HEAD, "kept.mT @ grad", "weights.mT @ grad"),
    ),
    *known(
        "grad-mixture-not-transposed",
        "Values get what their token mixed, not what was mixed of them",
        "The transpose of the weights is forgotten.",
        Back(OPEN, "weights.mT @ grad_output", "weights @ grad_output"),
        Back(CAUSAL, "kept.mT @ grad_output", "kept @ grad_output"),
        Back(MULTI_HEAD, "kept.mT @ grad", "kept @ grad"),
    ),
    *known(
        "grad-heads-not-swapped",
        "Heads put side by side without bringing their channels together",
        "A reshape straight from (B, H, T, D).",
        Back(
            MULTI_HEAD,
            "grad_head_keys.swapaxes(-3, -2).reshape",
            "grad_head_keys.reshape",
        ),
    ),
    *known(
        "grad-heads-backwards",
        "Each head gets the gradient of another",
        "The heads are gathered in one order and served in the other.",
        Back(
            WRAPPER,
            "zip(self.heads, grad_contexts,",
            "zip(self.heads, grad_contexts[::-1],",
        ),
    ),
    *known(
        "grad-x-of-one-head",
        "The input gets the gradient of the last head alone",
        "An assignment in the loop where a sum is meant.",
        Back(
            WRAPPER,
            'np.sum([of_head["x"] for of_head in of_heads], axis=0)',
            'of_heads[-1]["x"]',
        ),
    ),
    *known(
        "grad-x-of-values-only",
        "The input gets what comes back through its value alone",
        "A token is also a query and a key.",
        Back(
            {**V2, **MASKED},
            'of_queries["x"] + of_keys["x"] + of_values["x"]',
            'of_values["x"]',
        ),
        Back(V1, "from_queries + from_keys + from_values", "from_values"),
    ),
    *known(
        "grad-x-scored-once",
        "A token scores others, and is scored by them: one of the two is forgotten",
        "The product of x with itself is derived as if one factor were constant.",
        Back(
            SIMPLE,
            "grad_scoring + grad_scored + grad_mixed",
            "grad_scoring + grad_mixed",
        ),
    ),
)

OF_EMBEDDING = (
    *known(
        "grad-ids-buffered",
        "An id that came twice gets the gradient of its last place",
        "Gradients are assigned where they should be accumulated, and `grad[ids] += …` "
        "is no better: of equal ids NumPy adds the last and loses the rest.",
        Back(
            ROWS,
            "np.add.at(grad_weight, ids, grad_output)",
            "grad_weight[ids] += grad_output",
        ),
    ),
    *known(
        "grad-positions-averaged",
        "Positions get the average over texts",
        "What was broadcast on the way forward is summed on the way back.",
        Back(
            SUM,
            "grad_output.sum(axis=texts)",
            "grad_output.sum(axis=texts) / max(len(grad_output), 1)",
        ),
    ),
    *known(
        "grad-positions-of-one-text",
        "Positions get the gradient of the last text alone",
        "An assignment in a loop over texts where a sum is meant.",
        Back(
            SUM,
            "grad_output.sum(axis=texts)",
            "grad_output[-1:].sum(axis=texts) if texts else grad_output",
        ),
    ),
)

GRADIENTS = (*OF_EMBEDDING, *OF_ATTENTION)
