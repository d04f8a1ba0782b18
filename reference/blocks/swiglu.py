"""SwiGLU: a feed-forward layer in which every hidden channel has a gate.

Source: Shazeer 2020, https://arxiv.org/abs/2002.05202: FFN_SwiGLU.
Twin:   torch_impl/blocks/swiglu.py
"""

import numpy as np
from jaxtyping import Float

from reference.module import Module, check_input, check_sizes
from reference.primitives.linear import Linear
from reference.primitives.silu import silu, silu_backward
from reference.tape import NO_TAPE, Tape


class SwiGLU(Module):
    """`down_proj(SiLU(gate_proj x) * up_proj x)`, as in Llama; no layer has a bias.

    A gate z lets through z σ(z) times the hidden channel: SiLU(±99) is 99 or 0.

    >>> feed_forward = SwiGLU(1, 2)
    >>> feed_forward.gate_proj.weight[...] = [[99.0], [-99.0]]
    >>> feed_forward.up_proj.weight[...] = [[2.0], [3.0]]
    >>> feed_forward.down_proj.weight[...] = [[1.0, 1.0]]
    >>> feed_forward(np.array([[1.0]]))
    array([[198.]])
    """

    def __init__(
        self, emb_dim: int, hidden_dim: int, *, rng: np.random.Generator | None = None
    ):
        check_sizes(emb_dim=emb_dim, hidden_dim=hidden_dim)
        rng = rng or np.random.default_rng()
        self.emb_dim = emb_dim
        self.gate_proj = Linear(emb_dim, hidden_dim, bias=False, rng=rng)
        self.up_proj = Linear(emb_dim, hidden_dim, bias=False, rng=rng)
        self.down_proj = Linear(hidden_dim, emb_dim, bias=False, rng=rng)

    def forward(
        self, x: Float[np.ndarray, "*B T C"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T C"]:
        """Compute (SiLU(x W_gᵀ) * x W_uᵀ) W_dᵀ."""
        check_input(x, self.emb_dim)

        # 1. Projections: every token gets F hidden channels, and a gate for each.
        gate = self.gate_proj(x, tape)  # (*B, T, F)
        up = self.up_proj(x, tape)  # (*B, T, F)

        # 2. Activation: SiLU of the gates alone.
        activated = silu(gate)  # (*B, T, F)

        # 3. Gating: every hidden channel times its gate.
        hidden = activated * up  # (*B, T, F)
        tape.save(self, hidden, gate=gate, up=up, activated=activated)

        # 4. Down projection: from the hidden channels to those of the model.
        output = self.down_proj(hidden, tape)  # (*B, T, C)
        return output

    def backward(
        self, grad_output: Float[np.ndarray, "*B T C"], tape: Tape
    ) -> Float[np.ndarray, "*B T C"]:
        """Return the gradient of `x`: the chain rule, step by step, the last first."""
        # 4. output = hidden @ down_proj.weight.T.
        grad_hidden = self.down_proj.backward(grad_output, tape)  # (*B, T, F)
        saved = tape.restore(self, grad_hidden)

        # 3. hidden = activated * up: the product rule.
        grad_activated = grad_hidden * saved.up
        grad_up = grad_hidden * saved.activated

        # 2. activated = SiLU(gate), number by number.
        grad_gate = silu_backward(grad_activated, saved.gate)

        # 1. x went into both projections: the two gradients add up.
        grad_x = self.up_proj.backward(grad_up, tape)  # (*B, T, C)
        grad_x = grad_x + self.gate_proj.backward(grad_gate, tape)
        return grad_x
