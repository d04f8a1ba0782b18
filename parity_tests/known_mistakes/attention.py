"""Known mistakes in attention, in the order in which its steps come."""

from parity_tests.known_mistakes.mistake import Place, known

SIMPLE = {"attention/simple": "attention/simple.py"}
V1 = {"attention/self_attention_v1": "attention/self_attention_v1.py"}
V2 = {"attention/self_attention_v2": "attention/self_attention_v2.py"}
CAUSAL = {
    "attention/causal": "attention/causal.py",
    "attention/multi_head_wrapper": "attention/causal.py",  # whose heads are causal
}
WRAPPER = {"attention/multi_head_wrapper": "attention/multi_head_wrapper.py"}
MULTI_HEAD = {"attention/multi_head": "attention/multi_head.py"}
OPEN = {**V1, **V2}  # every token sees every token
MASKED = {**CAUSAL, **MULTI_HEAD}  # no token sees the future
LINEAR = dict.fromkeys([*V2, *MASKED], "primitives/linear.py")

PROJECTIONS = (
    # ------------------------------------------------------------- projections
    *known(
        "weights-transposed",
        "Weights read in the other layout",
        "A weight stored (out, in) is read as if it were (in, out), or the other way "
        "round, with a reshape where the sizes did not fit. With square weights "
        "nothing complains; the model talks nonsense.",
        Place(
            V1,
            "queries = x @ self.W_query\n...\n"
            "keys = x @ self.W_key\n...\n"
            "values = x @ self.W_value",
            "queries = x @ self.W_query.reshape(-1, self.d_in).T\n...\n"
            "keys = x @ self.W_key.reshape(-1, self.d_in).T\n...\n"
            "values = x @ self.W_value.reshape(-1, self.d_in).T",
        ),
        Place(LINEAR, "x @ self.weight.T", "x @ self.weight.reshape(x.shape[-1], -1)"),
        seen_in=("nntile/nntile#402", "huggingface/transformers#311"),
    ),
    *known(
        "bias-dropped",
        "The bias is not added",
        "The layer has a bias and the formula in the book has none, so a port leaves "
        "it out. Weights just drawn have small biases, which hides it in a first test.",
        Place(LINEAR, "return mapped + self.bias", "return mapped"),
    ),
    *known(
        "bias-twice",
        "The bias is added twice",
        "A layer that adds its bias is wrapped by code that adds the bias again, as "
        "happens when a fused kernel replaces the product but not the addition.",
        Place(LINEAR, "mapped + self.bias", "mapped + self.bias + self.bias"),
    ),
    *known(
        "bias-on-queries-only",
        "Keys and values get no bias",
        "One of three copied lines has the bias. What is missing on the keys nobody "
        "can see in the output, since softmax cancels it; on the values it shows.",
        Place(
            {**V2, **MASKED},
            "keys = self.W_key(x)\n...\nvalues = self.W_value(x)",
            "keys = x @ self.W_key.weight.T\n...\nvalues = x @ self.W_value.weight.T",
        ),
    ),
    *known(
        "bias-dropped-on-keys",
        "Keys get no bias",
        "A bias on the keys adds the same number to all scores of a query, and softmax "
        "cancels it: the output is right, which is why Whisper leaves it out on "
        "purpose. In a port the keys then differ, and so does a cache of them.",
        Place(
            {**V2, **MASKED},
            "keys = self.W_key(x)",
            "keys = x @ self.W_key.weight.T",
            caught_by="steps",
        ),
        seen_in=("https://github.com/openai/whisper/blob/main/whisper/model.py",),
    ),
    *known(
        "values-from-keys",
        "The values are the keys",
        "Three lines are copied and one name is not changed. Shapes fit, training "
        "works, a little worse; loaded weights give nonsense.",
        Place(V1, "values = x @ self.W_value", "values = x @ self.W_key"),
        Place({**V2, **MASKED}, "values = self.W_value(x)", "values = self.W_key(x)"),
    ),
    *known(
        "queries-from-keys",
        "The queries are the keys",
        "The same slip one line up: a token then looks for what is like itself, and "
        "without a mask the scores are symmetric.",
        Place(V1, "queries = x @ self.W_query", "queries = x @ self.W_key"),
        Place(
            {**V2, **MASKED},
            "queries = self.W_query(x)",
            "queries = self.W_key(x)",
        ),
    ),
)

