"""The numbers of a run: the size of the model, the data, and how it learns."""

from dataclasses import dataclass
from typing import Any

LARGEST_LOGITS = 2**23  # numbers in the logits of a batch: 64 MB in float64
LONGEST_WARMUP = 20


@dataclass(frozen=True)
class Recipe:
    """What one must know to repeat a run, besides its text.

    The rate rises to `peak` in `warmup_steps`, and falls to `floor` as half a cosine
    until the last of `steps`. There is no dropout: each backend would draw its own.

    >>> Recipe().rate(step=0)
    {'step': 0, 'total_steps': 300, 'warmup_steps': 20}
    """

    vocab_size: int = 256
    context_length: int = 64
    emb_dim: int = 64
    n_heads: int = 4
    n_layers: int = 2
    qkv_bias: bool = False
    batch_size: int = 16
    steps: int = 300
    warmup_steps: int = LONGEST_WARMUP
    peak: float = 3e-3
    floor: float = 3e-4
    betas: tuple[float, float] = (0.9, 0.95)
    eps: float = 1e-8
    weight_decay: float = 0.1
    max_norm: float = 1.0
    dtype: str = "float64"
    seed: int = 0

    @property
    def model(self) -> dict[str, Any]:
        """The arguments of `GPT`, of either backend."""
        return {
            "vocab_size": self.vocab_size,
            "context_length": self.context_length,
            "emb_dim": self.emb_dim,
            "n_heads": self.n_heads,
            "n_layers": self.n_layers,
            "drop_rate": 0.0,
            "qkv_bias": self.qkv_bias,
        }

    def rate(self, step: int) -> dict[str, Any]:
        """The arguments of `learning_rate` but for peak and floor; steps from 0."""
        steps = {"total_steps": self.steps, "warmup_steps": self.warmup_steps}
        return {"step": step, **steps}


def recipe_for(vocab_size: int, steps: int, seed: int) -> Recipe:
    """Fit the default to a vocabulary and to a number of steps.

    A batch of a large vocabulary has fewer texts, and a short run a shorter warm-up.

    >>> recipe_for(vocab_size=50257, steps=10, seed=0).batch_size
    2
    """
    a_text = Recipe.context_length * vocab_size
    return Recipe(
        vocab_size=vocab_size,
        batch_size=max(1, min(Recipe.batch_size, LARGEST_LOGITS // a_text)),
        steps=steps,
        warmup_steps=min(LONGEST_WARMUP, steps // 2),
        seed=seed,
    )
