r"""Does the attention of transformers' GPT-2 agree with MultiHeadAttention?

Its projections are packed and laid out (in, out); it takes one size only, and no
empty text:

    diptych check attention/multi_head --convention square \
        --convention packed_projections --convention weights_in_out \
        --convention not_empty \
        --impl parity_tests.kit.examples.gpt2:attention
"""

import torch
from transformers import GPT2Config
from transformers.models.gpt2.modeling_gpt2 import GPT2Attention

NAMES = {"in_proj_": "c_attn.", "out_proj.": "c_proj."}


def attention(inputs, parameters, config):
    """Attend to the past by one layer of a small GPT-2."""
    x = torch.from_numpy(inputs["x"])
    settings = GPT2Config(n_embd=config["d_out"], n_head=config["num_heads"])
    settings._attn_implementation = "eager"
    layer = GPT2Attention(settings).eval()
    state = {"c_attn.bias": torch.zeros(3 * config["d_out"])}
    for name, array in parameters.items():
        prefix = name.removesuffix("weight").removesuffix("bias")
        state[name.replace(prefix, NAMES[prefix])] = torch.from_numpy(array)
    layer.to(x.dtype).load_state_dict(state)
    mask = torch.full((x.shape[1], x.shape[1]), -torch.inf, dtype=x.dtype).triu(1)
    return layer(x, attention_mask=mask)[0].detach().numpy()  # it is added to scores