HEADS = (
    # ------------------------------------------------------- splitting into heads
    *known(
        "heads-view-no-transpose",
        "Heads split by a view alone",
        "`view(B, H, T, D)` straight from (B, T, H·D): the shape is right, the numbers "
        "are not. A head then sees pieces of neighbouring tokens, the future included.",
        Place(
            MULTI_HEAD,
            "split = (*x.shape[:-1], self.num_heads, self.head_dim)\n...\n"
            "queries.reshape(split).swapaxes(-3, -2)\n...\n"
            "keys.reshape(split).swapaxes(-3, -2)\n...\n"
            "values.reshape(split).swapaxes(-3, -2)",
            "split = (*x.shape[:-2], self.num_heads, n_tokens, self.head_dim)\n...\n"
            "queries.reshape(split)\n...\n"
            "keys.reshape(split)\n...\n"
            "values.reshape(split)",
        ),
    ),
    *known(
        "heads-channels-interleaved",
        "Heads take every H-th channel instead of a run of channels",
        "`(d h)` is written where `(h d)` is meant, or the two sizes of a view change "
        "places. A model trained so is as good; weights from elsewhere do not fit.",
        Place(
            MULTI_HEAD,
            "split = (*x.shape[:-1], self.num_heads, self.head_dim)\n...\n"
            "queries.reshape(split).swapaxes(-3, -2)\n...\n"
            "keys.reshape(split).swapaxes(-3, -2)\n...\n"
            "values.reshape(split).swapaxes(-3, -2)",
            "split = (*x.shape[:-1], self.head_dim, self.num_heads)\n...\n"
            "np.moveaxis(queries.reshape(split), -1, -3)\n...\n"
            "np.moveaxis(keys.reshape(split), -1, -3)\n...\n"
            "np.moveaxis(values.reshape(split), -1, -3)",
        ),
    ),
    *known(
        "heads-one-module",
        "All heads are one module",
        "`[Head(…)] * num_heads` makes a list of one head many times. Its weights are "
        "named as if there were many, and the last ones loaded serve all.",
        Place(
            WRAPPER,
            """
CausalAttention(d_in, d_out, context_length, dropout, qkv_bias, rng=rng)
for _ in range(num_heads)
""",
            """
[CausalAttention(d_in, d_out, context_length, dropout, qkv_bias, rng=rng)]
* num_heads
""",
        ),
    ),
)

SCORES = (
    # --------------------------------------------------------------------- scores
    *known(
        "scale-unasked",
        "Scores scaled where the definition does not scale",
        "The habit of dividing by √d reaches the one variant that has no scale.",
        Place(
            SIMPLE,
            "scores = x @ x.swapaxes(-2, -1)",
            "scores = x @ x.swapaxes(-2, -1) / float(np.sqrt(x.shape[-1]))",
        ),
    ),
    *known(
        "no-scale",
        "Scores not divided by √d",
        "The division is forgotten. Weights become too sharp, more so the wider the "
        "head; with one channel to a head nothing shows.",
        Place({**OPEN, **MASKED}, ".swapaxes(-2, -1) * scale", ".swapaxes(-2, -1)"),
    ),
    *known(
        "scale-d-in",
        "Scores divided by √d_in",
        "The width of the input is taken for the width of the keys. In a model whose "
        "heads are as wide as its tokens nothing shows.",
        Place({**OPEN, **CAUSAL}, "math.sqrt(keys.shape[-1])", "math.sqrt(self.d_in)"),
    ),
    *known(
        "scale-d-model",
        "Scores divided by √d_out",
        "The width of all heads together is taken for the width of one, so weights "
        "become too flat; with one head nothing shows.",
        Place(
            MULTI_HEAD,
            "math.sqrt(self.head_dim)",
            "math.sqrt(self.head_dim * self.num_heads)",
        ),
    ),
    *known(
        "scale-twice",
        "Scores divided by d",
        "The queries are scaled and the scores once more, or the root is forgotten.",
        Place({**OPEN, **MASKED}, "-1) * scale", "-1) * scale * scale"),
    ),
    *known(
        "scale-inverted",
        "Scores multiplied by √d",
        "`scale` is computed as √d and then used as a factor, where it was a divisor "
        "before somebody tidied up.",
        Place({**OPEN, **MASKED}, "1 / math.sqrt(", "math.sqrt("),
    ),
    *known(
        "keys-dot-T",
        "`keys.T` on a batch",
        "`.T` swaps the last two axes of one text, and reverses all axes of a batch. "
        "Code that was tried on one text fails, or multiplies what does not belong "
        "together.",
        Place({**OPEN, **MASKED}, "keys.swapaxes(-2, -1)", "keys.T"),
        Place(SIMPLE, "x.swapaxes(-2, -1)", "x.T"),
    ),
    *known(
        "dtype-promoted",
        "float32 goes in, float64 comes out",
        "`np.sqrt` gives a NumPy number, which since NumPy 2 makes float64 of "
        "everything it meets; `math.sqrt` gives a Python number, which does not. "
        "Twice the memory, and no error anywhere.",
        Place({**OPEN, **MASKED}, "1 / math.sqrt(", "1 / np.sqrt("),
        seen_in=("https://numpy.org/neps/nep-0050-scalar-promotion.html",),
    ),
)

