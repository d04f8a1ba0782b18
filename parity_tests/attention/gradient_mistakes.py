"""Mistakes that are made in a backward by hand, each a patch of the reference."""

from parity_tests.known_mistakes.mistake import Place, known

SIMPLE = {"attention/simple": "attention/simple.py"}
V1 = {"attention/self_attention_v1": "attention/self_attention_v1.py"}
V2 = {"attention/self_attention_v2": "attention/self_attention_v2.py"}
CAUSAL = {"attention/causal": "attention/causal.py"}
WRAPPER = {"attention/multi_head_wrapper": "attention/multi_head_wrapper.py"}
MULTI_HEAD = {"attention/multi_head": "attention/multi_head.py"}
OPEN = {**SIMPLE, **V1, **V2}
MASKED = {**CAUSAL, **MULTI_HEAD}
ONE_HEAD = {**V1, **V2, **CAUSAL}
WEIGHTED = {**V1, **V2, **MASKED}
EVERY = {**SIMPLE, **WEIGHTED}
LINEAR = dict.fromkeys([*V2, *MASKED], "primitives/linear.py")

GRADIENT_MISTAKES = (
    *known(
        "grad-other-layout",
        "The gradient goes back through the weight as it went forward",
        "The way back multiplies by the weight, not by its transpose; where the sizes "
        "did not fit, a reshape helped.",
        Place(LINEAR, "@ self.weight,", "@ self.weight.reshape(x.shape[-1], -1).T,"),
        Place(V1, "@ self.W_key.T", "@ self.W_key.reshape(-1, self.d_in)"),
    ),
    *known(
        "grad-bias-wrong-axis",
        "The bias summed over channels instead of tokens",
        "All axes but the last are to be summed; the shape was then made to fit.",
        Place(
            LINEAR,
            "grad_rows.sum(axis=0)",
            "np.resize(grad_rows.sum(axis=1), self.bias.shape)",
        ),
    ),
    *known(
        "grad-averaged",
        "The weight gets the average over all tokens",
        "A loss is often a mean, and the mean is then taken twice.",
        Place(LINEAR, "grad_rows.T @ rows", "grad_rows.T @ rows / max(len(rows), 1)"),
    ),
    *known(
        "grad-no-scale",
        "The scale is missing on the way back",
        "Scores are scaled, so their gradients are.",
        Place(ONE_HEAD, "grad_scores @ keys * scale", "grad_scores @ keys"),
        Place(MULTI_HEAD, "grad_scores @ head_keys * scale", "grad_scores @ head_keys"),
    ),
    *known(
        "grad-keys-not-transposed",
        "Keys get what belongs to queries",
        "A key gathers from the queries that looked at it: the transposed scores.",
        Place(ONE_HEAD, "grad_scores.mT @ queries", "grad_scores @ queries"),
        Place(
            MULTI_HEAD, "grad_scores.mT @ head_queries", "grad_scores @ head_queries"
        ),
        Place(SIMPLE, "grad_scores.mT @ x", "grad_scores @ x"),
    ),
    *known(
        "grad-softmax-diagonal",
        "Softmax taken for a function of one number",
        "The Jacobian is cut to its diagonal, w (1 - w), as if weights did not share "
        "their sum.",
        Place(
            EVERY,
            "weights * (grad_weights - average)",
            "weights * (1 - weights) * grad_weights",
        ),
    ),
    *known(
        "grad-softmax-no-sum",
        "The average is not taken off",
        "Only `weights * grad_weights` is kept of the Jacobian of softmax.",
        Place(EVERY, "(grad_weights - average)", "grad_weights"),
    ),
    *known(
        "grad-softmax-wrong-axis",
        "The average taken over queries instead of keys",
        "The shapes fit, since scores are square.",
        Place(
            EVERY,
            "(weights * grad_weights).sum(axis=-1,",
            "(weights * grad_weights).sum(axis=-2,",
        ),
    ),
    *known(
        "grad-dropout-forgotten",
        "Dropped weights get a gradient",
        "Dropout is applied on the way forward only.",
        Place(MASKED, "grad_kept * spared * raise_by", "grad_kept"),
    ),
    *known(
        "grad-dropout-not-raised",
        "The survivors of dropout are not scaled up on the way back",
        "The mask is remembered, the factor is not.",
        Place(MASKED, "grad_kept * spared * raise_by", "grad_kept * spared"),
    ),
    *known(
        "grad-values-undropped",
        "Values get their gradient through the weights before dropout",
        "The mixture was made of what dropout kept.",
        Place(CAUSAL, "kept.mT @ grad_output", "weights.mT @ grad_output"),
        Place(MULTI_HEAD, "kept.mT @ grad", "weights.mT @ grad"),
    ),
    *known(
        "grad-mixture-not-transposed",
        "Values get what their token mixed, not what was mixed of them",
        "The transpose of the weights is forgotten.",
        Place(OPEN, "weights.mT @ grad_output", "weights @ grad_output"),
        Place(CAUSAL, "kept.mT @ grad_output", "kept @ grad_output"),
        Place(MULTI_HEAD, "kept.mT @ grad", "kept @ grad"),
    ),
    *known(
        "grad-heads-not-swapped",
        "Heads put side by side without bringing their channels together",
        "A reshape straight from (B, H, T, D).",
        Place(
            MULTI_HEAD,
            "grad_head_keys.swapaxes(-3, -2).reshape",
            "grad_head_keys.reshape",
        ),
    ),
    *known(
        "grad-heads-backwards",
        "Each head gets the gradient of another",
        "The heads are gathered in one order and served in the other.",
        Place(
            WRAPPER,
            "zip(self.heads, grad_contexts,",
            "zip(self.heads, grad_contexts[::-1],",
        ),
    ),
    *known(
        "grad-x-of-one-head",
        "The input gets the gradient of the last head alone",
        "An assignment in the loop where a sum is meant.",
        Place(
            WRAPPER,
            'np.sum([of_head["x"] for of_head in of_heads], axis=0)',
            'of_heads[-1]["x"]',
        ),
    ),
    *known(
        "grad-x-of-values-only",
        "The input gets what comes back through its value alone",
        "A token is also a query and a key.",
        Place(
            {**V2, **MASKED},
            'of_queries["x"] + of_keys["x"] + of_values["x"]',
            'of_values["x"]',
        ),
        Place(V1, "from_queries + from_keys + from_values", "from_values"),
        Place(SIMPLE, "grad_scoring + grad_scored + grad_mixed", "grad_mixed"),
    ),
    *known(
        "grad-x-scored-once",
        "A token scores others, and is scored by them: one of the two is forgotten",
        "The product of x with itself is derived as if one factor were constant.",
        Place(
            SIMPLE,
            "grad_scoring + grad_scored + grad_mixed",
            "grad_scoring + grad_mixed",
        ),
    ),
)
