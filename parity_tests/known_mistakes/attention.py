"""Known mistakes in attention, in the order in which its steps come."""

from functools import partial

from parity_tests.known_mistakes.mistake import Patch, known

HIDE = "np.where(causal_mask, attn_scores, -np.inf)"
ROW_MAX = ".max(axis=-1, keepdims=True, initial=-np.inf)"
NORMALIZE = "exps / exps.sum(axis=-1, keepdims=True)"
DIVIDE = "exps / np.where(row_sum == 0, 1.0, row_sum)"  # in primitives/softmax
EmptyRow = partial(
    Patch,
    caught_by="test: a row that is masked throughout has weights of zero",
    only="primitives/*",
)

PROJECTIONS = (
    known(
        "weights-transposed",
        "Parameters read in the other layout",
        "A matrix stored (out, in) is read as if it were (in, out), or the other way "
        "round, with a reshape where the sizes did not fit. With square matrices "
        "nothing complains; the model talks nonsense.",
        Patch(
            "Projections",
            "queries = x @ self.W_query\n...\n"
            "keys = x @ self.W_key\n...\n"
            "values = x @ self.W_value",
            "queries = x @ self.W_query.reshape(-1, self.d_in).T\n...\n"
            "keys = x @ self.W_key.reshape(-1, self.d_in).T\n...\n"
            "values = x @ self.W_value.reshape(-1, self.d_in).T",
        ),
        Patch("Projection", "weight.T", "weight.reshape(x.shape[-1], -1)"),
        seen_in=("nntile/nntile#402", "huggingface/transformers#311"),
    ),
    known(
        "bias-dropped",
        "The bias is not added",
        "The layer has a bias and the formula in the book has none, so a port leaves "
        "it out. Parameters just drawn have small biases, which hides it in a first "
        "test.",
        Patch("Projection", "y = y + self.bias", "y = y"),
    ),
    known(
        "bias-twice",
        "The bias is added twice",
        "A layer that adds its bias is wrapped by code that adds the bias again, as "
        "happens when a fused kernel replaces the product but not the addition.",
        Patch("Projection", "y + self.bias", "y + self.bias + self.bias"),
    ),
    known(
        "bias-on-queries-only",
        "Keys and values get no bias",
        "One of three copied lines has the bias. What is missing on the keys nobody "
        "can see in the output, since softmax cancels it; on the values it shows.",
        Patch(
            "Projections",
            "keys = self.W_key(x, tape)\n...\nvalues = self.W_value(x, tape)",
            "keys = x @ self.W_key.weight.T\n...\nvalues = x @ self.W_value.weight.T",
        ),
    ),
    known(
        "bias-dropped-on-keys",
        "Keys get no bias",
        "A bias on the keys adds the same number to all scores of a query, and softmax "
        "cancels it: the output is right, which is why Whisper leaves it out on "
        "purpose. In a port the keys then differ, and so does a cache of them.",
        Patch(
            "Projections",
            "keys = self.W_key(x, tape)",
            "keys = x @ self.W_key.weight.T",
            caught_by="steps",
        ),
        seen_in=("https://github.com/openai/whisper/blob/main/whisper/model.py",),
    ),
    known(
        "values-from-keys",
        "The values are the keys",
        "Three lines are copied and one name is not changed. Shapes fit, training "
        "works, a little worse; loaded parameters give nonsense.",
        Patch("Projections", "values = x @ self.W_value", "values = x @ self.W_key"),
        Patch("Projections", "values = self.W_value(", "values = self.W_key("),
    ),
    known(
        "queries-from-keys",
        "The queries are the keys",
        "The same slip one line up: a token then attends to what is like itself, and "
        "without a mask the scores are symmetric.",
        Patch("Projections", "queries = x @ self.W_query", "queries = x @ self.W_key"),
        Patch("Projections", "queries = self.W_query(", "queries = self.W_key("),
    ),
)