MASKS = (
    # ------------------------------------------------------------------- the mask
    *known(
        "mask-forgotten",
        "No mask",
        "Every token sees the whole text. Training looks splendid, since each token "
        "sees the one that it should predict; the model cannot write.",
        Place(MASKED, "np.where(visible, scores, -np.inf)", "scores"),
    ),
    *known(
        "mask-polarity",
        "The mask of what to drop, taken for the mask of what to keep",
        "Libraries disagree on what True means, and hand the mask over without a "
        "word. Each token then sees the future alone, and the last one nothing: NaN.",
        Place(
            MASKED,
            "np.where(visible, scores, -np.inf)",
            "np.where(visible, -np.inf, scores)",
        ),
        seen_in=(
            "pytorch/pytorch#21518",
            "pytorch/pytorch#170415",
            "lucidrains/x-transformers#164",
        ),
    ),
    *known(
        "mask-polarity-zero",
        "The same mask, in a kernel that gives zero where nothing is seen",
        "Handed to `F.scaled_dot_product_attention`, the mask of what to drop makes "
        "no NaN: the last token gets zeros. It lived for years in a notebook that "
        "timed nine variants and compared two.",
        Place(
            MASKED,
            "np.where(visible, scores, -np.inf)\n...\n"
            "raised / raised.sum(axis=-1, keepdims=True)",
            "np.where(visible, -np.inf, scores)\n...\n"
            "np.nan_to_num(raised / raised.sum(axis=-1, keepdims=True))",
        ),
        seen_in=("rasbt/LLMs-from-scratch#1061",),
    ),
    *known(
        "mask-off-by-one",
        "A token sees the next one",
        "`tril(1)`, `triu(2)`, `<=` for `<`: the diagonal is counted from the wrong "
        "end. In training, the answer stands in what is seen.",
        Place(MASKED, "np.tri(n_tokens, dtype", "np.tri(n_tokens, k=1, dtype"),
    ),
    *known(
        "mask-hides-itself",
        "A token does not see itself",
        "`tril(-1)`, `triu(0)`: one too few. The first token sees nothing at all, so "
        "its weights are 0/0.",
        Place(MASKED, "np.tri(n_tokens, dtype", "np.tri(n_tokens, k=-1, dtype"),
    ),
    *known(
        "mask-transposed",
        "The past hidden instead of the future",
        "Rows and columns change places: who asks and who is asked. Each token sees "
        "itself and what comes after it.",
        Place(MASKED, "(n_tokens, dtype=bool)", "(n_tokens, dtype=bool).T"),
    ),
    *known(
        "mask-rows-from-the-end",
        "Rows taken from the wrong end of a mask that is larger than the text",
        "A mask is made once for the longest text, and a shorter one takes its last "
        "rows and first columns, as a cache would need. All or nearly all is visible.",
        Place(
            MASKED,
            "np.tri(n_tokens, dtype=bool)",
            "np.tri(self.context_length, dtype=bool)[-n_tokens:, :n_tokens]",
        ),
    ),
    *known(
        "mask-finite-fill",
        "Hidden scores set to −100",
        "A number that looks low is written for −inf. Scores lower than it occur with "
        "large inputs; then what is hidden wins.",
        Place(
            MASKED,
            "np.where(visible, scores, -np.inf)",
            "np.where(visible, scores, -100.0)",
        ),
    ),
    *known(
        "mask-finite-fill-large",
        "Hidden scores set to −10,000",
        "A number that half precision can hold, written where −inf is meant. It is low "
        "enough for every model in use, and wrong for the first one whose scores are "
        "lower.",
        Place(
            MASKED,
            "np.where(visible, scores, -np.inf)",
            "np.where(visible, scores, -1e4)",
        ),
    ),
    *known(
        "mask-added",
        "A large number subtracted from hidden scores",
        "BERT's way of masking, made for scores of moderate size. A hidden score that "
        "leads by more than 10,000 is seen all the same.",
        Place(
            MASKED,
            "np.where(visible, scores, -np.inf)",
            "scores + np.where(visible, 0.0, -1e4).astype(scores.dtype)",
        ),
        seen_in=("https://github.com/google-research/bert/blob/master/modeling.py",),
    ),
    *known(
        "mask-multiplied",
        "Hidden scores multiplied by zero",
        "A score of zero is no hidden score: its weight is e⁰. The future leaks with "
        "the weight of an indifferent token.",
        Place(MASKED, "np.where(visible, scores, -np.inf)", "scores * visible"),
    ),
    *known(
        "mask-after-softmax",
        "Weights hidden after softmax and not normalised again",
        "What is seen gets its share of all, hidden tokens included, so a row no "
        "longer sums to one and depends on the future. The book shows it as a first "
        "attempt.",
        Place(
            MASKED,
            "np.where(visible, scores, -np.inf)\n...\n"
            "raised / raised.sum(axis=-1, keepdims=True)",
            "scores\n...\nraised / raised.sum(axis=-1, keepdims=True) * visible",
        ),
    ),
)

