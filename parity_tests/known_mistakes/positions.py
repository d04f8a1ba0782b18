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

rope-gradient-forward: The gradient turns the way the token did
    The backward pass is the rotation by the negative angle; the same function is
    called again instead.
@ backward in positions/rotary:
    turned_first + grad_rotated_second → turned_first - grad_rotated_second
    turned_second - grad_rotated_first → turned_second + grad_rotated_first
"""
