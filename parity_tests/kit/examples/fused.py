r"""Does `F.scaled_dot_product_attention` agree with CausalAttention?

    diptych check attention/causal --supports leading_axes \
        --impl parity_tests.kit.examples.fused:attention

Two mistakes stand below it, to see what the kit says of them.
"""

import torch
import torch.nn.functional as F


def attention(inputs, parameters, config):
    """Project, and attend to the past by the fused call."""
    queries, keys, values = projected(inputs, parameters)
    context = F.scaled_dot_product_attention(queries, keys, values, is_causal=True)
    return context.numpy()


def projected(inputs, parameters):
    """Return queries, keys and values."""
    x = torch.from_numpy(inputs["x"])
    p = {name: torch.from_numpy(array) for name, array in parameters.items()}
    return [
        F.linear(x, p[f"W_{name}.weight"], p.get(f"W_{name}.bias"))
        for name in ("query", "key", "value")
    ]


def without_scale(inputs, parameters, config):
    """Forget to divide by the square root of the head's size."""
    q, k, v = projected(inputs, parameters)
    return F.scaled_dot_product_attention(q, k, v, is_causal=True, scale=1.0).numpy()


def without_mask(inputs, parameters, config):
    """Forget the mask."""
    return F.scaled_dot_product_attention(*projected(inputs, parameters)).numpy()