HEADS = (
    known(
        "heads-view-no-transpose",
        "Heads split by a view alone",
        "`view(B, H, T, D)` straight from (B, T, H·D): the shape is right, the numbers "
        "are not. A head then has pieces of adjacent tokens, the future included.",
        Patch(
            "Heads",
            "by_head = (*x.shape[:-1], self.num_heads, self.head_dim)\n...\n"
            "queries.reshape(by_head).swapaxes(-3, -2)\n...\n"
            "keys.reshape(by_head).swapaxes(-3, -2)\n...\n"
            "values.reshape(by_head).swapaxes(-3, -2)",
            "by_head = (*x.shape[:-2], self.num_heads, n_tokens, self.head_dim)\n...\n"
            "queries.reshape(by_head)\n...\n"
            "keys.reshape(by_head)\n...\n"
            "values.reshape(by_head)",
        ),
        Patch(
            "Transpose",
            "by_token.swapaxes(-3, -2)",
            "x.reshape(*x.shape[:-2], n_heads, x.shape[-2], head_dim)",
        ),
    ),
    known(
        "heads-channels-interleaved",
        "Heads take every H-th channel instead of a run of channels",
        "`(d h)` is written where `(h d)` is meant, or the two sizes of a view change "
        "places. A model trained so is as good; parameters from elsewhere do not fit.",
        Patch(
            "Heads",
            "by_head = (*x.shape[:-1], self.num_heads, self.head_dim)\n...\n"
            "queries.reshape(by_head).swapaxes(-3, -2)\n...\n"
            "keys.reshape(by_head).swapaxes(-3, -2)\n...\n"
            "values.reshape(by_head).swapaxes(-3, -2)",
            "by_head = (*x.shape[:-1], self.head_dim, self.num_heads)\n...\n"
            "np.moveaxis(queries.reshape(by_head), -1, -3)\n...\n"
            "np.moveaxis(keys.reshape(by_head), -1, -3)\n...\n"
            "np.moveaxis(values.reshape(by_head), -1, -3)",
        ),
        Patch(
            "Split",
            "x.reshape(*x.shape[:-1], n_heads, head_dim)",
            "x.reshape(*x.shape[:-1], head_dim, n_heads).mT",
        ),
    ),
    known(
        "heads-one-module",
        "All heads are one module",
        "`[Head(…)] * num_heads` makes a list of one head many times. Its parameters "
        "are named as if there were many, and the last ones loaded serve all.",
        Patch(
            "__init__",
            "CausalAttention(d_in, d_out, context_length, dropout, qkv_bias, rng=rng)\n"
            "for _ in range(num_heads)",
            "[CausalAttention(d_in, d_out, context_length, dropout, qkv_bias, rng=rng)]"
            "\n* num_heads",
        ),
    ),
    known(
        "heads-tiled",
        "Key and value heads repeated as 0 1 0 1 where 0 0 1 1 is meant",
        "Query head h reads head h // (H / G). Tiled instead of repeated, each shared "
        "head serves other queries than those it was trained with.",
        Patch(
            "forward",
            "keys.repeat(group_size, axis=-3)\n...\nvalues.repeat(group_size, axis=-3)",
            "np.concatenate([keys] * group_size, axis=-3)\n...\n"
            "np.concatenate([values] * group_size, axis=-3)",
        ),
        seen_in=("onnx/onnx#7274", "apple/axlearn#842"),
    ),
)

SCORES = (
    known(
        "scale-unasked",
        "Scores scaled where the definition does not scale",
        "The habit of dividing by √d reaches the one variant that has no scale.",
        Patch("Attention scores", "x @ x.mT", "x @ x.mT / x.shape[-1] ** 0.5"),
    ),
    known(
        "no-scale",
        "Scores not divided by √d",
        "The division is forgotten. Attention becomes too sharp, more so the wider the "
        "head; with one channel to a head nothing shows.",
        Patch("Attention scores", ".mT * scale", ".mT"),
    ),
    known(
        "scale-d-in",
        "Scores divided by √d_in",
        "The width of the input is taken for the width of the keys. In a model whose "
        "heads are as wide as its tokens nothing shows.",
        Patch("Attention scores", "sqrt(keys.shape[-1])", "sqrt(self.d_in)"),
    ),
    known(
        "scale-d-model",
        "Scores divided by √d_out",
        "The width of all heads together is taken for the width of one, so attention "
        "becomes too flat; with one head nothing shows.",
        Patch(
            "Attention scores",
            "math.sqrt(self.head_dim)",
            "math.sqrt(self.head_dim * self.num_heads)",
        ),
    ),
    known(
        "scale-twice",
        "Scores divided by d",
        "The queries are scaled and the scores once more, or the root is forgotten.",
        Patch("Attention scores", ".mT * scale", ".mT * scale * scale"),
    ),
    known(
        "scale-inverted",
        "Scores multiplied by √d",
        "`scale` is computed as √d and then used as a factor, where it was a divisor "
        "before somebody tidied up.",
        Patch("Attention scores", "1 / math.sqrt(", "math.sqrt("),
    ),
    known(
        "keys-dot-T",
        "`keys.T` on a batch",
        "`.T` swaps the last two axes of one text, and reverses all axes of a batch. "
        "Code that was tried on one text fails, or multiplies what does not belong "
        "together.",
        Patch("Attention scores", "keys.mT", "keys.T"),
        Patch("Attention scores", "x.mT", "x.T"),
    ),
    known(
        "dtype-promoted",
        "float32 goes in, float64 comes out",
        "`np.sqrt` gives a NumPy number, which since NumPy 2 makes float64 of "
        "everything it meets (NEP 50); `math.sqrt` gives a Python number, which does "
        "not. Twice the memory, and no error anywhere.",
        Patch("Attention scores", "1 / math.sqrt(", "1 / np.sqrt("),
    ),
)

