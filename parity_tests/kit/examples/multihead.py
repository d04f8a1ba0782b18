r"""Is `nn.MultiheadAttention` what the pair says?

It takes one size only, and packs its projections:

    diptych check multi_head_attention --convention square \
        --convention packed_projections \
        --impl parity_tests.kit.examples.multihead:attention
"""

import torch
from torch import nn


def attention(inputs, weights, config):
    """Attend to the past by PyTorch's module."""
    x = torch.from_numpy(inputs["x"])
    module = nn.MultiheadAttention(
        config["d_out"], config["num_heads"], batch_first=True, dtype=x.dtype
    )
    state = {name: torch.from_numpy(array) for name, array in weights.items()}
    module.load_state_dict(state, strict=False)  # a bias that is not given is zero
    hidden = torch.ones(x.shape[1], x.shape[1], dtype=torch.bool).triu(1)
    contexts, _ = module(x, x, x, attn_mask=hidden, need_weights=False)
    return contexts.detach().numpy()
