"""Short convolution: each channel is a weighted sum of its last few tokens.

Source: Gu and Dao 2023, Mamba, https://arxiv.org/abs/2312.00752; before the delta rule:
        Yang et al. 2024, Gated Delta Networks, https://arxiv.org/abs/2412.06464.
Twin:   torch_impl/attention/short_convolution.py
"""

import math

import numpy as np
from jaxtyping import Float

from reference.module import Module, check_input, check_sizes
from reference.tape import NO_TAPE, Tape


class ShortConvolution(Module):
    """y_t = Σ_j w_j x_(t - K + 1 + j) + b, for each channel by itself: a causal Conv1d.

    The last weight is that of the token itself. `weight` has shape (C, 1, K), as in
    `nn.Conv1d(C, C, K, groups=C)`, which pads with zeros on both ends. The state holds
    the K - 1 tokens before the text. State in, state out: a text in chunks gives what
    it gives whole. Padding has to be zeroed before: its channels are summed too.

    Differs from the layer of linear-attention models by their SiLU, which comes after.

    Each token gets 1 times itself and 10 times the one before; the first had 7 before.

    >>> convolve = ShortConvolution(1, kernel_size=2, bias=False)
    >>> convolve.weight[...] = [[[10.0, 1.0]]]
    >>> convolve(np.array([[1.0], [2.0]]), state=np.array([[7.0]]))
    (array([[71.],
           [12.]]), array([[2.]]))
    """

    def __init__(
        self,
        d_in: int,
        kernel_size: int,
        bias: bool = True,
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(d_in=d_in, kernel_size=kernel_size)
        rng = rng or np.random.default_rng()
        self.d_in, self.kernel_size = d_in, kernel_size
        bound = 1 / math.sqrt(kernel_size)
        self.weight = rng.uniform(-bound, bound, (d_in, 1, kernel_size))
        self.bias = rng.uniform(-bound, bound, d_in) if bias else None

    def forward(
        self,
        x: Float[np.ndarray, "*B T C"],
        state: Float[np.ndarray, "*B P C"] | None = None,
        tape: Tape = NO_TAPE,
    ) -> tuple[Float[np.ndarray, "*B T C"], Float[np.ndarray, "*B P C"]]:
        """Return the sums, and the last P = K - 1 tokens; without a state, zeros.

        Raises:
            ValueError: the state does not hold K - 1 tokens of these texts.
        """
        check_input(x, self.d_in)
        before_shape = (*x.shape[:-2], self.kernel_size - 1, self.d_in)
        if state is None:
            state = np.zeros(before_shape, x.dtype)
        check_state(state, before_shape)

        # 1. History: the tokens of the state stand before those of the text.
        history = np.concatenate([state, x], axis=-2)  # (*B, P+T, C)

        # 2. Convolution: a token and the P before it, each times its own weight.
        output = np.zeros_like(x)  # (*B, T, C)
        for j in range(self.kernel_size):
            shifted = history[..., j : j + x.shape[-2], :]
            output = output + self.weight[:, 0, j] * shifted
        if self.bias is not None:
            output = output + self.bias

        # 3. State: the last P tokens, those of the old state among them if T < P.
        final_state = history[..., x.shape[-2] :, :]  # (*B, P, C)
        tape.save(self, output, history=history)
        return output, final_state

    def backward(
        self,
        grad_outputs: tuple[Float[np.ndarray, "*B T C"], Float[np.ndarray, "*B P C"]],
        tape: Tape,
    ) -> tuple[Float[np.ndarray, "*B T C"], Float[np.ndarray, "*B P C"]]:
        """Return the gradients of `x` and of the state; add those of the parameters."""
        grad_output, grad_final_state = grad_outputs
        saved = tape.restore(self, grad_output)
        n_tokens = grad_output.shape[-2]

        # 3. final_state = history[T:]: the last P tokens go on to the next chunk.
        of_state = np.zeros_like(saved.history)  # (*B, P+T, C)
        of_state[..., n_tokens:, :] = grad_final_state

        # 2. output_t = Σ_j w_j history_(t + j) + b, the product rule.
        grad_history, grad_weight = of_state.copy(), np.zeros_like(self.weight)
        rows = grad_output.reshape(-1, self.d_in)  # (N, C)
        for j in range(self.kernel_size):
            here = np.s_[..., j : j + n_tokens, :]
            products = rows * saved.history[here].reshape(rows.shape)
            grad_weight[:, 0, j] = products.sum(axis=0)
            own = self.weight[:, 0, j] * grad_output
            grad_history[here] = grad_history[here] + own
        tape.add_gradient(self.weight, grad_weight)
        if self.bias is not None:
            tape.add_gradient(self.bias, rows.sum(axis=0))

        # 1. history = [state, x], put behind each other: cut apart again.
        grad_x = grad_history[..., self.kernel_size - 1 :, :]  # (*B, T, C)
        grad_state = grad_history[..., : self.kernel_size - 1, :]  # (*B, P, C)
        return grad_x, grad_state


def check_state(state: Float[np.ndarray, "..."], shape: tuple[int, ...]) -> None:
    """Check that a state holds the tokens before the text."""
    if state.shape != shape:
        raise ValueError(f"state must have shape {shape}, got {state.shape}")
