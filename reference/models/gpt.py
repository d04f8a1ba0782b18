"""GPT: a language model of pre-norm blocks, with learned positions and a tied head.

Source: Radford et al. 2019, "Language Models are Unsupervised Multitask Learners";
        Raschka, *Build a Large Language Model (From Scratch)*, chapter 4.
Twin:   torch_impl/models/gpt.py
"""

import math
from typing import Any

import numpy as np
from jaxtyping import Float, Integer

from reference.blocks.transformer_block import TransformerBlock
from reference.data.embedding import TokenAndPositionEmbedding
from reference.module import (
    Module,
    ModuleList,
    check_dropout,
    check_multiple,
    check_sizes,
)
from reference.norms.layer_norm import LayerNorm
from reference.primitives.dropout import Dropout
from reference.tape import NO_TAPE, Tape

GPT_CONFIG_124M: dict[str, Any] = {
    "vocab_size": 50257,
    "context_length": 1024,
    "emb_dim": 768,
    "n_heads": 12,
    "n_layers": 12,
    "drop_rate": 0.1,
    "qkv_bias": False,
}


class GPT(Module):
    """Give every id of the vocabulary a score, a logit, for being the next token.

    `GPT(**GPT_CONFIG_124M)` is the book's model, and with `qkv_bias` that of GPT-2. The
    head is the table of the token embedding, as in GPT-2. Differs from the book, whose
    head has a matrix of its own, and whose parameters PyTorch draws: here they are
    drawn as GPT-2's, so that at first each id is about as probable: a loss of ln V.

    Blocks that add nothing leave the sum of token and position: (2, -2), twice. Its
    norm is (1, -1), which is most like the first id.

    >>> sizes = {"vocab_size": 2, "context_length": 2, "emb_dim": 2}
    >>> model = GPT(**sizes, n_heads=1, n_layers=1, drop_rate=0.0)
    >>> model.blocks[0].attention.out_proj.weight[...] = 0.0
    >>> model.blocks[0].feed_forward.down_proj.weight[...] = 0.0
    >>> model.embedding.token_embedding.weight[...] = [[1.0, -1.0], [-1.0, 1.0]]
    >>> model.embedding.position_embedding.weight[...] = [[1.0, -1.0], [3.0, -3.0]]
    >>> model(np.array([[0, 1]])).round(3).tolist()
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
        *,
        rng: np.random.Generator | None = None,
    ):
        check_sizes(vocab_size=vocab_size, context_length=context_length)
        check_sizes(emb_dim=emb_dim, n_heads=n_heads, n_layers=n_layers)
        check_multiple(emb_dim=emb_dim, n_heads=n_heads)
        check_dropout(drop_rate)
        rng = rng or np.random.default_rng()
        self.context_length = context_length
        sizes = emb_dim, n_heads, context_length
        self.embedding = TokenAndPositionEmbedding(
            vocab_size, emb_dim, context_length, rng=rng
        )
        self.drop_embedding = Dropout(drop_rate, rng=rng)
        self.blocks = ModuleList(
            TransformerBlock(*sizes, drop_rate, qkv_bias, rng=rng)
            for _ in range(n_layers)
        )
        self.norm = LayerNorm(emb_dim)
        draw_as_gpt2(self, n_layers, rng)

    def forward(
        self, ids: Integer[np.ndarray, "*B T"], tape: Tape = NO_TAPE
    ) -> Float[np.ndarray, "*B T V"]:
        """Compute the logits of every token's successor."""
        # 1. Embedding: the vector of each id plus that of its position.
        vectors = self.embedding(ids, tape)  # (*B, T, C)

        # 2. Dropout: in training, channels are zeroed and the others scaled up.
        dropped_vectors = self.drop_embedding(vectors, tape)  # (*B, T, C)

        # 3. Blocks: one after the other.
        x = dropped_vectors
        for block in self.blocks:
            x = block(x, tape)

        # 4. Final norm: LayerNorm of what the last block gave.
        normed = self.norm(x, tape)  # (*B, T, C)

        # 5. Logits: the vector of every token with the embedding of every id.
        logits = normed @ self.embedding.token_embedding.weight.T  # (*B, T, V)
        tape.save(self, logits, normed=normed)
        return logits

    def backward(self, grad_logits: Float[np.ndarray, "*B T V"], tape: Tape) -> None:
        """Add the gradients of all parameters to the tape; ids have none."""
        saved = tape.restore(self, grad_logits)

        # 5. logits = normed @ token_embedding.weight.T: one table, two gradients.
        table = self.embedding.token_embedding.weight
        rows = saved.normed.reshape(-1, saved.normed.shape[-1])  # (N, C)
        grad_rows = grad_logits.reshape(-1, grad_logits.shape[-1])  # (N, V)
        tape.add_gradient(table, grad_rows.T @ rows)
        grad_normed = grad_logits @ table  # (*B, T, C)

        # 4. normed = norm(x).
        grad_x = self.norm.backward(grad_normed, tape)  # (*B, T, C)

        # 3. x = block(x) for each block: the last block goes first.
        grad_dropped_vectors = grad_x
        for block in reversed([*self.blocks]):
            grad_dropped_vectors = block.backward(grad_dropped_vectors, tape)

        # 2. dropped_vectors = drop_embedding(vectors).
        grad_vectors = self.drop_embedding.backward(grad_dropped_vectors, tape)

        # 1. vectors = embedding(ids): tokens and positions have a table each.
        self.embedding.backward(grad_vectors, tape)


def draw_as_gpt2(model: Module, n_layers: int, rng: np.random.Generator) -> None:
    """Draw tables and matrices from N(0, 0.02), and begin biases at 0.

    A block adds two outputs to the shortcut, all blocks 2 · `n_layers`. Each is drawn
    smaller by the root of their number, so that the sum does not grow with the depth.
    """
    for name, parameter in model.state_dict().items():
        if "norm" in name:
            continue  # gains begin at 1
        is_added = name.endswith(("out_proj.weight", "down_proj.weight"))
        std = 0.02 / math.sqrt(2 * n_layers) if is_added else 0.02
        is_bias = name.endswith("bias")
        parameter[...] = 0.0 if is_bias else rng.normal(0.0, std, parameter.shape)
