"""GPT: a language model of pre-norm blocks, with learned positions and a tied head.

Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners";
        Raschka, *Build a Large Language Model (From Scratch)*, chapter 4.
Twin:   reference/models/gpt.py
"""

import math
from typing import Any

import torch.nn.functional as F
from jaxtyping import Float, Integer
from torch import Tensor, nn

from torch_impl.blocks.transformer_block import TransformerBlock
from torch_impl.data.embedding import TokenAndPositionEmbedding
from torch_impl.norms.layer_norm import LayerNorm
from torch_impl.validation import check_dropout, check_multiple, check_sizes

GPT_CONFIG_124M: dict[str, Any] = {
    "vocab_size": 50257,
    "context_length": 1024,
    "emb_dim": 768,
    "n_heads": 12,
    "n_layers": 12,
    "drop_rate": 0.1,
    "qkv_bias": False,
}


class GPT(nn.Module):
    """Give every id of the vocabulary a score, a logit, for being the next token.

    `GPT(**GPT_CONFIG_124M)` is the book's model, and with `qkv_bias` that of GPT-2. The
    head is the table of the token embedding, as in GPT-2. Differs from the book, whose
    head has a matrix of its own, and whose parameters PyTorch draws: here they are
    drawn as GPT-2's, so that at first each id is about as probable: a loss of ln V.

    Blocks that add nothing leave the sum of token and position: (2, -2), twice. Its
    norm is (1, -1), which is most like the first id.

    >>> import torch
    >>> sizes = {"vocab_size": 2, "context_length": 2, "emb_dim": 2}
    >>> model = GPT(**sizes, n_heads=1, n_layers=1, drop_rate=0.0)
    >>> _ = nn.init.zeros_(model.blocks[0].attention.out_proj.weight)
    >>> _ = nn.init.zeros_(model.blocks[0].feed_forward.down_proj.weight)
    >>> tokens, positions = model.embedding.parameters()
    >>> _ = tokens.data.copy_(torch.tensor([[1.0, -1.0], [-1.0, 1.0]]))
    >>> _ = positions.data.copy_(torch.tensor([[1.0, -1.0], [3.0, -3.0]]))
    >>> model(torch.tensor([[0, 1]])).detach().round(decimals=3).tolist()
    [[[2.0, -2.0], [2.0, -2.0]]]
    """

    def __init__(
        self,
        vocab_size: int,
        context_length: int,
        emb_dim: int,
        n_heads: int,
        n_layers: int,
        drop_rate: float,
        qkv_bias: bool = False,
    ):
        super().__init__()
        check_sizes(vocab_size=vocab_size, context_length=context_length)
        check_sizes(emb_dim=emb_dim, n_heads=n_heads, n_layers=n_layers)
        check_multiple(emb_dim=emb_dim, n_heads=n_heads)
        check_dropout(drop_rate)
        self.context_length = context_length
        sizes = emb_dim, n_heads, context_length
        self.embedding = TokenAndPositionEmbedding(vocab_size, emb_dim, context_length)
        self.drop_embedding = nn.Dropout(drop_rate)
        self.blocks = nn.ModuleList(
            TransformerBlock(*sizes, drop_rate, qkv_bias) for _ in range(n_layers)
        )
        self.norm = LayerNorm(emb_dim)
        draw_as_gpt2(self, n_layers)

    def forward(self, ids: Integer[Tensor, "*B T"]) -> Float[Tensor, "*B T V"]:
        """Compute the logits of every token's successor."""
        # 1. Embedding: the vector of each id plus that of its position.
        vectors = self.embedding(ids)  # (*B, T, C)

        # 2. Dropout: in training, channels are zeroed and the others scaled up.
        dropped_vectors = self.drop_embedding(vectors)  # (*B, T, C)

        # 3. Blocks: one after the other.
        x = dropped_vectors
        for block in self.blocks:
            x = block(x)

        # 4. Final norm: LayerNorm of what the last block gave.
        normed = self.norm(x)  # (*B, T, C)

        # 5. Logits: the vector of every token with the embedding of every id.
        logits = F.linear(normed, self.embedding.token_embedding.weight)  # (*B, T, V)
        return logits


def draw_as_gpt2(model: nn.Module, n_layers: int) -> None:
    """Draw tables and matrices from N(0, 0.02), and begin biases at 0.

    A block adds two outputs to the shortcut, all blocks 2 · `n_layers`. Each is drawn
    smaller by the root of their number, so that the sum does not grow with the depth.
    """
    for name, parameter in model.named_parameters():
        if "norm" in name:
            continue  # gains begin at 1
        is_added = name.endswith(("out_proj.weight", "down_proj.weight"))
        std = 0.02 / math.sqrt(2 * n_layers) if is_added else 0.02
        is_bias = name.endswith("bias")
        nn.init.zeros_(parameter) if is_bias else nn.init.normal_(parameter, std=std)