MASKS = (
    known(
        "mask-forgotten",
        "No mask",
        "Every token sees the whole text. Training looks splendid, since each token "
        "sees the one that it should predict; the model cannot write.",
        Patch("Causal mask", HIDE, "attn_scores"),
    ),
    known(
        "mask-polarity",
        "A mask of what to drop, taken for a mask of what may be attended to",
        "Libraries disagree on what True means, and hand the mask over without a "
        "word. Each token then sees the future alone, and the last one nothing: NaN.",
        Patch("Causal mask", HIDE, "np.where(causal_mask, -np.inf, attn_scores)"),
        seen_in=(
            "pytorch/pytorch#21518",
            "pytorch/pytorch#170415",
            "lucidrains/x-transformers#164",
        ),
    ),
    known(
        "mask-polarity-zero",
        "The same mask, in a kernel that gives zero where nothing is attended to",
        "Handed to `F.scaled_dot_product_attention`, the mask of what to drop makes "
        "no NaN: the last token gets zeros. It lived for years in a notebook that "
        "timed nine variants and compared two.",
        Patch(
            "Causal mask", HIDE, "np.where(causal_mask, -np.inf, attn_scores)"
        ).and_in("Softmax", NORMALIZE, f"np.nan_to_num({NORMALIZE})"),
        seen_in=("rasbt/LLMs-from-scratch#1061",),
    ),
    known(
        "mask-off-by-one",
        "A token sees the next one",
        "`tril(1)`, `triu(2)`, `<=` for `<`: the diagonal is counted from the wrong "
        "end. In training, the answer stands in what is seen.",
        Patch("Causal mask", "dtype=bool", "k=1, dtype=bool"),
    ),
    known(
        "mask-hides-itself",
        "A token does not see itself",
        "`tril(-1)`, `triu(0)`: one too few. The first token sees nothing at all, so "
        "its attention weights are 0/0.",
        Patch("Causal mask", "dtype=bool", "k=-1, dtype=bool"),
    ),
    known(
        "mask-transposed",
        "The past hidden instead of the future",
        "Rows and columns change places: queries and keys. Each token sees itself and "
        "what comes after it.",
        Patch("Causal mask", "dtype=bool)", "dtype=bool).T"),
    ),
    known(
        "mask-rows-from-the-end",
        "Rows taken from the wrong end of a mask that is larger than the text",
        "A mask is made once for the longest text, and a shorter one takes its last "
        "rows and first columns, as a cache would need. Little or nothing is hidden.",
        Patch(
            "Causal mask",
            "np.tri(n_tokens, dtype=bool)",
            "np.tri(self.context_length, dtype=bool)[-n_tokens:, :n_tokens]",
        ),
    ),
    known(
        "mask-finite-fill",
        "Hidden scores set to −100",
        "A number that looks low is written for −inf. Scores lower than it occur with "
        "large inputs; then what is hidden wins.",
        Patch("Causal mask", HIDE, "np.where(causal_mask, attn_scores, -100.0)"),
    ),
    known(
        "mask-finite-fill-large",
        "Hidden scores set to −10,000",
        "A number that half precision can hold, written where −inf is meant. It is low "
        "enough for every model in use, and wrong for the first one whose scores are "
        "lower.",
        Patch("Causal mask", HIDE, "np.where(causal_mask, attn_scores, -1e4)"),
    ),
    known(
        "mask-added",
        "A large number subtracted from hidden scores",
        "BERT's way of masking, made for scores of moderate size. A hidden score that "
        "leads by more than 10,000 is seen all the same.",
        Patch(
            "Causal mask",
            HIDE,
            "attn_scores - np.where(causal_mask, 0, 1e4).astype(attn_scores.dtype)",
        ),
        seen_in=("https://github.com/google-research/bert/blob/master/modeling.py",),
    ),
    known(
        "mask-multiplied",
        "Hidden scores multiplied by zero",
        "A score of zero is no hidden score: its exponential is e⁰. The future leaks "
        "with the weight of an indifferent token.",
        Patch("Causal mask", HIDE, "attn_scores * causal_mask"),
    ),
    known(
        "mask-after-softmax",
        "Attention weights hidden after softmax and not normalized again",
        "What is seen gets its share of all, hidden tokens included, so a row no "
        "longer sums to one and depends on the future. The book shows it as a first "
        "attempt.",
        Patch("Causal mask", HIDE, "attn_scores").and_in(
            "Softmax", NORMALIZE, f"{NORMALIZE} * causal_mask"
        ),
    ),
)