SOFTMAX = (
    # -------------------------------------------------------------------- softmax
    *known(
        "softmax-wrong-axis",
        "Softmax over the queries",
        "`dim=-2`, or a `dim` counted for another number of axes. Columns sum to one "
        "instead of rows, and each token depends on all that look at it.",
        Place(
            {**SIMPLE, **OPEN, **MASKED},
            ".max(axis=-1,\n...\nraised.sum(axis=-1,",
            ".max(axis=-2,\n...\nraised.sum(axis=-2,",
        ),
    ),
    *known(
        "softmax-over-heads",
        "Softmax over the heads",
        "`dim=1` is right for (B, T, T) and wrong for (B, H, T, T). Hidden scores are "
        "hidden in all heads, so they become 0/0.",
        Place(
            MULTI_HEAD,
            ".max(axis=-1,\n...\nraised.sum(axis=-1,",
            ".max(axis=-3,\n...\nraised.sum(axis=-3,",
        ),
    ),
    *known(
        "softmax-no-shift",
        "No maximum subtracted",
        "The formula of the textbook as it stands. Scores above 88 overflow in float32 "
        "(above 709 in float64): inf/inf.",
        Place({**SIMPLE, **OPEN}, "np.exp(scores - highest)", "np.exp(scores)"),
        Place(MASKED, "np.exp(masked - highest)", "np.exp(masked)"),
    ),
    *known(
        "softmax-base-two",
        "2ˣ where eˣ is meant",
        "Kernels compute powers of two because they are faster, and must multiply the "
        "scores by log₂ e first.",
        Place(
            {**SIMPLE, **OPEN}, "np.exp(scores - highest)", "np.exp2(scores - highest)"
        ),
        Place(MASKED, "np.exp(masked - highest)", "np.exp2(masked - highest)"),
    ),
    *known(
        "softmax-low-precision",
        "Softmax in float32 inside float64",
        "`softmax(…, dtype=float32)` protects half precision and ruins double "
        "precision: nine digits of sixteen are lost, and no usual tolerance sees it.",
        Place(
            {**SIMPLE, **OPEN},
            "np.exp(scores - highest)\n...\n"
            "raised / raised.sum(axis=-1, keepdims=True)",
            "np.exp(np.float32(scores - highest))\n...\n"
            "(raised / raised.sum(axis=-1, keepdims=True)).astype(scores.dtype)",
        ),
        Place(
            MASKED,
            "np.exp(masked - highest)\n...\n"
            "raised / raised.sum(axis=-1, keepdims=True)",
            "np.exp(np.float32(masked - highest))\n...\n"
            "(raised / raised.sum(axis=-1, keepdims=True)).astype(scores.dtype)",
        ),
        seen_in=("huggingface/transformers#48459", "jax-ml/jax#34114"),
    ),
    *known(
        "softmax-float16",
        "Weights in half precision",
        "Weights are kept in half precision to save memory, and multiplied with "
        "values that are not. Three digits are left.",
        Place(
            {**SIMPLE, **OPEN, **MASKED},
            "raised / raised.sum(axis=-1, keepdims=True)",
            "np.float16(raised / raised.sum(axis=-1, keepdims=True))"
            ".astype(scores.dtype)",
        ),
    ),
    *known(
        "softmax-epsilon",
        "10⁻⁸ added to the denominator",
        "A guard against a division by zero that cannot happen: after the maximum is "
        "subtracted, the sum is at least one. Every weight is a little too small.",
        Place(
            {**SIMPLE, **OPEN, **MASKED},
            "raised.sum(axis=-1, keepdims=True)",
            "(raised.sum(axis=-1, keepdims=True) + 1e-8)",
        ),
    ),
    *known(
        "softmax-not-normalised",
        "Exponentials not divided by their sum",
        "The second half of softmax is forgotten. Attention to a longer text is then "
        "simply larger.",
        Place(
            {**SIMPLE, **OPEN, **MASKED},
            "raised / raised.sum(axis=-1, keepdims=True)",
            "raised",
        ),
    ),
    *known(
        "scores-divided-by-sum",
        "Scores divided by their sum, without exponentials",
        "The first normalisation in the book, kept for the last one. Weights may be "
        "negative, and a sum near zero blows them up.",
        Place(
            {**SIMPLE, **OPEN},
            "raised / raised.sum(axis=-1, keepdims=True)",
            "scores / scores.sum(axis=-1, keepdims=True)",
        ),
    ),
    *known(
        "scale-after-softmax",
        "The weights divided by √d instead of the scores",
        "A parenthesis in the wrong place: `softmax(scores) / √d`.",
        Place(
            {**OPEN, **MASKED},
            "-1) * scale\n...\nraised / raised.sum(axis=-1, keepdims=True)",
            "-1)\n...\nraised / raised.sum(axis=-1, keepdims=True) * scale",
        ),
    ),
)

