"""Known mistakes in gradient clipping."""

CLIPPING = r"""
clip-per-tensor: Every parameter's gradient is clipped by itself
    Each has a norm of its own, so large ones are shortened and small ones are not: the
    direction changes. A curve does not show it.
@ Scale in optimizers/clip:
    - clipped = {name: gradient * factor for name, gradient in gradients.items()}
    + clipped = {
    +     name: g * np.minimum(max_norm / (np.sqrt((g * g).sum()) + 1e-6), 1.0)
    +     for name, g in gradients.items()
    + }

clip-forgotten: Gradients are not clipped
    The norm is measured and reported, and nothing is done about it.
@ Scale in optimizers/clip: gradient * factor for → gradient * 1.0 for

clip-by-value: Numbers are clipped, not the norm
    `clip_grad_value_` for `clip_grad_norm_`: the direction changes.
@ Scale in optimizers/clip:
    gradient * factor for → np.clip(gradient, -max_norm, max_norm) for

clip-stretches: Short gradients are stretched to the norm
    The minimum with 1 is forgotten, so every step has the same length.
@ Factor in optimizers/clip:
    np.minimum(max_norm / (norm + 1e-6), 1.0) → max_norm / (norm + 1e-6)

clip-sum-of-norms: Norms are added up instead of squares
    The sum of the lengths is longer than the length of all together.
@ Norm in optimizers/clip: np.sqrt(np.stack(sums).sum()) → np.sqrt(np.stack(sums)).sum()

clip-root-forgotten: The square of the norm
    Twice as far off where it is far off, and right where it is 1.
@ Norm in optimizers/clip: np.sqrt(np.stack(sums).sum()) → np.stack(sums).sum()

clip-mean-square: The root of the mean square in place of the norm
    It does not grow with the number of parameters: a limit of 1 then limits nothing.
@ Norm in optimizers/clip:
    - norm = np.sqrt(np.stack(sums).sum())
    + norm = np.sqrt(
    +     np.stack(sums).sum() / max(sum(g.size for g in gradients.values()), 1)
    + )

clip-without-eps: Nothing is added to the norm
    PyTorch adds 10⁻⁶, so what is clipped has a norm slightly below the limit.
@ Factor in optimizers/clip: (norm + 1e-6) → np.maximum(norm, 1e-30)

clip-returns-norm-after: The norm that is reported is the clipped one
    It is never above the limit, so no spike is ever seen.
@ Scale in optimizers/clip: return clipped, norm → return clipped, norm * factor
"""