SOFTMAX = (
    known(
        "softmax-wrong-axis",
        "Softmax over the queries",
        "`dim=-2`, or a `dim` counted for another number of axes. Columns sum to one "
        "instead of rows, and each token depends on all that attend to it.",
        Patch(
            "Softmax",
            ".max(axis=-1,\n...\nexps.sum(axis=-1,",
            ".max(axis=-2,\n...\nexps.sum(axis=-2,",
        ),
        Patch("Exponentials", ".max(axis=-1,", ".max(axis=-2,").and_in(
            "Normalize", ".sum(axis=-1,", ".sum(axis=-2,"
        ),
    ),
    known(
        "softmax-over-heads",
        "Softmax over the heads",
        "`dim=1` is right for (B, T, T) and wrong for (B, H, T, T). Hidden scores are "
        "hidden in all heads, so they become 0/0.",
        Patch(
            "Softmax",
            ".max(axis=-1,\n...\nexps.sum(axis=-1,",
            ".max(axis=-3,\n...\nexps.sum(axis=-3,",
            only="attention/multi_head",
        ),
    ),
    known(
        "softmax-no-shift",
        "No maximum subtracted",
        "The formula of the textbook as it stands. Scores above 88 overflow in float32 "
        "(above 709 in float64): inf/inf.",
        Patch("Softmax", " - row_max", ""),
        Patch("Exponentials", " - np.where(np.isfinite(row_max), row_max, 0.0)", ""),
    ),
    known(
        "softmax-mean-shift",
        "The mean subtracted instead of the maximum",
        "Any number may be subtracted from a row, but only the maximum keeps every "
        "exponential at one or below. Rows that are wide overflow as before.",
        Patch("Softmax | Exponentials", ROW_MAX, ".mean(axis=-1, keepdims=True)"),
    ),
    known(
        "softmax-max-of-all",
        "One maximum for the whole batch",
        "`scores.max()` without an axis. Nothing overflows, but a row far below the "
        "largest score underflows to zeros, and its sum with it: 0/0.",
        Patch("Softmax | Exponentials", "max(axis=-1, keepdims=True, ", "max("),
    ),
    known(
        "softmax-max-before-mask",
        "The maximum taken over hidden scores too",
        "The maximum is computed before the mask is applied, to save a pass over the "
        "scores. A hidden score that leads by far makes all others underflow.",
        Patch("Softmax", "masked_scores.max(", "attn_scores.max("),
    ),
    known(
        "softmax-base-two",
        "2ˣ where eˣ is meant",
        "Kernels compute powers of two because they are faster, and must multiply the "
        "scores by log₂ e first.",
        Patch("Softmax | Exponentials", "np.exp(", "np.exp2("),
    ),
    known(
        "softmax-low-precision",
        "Softmax in float32 inside float64",
        "`softmax(…, dtype=float32)` protects half precision and ruins double "
        "precision: nine digits of sixteen are lost, and no usual tolerance sees it.",
        Patch(
            "Softmax",
            f" - row_max)\n...\n{NORMALIZE}",
            f" - row_max).astype(np.float32)\n...\n({NORMALIZE}).astype(row_max.dtype)",
        ),
        Patch("Exponentials", " row_max, 0.0))", " row_max, 0.0)).astype('f4')").and_in(
            "Normalize", DIVIDE, f"({DIVIDE}).astype(scores.dtype)"
        ),
        seen_in=("huggingface/transformers#48459", "jax-ml/jax#34114"),
    ),
    known(
        "softmax-float16",
        "Attention weights in half precision",
        "Attention weights are held in half precision to save memory, and multiplied "
        "with values that are not. Three digits are left.",
        Patch("Softmax", NORMALIZE, f"np.float16({NORMALIZE}).astype(exps.dtype)"),
        Patch("Normalize", DIVIDE, f"np.float16({DIVIDE}).astype(exps.dtype)"),
    ),
    known(
        "softmax-epsilon",
        "10⁻⁸ added to the denominator",
        "A guard against a division by zero that cannot happen: after the maximum is "
        "subtracted, the sum is at least one. Every weight is a little too small.",
        Patch(
            "Softmax",
            "exps.sum(axis=-1, keepdims=True)",
            "(exps.sum(axis=-1, keepdims=True) + 1e-8)",
        ),
        Patch("Normalize", DIVIDE, "exps / (row_sum + 1e-8)"),
    ),
    known(
        "softmax-not-normalised",
        "Exponentials not divided by their sum",
        "The second half of softmax is forgotten. Attention to a longer text is then "
        "simply larger.",
        Patch("Softmax", NORMALIZE, "exps"),
        Patch("Normalize", DIVIDE, "exps"),
    ),
    known(
        "scores-divided-by-sum",
        "Scores divided by their sum, without exponentials",
        "The first normalization in the book, kept for the last one. Attention weights "
        "may be negative, and a sum near zero blows them up.",
        Patch("Softmax", "np.exp(attn_scores - row_max)", "attn_scores"),
    ),
    known(
        "scale-after-softmax",
        "Attention weights divided by √d instead of scores",
        "A parenthesis in the wrong place: `softmax(scores) / √d`.",
        Patch("Attention scores", ".mT * scale", ".mT").and_in(
            "Softmax", NORMALIZE, f"{NORMALIZE} * scale"
        ),
    ),
    known(
        "empty-row-nan",
        "A query that may attend to nothing gives NaN",
        "The maximum of the row is −inf and −inf − (−inf) is NaN, or the sum is zero "
        "and 0/0 is. Padding and windows make such rows, and one NaN reaches all.",
        EmptyRow("Normalize", DIVIDE, "exps / row_sum"),
        seen_in=(
            "pytorch/pytorch#103749",
            "pytorch/pytorch#160064",
            "pytorch/pytorch#41508",
            "ml-explore/mlx#2608",
        ),
    ),
    known(
        "empty-row-mean",
        "A query that may attend to nothing averages all values",
        "Hidden scores are the lowest finite number. Where all of a row are hidden, "
        "they are equal, and so are their attention weights: the future leaks.",
        EmptyRow(
            "Exponentials",
            "row_max = ",
            "scores = np.maximum(scores, np.finfo(scores.dtype).min)\nrow_max = ",
        ),
    ),
)