DROPOUT = (
    # -------------------------------------------------------------------- dropout
    *known(
        "dropout-in-eval",
        "Dropout in evaluation",
        "`F.dropout` and `F.scaled_dot_product_attention` drop unless they are told "
        "not to; they do not know that the module is in evaluation. The same text "
        "gives another answer each time.",
        Place(MASKED, "if self.training and self.dropout > 0:", "if self.dropout > 0:"),
    ),
    *known(
        "dropout-no-rescale",
        "Survivors of dropout not scaled up",
        "Weights are dropped and the rest is left as it is, so that training sees "
        "smaller contexts than evaluation.",
        Place(MASKED, "kept = weights * keep * raise_by", "kept = weights * keep"),
    ),
    *known(
        "dropout-inverted",
        "What should survive is dropped",
        "A mask of what to drop is multiplied as if it were one of what to keep.",
        Place(MASKED, "weights * keep *", "weights * ~keep *"),
    ),
    *known(
        "dropout-is-what-is-kept",
        "The rate taken for the share that survives",
        "`keep_prob` of old TensorFlow is 1 − `dropout`. Survivors are scaled by 1/p "
        "instead of 1/(1 − p); at one half nothing shows.",
        Place(
            MASKED,
            "raise_by = 1 / (1 - self.dropout) if self.dropout < 1 else 0.0",
            "raise_by = 1 / self.dropout",
        ),
    ),
    *known(
        "dropout-one-nan",
        "A dropout of one gives NaN",
        "Survivors are divided by 1 − p = 0. There are none, so 0 · inf is NaN.",
        Place(
            MASKED, "if self.dropout < 1 else 0.0", "if self.dropout < 1 else np.inf"
        ),
    ),
    *known(
        "dropout-before-softmax",
        "Scores dropped instead of weights",
        "A dropped score is zero, which is no dropped weight. One issue of the book "
        "is about the sentence that says scores where it means weights.",
        Place(
            MASKED,
            "visible = np.tri(n_tokens, dtype=bool)\n...\n"
            "kept = weights * keep * raise_by",
            """
if self.training and keep is not None:
    scores = scores * keep / max(1 - self.dropout, 1e-9)
visible = np.tri(n_tokens, dtype=bool)
...
kept = weights
""",
        ),
        seen_in=("rasbt/LLMs-from-scratch#280",),
    ),
    *known(
        "dropout-renormalised",
        "Survivors scaled to sum to one",
        "Dropout is meant to keep the expected weight, not the sum of the row. A row "
        "that loses all its weights becomes 0/0.",
        Place(
            MASKED,
            "kept = weights * keep * raise_by",
            "kept = weights * keep\nkept = kept / kept.sum(axis=-1, keepdims=True)",
        ),
    ),
    *known(
        "dropout-shared-by-heads",
        "All heads drop the same weights",
        "The mask is drawn for one head and broadcast, or every head is seeded alike.",
        Place(
            MULTI_HEAD,
            "kept = weights * keep * raise_by",
            "kept = weights * keep[..., :1, :, :] * raise_by",
        ),
        Place(WRAPPER, "keep[..., h, :, :]", "keep[..., 0, :, :]"),
    ),
)

