r"""Does `nn.MultiheadAttention` agree with MultiHeadAttention?

It takes one size only, and packs its projections:

    diptych check attention/multi_head --convention square \
        --convention packed_projections \
        --impl parity_tests.kit.examples.multihead:attention
"""

import torch
from torch import nn


def attention(inputs, parameters, config):
    """Attend to the past by PyTorch's module."""
    x = torch.from_numpy(inputs["x"])
    module = nn.MultiheadAttention(
        config["d_out"], config["num_heads"], batch_first=True, dtype=x.dtype
    )
    state = {name: torch.from_numpy(array) for name, array in parameters.items()}
    module.load_state_dict(state, strict=False)  # a bias that is not given is zero
    later = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    context, _ = module(x, x, x, attn_mask=later, need_weights=False)
    return context.detach().numpy()