DROPOUT = (
    known(
        "dropout-in-eval",
        "Dropout in evaluation",
        "`F.dropout` and `F.scaled_dot_product_attention` drop unless they are told "
        "not to; they do not know that the module is in evaluation. The same text "
        "gives another answer each time.",
        Patch("Dropout", "self.dropout if self.training else 0.0", "self.dropout"),
        Patch(
            "Keep mask",
            "self.p if self.training else 0.0",
            "self.p",
            caught_by="property: evaluation changes nothing",
            only="primitives/*",
        ),
    ),
    known(
        "dropout-no-rescale",
        "What dropout leaves is not scaled up",
        "Attention weights are dropped and the rest is left as it is, so that training "
        "sees smaller context vectors than evaluation.",
        Patch("Dropout | Scale", "* keep * keep_scale", "* keep"),
    ),
    known(
        "dropout-inverted",
        "What should be left is dropped",
        "A mask of what to drop is multiplied as if it were one of what to keep.",
        Patch("Dropout | Keep mask", ">= p if p > 0", "< p if p > 0"),
    ),
    known(
        "dropout-is-what-is-kept",
        "The rate taken for the share that is left",
        "`keep_prob` of old TensorFlow is 1 − `dropout`. What is left is scaled by 1/p "
        "instead of 1/(1 − p); at one half nothing shows.",
        Patch("Dropout | Scale", "(1 - p) if p < 1 else 0.0", "p if p > 0 else 1.0"),
    ),
    known(
        "dropout-one-nan",
        "A dropout of one gives NaN",
        "What is left is divided by 1 − p = 0. Nothing is, so 0 · inf is NaN.",
        Patch("Dropout | Scale", "p < 1 else 0.0", "p < 1 else np.inf"),
    ),
    known(
        "dropout-before-softmax",
        "Scores dropped instead of attention weights",
        "A dropped score is zero, which is no dropped weight. One issue of the book "
        "is about the sentence that says scores where it means weights.",
        Patch(
            "Causal mask",
            "causal_mask = np.tri(",
            "p = self.dropout if self.training else 0.0\n"
            "if p > 0:\n"
            "    keep = self.rng.random(attn_scores.shape) >= p\n"
            "    attn_scores = attn_scores * keep / max(1 - p, 1e-9)\n"
            "causal_mask = np.tri(",
        ).and_in("Dropout", "= attn_weights * keep * keep_scale", "= attn_weights"),
        seen_in=("rasbt/LLMs-from-scratch#280",),
    ),
    known(
        "dropout-renormalised",
        "What is left is scaled to sum to one",
        "Dropout is meant to keep the expected weight, not the sum of the row. A row "
        "that loses all its attention weights becomes 0/0.",
        Patch(
            "Dropout",
            "attn_weights * keep * keep_scale",
            "attn_weights * keep\n"
            "dropped_weights /= dropped_weights.sum(axis=-1, keepdims=True)",
        ),
    ),
    known(
        "dropout-shared-by-heads",
        "All heads drop the same attention weights",
        "The mask is drawn for one head and broadcast, or all heads have one seed.",
        Patch(
            "Dropout",
            "self.rng.random(attn_weights.shape) >=",
            "self.rng.random(attn_weights.shape)[..., :1, :, :] >=",
            only="attention/multi_head",
        ),
        Patch(
            "Causal attention",
            "contexts = [",
            "from copy import deepcopy\n\n"
            "for head in self.heads:\n"
            "    head.rng = deepcopy(self.heads[0].rng)\n"
            "contexts = [",
        ),
    ),
)

