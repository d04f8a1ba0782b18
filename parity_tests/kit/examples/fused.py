r"""Is `F.scaled_dot_product_attention` what the pair says?

    diptych check causal_attention --supports leading_axes \
        --impl parity_tests.kit.examples.fused:attention

Two mistakes stand below it, to see what the kit says of them.
"""

import torch
import torch.nn.functional as F


def attention(inputs, weights, config):
    """Project, and attend to the past by the fused call."""
    queries, keys, values = projected(inputs, weights)
    contexts = F.scaled_dot_product_attention(queries, keys, values, is_causal=True)
    return contexts.numpy()


def projected(inputs, weights):
    """Return queries, keys and values."""
    x = torch.from_numpy(inputs["x"])
    w = {name: torch.from_numpy(array) for name, array in weights.items()}
    return [
        F.linear(x, w[f"W_{name}.weight"], w.get(f"W_{name}.bias"))
        for name in ("query", "key", "value")
    ]


def without_scale(inputs, weights, config):
    """Forget to divide by the square root of the head's size."""
    q, k, v = projected(inputs, weights)
    return F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1.0).numpy()


def without_mask(inputs, weights, config):
    """Forget the mask."""
    return F.scaled_dot_product_attention(*projected(inputs, weights)).numpy()
