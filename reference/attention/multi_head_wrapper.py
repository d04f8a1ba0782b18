"""Several causal heads side by side, each with weights of its own.

Source: Vaswani et al. 2017, https://arxiv.org/abs/1706.03762, section 3.2.2,
        without the output projection; Raschka 2024, *Build a Large Language Model
        (From Scratch)*, section 3.6.1.
Twin:   torch_impl/attention/multi_head_wrapper.py
"""

import numpy as np
from jaxtyping import Bool, Float

from reference.attention.causal import CausalAttention
from reference.gradients import dotted, recalled
from reference.module import Module, ModuleList
from reference.primitives.dropout_mask import refuse_keep
from reference.refusals import (
    refuse_input,
    refuse_sizes,
)


class MultiHeadAttentionWrapper(Module):
    """Independent causal heads; what they find stands side by side.

    `d_out` counts the channels of one head, so the result has num_heads × d_out.

    Queries are zero, so each head averages what it sees; the second head's values
    are ten times the first one's.

    >>> attention = MultiHeadAttentionWrapper(1, 1, 2, dropout=0.0, num_heads=2)
    >>> attention.load_state_dict(
    ...     {
    ...         "heads.0.W_query.weight": [[0.0]],
    ...         "heads.0.W_key.weight": [[1.0]],
    ...         "heads.0.W_value.weight": [[1.0]],
    ...         "heads.1.W_query.weight": [[0.0]],
    ...         "heads.1.W_key.weight": [[1.0]],
    ...         "heads.1.W_value.weight": [[10.0]],
    ...     }
    ... )
    >>> attention(np.array([[2.0], [4.0]]))
    array([[ 2., 20.],
           [ 3., 30.]])
    """

    def __init__(
        self,
        d_in: int,
        d_out: int,
        context_length: int,
        dropout: float,
        num_heads: int,
        qkv_bias: bool = False,
        *,
        rng: np.random.Generator | None = None,
    ):
        refuse_sizes(num_heads=num_heads)  # each head refuses the rest
        rng = rng or np.random.default_rng()
        self.heads = ModuleList(
            CausalAttention(d_in, d_out, context_length, dropout, qkv_bias, rng=rng)
            for _ in range(num_heads)
        )

    def forward(
        self,
        x: Float[np.ndarray, "*B T C"],
        *,
        keep: Bool[np.ndarray, "*B H T T"] | None = None,
    ) -> Float[np.ndarray, "*B T E"]:
        """Let every head attend by itself and join what they found.

        `keep[…, h, t, s]` is True where dropout spares the weight of key s for
        query t in head h; None lets the heads draw it, one after the other.

        Raises:
            TypeError: `x` does not hold floating-point numbers, or `keep` other than
                truth values.
            ValueError: `x` or `keep` has another shape, or the text is longer than the
                context.
        """
        refuse_input(x, None)
        n_tokens = x.shape[-2]
        refuse_keep(keep, (*x.shape[:-2], len(self.heads), n_tokens, n_tokens))

        # 1. Let every head mix values by weights of its own.
        contexts = [
            head(x, keep=None if keep is None else keep[..., h, :, :])
            for h, head in enumerate(self.heads)
        ]  # H × (*B, T, D)

        # 2. Put the heads side by side.
        context = np.concatenate(contexts, axis=-1)  # (*B, T, E)
        self._made = (context,)
        return context

    def backward(
        self, grad_output: Float[np.ndarray, "*B T E"]
    ) -> dict[str, Float[np.ndarray, "..."]]:
        """Return the gradients of `x` and of every weight, by name.

        The loss is twice what the second head finds for the second token: it sees its
        values, 20 and 40, alike, and gains by raising the weight of the latter.

        >>> attention = MultiHeadAttentionWrapper(1, 1, 2, dropout=0.0, num_heads=2)
        >>> attention.load_state_dict(
        ...     {
        ...         "heads.0.W_query.weight": [[0.0]],
        ...         "heads.0.W_key.weight": [[1.0]],
        ...         "heads.0.W_value.weight": [[1.0]],
        ...         "heads.1.W_query.weight": [[0.0]],
        ...         "heads.1.W_key.weight": [[1.0]],
        ...         "heads.1.W_value.weight": [[10.0]],
        ...     }
        ... )
        >>> context = attention(np.array([[2.0], [4.0]]))
        >>> gradients = attention.backward(np.array([[0.0, 0.0], [0.0, 2.0]]))
        >>> gradients["x"].tolist()
        [[10.0], [10.0]]
        >>> gradients["heads.1.W_query.weight"].item()
        80.0
        >>> gradients["heads.1.W_value.weight"].item()
        6.0

        Raises:
            RuntimeError: `forward` has not run.
            TypeError: the gradient has another dtype than what `forward` returned.
            ValueError: the gradient has another shape than what `forward` returned.
        """
        recalled(self, grad_output)

        # 2. Give each head the gradient of its own channels.
        n_heads = len(self.heads)
        grad_contexts = np.split(grad_output, n_heads, axis=-1)  # H × (*B, T, D)

        # 1. Each passes it on, and a token gets what comes back through all heads.
        of_heads = [
            head.backward(grad_context)
            for head, grad_context in zip(self.heads, grad_contexts, strict=True)
        ]
        grad_x = np.sum([of_head["x"] for of_head in of_heads], axis=0)  # (*B, T, C)
        parts = {f"heads.{h}": of_head for h, of_head in enumerate(of_heads)}
        return {"x": grad_x, **dotted(parts)}