MIXING = (
    # ------------------------------------------------------------ mixing and joining
    *known(
        "weights-mixed-by-column",
        "Values mixed by the columns of the weights",
        "The weights are transposed in the last product: each token gives what others "
        "should take from it.",
        Place(OPEN, "weights @ values", "weights.swapaxes(-2, -1) @ values"),
        Place(CAUSAL, "kept @ values", "kept.swapaxes(-2, -1) @ values"),
        Place(MULTI_HEAD, "kept @ head_values", "kept.swapaxes(-2, -1) @ head_values"),
    ),
    *known(
        "heads-merge-no-transpose",
        "Heads joined without moving their axis back",
        "`view(B, T, H·D)` straight from (B, H, T, D). PyTorch refuses it with a hint "
        "to call `contiguous`, which makes the error go away and keeps the mistake.",
        Place(
            MULTI_HEAD, "head_context.swapaxes(-3, -2).reshape", "head_context.reshape"
        ),
    ),
    *known(
        "heads-joined-backwards",
        "Heads joined in the wrong order",
        "The contexts are gathered in another order than the weights that follow "
        "expect: a stack read from its top, or a list that was sorted by name.",
        Place(
            WRAPPER,
            "np.concatenate(contexts, axis=-1)",
            "np.concatenate(contexts[::-1], axis=-1)",
        ),
        Place(
            MULTI_HEAD,
            "head_context.swapaxes(-3, -2)",
            "head_context[..., ::-1, :, :].swapaxes(-3, -2)",
        ),
    ),
    *known(
        "heads-joined-by-channel",
        "Channels of the heads shuffled together",
        "Heads are stacked on a new last axis and flattened: channel 0 of all heads, "
        "then channel 1 of all heads.",
        Place(
            WRAPPER,
            "context = np.concatenate(contexts, axis=-1)",
            "context = np.stack(contexts, axis=-1)\n"
            "context = context.reshape(*context.shape[:-2], -1)",
        ),
        Place(
            MULTI_HEAD,
            "head_context.swapaxes(-3, -2).reshape",
            "np.moveaxis(head_context, -3, -1).reshape",
        ),
    ),
    *known(
        "out-proj-forgotten",
        "No output projection",
        "The heads stand side by side and are not mixed. Shapes fit; the book's first "
        "multi-head class has none either.",
        Place(MULTI_HEAD, "self.out_proj(context)", "context"),
    ),
    *known(
        "out-proj-no-bias",
        "The output projection has no bias",
        "`qkv_bias=False` is taken to mean all four projections, or Llama's layers are "
        "the model for GPT-2's.",
        Place(
            MULTI_HEAD,
            "self.out_proj(context)",
            "context @ self.out_proj.weight.T",
        ),
    ),
)

ATTENTION = (
    *PROJECTIONS,
    *HEADS,
    *SCORES,
    *MASKS,
    *SOFTMAX,
    *DROPOUT,
    *MIXING,
)
