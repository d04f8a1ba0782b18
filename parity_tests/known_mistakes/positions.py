"""Known mistakes in how positions are told."""

POSITIONS = r"""
rope-sign: Tokens turn the other way
    The two signs are swapped, or the second half is negated instead of the first.
    Training from nothing learns it as well; parameters from elsewhere do not fit, and
    scores of the same parameters differ.
    Seen in https://github.com/karpathy/nanochat/blob/master/nanochat/gpt.py
@ Rotation in positions/rotary:
    first * cosines - second * sines → first * cosines + second * sines
    second * cosines + first * sines → second * cosines - first * sines

rope-pairing: Halves are paired where neighbours should be
    The argument is never passed on, or the permutation that converts checkpoints is
    left out. With the parameters of SmolLM2 logits were off by 6.4, and after five
    tokens the next one was still "Paris": a short prompt does not show it.
    Seen in huggingface/nanotron#427, huggingface/transformers#39687,
    huggingface/transformers#47403, rasbt/LLMs-from-scratch#838
@ __init__ in positions/rotary:
    slice(0, n) if halves else slice(0, 2 * n, 2) → slice(0, n)
    slice(n, 2 * n) if halves else slice(1, 2 * n, 2) → slice(n, 2 * n)

rope-proportional-as-partial: Frequencies of a head of R channels in place of one of D
    Two readings of one factor: θ^(-2i/R) falls faster than θ^(-2i/D). At D = 64, a
    quarter of the channels and θ = 10⁶ the third frequency is .03 for .42.
@ rotary_frequencies in positions/rotary:
    -2 * i / width → -2 * i / (rotary_dim or 1)

rope-partial-everything: All channels turn where a part should
    `rotary_dim` is read from the configuration and forgotten; shapes fit.
@ rotary_frequencies in positions/rotary:
    - width = rotary_dim if reading == "partial" else head_dim
    + width = rotary_dim = head_dim

rope-float32-angles: Angles are computed in float32
    A product with a far position is rounded to eight digits in all, of which few are
    left behind the point. At position 131,071 the cosine is off by 1e-3.
@ cosines_and_sines in positions/rotary:
    - positions[..., None] * frequencies
    + (positions[..., None] * frequencies).astype(np.float32)

rope-offset-ignored: Positions count from 0, whatever is given
    A text that is continued from a cache begins at 0 again. The first step of decoding
    is right, and each later one a little more wrong.
@ Positions in positions/rotary:
    counted if positions is None else positions → counted

yarn-factor-squared: The attention factor is applied twice
    Cosines and sines already have it, and queries or keys are scaled by it once more.
    In a model whose factor is 1.49 that made 2.21; repaired, GSM8K rose by 20 points.
    Seen in sgl-project/sglang#33558
@ cosines_and_sines in positions/rotary:
    - np.cos(angles) * factor, np.sin(angles) * factor
    + np.cos(angles) * factor**2, np.sin(angles) * factor**2

yarn-factor-lost: The attention factor is not applied
    The key of the configuration is dropped, or a ratio of two factors is taken for 1.
    Seen in turboderp-org/exllamav3#259, vllm-project/vllm#48351
@ cosines_and_sines in positions/rotary:
    np.cos(angles) * factor, np.sin(angles) * factor → np.cos(angles), np.sin(angles)
@ Factors in positions/rotary_scaling:
    attention_factor = yarn_mscale(factor, mscale) / both → attention_factor = 1.0
    - attention_factor = yarn_mscale(factor)
    + attention_factor = 1.0

yarn-score-factor-missing: The factor of the scores is left out
    With two mscales the factor moves from the rotation to the scores of latent
    attention; whoever ports the rotation alone loses it. One token alone attends to
    itself whatever its score is, so a test of one token passes.
    Seen in onnxruntime/mobius#548
@ Factors in positions/rotary_scaling: both**2 → 1.0

yarn-score-factor-once: The factor of the scores is not squared
    Queries and keys have it each.
@ Factors in positions/rotary_scaling: both**2 → both

yarn-range-rounded: The range of the ramp is rounded although it should not be
    Some models (gpt-oss) say `truncate: false`, which older code does not read.
@ Range in positions/rotary_scaling: if truncate: → if True:

yarn-ramp-inverted: Fast pairs are slowed down, slow ones are not
    The ramp is taken for the weight of the old frequencies, as it is in code that names
    it `1 - ramp`.
@ Frequencies in positions/rotary_scaling:
    - frequencies / factor * ramp + frequencies * (1 - ramp)
    + frequencies / factor * (1 - ramp) + frequencies * ramp

ntk-exponent: The slowest pair is not slowed by the whole factor
    θ · s in place of θ · s^(D / (D - 2)).
@ Exponents in positions/rotary_scaling: / (n_pairs - 1) → / n_pairs

dynamic-short-texts: Short texts turn faster
    The length is not compared with the original one, so a short text has a base
    smaller than in training.
@ Stretch in positions/rotary_scaling:
    max(length or 0, original_length) → (length or original_length)

llama3-blend-inverted: Fast pairs are slowed down where slow ones should be
    Wavelengths and frequencies are mixed up: the longer one is, the smaller the other.
@ Frequencies in positions/rotary_scaling:
    - (1 - blend) * frequencies / factor + blend * frequencies
    + blend * frequencies / factor + (1 - blend) * frequencies

longrope-short-always: The factors of short texts are used for long ones
    The choice is made once, when the model is built, and no text is long then.
@ Slowness in positions/rotary_scaling:
    length is not None and length > original_length → False

rope-gradient-forward: The gradient turns the way the token did
    The backward pass is the rotation by the negative angle; the same function is
    called again instead.
@ backward in positions/rotary:
    turned_first + grad_rotated_second → turned_first - grad_rotated_second
    turned_second - grad_rotated_first → turned_second + grad_rotated_first

alibi-exponent: Slopes begin at 1
    The exponent of head h is taken as h, not h + 1: every slope is too large by one
    step of the sequence.
    Seen in paiml/aprender#2143
@ alibi_slopes in positions/alibi: 8 * (heads + 1) / power → 8 * heads / power

alibi-nonpower: One geometric sequence for any number of heads
    The paper's text may be read so; its code, and checkpoints such as Bloom's, take the
    power of two below and fill up from the one above. MosaicML has a third rule. Where
    heads are a power of two all are the same.
    Seen in ml-explore/mlx#343, ml-explore/mlx#3071, mosaicml/examples#307,
    baichuan-inc/Baichuan2#225, NVIDIA/TensorRT-LLM#1611
@ alibi_slopes in positions/alibi: 2 ** int(math.log2(num_heads)) → num_heads

alibi-filled-in-a-row: The missing slopes are the first of the power above
    Every other one is meant, since those between are slopes already.
@ alibi_slopes in positions/alibi: (2 * (heads - power) + 1) → (heads - power + 1)

alibi-sign: What is further away is scored higher
    The bias is added as m · (t - s), or slopes and distances are negative both.
@ Bias in positions/alibi: -alibi_slopes(self.num_heads) → alibi_slopes(self.num_heads)

alibi-offset-ignored: Distances are counted from the first key
    A text that is continued has more keys than queries. All distances of a query are
    off by the same number, which softmax cancels: the output is right, as Bloom knows.
    The same in a bias that is no line is wrong.
@ Distances in positions/alibi:
    np.arange(n_queries) + n_keys - n_queries → np.arange(n_queries)
    caught by steps

t5-scaled: Scores divided by √D where T5 does not divide
    The habit of every other model; T5's parameters are drawn smaller instead.
@ Attention scores in positions/relative_bias:
    queries @ keys.mT + bias → queries @ keys.mT / queries.shape[-1] ** 0.5 + bias

t5-bidirectional-in-decoder: A decoder has the buckets of an encoder
    The flag is not passed on: half of the buckets wait for keys that the mask hides,
    and the others are half as fine.
@ __init__ in positions/relative_bias:
    = num_heads, bidirectional → = num_heads, True
    if bidirectional else num_buckets → if True else num_buckets

t5-distance-sign: Keys before and behind a query are mixed up
    Query less key for key less query. In a decoder all that is seen is in bucket 0.
@ Distances in positions/relative_bias:
    places[:, None] - np.arange(n_keys) → np.arange(n_keys) - places[:, None]

t5-offset-ignored: Distances are counted from the first key
    A text that is continued has more keys than queries. Unlike that of ALiBi, this bias
    is no line, and softmax does not cancel what is off.
@ Distances in positions/relative_bias:
    np.arange(n_queries) + n_keys - n_queries → np.arange(n_queries)

t5-border-late: A bucket begins one distance late
    `left` for `right` in the search of the borders: the distance 1 is in bucket 0.
@ buckets in positions/relative_bias: side="right" → side="left"

t5-all-exact: Distances beyond the exact buckets are in one bucket
    The logarithmic half is left out, as where the definition is read to its middle.
@ buckets in positions/relative_bias:
    - np.searchsorted(self.starts, before, side="right")
    + np.minimum(before, self.per_direction // 2)

t5-table-last-text: The table gets the gradient of one text
    The bias is shared by all texts of a batch, so their gradients add up.
@ backward in positions/relative_bias:
    - grad_attn_scores.sum(axis=leading)
    + grad_attn_scores.reshape(-1, *grad_attn_scores.shape[-3:])[-1]

sinusoidal-cosines-first: Cosines are in the even channels
    Any order serves a model that learns with it, and no other.
@ Encoding in positions/sinusoidal: [sines, cosines] → [cosines, sines]

sinusoidal-halves: All sines come first, then all cosines
    So do the paper's own code and fairseq. Parameters of one layout do not fit the
    other.
    Seen in https://github.com/tensorflow/tensor2tensor/blob/master/tensor2tensor/layers/common_attention.py
@ Encoding in positions/sinusoidal:
    np.stack([sines, cosines], axis=-1) → np.stack([sines, cosines], axis=-2)

sinusoidal-offset-ignored: Positions count from 0, whatever is given
    A text that is continued begins at 0 again.
@ Positions in positions/sinusoidal:
    counted if positions is None else positions → counted

sinusoidal-float32-angles: Angles are computed in float32
    Far positions have few digits left behind the point.
@ cosines_and_sines in positions/sinusoidal:
    - positions[..., None] * frequencies
    + (positions[..., None] * frequencies).astype(np.float32)

sinusoidal-not-added: The encoding takes the place of the token
    An assignment for a sum: the model sees positions and no text.
@ Sum in positions/sinusoidal: x + encoding → 0 * x + encoding
"""
