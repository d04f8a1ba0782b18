"""Known mistakes in the norms."""

NORMS = r"""
norm-eps-outside-root: eps is added outside the root
    `rms + eps` for `sqrt(mean + eps)`: equal to many digits for vectors of usual
    size, and far off for those that eps is there for.
@ Normalize: np.sqrt(mean_square + self.eps) → (np.sqrt(mean_square) + self.eps)
@ Normalize: np.sqrt(variance + self.eps) → (np.sqrt(variance) + self.eps)

norm-gain-forgotten: The gain is forgotten
    Fresh modules have a gain of one, so a test with fresh parameters passes.
@ Gain: normed * self.weight → normed * 1.0
@ Gain and bias: normed * self.weight + self.bias → normed + self.bias

gemma-norm-without-one: The gain is taken for a difference to one
    Gemma's checkpoints hold weight - 1, and its code multiplies by 1 + weight.
@ Gain: normed * self.weight → normed * (1 + self.weight)

norm-sum-for-mean: The squares are summed, not averaged
    That divides by the length of the vector, as L2 normalization does: off by √C.
@ Mean square: (x * x).mean( → (x * x).sum(

norm-over-tokens: The average is taken over the tokens
    An axis from the front: -2 for -1. Of one token it gives signs.
@ Mean square: .mean(axis=-1, → .mean(axis=-2,
@ Variance: .mean(axis=-1, → .mean(axis=-2,

norm-unbiased-variance: The variance divides by C - 1
    The default of `torch.var`; NumPy's divides by C, and so does LayerNorm.
@ Variance:
    - (centered * centered).mean(axis=-1, keepdims=True)
    + (centered**2).sum(axis=-1, keepdims=True) / max(x.shape[-1] - 1, 1)

norm-mean-kept: The mean is not taken off
    RMSNorm under the name of LayerNorm.
@ Mean: x - x.mean(axis=-1, keepdims=True) → x

norm-gradient-without-scale: The gradient forgets that the norm moves with the vector
    Only dn / r: along the vector itself the output does not change, and this says so.
@ backward in norms/rms_norm: (grad_normed - saved.normed * along) → grad_normed
"""
