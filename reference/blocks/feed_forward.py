"""Feed-forward: two linear layers with GELU between them, for every token by itself.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.3, with GELU
        for ReLU; Raschka, *Build a Large Language Model (From Scratch)*, section 4.3.
Twin:   torch_impl/blocks/feed_forward.py
"""

import numpy as np
from jaxtyping import Float

from reference.module import Module, check_input, check_sizes
from reference.primitives.gelu_tanh import gelu_tanh, gelu_tanh_backward
from reference.primitives.linear import Linear
from reference.tape import NO_TAPE, Tape


class FeedForward(Module):
    """Project to `hidden_dim` channels, apply GELU, and project to `emb_dim` channels.

    GELU is the approximation by tanh, as in GPT-2, where `hidden_dim` is 4 · `emb_dim`.

    GELU of x less GELU of -x is x, so that two opposite hidden channels pass x on.

    >>> feed_forward = FeedForward(1, 2)
    >>> feed_forward.up_proj.weight[...] = [[1.0], [-1.0]]
    >>> feed_forward.down_proj.weight[...] = [[1.0, -1.0]]
    >>> feed_forward.up_proj.bias[...], feed_forward.down_proj.bias[...] = 0.0, 5.0
    >>> feed_forward(np.array([[2.0]]))
    array([[7.]])
    """

    def __init__(
        self, emb_dim: int, hidden_dim: int, *, rng: np.random.Generator | None = None
    ):
        check_sizes(emb_dim=emb_dim, hidden_dim=hidden_dim)
        rng = rng or np.random.default_rng()
        self.emb_dim = emb_dim
        self.up_proj = Linear(emb_dim, hidden_dim, rng=rng)
        self.down_proj = Linear(hidden_dim, emb_dim, rng=rng)

    def forward(
        self, x: Float[np.ndarray, "*B T C"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T C"]:
        """Compute GELU(x W₁ᵀ + b₁) W₂ᵀ + b₂."""
        check_input(x, self.emb_dim)

        # 1. Up projection: every token gets F hidden channels.
        hidden = self.up_proj(x, tape)  # (*B, T, F)

        # 2. Activation: GELU by tanh. Without it, both layers would be a single one.
        activated = gelu_tanh(hidden)  # (*B, T, F)
        tape.save(self, activated, hidden=hidden)

        # 3. Down projection: from the hidden channels to those of the model.
        output = self.down_proj(activated, tape)  # (*B, T, C)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "*B T C"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`: the chain rule, step by step, the last first."""
        # 3. output = activated @ down_proj.weight.T + down_proj.bias.
        grad_activated = self.down_proj.backward(grad_output, tape)  # (*B, T, F)
        saved = tape.restore(self, grad_activated)

        # 2. activated = GELU(hidden), number by number.
        grad_hidden = gelu_tanh_backward(grad_activated, saved.hidden)

        # 1. hidden = x @ up_proj.weight.T + up_proj.bias.
        grad_x = self.up_proj.backward(grad_hidden, tape)  # (*B, T, C)
        return grad_x
