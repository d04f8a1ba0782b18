"""Known mistakes in attention, in the order in which its steps come."""

ATTENTION = r"""
weights-transposed: Parameters read in the other layout
    A matrix stored (out, in) is read as (in, out), with a reshape where it did not fit.
    With square matrices nothing complains; the model talks nonsense.
    Seen in nntile/nntile#402, huggingface/transformers#311
@ Projections:
    queries = x @ self.W_query → queries = x @ self.W_query.reshape(-1, self.d_in).T
    keys = x @ self.W_key → keys = x @ self.W_key.reshape(-1, self.d_in).T
    values = x @ self.W_value → values = x @ self.W_value.reshape(-1, self.d_in).T
@ Projection: weight.T → weight.reshape(x.shape[-1], -1)

bias-dropped: The bias is not added
    The layer has a bias and the formula in the book has none, so a port leaves it out.
    Parameters just drawn have small biases, which hides it in a first test.
@ Projection: y = y + self.bias → y = y

bias-twice: The bias is added twice
    A layer that adds its bias is wrapped by code that adds the bias again, as happens
    when a fused kernel replaces the product but not the addition.
@ Projection: y + self.bias → y + self.bias + self.bias

bias-on-queries-only: Keys and values get no bias
    One of three copied lines has the bias. What is missing on the keys nobody can see
    in the output, since softmax cancels it; on the values it shows.
@ Projections:
    keys = self.W_key(x, tape) → keys = x @ self.W_key.weight.T
    values = self.W_value(x, tape) → values = x @ self.W_value.weight.T

bias-dropped-on-keys: Keys get no bias
    A bias on the keys adds the same number to all scores of a query, and softmax
    cancels it: the output is right, which is why Whisper leaves it out on purpose. In a
    port the keys then differ, and so does a cache of them.
    Seen in https://github.com/openai/whisper/blob/main/whisper/model.py
@ Projections in attention/cached:
    keys = self.W_key(x, tape) → keys = x @ self.W_key.weight.T
@ Projections: keys = self.W_key(x, tape) → keys = x @ self.W_key.weight.T
    caught by steps

values-from-keys: The values are the keys
    Three lines are copied and one name is not changed. Shapes fit, training works.
@ Projections: self.W_value → self.W_key

queries-from-keys: The queries are the keys
    The same slip one line up: without a mask, the scores are symmetric.
@ Projections: self.W_query → self.W_key

heads-view-no-transpose: Heads split by a view alone
    `view(B, H, T, D)` straight from (B, T, H·D): the shape is right, the numbers are
    not. A head then has pieces of adjacent tokens, the future included.
@ Heads:
    (*x.shape[:-1], self.num_heads, → (*x.shape[:-2], self.num_heads, n_tokens,
    queries.reshape(by_head).swapaxes(-3, -2) → queries.reshape(by_head)
    keys.reshape(by_head).swapaxes(-3, -2) → keys.reshape(by_head)
    values.reshape(by_head).swapaxes(-3, -2) → values.reshape(by_head)
@ Transpose:
    by_token.swapaxes(-3, -2) → x.reshape(*x.shape[:-2], n_heads, x.shape[-2], head_dim)

heads-channels-interleaved: Heads take every H-th channel instead of a run of channels
    `(d h)` is written where `(h d)` is meant, or the two sizes of a view change places.
    A model trained so is as good; parameters from elsewhere do not fit.
@ Heads:
    self.num_heads, self.head_dim) → self.head_dim, self.num_heads)
    - queries.reshape(by_head).swapaxes(-3, -2)
    + np.moveaxis(queries.reshape(by_head), -1, -3)
    keys.reshape(by_head).swapaxes(-3, -2) → np.moveaxis(keys.reshape(by_head), -1, -3)
    - values.reshape(by_head).swapaxes(-3, -2)
    + np.moveaxis(values.reshape(by_head), -1, -3)
@ Split: n_heads, head_dim) → head_dim, n_heads).mT

heads-one-module: All heads are one module
    `[Head(…)] * num_heads` makes a list of one head many times. Its parameters are
    named as if there were many, and the last ones loaded serve all.
@ __init__:
    - CausalAttention(d_in, d_out, context_length, dropout, qkv_bias, rng=rng)
    - for _ in range(num_heads)
    + [CausalAttention(d_in, d_out, context_length, dropout, qkv_bias, rng=rng)]
    + * num_heads

heads-tiled: Key and value heads repeated as 0 1 0 1 where 0 0 1 1 is meant
    Query head h reads head h // (H / G). Tiled instead of repeated, each shared head
    serves other queries than those it was trained with.
    Seen in onnx/onnx#7274, apple/axlearn#842
@ forward:
    keys.repeat(group_size, axis=-3) → np.concatenate([keys] * group_size, axis=-3)
    values.repeat(group_size, axis=-3) → np.concatenate([values] * group_size, axis=-3)

scale-unasked: Scores scaled where the definition does not scale
    The habit of dividing by √d reaches the one variant that has no scale.
@ Attention scores: x @ x.mT → x @ x.mT / x.shape[-1] ** 0.5

no-scale: Scores not divided by √d
    Attention becomes too sharp, the more so the wider the head. At width 1 it is right.
@ Attention scores: .mT * scale → .mT

scale-d-in: Scores divided by √d_in
    The width of the input for that of the keys. Where they are equal, nothing shows.
@ Attention scores: sqrt(keys.shape[-1]) → sqrt(self.d_in)

scale-d-model: Scores divided by √d_out
    The width of all heads for that of one: too flat. With one head nothing shows.
@ Attention scores: math.sqrt(self.head_dim) → math.sqrt(self.head_dim * self.num_heads)

scale-twice: Scores divided by d
    The queries are scaled and the scores once more, or the root is forgotten.
@ Attention scores: .mT * scale → .mT * scale * scale

scale-inverted: Scores multiplied by √d
    `scale` is computed as √d, a divisor, and then used as a factor.
@ Attention scores: 1 / math.sqrt( → math.sqrt(

keys-dot-T: `keys.T` on a batch
    `.T` swaps the last two axes of one text, and reverses all axes of a batch. Code
    that was tried on one text fails, or multiplies what does not belong together.
@ Attention scores: .mT → .T

dtype-promoted: float32 goes in, float64 comes out
    `np.sqrt` gives a NumPy number, which since NumPy 2 makes float64 of all it meets
    (NEP 50); `math.sqrt` does not. Twice the memory, and no error anywhere.
@ Attention scores: 1 / math.sqrt( → 1 / np.sqrt(

mask-forgotten: No mask
    Every token sees the whole text. Training looks splendid, since each token sees the
    one that it should predict; the model cannot write.
@ Causal mask: np.where(causal_mask, attn_scores, -np.inf) → attn_scores

mask-polarity: A mask of what to drop, taken for a mask of what may be attended to
    Libraries disagree on what True means, and hand the mask over without a word. Each
    token then sees the future alone, and the last one nothing: NaN.
    Seen in pytorch/pytorch#21518, pytorch/pytorch#170415, lucidrains/x-transformers#164
@ Causal mask: attn_scores, -np.inf) → -np.inf, attn_scores)

mask-polarity-zero: That mask, in a kernel that gives zero where nothing is attended to
    `F.scaled_dot_product_attention` makes no NaN of that mask: the last token gets
    zeros. It lived for years in a notebook that compared two variants of nine.
    Seen in rasbt/LLMs-from-scratch#1061
@ Causal mask: attn_scores, -np.inf) → -np.inf, attn_scores)
& Softmax:
    - exps / exps.sum(axis=-1, keepdims=True)
    + np.nan_to_num(exps / exps.sum(axis=-1, keepdims=True))

mask-off-by-one: A token sees the next one
    `tril(1)`, `triu(2)`, `<=` for `<`. In training, the answer stands in what is seen.
@ Causal mask: dtype=bool → k=1, dtype=bool

mask-hides-itself: A token does not see itself
    `tril(-1)`, `triu(0)`. The first token sees nothing: its attention weights are 0/0.
@ Causal mask: dtype=bool → k=-1, dtype=bool

mask-transposed: The past hidden instead of the future
    Queries and keys change places: each token sees itself and what comes after it.
@ Causal mask: dtype=bool) → dtype=bool).T

mask-rows-from-the-end: Rows from the wrong end of a mask that is larger than the text
    A mask is made once for the longest text, and a shorter one takes its last rows and
    first columns, as a cache would need. Little or nothing is hidden.
@ Causal mask:
    - np.tri(n_tokens, dtype=bool)
    + np.tri(self.context_length, dtype=bool)[-n_tokens:, :n_tokens]

mask-finite-fill: Hidden scores set to −100
    A number that looks low, for −inf. With large inputs, what is hidden wins.
@ Causal mask: attn_scores, -np.inf) → attn_scores, -100.0)

mask-finite-fill-large: Hidden scores set to −10,000
    A number that half precision can hold, written where −inf is meant. It is low enough
    for every model in use, and wrong for the first one whose scores are lower.
@ Causal mask: attn_scores, -np.inf) → attn_scores, -1e4)

mask-added: A large number subtracted from hidden scores
    BERT's way. A hidden score that leads by more than 10,000 is seen all the same.
    Seen in https://github.com/google-research/bert/blob/master/modeling.py
@ Causal mask:
    - np.where(causal_mask, attn_scores, -np.inf)
    + attn_scores - np.where(causal_mask, 0, 1e4).astype(attn_scores.dtype)

mask-multiplied: Hidden scores multiplied by zero
    A score of zero is no hidden score: its exponential is e⁰, and the future leaks.
@ Causal mask: np.where(causal_mask, attn_scores, -np.inf) → attn_scores * causal_mask

mask-after-softmax: Attention weights hidden after softmax and not normalized again
    What is seen gets its share of all, hidden tokens included, so a row no longer sums
    to one and depends on the future. The book shows it as a first attempt.
@ Causal mask: np.where(causal_mask, attn_scores, -np.inf) → attn_scores
& Softmax:
    - exps / exps.sum(axis=-1, keepdims=True)
    + exps / exps.sum(axis=-1, keepdims=True) * causal_mask

softmax-wrong-axis: Softmax over the queries
    `dim=-2`, or a `dim` counted for another number of axes. Columns sum to one instead
    of rows, and each token depends on all that attend to it.
@ Softmax:
    .max(axis=-1, → .max(axis=-2,
    exps.sum(axis=-1, → exps.sum(axis=-2,
@ Exponentials: .max(axis=-1, → .max(axis=-2,
& Normalize: .sum(axis=-1, → .sum(axis=-2,

softmax-over-heads: Softmax over the heads
    `dim=1` is right for (B, T, T), wrong for (B, H, T, T). Hidden scores become 0/0.
@ Softmax in attention/multi_head:
    .max(axis=-1, → .max(axis=-3,
    exps.sum(axis=-1, → exps.sum(axis=-3,

softmax-no-shift: No maximum subtracted
    The formula as it stands. Scores above 88 overflow in float32 (709 in float64).
@ Softmax: _scores - row_max → _scores
@ Exponentials:
    scores - np.where(np.isfinite(row_max), row_max, 0.0) → scores

softmax-mean-shift: The mean subtracted instead of the maximum
    Any number may be subtracted from a row, but only the maximum keeps every
    exponential at one or below. Rows that are wide overflow as before.
@ Softmax | Exponentials:
    .max(axis=-1, keepdims=True, initial=-np.inf) → .mean(axis=-1, keepdims=True)

softmax-max-of-all: One maximum for the whole batch
    `scores.max()` without an axis. Nothing overflows, but a row far below the largest
    score underflows to zeros, and its sum with it: 0/0.
@ Softmax | Exponentials: max(axis=-1, keepdims=True, initial → max(initial

softmax-max-before-mask: The maximum taken over hidden scores too
    The maximum is computed before the mask is applied, to save a pass over the scores.
    A hidden score that leads by far makes all others underflow.
@ Softmax: masked_scores.max( → attn_scores.max(

softmax-base-two: 2ˣ where eˣ is meant
    Kernels compute powers of two, and must multiply the scores by log₂ e first.
@ Softmax | Exponentials: np.exp( → np.exp2(

softmax-low-precision: Softmax in float32 inside float64
    `softmax(…, dtype=float32)` protects half precision and ruins double precision: nine
    digits of sixteen are lost, and no usual tolerance sees it.
    Seen in huggingface/transformers#48459, jax-ml/jax#34114
@ Softmax:
    row_max) → row_max).astype(np.float32)
    - exps / exps.sum(axis=-1, keepdims=True)
    + (exps / exps.sum(axis=-1, keepdims=True)).astype(row_max.dtype)
@ Exponentials: row_max, 0.0)) → row_max, 0.0)).astype('f4')
& Normalize:
    - exps / np.where(row_sum == 0, 1.0, row_sum)
    + (exps / np.where(row_sum == 0, 1.0, row_sum)).astype(scores.dtype)

softmax-float16: Attention weights in half precision
    They are held so to save memory, and multiplied with values that are not.
@ Softmax:
    - exps / exps.sum(axis=-1, keepdims=True)
    + np.float16(exps / exps.sum(axis=-1, keepdims=True)).astype(exps.dtype)
@ Normalize:
    - exps / np.where(row_sum == 0, 1.0, row_sum)
    + np.float16(exps / np.where(row_sum == 0, 1.0, row_sum)).astype(exps.dtype)

softmax-epsilon: 10⁻⁸ added to the denominator
    A guard against a division by zero that cannot happen: after the maximum is
    subtracted, the sum is at least one. Every weight is a little too small.
@ Softmax: exps.sum(axis=-1, keepdims=True) → (exps.sum(axis=-1, keepdims=True) + 1e-8)
@ Normalize: exps / np.where(row_sum == 0, 1.0, row_sum) → exps / (row_sum + 1e-8)

softmax-not-normalised: Exponentials not divided by their sum
    The second half of softmax is forgotten. Attention to a longer text is larger.
@ Softmax: exps / exps.sum(axis=-1, keepdims=True) → exps
@ Normalize: exps / np.where(row_sum == 0, 1.0, row_sum) → exps

scores-divided-by-sum: Scores divided by their sum, without exponentials
    The first normalization in the book. A sum near zero blows the weights up.
@ Softmax: np.exp(attn_scores - row_max) → attn_scores

scale-after-softmax: Attention weights divided by √d instead of scores
    A parenthesis in the wrong place: `softmax(scores) / √d`.
@ Attention scores: .mT * scale → .mT
& Softmax:
    - exps / exps.sum(axis=-1, keepdims=True)
    + exps / exps.sum(axis=-1, keepdims=True) * scale

empty-row-nan: A query that may attend to nothing gives NaN
    The maximum of the row is −inf and −inf − (−inf) is NaN, or the sum is zero and 0/0
    is. Padding and windows make such rows, and one NaN reaches all.
    Seen in pytorch/pytorch#103749, pytorch/pytorch#160064, pytorch/pytorch#41508,
    ml-explore/mlx#2608
@ Normalize in primitives/*:
    exps / np.where(row_sum == 0, 1.0, row_sum) → exps / row_sum
    caught by test: a row that is masked throughout has weights of zero

empty-row-mean: A query that may attend to nothing averages all values
    Hidden scores are the lowest finite number. Where all of a row are hidden, they are
    equal, and so are their attention weights: the future leaks.
@ Exponentials in primitives/*:
    - row_max =
    + scores = np.maximum(scores, np.finfo(scores.dtype).min)
    + row_max =
    caught by test: a row that is masked throughout has weights of zero

dropout-in-eval: Dropout in evaluation
    `F.dropout` and `F.scaled_dot_product_attention` drop unless told not to; they do
    not know of evaluation. The same text gives another answer each time.
@ Dropout: self.dropout if self.training else 0.0 → self.dropout
@ Keep mask in primitives/*: self.p if self.training else 0.0 → self.p
    caught by property: evaluation changes nothing

dropout-no-rescale: What dropout leaves is not scaled up
    The rest is left as it is: training sees smaller context vectors than evaluation.
@ Dropout | Scale: * keep * keep_scale → * keep

dropout-inverted: What should be left is dropped
    A mask of what to drop is multiplied as if it were one of what to keep.
@ Dropout | Keep mask: >= p if p > 0 → < p if p > 0

dropout-is-what-is-kept: The rate taken for the share that is left
    `keep_prob` of old TensorFlow is 1 − `dropout`. At one half nothing shows.
@ Dropout | Scale: (1 - p) if p < 1 else 0.0 → p if p > 0 else 1.0

dropout-one-nan: A dropout of one gives NaN
    What is left is divided by 1 − p = 0. Nothing is, so 0 · inf is NaN.
@ Dropout | Scale: p < 1 else 0.0 → p < 1 else np.inf

dropout-before-softmax: Scores dropped instead of attention weights
    A dropped score is zero, which is no dropped weight. One issue of the book is about
    the sentence that says scores where it means weights.
    Seen in rasbt/LLMs-from-scratch#280
@ Causal mask:
    - causal_mask = np.tri(
    + p = self.dropout if self.training else 0.0
    + if p > 0:
    +     keep = self.rng.random(attn_scores.shape) >= p
    +     attn_scores = attn_scores * keep / max(1 - p, 1e-9)
    + causal_mask = np.tri(
& Dropout: = attn_weights * keep * keep_scale → = attn_weights

dropout-renormalised: What is left is scaled to sum to one
    Dropout keeps the expected weight, not the sum. A row that loses all becomes 0/0.
@ Dropout:
    - attn_weights * keep * keep_scale
    + attn_weights * keep
    + dropped_weights /= dropped_weights.sum(axis=-1, keepdims=True)

dropout-shared-by-heads: All heads drop the same attention weights
    The mask is drawn for one head and broadcast, or all heads have one seed.
@ Dropout in attention/multi_head: .shape) >= → .shape)[..., :1, :, :] >=
@ Causal attention:
    - contexts = [
    + from copy import deepcopy
    + for head in self.heads:
    +     head.rng = deepcopy(self.heads[0].rng)
    + contexts = [

weights-mixed-by-column: Values averaged by the columns of the attention weights
    They are transposed in the last product: each token gives what others should take.
@ Context vectors: _weights @ → _weights.mT @

heads-merge-no-transpose: Heads joined without moving their axis back
    `view(B, T, H·D)` straight from (B, H, T, D). PyTorch rejects it with a hint to call
    `contiguous`, which makes the error go away and keeps the mistake.
@ Joined heads: head_context.swapaxes(-3, -2) → head_context
@ Join: by_token.reshape( → heads.reshape(

heads-joined-backwards: Heads joined in the wrong order
    The context vectors are gathered in another order than the parameters that follow
    expect: a stack read from its top, or a list that was sorted by name.
@ Joined heads: (contexts, → (contexts[::-1],
@ Joined heads: head_context. → head_context[..., ::-1, :, :].
@ Transpose: = heads.swap → = heads[..., ::-1, :, :].swap

heads-joined-by-channel: Channels of the heads shuffled together
    Heads are stacked on a last axis and flattened: channel 0 of all heads comes first.
@ Joined heads:
    - context = np.concatenate(contexts, axis=-1)
    + context = np.stack(contexts, axis=-1)
    + context = context.reshape(*context.shape[:-2], -1)
@ Joined heads: ).reshape( → ).mT.reshape(
@ Join: by_token.reshape( → by_token.mT.reshape(

out-proj-forgotten: No output projection
    The heads are not combined. Shapes fit; the book's first multi-head class has none.
@ Output projection: self.out_proj(context, tape) → context

out-proj-no-bias: The output projection has no bias
    `qkv_bias=False` taken for all four projections, or Llama taken for GPT-2.
@ Output projection: self.out_proj(context, tape) → context @ self.out_proj.weight.T
"""