CONTEXT = (
    known(
        "weights-mixed-by-column",
        "Values averaged by the columns of the attention weights",
        "The attention weights are transposed in the last product: each token gives "
        "what others should take from it.",
        Patch("Context vectors", " attn_weights @", " attn_weights.mT @"),
        Patch("Context vectors", " dropped_weights @", " dropped_weights.mT @"),
    ),
    known(
        "heads-merge-no-transpose",
        "Heads joined without moving their axis back",
        "`view(B, T, H·D)` straight from (B, H, T, D). PyTorch rejects it with a hint "
        "to call `contiguous`, which makes the error go away and keeps the mistake.",
        Patch("Joined heads", "head_context.swapaxes(-3, -2)", "head_context"),
        Patch("Join", "by_token.reshape(", "heads.reshape("),
    ),
    known(
        "heads-joined-backwards",
        "Heads joined in the wrong order",
        "The context vectors are gathered in another order than the parameters that "
        "follow expect: a stack read from its top, or a list that was sorted by name.",
        Patch("Joined heads", "(contexts,", "(contexts[::-1],"),
        Patch("Joined heads", "head_context.", "head_context[..., ::-1, :, :]."),
        Patch("Transpose", " heads.swap", " heads[..., ::-1, :, :].swap"),
    ),
    known(
        "heads-joined-by-channel",
        "Channels of the heads shuffled together",
        "Heads are stacked on a new last axis and flattened: channel 0 of all heads, "
        "then channel 1 of all heads.",
        Patch(
            "Joined heads",
            "context = np.concatenate(contexts, axis=-1)",
            "context = np.stack(contexts, axis=-1)\n"
            "context = context.reshape(*context.shape[:-2], -1)",
        ),
        Patch("Joined heads", ").reshape(", ").mT.reshape("),
        Patch("Join", "by_token.reshape(", "by_token.mT.reshape("),
    ),
    known(
        "out-proj-forgotten",
        "No output projection",
        "The heads are side by side and are not combined. Shapes fit; the book's first "
        "multi-head class has none either.",
        Patch("Output projection", "self.out_proj(context, tape)", "context"),
    ),
    known(
        "out-proj-no-bias",
        "The output projection has no bias",
        "`qkv_bias=False` is taken to mean all four projections, or Llama's layers are "
        "the model for GPT-2's.",
        Patch(
            "Output projection",
            "self.out_proj(context, tape)",
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
    *CONTEXT,
)
