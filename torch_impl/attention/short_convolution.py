"""Short convolution: each channel is a weighted sum of its last few tokens.

Source: Gu and Dao 2023, Mamba, https://arxiv.org/abs/2312.00752; before the delta rule:
        Yang et al. 2024, Gated Delta Networks, https://arxiv.org/abs/2412.06464.
Twin:   reference/attention/short_convolution.py
"""

import math

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from torch_impl.validation import check_input, check_sizes


class ShortConvolution(nn.Module):
    """y_t = Σ_j w_j x_(t - K + 1 + j) + b, for each channel by itself: a causal Conv1d.

    The last weight is that of the token itself. `weight` has shape (C, 1, K), as in
    `nn.Conv1d(C, C, K, groups=C)`, which pads with zeros on both ends. The state holds
    the K - 1 tokens before the text. State in, state out: a text in chunks gives what
    it gives whole. Padding has to be zeroed before: its channels are summed too.

    Differs from the layer of linear-attention models by their SiLU, which comes after.

    Each token gets 1 times itself and 10 times the one before; the first had 7 before.

    >>> convolve = ShortConvolution(1, kernel_size=2, bias=False)
    >>> convolve.weight.data = torch.tensor([[[10.0, 1.0]]])
    >>> with torch.no_grad():
    ...     convolve(torch.tensor([[1.0], [2.0]]), state=torch.tensor([[7.0]]))
    (tensor([[71.],
            [12.]]), tensor([[2.]]))
    """

    def __init__(self, d_in: int, kernel_size: int, bias: bool = True):
        super().__init__()
        check_sizes(d_in=d_in, kernel_size=kernel_size)
        self.d_in, self.kernel_size = d_in, kernel_size
        bound = 1 / math.sqrt(kernel_size)
        self.weight = nn.Parameter(torch.empty(d_in, 1, kernel_size))
        nn.init.uniform_(self.weight, -bound, bound)
        self.bias = nn.Parameter(torch.empty(d_in)) if bias else None
        if self.bias is not None:
            nn.init.uniform_(self.bias, -bound, bound)

    def forward(
        self,
        x: Float[Tensor, "*B T C"],
        state: Float[Tensor, "*B P C"] | None = None,
    ) -> tuple[Float[Tensor, "*B T C"], Float[Tensor, "*B P C"]]:
        """Return the sums, and the last P = K - 1 tokens; without a state, zeros.

        Raises:
            ValueError: the state does not hold K - 1 tokens of these texts.
        """
        check_input(x, self.d_in)
        before_shape = (*x.shape[:-2], self.kernel_size - 1, self.d_in)
        if state is None:
            state = x.new_zeros(before_shape)
        check_state(state, before_shape)

        # 1. History: the tokens of the state stand before those of the text.
        history = torch.cat([state, x], dim=-2)  # (*B, P+T, C)

        # 2. Convolution: a token and the P before it, each times its own weight.
        output = x  # (*B, T, C)
        if x.shape[-2]:  # conv1d takes no text of no token
            flat = history.reshape(-1, *history.shape[-2:]).mT
            convolved = F.conv1d(flat, self.weight, self.bias, groups=self.d_in).mT
            output = convolved.reshape(x.shape)  # (*B, T, C)

        # 3. State: the last P tokens, those of the old state among them if T < P.
        final_state = history[..., x.shape[-2] :, :]  # (*B, P, C)
        return output, final_state


def check_state(state: Float[Tensor, "..."], shape: tuple[int, ...]) -> None:
    """Check that a state holds the tokens before the text."""
    if tuple(state.shape) != shape:
        raise ValueError(f"state must have shape {shape}, got {tuple(state.shape)}")
